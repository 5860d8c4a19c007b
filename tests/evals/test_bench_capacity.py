"""What is reckoned of capacity: plain arithmetic over what was measured."""

from dataclasses import replace

import pytest
from bench.capacity_model import LIFTED, Costs, Linear, Servers, need, reached_at

COSTS = Costs(
    cpu_s={"asr-worker": Linear(5, 10), "gateway-api": Linear(0.2, 0), "postgres": Linear(0.1, 0), "valkey": Linear(0.05, 0)},
    transactions=Linear(400, 0),
    wal_bytes=Linear(200e3, 0),
    redis_commands=Linear(300, 0),
    store_bytes=Linear(0, 2e6),
    idle_transactions_s=3,
    idle_redis_s=1,
    idle_postgres_cpu=0.001,
    connections={"asr-worker": 9, "gateway-api": 10},
)
TEN = 10.0


def test_a_line_goes_through_both_measurements_and_never_below_nothing():
    line = Linear.through((0.5, 3.0), (2.0, 9.0))
    assert (line.at(0.5), line.at(2.0)) == (3.0, 9.0)
    assert Linear.through((0.5, 1.0), (2.0, 9.0)).fixed == 0
    assert Linear.through((0.5, 3.0), (2.0, 2.0)) == Linear(3.0, 0.0)


def test_a_worker_that_is_always_at_work_does_as_many_jobs_as_its_hour_has_room_for():
    one = need(1, COSTS, Servers(), TEN)
    assert one.jobs_h == pytest.approx(3600 / 105)
    assert one.media_h == pytest.approx(10 * 3600 / 105)
    assert one.processes == {"gateway-api": pytest.approx(0.2 / 105)}


def test_what_is_asked_of_servers_is_what_jobs_take_and_what_workers_take_that_wait():
    hundred = need(100, COSTS, Servers(), TEN)
    jobs_s = 100 / 105
    assert hundred.share["Postgres' processors"] == pytest.approx((jobs_s * 0.1 + 100 * 0.001) / 8)
    assert hundred.share["Redis"] == pytest.approx((jobs_s * 300 + 100) / 50_000)
    assert hundred.share["the store"] == pytest.approx(jobs_s * 20e6 / 500e6)
    assert hundred.share["Postgres' connections"] == pytest.approx((100 * 9 + 10) / 500)
    assert hundred.first == ("Postgres' connections", hundred.share["Postgres' connections"])


def test_a_process_that_is_full_has_another_beside_it_which_has_connections_of_its_own():
    busy = replace(COSTS, cpu_s={**COSTS.cpu_s, "gateway-api": Linear(210, 0)})
    assert need(1, busy, Servers(), TEN).share["Postgres' connections"] == pytest.approx((9 + 2 * 10) / 500)


def test_each_limit_is_reached_by_the_first_number_of_workers_that_is_too_many():
    reached = reached_at(COSTS, Servers(), TEN)
    assert {name for name, _ in reached} == LIFTED.keys()
    assert [workers for _, workers in reached] == sorted(workers for _, workers in reached)
    for name, workers in reached:
        assert need(workers, COSTS, Servers(), TEN).share[name] > 1 >= need(workers - 1, COSTS, Servers(), TEN).share[name]
