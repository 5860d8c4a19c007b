"""What an attempt took, and whom its calls are put down to, as a worker's child writes it."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from time import process_time
from typing import Any
from uuid import uuid4

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from probe.bench import SCHEMA, prepare
from probe.kinds import Done, Task
from probe.rig import FRONT, PATIENT, Rig, opened_rig
from setu_common.contracts import Reference, Submission
from setu_common.contracts.cost import StageMetrics
from setu_common.cost import Attribution, attribution
from setu_common.cost.ledger import migrate_ledger
from setu_common.errors import DependencyUnavailable, InvalidRequest
from setu_common.observability import tracing
from setu_common.observability.spans import OpenTelemetry
from setu_common.operations import Bound, Handler, Park, Work
from setu_common.operations.connection import Connection
from setu_common.operations.heart import Heart
from setu_common.operations.measuring import Recorder
from setu_common.operations.payloads import Payloads
from setu_common.operations.runner import Runner
from setu_common.operations.sampling import Sampler
from setu_common.settings import DatabaseSettings, StageSettings, TracingSettings
from setu_common.store import Store

LOOK_S = 60.0
"""How long a look may take: as long as there is work. A child's own ends after a moment, which on a busy machine is between two attempts."""


def both(settings: DatabaseSettings) -> None:
    prepare(settings)
    migrate_ledger(settings)


class Heard(Done):
    media: Reference
    duration_s: float
    cached: bool
    model: str


async def done(task: Task, work: Work) -> Done:
    return Done(count=1, attempt=work.attempt)


@dataclass
class Child:
    rig: Rig
    store: Store

    def run(self, handler: Handler, job_id=None, sampler: Sampler | None = None) -> None:
        submission = Submission(tenant="acme", job_id=job_id)
        self.rig.run(self.rig.operations.submit(FRONT, Task(), submission))
        connection = self.rig.connection()
        claims = self.rig.claims()
        heart = Heart(
            self.rig.claims(),
            PATIENT,
            stopping_since=lambda: 0.0,
            ended=lambda _: None,
            settled=lambda _: None,
            die=lambda: None,
        )
        with asyncio.Runner() as loop:
            Runner(
                run=lambda work: loop.run(work, context=copy_context()),
                bounds={FRONT.name: Bound(FRONT, handler)},
                settled={},
                claims=claims,
                payloads=Payloads(self.store, PATIENT.inline_bytes * 10),
                heart=heart,
                settings=PATIENT,
                ended=lambda _: None,
                stopping=lambda: False,
                recorder=Recorder("probe", connection.transaction),
                sampler=sampler,
            ).look(FRONT.queue, for_s=LOOK_S)

    def metrics(self) -> list[dict]:
        return self.rig.execute("SELECT * FROM ledger.stage_metrics ORDER BY id")


@pytest.fixture
def child(cloned_database, store_settings) -> Iterator[Child]:
    with opened_rig(cloned_database("probe_and_ledger", both), store_settings) as rig:
        yield Child(rig, Store(store_settings, SCHEMA))


def test_an_attempt_leaves_what_it_took(child):
    job_id = uuid4()

    async def hear(task: Task, work: Work) -> Heard:
        memory = b"x" * 64_000_000
        began_s = process_time()
        while process_time() - began_s < 0.03:
            memory.count(b"y")
        media = Reference(uri=f"setu://probe/acme/2026-01-01/{'0' * 64}-01234567", bytes=1234, media_type="audio/wav")
        return Heard(count=1, attempt=1, media=media, duration_s=12.5, cached=True, model="whisper-base")

    child.run(hear, job_id)
    (row,) = child.metrics()
    assert (row["tenant"], row["service"], row["job_id"], row["stage"]) == ("acme", "probe", job_id, FRONT.name)
    assert (row["attempt"], row["outcome"], row["problem"]) == (1, "succeeded", None)
    assert (row["bytes_out"], row["cached"], row["model"], row["audio_s"]) == (1234, True, "whisper-base", 12.5)
    assert row["wall_s"] > 0
    assert row["cpu_s"] >= 0.02
    assert row["queue_wait_s"] >= 0
    assert row["peak_rss_bytes"] > 64_000_000


