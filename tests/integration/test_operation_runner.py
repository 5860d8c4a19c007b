"""What a worker's child does with a claim, in this process: outcomes that can't be written, and answers that are lost."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from probe.kinds import Done, Task
from probe.rig import BACK, FRONT, Forgetful, Rig, verdict
from setu_common.contracts import Operation, OperationKind, OperationState, Submission
from setu_common.errors import DependencyUnavailable, InvalidRequest, SetuError
from setu_common.operations import Bound, Ending, Handler, Park, Settled, Statement, Work
from setu_common.operations.claims import Claims
from setu_common.operations.heart import Heart
from setu_common.operations.measuring import Recorder
from setu_common.operations.payloads import Payloads
from setu_common.operations.runner import Runner
from setu_common.settings import OperationSettings, StoreSettings
from setu_common.store import Store

BRISK = OperationSettings(lease_s=3600, heartbeat_s=0.05, inline_bytes=200)
SLOW_BEAT_S = 30.0
"""Longer than a moment's work takes on any machine: a brisk beat falls into it where the machine is busy."""
NUL = "before\0after"


@dataclass
class Child:
    """A worker's child without its process: it would have ended itself ``deaths`` times."""

    rig: Rig
    store: Store
    connection: Forgetful
    endings: list[Ending] = field(default_factory=list)
    lasted: list[UUID] = field(default_factory=list)
    deaths: int = 0
    settled: Settled = verdict
    settings: OperationSettings = BRISK

    def run(self, handler: Handler, kind: OperationKind[Any, Done] = FRONT, **task: object) -> Operation:
        """Submit one operation, let a child look once, and say what became of it."""
        submitting = self.rig.operations.submit(FRONT, Task.model_validate(task), Submission(tenant="acme"))
        operation_id: UUID = self.rig.run(submitting).id
        self._runner(Bound(kind, handler)).look(FRONT.queue)
        operation: Operation = self.rig.run(self.rig.operations.get("acme", operation_id))
        return operation

    def _runner(self, bound: Bound) -> Runner:
        heart = Heart(
            Claims(self.rig.connection(), self.settings, "north", 1),
            self.settings,
            stopping_since=lambda: 0.0,
            ended=self.endings.append,
            settled=lambda _: self.settled,
            lasting=lambda claim: self.lasted.append(claim.id),
            die=self._die,
        )
        return Runner(
            run=self.rig.run,
            bounds={bound.kind.name: bound},
            settled={bound.kind.name: self.settled},
            claims=Claims(self.connection, BRISK, "north", 1),
            payloads=Payloads(self.store, BRISK.inline_bytes),
            heart=heart,
            settings=BRISK,
            ended=self.endings.append,
            stopping=lambda: False,
            recorder=Recorder("probe", self.connection.transaction),
        )

    def _die(self) -> None:
        self.deaths += 1


@pytest.fixture
def child(rig: Rig, store_settings: StoreSettings) -> Iterator[Child]:
    child = Child(rig, Store(store_settings, "probe"), rig.connection())
    yield child
    assert child.deaths == 0


def raising(error: Exception) -> Handler:
    async def handler(task: Task, work: Work) -> Done:
        raise error

    return handler


async def done(task: Task, work: Work) -> Done:
    return Done(count=task.count, attempt=work.attempt)


def test_a_result_is_written_and_passed_on_once(child: Child) -> None:
    operation = child.run(done, count=3)

    assert operation.result == {"count": 3, "attempt": 1, "text": ""}
    assert [ending.operation.id for ending in child.endings] == [operation.id]


def test_a_result_whose_written_answer_was_lost_is_passed_on_once(child: Child) -> None:
    async def handler(task: Task, work: Work) -> Done:
        child.connection.lose_next = True
        return Done(count=task.count, attempt=work.attempt)

    operation = child.run(handler)

    assert operation.state == "succeeded"
    assert [ending.operation.id for ending in child.endings] == [operation.id]
    assert child.rig.verdicts() == [(operation.id, "succeeded")]


def test_a_result_of_a_row_that_is_anothers_by_now_is_dropped(child: Child) -> None:
    async def handler(task: Task, work: Work) -> Done:
        child.rig.execute("UPDATE operation SET token = token + 1")
        return Done(count=task.count, attempt=work.attempt)

    operation = child.run(handler)

    assert operation.state == "running"
    assert child.endings == []


def test_what_was_written_stays_if_it_is_of_use_and_goes_if_not(child: Child, store_settings: StoreSettings) -> None:
    folder = Path(store_settings.url.removeprefix("file://"))

    async def kept(task: Task, work: Work) -> Done:
        return Done(count=1, attempt=1, text="long" * BRISK.inline_bytes)

    async def cancelled(task: Task, work: Work) -> Done:
        child.rig.execute("UPDATE operation SET state = 'cancelling' WHERE state = 'running'")
        return await kept(task, work)

    async def lost(task: Task, work: Work) -> Done:
        child.rig.execute("UPDATE operation SET token = token + 1 WHERE state = 'running'")
        return await kept(task, work)

    async def failed(task: Task, work: Work) -> Done:
        await child.store.put(work.tenant, b"half of it", "text/plain")
        raise InvalidRequest("Bad.")

    states = [child.run(handler).state for handler in (kept, cancelled, lost, failed)]

    assert states == ["succeeded", "cancelled", "running", "failed"]
    (named,) = child.rig.execute("SELECT unnest(objects) AS uri FROM operation")
    assert [f"setu://{path.relative_to(folder)}" for path in folder.rglob("*") if path.is_file()] == [named["uri"]]


