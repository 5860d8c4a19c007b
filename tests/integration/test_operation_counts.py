"""What Prometheus is told of operations: queues as the database has them, and attempts as they end, also of those that can't tell themselves."""

import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import psycopg
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.ext.asyncio import AsyncConnection

from probe.bench import SCHEMA, ProbeStack, prepare
from probe.kinds import BAD, NOOPS, POISON, Task
from probe.rig import BACK, FRONT, PATIENT, VERDICTS, Rig, opened_rig
from setu_cli.embedded.ports import free_port
from setu_common.contracts import Submission
from setu_common.cost.ledger import migrate_ledger
from setu_common.db import Database
from setu_common.errors import DependencyUnavailable
from setu_common.operations import Ending, Statement
from setu_common.operations.figures import Figures
from setu_common.operations.measuring import Measure
from setu_common.operations.metrics import OperationMetrics
from setu_common.operations.reaping import _ATTEMPT, Reaping
from setu_common.settings import DatabaseSettings, StoreSettings

ACME = Submission(tenant="acme")


class Fickle(Database):
    """A database that is away when a test says so."""

    def __init__(self, real: Database) -> None:
        self._real = real
        self.away = False

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        if self.away:
            raise DependencyUnavailable("It is away.")
        async with self._real.reading() as connection:
            yield connection


def both(settings: DatabaseSettings) -> None:
    prepare(settings)
    migrate_ledger(settings)


@pytest.fixture
def rig(cloned_database, store_settings) -> Iterator[Rig]:
    with opened_rig(cloned_database("probe-with-ledger", both), store_settings) as opened:
        yield opened


def queue(registry: CollectorRegistry, name: str) -> dict[str, float | None]:
    states = ("waiting", "asleep", "running")
    return {state: registry.get_sample_value("setu_queue_operations", {"queue": name, "state": state}) for state in states}


def test_queues_are_told_as_the_database_has_them_and_not_at_all_while_it_is_away(rig, store_settings):
    registry = CollectorRegistry()
    database = Fickle(rig.database)
    figures = Figures(database, store_settings, [FRONT.queue, BACK.queue, FRONT.queue], registry)
    for _ in range(4):
        rig.run(rig.operations.submit(FRONT, Task(), ACME))
    claims = rig.claims()
    claims.park(claims.next(FRONT.queue), 600.0, None)
    claims.next(FRONT.queue)
    rig.execute(
        "UPDATE operation SET not_before = now() - interval '90 s', created_at = now() - interval '1 h' WHERE state = 'queued'"
    )

    rig.run(figures.look())

    assert queue(registry, FRONT.queue) == {"waiting": 2, "asleep": 1, "running": 1}
    assert queue(registry, BACK.queue) == {"waiting": 0, "asleep": 0, "running": 0}
    oldest = registry.get_sample_value("setu_queue_oldest_seconds", {"queue": FRONT.queue})
    assert oldest is not None
    assert 90 <= oldest < 600, "since when it could be claimed, and not since it was submitted"
    assert registry.get_sample_value("setu_queue_oldest_seconds", {"queue": BACK.queue}) == 0
    free, size = (registry.get_sample_value(f"setu_store_{what}_bytes") for what in ("free", "size"))
    assert free is not None
    assert size is not None
    assert 0 < free <= size

    database.away = True
    rig.run(figures.look())
    assert queue(registry, FRONT.queue) == {"waiting": None, "asleep": None, "running": None}
    assert registry.get_sample_value("setu_queue_oldest_seconds", {"queue": FRONT.queue}) is None
    assert registry.get_sample_value("setu_store_free_bytes") is not None


def test_parts_that_wait_for_each_other_are_no_work_that_nobody_takes(rig, store_settings):
    registry = CollectorRegistry()
    figures = Figures(rig.database, store_settings, [FRONT.queue], registry)
    for _ in range(2):
        rig.run(rig.operations.submit(FRONT, Task(), ACME))
    claims = rig.claims()
    parent = claims.next(FRONT.queue)
    rig.execute(
        """UPDATE operation SET parent_id = %(id)s, not_before = now() - interval '900 s', created_at = now() - interval '1 h'
           WHERE state = 'queued'""",
        id=parent.id,
    )
    rig.run(figures.look())
    assert registry.get_sample_value("setu_queue_operations", {"queue": FRONT.queue, "state": "waiting"}) == 1
    assert registry.get_sample_value("setu_queue_oldest_seconds", {"queue": FRONT.queue}) == 0
    part = claims.next(FRONT.queue)
    assert part.queue_wait_s >= 900
    assert Measure(part, SCHEMA).end("succeeded", {}, None).queue_wait_s == 0
    [row] = rig.execute(_ATTEMPT, id=part.id, token=part.token, lease_s=30)
    assert row["queue_wait_s"] == 0