def test_attempts_are_looked_at_one_by_one_also_those_that_wait_for_others(child):
    looking = Sampler(StageSettings(sampling_s=0.001), gpus=lambda: None, pids=lambda: [0], held_bytes=lambda _pid: held)
    looking.start()
    held = 1000

    def until_seen(value: int) -> None:
        samples, give_up_at = looking._at_hand, time.monotonic() + 10
        assert samples is not None
        while value not in samples._rss_bytes:
            assert time.monotonic() < give_up_at
            time.sleep(0)

    async def work_on(task: Task, work: Work) -> Done:
        nonlocal held
        held = 5_000_000_000
        await work.in_thread(until_seen, held)
        held = 1000
        return Done(count=1, attempt=work.attempt)

    async def park(task: Task, work: Work) -> Park:
        return Park(3600)

    async def little(task: Task, work: Work) -> Done:
        assert looking._at_hand is not None
        return Done(count=1, attempt=work.attempt)

    try:
        for handler in (work_on, park, little):
            child.run(handler, sampler=looking)
            assert looking._at_hand is None
    finally:
        looking.close()
    child.run(done)
    much, few, unseen = child.metrics()
    assert 1000 < much["mean_rss_bytes"] <= 5_000_000_000
    assert much["peak_rss_bytes"] == 5_000_000_000
    assert few["mean_rss_bytes"] == 1000
    assert few["peak_rss_bytes"] < 5_000_000_000
    assert (few["gpu_percent"], few["peak_gpu_bytes"], unseen["mean_rss_bytes"]) == (None, None, None)


def test_a_failed_attempt_is_a_row_and_a_parked_one_is_not(child):
    async def refuse(task: Task, work: Work) -> Done:
        raise InvalidRequest("This can't be done.")

    async def park(task: Task, work: Work) -> Park:
        return Park(3600)

    child.run(refuse)
    child.run(park)
    assert [(row["outcome"], row["problem"]) for row in child.metrics()] == [("failed", "invalid-request")]


def test_calls_of_a_handler_and_of_its_threads_are_put_down_to_the_attempt(child):
    seen: list[Attribution | None] = []

    async def call(task: Task, work: Work) -> Done:
        seen.append(attribution())
        seen.append(await work.in_thread(attribution))
        return Done(count=1, attempt=work.attempt)

    job_id = uuid4()
    child.run(call, job_id)
    (row,) = child.metrics()
    expected = Attribution("acme", "probe", job_id, FRONT.name, "", row["operation_id"], 1)
    assert seen == [expected, expected]
    assert attribution() is None


def test_attempts_at_what_is_no_jobs_are_in_the_trace_of_the_operation_after_pauses_and_failures_too(child, monkeypatch):
    exporter = InMemorySpanExporter()
    traced = OpenTelemetry(TracingSettings(exporter_otlp_endpoint="http://127.0.0.1:9"), "probe", exporter)
    monkeypatch.setattr(tracing._Process, "tracing", traced)
    calls = 0

    async def three_times(task: Task, work: Work) -> Done | Park:
        nonlocal calls
        calls += 1
        if calls == 1:
            return Park(0)
        if calls == 2:
            raise DependencyUnavailable("It is away.", retry_after_s=0)
        await work.in_thread(step)
        return Done(count=1, attempt=work.attempt)

    def step() -> None:
        with tracing.tracing().span("step"):
            pass

    child.run(three_times)
    traced._batches.force_flush()
    spans: list[Any] = list(exporter.get_finished_spans())  # Any: what a span may lack these have
    (operation,) = child.rig.execute("SELECT id, state FROM operation")
    assert operation["state"] == "succeeded"
    assert {span.context.trace_id for span in spans} == {operation["id"].int}
    first, *attempts = [span for span in spans if span.name != "step"]
    assert (first.name, first.parent) == (f"submit {FRONT.name}", None)
    assert [span.parent.span_id for span in attempts] == [first.context.span_id] * 3
    told = [(span.attributes[tracing.ATTEMPT], span.attributes[tracing.OUTCOME], span.status.is_ok) for span in attempts]
    assert told == [(1, "parked", True), (1, "failed", False), (2, "succeeded", True)]
    assert attempts[1].attributes["error.type"] == "dependency-unavailable"
    (inside,) = [span for span in spans if span.name == "step"]
    assert inside.parent.span_id == attempts[2].context.span_id
    traced.close()


def test_work_is_done_where_there_is_no_ledger(child):
    async def do(task: Task, work: Work) -> Done:
        return Done(count=1, attempt=work.attempt)

    child.rig.execute("DROP SCHEMA ledger CASCADE")
    child.run(do)
    assert child.rig.execute("SELECT state FROM operation") == [{"state": "succeeded"}]


def test_what_was_taken_without_our_hearing_of_it_is_written_once(child):
    connection = child.rig.connection()

    @contextmanager
    def unheard() -> Iterator[Connection]:
        with connection.transaction() as db:
            yield db
        raise DependencyUnavailable("The connection broke.")

    recorder = Recorder("probe", unheard)
    for attempt in (1, 2):
        recorder.keep(
            StageMetrics(
                tenant="acme", service="probe", stage=FRONT.name, operation_id=uuid4(), attempt=attempt, outcome="succeeded", wall_s=1,
                queue_wait_s=0, bytes_in=0, bytes_out=0,
            )
        )  # fmt: skip
    recorder.write()
    assert [row["attempt"] for row in child.metrics()] == [1, 2]
    recorder._transaction = connection.transaction
    recorder.write()
    assert [row["attempt"] for row in child.metrics()] == [1, 2]
