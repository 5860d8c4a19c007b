"""Whose turn it is: tenants are claimed from in turn, those of greater weight more often, and nobody is left out."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from probe.kinds import Task
from probe.rig import FRONT, PATIENT, Rig
from setu_common.contracts import Submission
from setu_common.operations.claims import _CLAIM, Claim, Claims
from setu_common.settings import OperationSettings

CLAIMS = 200
LOOKS = 1000
WORK_S = 0.01
"""A claim takes a thousandth or two; the work of a test several times as long, real work a thousand times."""


def fill(rig: Rig, tenants: str, count: int, priority: int = 0) -> None:
    """Queue so many rows of each tenant, a letter."""
    rig.execute(
        """INSERT INTO operation (id, tenant, kind, queue, priority, request, request_sha256, max_attempts, timeout_s)
           SELECT gen_random_uuid(), tenant, 'fronts', 'front', %(priority)s, '{}', '', 3, 60
           FROM regexp_split_to_table(%(tenants)s, '') AS tenant, generate_series(1, %(count)s)""",
        tenants=tenants,
        count=count,
        priority=priority,
    )


def weighing(rig: Rig, weights: dict[str, float], worker: str = "north") -> Claims:
    return Claims(rig.connection(), PATIENT.model_copy(update={"weight_by_tenant": weights}), worker, 1)


def turn(claims: Claims) -> Claim:
    """The next claim. Who is held up between looking and taking finds all that was offered taken, and looks again."""
    for _ in range(LOOKS):
        if (claim := claims.next(FRONT.queue)) is not None:
            return claim
    pytest.fail("a row that is queued was not to be had")


def turns(claims: Claims, count: int = CLAIMS) -> str:
    """Whose the claimed rows are, one after the other."""
    claimed = (claims.next(FRONT.queue) for _ in range(count))
    return "".join(claim.tenant for claim in claimed if claim is not None)


def test_tenants_without_weights_take_turns(rig: Rig) -> None:
    fill(rig, "abc", 20)
    assert {frozenset(taken) for taken in zip(*[iter(turns(rig.claims(), 60))] * 3, strict=True)} == {frozenset("abc")}


def test_claims_are_shared_by_weight_however_long_the_work_takes(rig: Rig) -> None:
    fill(rig, "abc", CLAIMS)
    taken = turns(weighing(rig, {"b": 2, "c": 3}))

    shares = Counter(taken)
    assert {tenant: shares[tenant] for tenant in "abc"} == pytest.approx({"a": 200 / 6, "b": 400 / 6, "c": 600 / 6}, abs=3)
    rounds = [Counter(taken[start : start + 6]) for start in range(60, 180, 6)]
    assert all(each == {"a": 1, "b": 2, "c": 3} for each in rounds)


def test_workers_that_claim_one_after_the_other_share_by_weight_as_one_does(rig: Rig) -> None:
    fill(rig, "abc", CLAIMS)
    workers = [weighing(rig, {"b": 2, "c": 3}, f"worker-{number}") for number in range(4)]
    taken = "".join(turns(workers[number % len(workers)], 1) for number in range(120))

    rounds = [Counter(taken[start : start + 6]) for start in range(60, 120, 6)]
    assert all(each == {"a": 1, "b": 2, "c": 3} for each in rounds)


def test_workers_that_work_at_once_share_by_weight_to_what_they_do_not_see_of_each_others_claims(rig: Rig) -> None:
    fill(rig, "abc", CLAIMS)
    workers = [weighing(rig, {"b": 2, "c": 3}, f"worker-{number}") for number in range(4)]

    def work(number: int) -> str:
        time.sleep(number * WORK_S / len(workers))
        taken = ""
        for _ in range(CLAIMS // len(workers)):
            taken += turn(workers[number]).tenant
            time.sleep(WORK_S)
        return taken

    with ThreadPoolExecutor(len(workers)) as threads:
        shares = Counter("".join(threads.map(work, range(len(workers)))))

    assert shares.total() == CLAIMS
    assert {tenant: shares[tenant] / CLAIMS for tenant in "abc"} == pytest.approx({"a": 1 / 6, "b": 2 / 6, "c": 3 / 6}, abs=0.1)


def test_workers_that_claim_in_the_same_moment_get_a_row_each_and_none_twice(rig: Rig) -> None:
    fill(rig, "abc", CLAIMS)
    workers = [weighing(rig, {"b": 2, "c": 3}, f"worker-{number}") for number in range(4)]
    start = threading.Barrier(len(workers))

    def take(claims: Claims) -> list[UUID]:
        start.wait()
        return [turn(claims).id for _ in range(CLAIMS // len(workers))]

    with ThreadPoolExecutor(len(workers)) as threads:
        taken = [each for ids in threads.map(take, workers) for each in ids]

    assert len(taken) == len(set(taken)) == CLAIMS


def test_nobody_is_starved_by_a_tenant_of_the_greatest_weight(rig: Rig) -> None:
    fill(rig, "a", 10)
    fill(rig, "z", 310)
    taken = turns(weighing(rig, {"z": 100}), 310)

    gaps = [len(between) for between in taken.split("a")]
    assert taken.count("a") >= 3
    assert max(gaps) <= 101


def test_a_weight_that_is_no_whole_number_is_kept_nearly(rig: Rig) -> None:
    fill(rig, "abt", CLAIMS)
    shares = Counter(turns(weighing(rig, {"t": 0.5})))

    assert 0.1 < shares["t"] / CLAIMS < 0.3
    assert shares["a"] == pytest.approx(shares["b"], abs=2)


def test_who_has_had_no_turn_is_first_whatever_others_weigh_and_priority_goes_before_weight(rig: Rig) -> None:
    fill(rig, "ab", 20)
    claims = weighing(rig, {"b": 100})
    turns(claims, 10)
    fill(rig, "n", 1)
    fill(rig, "a", 2, priority=5)

    assert turns(claims, 4) == "aanb"


def test_a_tenants_rows_go_by_the_age_of_their_jobs_so_that_what_was_begun_is_ended_first(rig: Rig) -> None:
    first, second = uuid4(), uuid4()

    def submit(job_id: UUID | None, tenant: str = "acme") -> UUID:
        return rig.run(rig.operations.submit(FRONT, Task(), Submission(tenant=tenant, job_id=job_id))).id

    begun = [submit(first), submit(second), submit(None)]
    claims = rig.claims()
    claimed = claims.next(FRONT.queue)
    assert claimed is not None
    claims.cancel(claimed, None)
    ends_first = submit(first)
    submit(first, tenant="other")  # a job of its own, whatever its number is

    assert claimed.id == begun[0]
    assert [claim.id for claim in iter(lambda: claims.next(FRONT.queue), None) if claim.tenant == "acme"] == [
        ends_first,
        *begun[1:],
    ]
    [row] = rig.execute("SELECT created_at > begun_at AS later FROM operation WHERE id = %(id)s", id=ends_first)
    assert row["later"]
    assert rig.execute("SELECT id FROM operation WHERE tenant = 'other' AND created_at = begun_at")


def test_rows_that_come_back_again_and_again_are_turns_of_their_tenant_like_others(rig: Rig) -> None:
    fill(rig, "a", 60)
    fill(rig, "b", 2)  # fewer rows than it has turns in a round, each put back at once
    claims = weighing(rig, {"b": 3})

    taken = ""
    for _ in range(40):
        claim = claims.next(FRONT.queue)
        assert claim is not None
        taken += claim.tenant
        if claim.tenant == "b":
            claims.park(claim, 0, None)

    assert taken.count("a") >= 8
    assert taken.count("b") > taken.count("a")


@pytest.mark.parametrize("weights", [{}, {"a": 3, "b": 100, "c": 0.5}])
def test_a_claim_does_not_walk_the_many_rows_that_wait(rig: Rig, weights: dict[str, float]) -> None:
    claims = weighing(rig, weights)
    fill(rig, "abcdefghij", 2500)  # some 1,000 blocks
    turns(claims, CLAIMS)
    assert blocks_of_a_claim(rig, claims) < 500


def blocks_of_a_claim(rig: Rig, claims: Claims) -> int:
    """How many of Postgres's blocks the next claim looks at."""
    rig.execute("VACUUM ANALYZE operation")
    values = {"queue": FRONT.queue, "worker": "north", "pid": 1, "lease_s": 60, "weights": claims._weights}
    [row] = rig.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {_CLAIM}", **values)
    plan = row["QUERY PLAN"][0]["Plan"]
    assert plan["Actual Rows"] == 1
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


@pytest.mark.parametrize("weight", ["0", "-1", "101", "Infinity", "NaN"])
def test_a_weight_is_more_than_nothing_and_a_hundred_at_most(weight: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SETU_OPERATIONS_WEIGHT_BY_TENANT", f'{{"acme": {weight}}}')
    with pytest.raises(ValidationError):
        OperationSettings()