def test_what_was_written_for_another_operation_is_left_to_it(child: Child) -> None:
    async def handler(task: Task, work: Work) -> Park:
        await child.rig.operations.submit(BACK, Task(text="long" * BRISK.inline_bytes), Submission(tenant=work.tenant))
        return Park(3600)

    child.run(handler)

    [row] = child.rig.execute("SELECT request FROM operation WHERE kind = %(kind)s", kind=BACK.name)
    request = child.rig.run(Payloads(child.store, BRISK.inline_bytes).unpack(row["request"]))
    assert request["text"] == "long" * BRISK.inline_bytes


def test_a_result_that_postgres_has_no_text_for_comes_back_whole(child: Child) -> None:
    async def handler(task: Task, work: Work) -> Done:
        return Done(count=1, attempt=1, text=task.text)

    operation = child.run(handler, text=NUL)

    assert operation.result == {"count": 1, "attempt": 1, "text": NUL}


def test_a_result_that_cant_be_settled_fails_the_operation_and_not_the_worker(child: Child) -> None:
    def settled(ending: Ending) -> Sequence[Statement]:
        wrong = ending.operation.state is OperationState.SUCCEEDED
        return [("INSERT INTO no_such_table VALUES (1)", {})] if wrong else verdict(ending)

    child.settled = settled
    operation = child.run(done)

    assert operation.state == "failed"
    assert operation.problem is not None
    assert operation.problem.code == "internal-error"
    assert child.rig.verdicts() == [(operation.id, "failed")]


def test_an_end_that_cant_be_settled_at_all_is_written_without(child: Child) -> None:
    child.settled = lambda _: [("INSERT INTO no_such_table VALUES (1)", {})]
    operation = child.run(done)
    child.settled = verdict
    after = child.run(done)

    assert (operation.state, after.state) == ("failed", "succeeded")
    assert operation.problem is not None
    assert operation.problem.code == "internal-error"


@pytest.mark.parametrize(
    "error", [InvalidRequest(f"Bad: {NUL}", name=["\ud800"]), DependencyUnavailable("Away.", other={NUL: {NUL: NUL}})]
)
def test_a_problem_that_postgres_has_no_text_for_is_told_as_well_as_it_can_be(child: Child, error: SetuError) -> None:
    operation = child.run(raising(error))

    assert operation.attempt == 1
    assert operation.problem is not None
    assert operation.problem.code == error.code
    assert "before\ufffdafter" in operation.problem.model_dump_json()


def test_a_note_that_postgres_cant_store_does_not_stop_the_heart(child: Child) -> None:
    async def handler(task: Task, work: Work) -> Done:
        work.progress(0.5, NUL)
        await beaten(0.5)
        work.progress(0.75, "\ud800")
        await beaten(0.75)
        return Done(count=task.count, attempt=work.attempt)

    async def beaten(progress: float) -> None:
        async with asyncio.timeout(5):
            while True:
                if child.rig.execute("SELECT progress FROM operation") == [{"progress": progress}]:
                    return
                await asyncio.sleep(0.02)

    assert child.run(handler).state == "succeeded"


def test_work_that_lasts_for_a_beat_is_told_of_once_and_what_is_done_in_a_moment_is_not(child: Child) -> None:
    async def handler(task: Task, work: Work) -> Done:
        async with asyncio.timeout(5):
            versions: set[int] = set()
            while len(versions) < 4:  # each beat that has something new to say is one
                versions |= {
                    row["version"] for row in child.rig.execute("SELECT version FROM operation WHERE state = 'running'")
                }
                work.progress(len(versions) / 10)
                await asyncio.sleep(0.02)
        return Done(count=task.count, attempt=work.attempt)

    child.settings = BRISK.model_copy(update={"heartbeat_s": SLOW_BEAT_S})
    at_once = child.run(done)
    child.settings = BRISK
    lasting = child.run(handler)
    assert at_once.state == lasting.state == "succeeded"
    assert child.lasted == [lasting.id]


def test_a_defect_of_a_handler_is_told_without_its_text(child: Child) -> None:
    operation = child.run(raising(ZeroDivisionError("secret dialogue")))

    assert operation.problem is not None
    assert operation.problem.code == "internal-error"
    assert "secret" not in operation.model_dump_json()


def test_a_kind_that_this_worker_does_not_know_is_left_for_another(child: Child) -> None:
    other = OperationKind(name="others", service="probe", queue="front", request=Task, result=Done)
    operation = child.run(done, other)

    assert (operation.state, operation.attempt) == ("queued", 0)


def test_a_handler_that_parks_is_queued_again(child: Child) -> None:
    async def handler(task: Task, work: Work) -> Park:
        return Park(60)

    operation = child.run(handler)

    assert (operation.state, operation.attempt) == ("queued", 0)
    assert [ending.due for ending in child.endings] == [False]


def test_a_stored_request_that_no_longer_fits_is_refused_and_not_tried_again(child: Child) -> None:
    class Narrow(Task):
        extra: int

    narrow = OperationKind(name=FRONT.name, service="probe", queue="front", request=Narrow, result=Done)
    operation = child.run(done, narrow)

    assert operation.state == "failed"
    assert operation.problem is not None
    assert operation.problem.code == "invalid-request"