def test_a_bucket_has_no_end_so_nothing_is_told_of_it(rig):
    registry = CollectorRegistry()
    rig.run(Figures(rig.database, StoreSettings(url="s3://media/setu"), [FRONT.queue], registry).look())
    assert registry.get_sample_value("setu_store_free_bytes") is None


def test_attempts_that_were_buried_are_counted_with_what_became_of_them(rig):
    registry = CollectorRegistry()
    metrics = OperationMetrics(registry, [FRONT.name, BACK.name])
    reaping = Reaping(rig.connection(), PATIENT, SCHEMA, VERDICTS, metrics.attempted)
    rig.run(rig.operations.submit(BACK, Task(), ACME))
    rig.run(rig.operations.submit(FRONT, Task(), ACME))
    claims = rig.claims("north")
    claims.next(BACK.queue)
    claims.next(FRONT.queue)
    rig.execute("UPDATE operation SET lease_until = now() - interval '1 s' WHERE queue = 'front'")
    for ending in reaping.expire():
        metrics.left(ending)
    (held,) = reaping.held_by("north")
    died = reaping.child_died(held)
    assert died is not None
    metrics.left(died)

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(name, labels)

    assert value("setu_operation_attempts_total", kind="fronts", outcome="lost") == 1
    assert value("setu_operation_attempts_total", kind="backs", outcome="died") == 1
    assert value("setu_operation_ends_total", kind="fronts", state="failed") == 0, "another does it again"
    assert value("setu_operation_ends_total", kind="backs", state="failed") == 1, "it may be tried once"
    assert value("setu_operation_attempt_seconds_count", kind="backs") == 0, "how long it took is a guess"
    assert value("setu_operation_queue_wait_seconds_count", kind="backs") == 1


def test_what_is_buried_in_vain_is_counted_when_it_is_buried_again(rig):
    registry = CollectorRegistry()
    metrics = OperationMetrics(registry, [FRONT.name])
    gone = [psycopg.OperationalError("the connection is lost")]

    def settled(_ending: Ending) -> list[Statement]:
        if gone:
            raise gone.pop()
        return []

    reaping = Reaping(rig.connection(), PATIENT, SCHEMA, {BACK.name: settled}, metrics.attempted)
    for kind in (FRONT, BACK):
        rig.run(rig.operations.submit(kind, Task(), ACME))
        rig.claims().next(kind.queue)
    rig.execute("UPDATE operation SET lease_until = now() - interval '1 s', losses = %(losses)s", losses=PATIENT.max_losses - 1)
    rig.execute("UPDATE operation SET lease_until = now() - interval '2 s' WHERE queue = 'front'")  # it is buried first
    with pytest.raises(DependencyUnavailable):
        reaping.expire()
    assert len(reaping.expire()) == 2
    assert registry.get_sample_value("setu_operation_attempts_total", {"kind": "fronts", "outcome": "lost"}) == 1


@pytest.mark.timeout(120)
def test_a_worker_tells_what_its_children_did_and_what_they_died_of(
    cloned_database, redis_settings, store_settings, tmp_path: Path
):
    port = free_port()
    stack = ProbeStack(cloned_database("probe-with-ledger", both), redis_settings, store_settings, tmp_path)
    stack.environment = {**stack.environment, "SETU_PROMETHEUS_PORT": str(port)}
    with stack.worker(), opened_rig(stack.database, store_settings) as rig:
        ids = [rig.run(rig.operations.submit(kind, Task(), ACME)).id for kind in (NOOPS, NOOPS, BAD, POISON)]
        wait_until_ended(rig, ids)
        told = scraped(port)
        while not told["setu_operation_ends_total", "poison", "failed"]:  # which is counted a moment after it can be seen
            told = scraped(port)
    assert told["setu_operation_attempts_total", "noops", "succeeded"] == 2
    assert told["setu_operation_attempts_total", "bad", "failed"] == 1
    assert told["setu_operation_attempts_total", "poison", "died"] == 3
    assert told["setu_operation_ends_total", "noops", "succeeded"] == 2
    assert told["setu_operation_ends_total", "poison", "failed"] == 1
    assert told["setu_operation_attempts_total", "naps", "failed"] == 0, "what did not happen is told as well"
    assert told["setu_worker_processes",] >= 2
    assert told["setu_worker_resident_memory_bytes",] > 10_000_000


def wait_until_ended(rig: Rig, ids: list[uuid.UUID]) -> None:
    """The test's own timeout ends it."""
    while rig.execute("SELECT 1 FROM operation WHERE id = ANY(%(ids)s) AND ended_at IS NULL", ids=ids):
        rig.execute("SELECT pg_sleep(0.1)")


def scraped(port: int) -> dict[tuple[str, ...], float]:
    text = httpx2.get(f"http://127.0.0.1:{port}/metrics").text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
