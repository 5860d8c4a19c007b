"""Workers that are told to end while they work: what can be finished is, the rest is another's at once, and nobody does anything twice."""

import asyncio
import json
import signal
import subprocess
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from probe import kinds
from probe.bench import BRISK, ProbeStack
from probe.kinds import Task
from setu_common.contracts import Operation, OperationState, Submission
from setu_common.operations import Operations

pytestmark = [pytest.mark.stack, pytest.mark.timeout(150)]

WORKERS = ("first", "second", "third")
ENDED_S = 60.0
PATIENT, QUICK = "patient", "brisk"


def rows(stack: ProbeStack) -> dict[UUID, dict[str, Any]]:
    with psycopg.connect(stack.database.url, row_factory=dict_row) as connection:
        return {row["id"]: row for row in connection.execute("SELECT * FROM probe.operation")}


def outcomes(stack: ProbeStack) -> dict[str, Counter[str]]:
    """How each operation left its workers' hands, by what those say."""
    left: dict[str, Counter[str]] = {}
    for log in stack.folder.glob("*.log"):
        for line in filter(lambda line: line.startswith("{"), log.read_text().splitlines()):
            said = json.loads(line)
            assert said["event"] != "operation.result_refused"
            if said["event"] == "operation.left":
                left.setdefault(said["operation_id"], Counter())[said["outcome"]] += 1
    return left


def in_the_middle(stack: ProbeStack) -> set[int]:
    """The workers that have just begun what takes longer than their grace."""
    with psycopg.connect(stack.database.url) as connection:
        found = connection.execute(
            "SELECT worker FROM probe.operation WHERE state = 'running' AND tenant = %s AND claimed_at > now() - interval '0.3 s'",
            [PATIENT],
        )
        return {int(worker.split(":")[1]) for (worker,) in found}


async def running(stack: ProbeStack, operation_id: UUID) -> None:
    async with asyncio.timeout(20):
        while rows(stack)[operation_id]["progress"] == 0:  # noqa: ASYNC110  (rows tell nobody)
            await asyncio.sleep(0.02)


async def test_what_can_be_finished_within_the_grace_is_finished(probe_stack: ProbeStack, operations: Operations) -> None:
    probe_stack.environment = {**BRISK, "SETU_OPERATIONS_SHUTDOWN_GRACE_S": "20"}
    with probe_stack.worker(concurrency=1) as worker:
        operation = await operations.submit(kinds.NAPS, Task(seconds=1.5), Submission(tenant="acme"))
        waiting = await operations.submit(kinds.NOOPS, Task(), Submission(tenant="acme"))
        await running(probe_stack, operation.id)
        worker.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(worker.wait, 20) == 0

    after = rows(probe_stack)
    assert (after[operation.id]["state"], after[operation.id]["token"]) == ("succeeded", 1)
    assert (after[waiting.id]["state"], after[waiting.id]["token"]) == ("queued", 0), "it took on more though it was to end"


@dataclass
class Load:
    """Work that keeps coming, of two tenants who come in turn: the one's takes longer than a worker's grace, the other's a moment."""

    operations: Operations
    submitted: list[tuple[str, Operation]] = field(default_factory=list)
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    async def come(self) -> None:
        while not self.enough.is_set():
            for tenant, seconds in ((PATIENT, 2.5), *[(QUICK, 0.2)] * 3):
                task = Task(count=len(self.submitted), seconds=seconds)
                self.submitted.append((tenant, await self.operations.submit(kinds.NAPS, task, Submission(tenant=tenant))))
            with suppress(TimeoutError):
                await asyncio.wait_for(self.enough.wait(), 0.8)


async def test_workers_are_restarted_one_after_the_other_and_nothing_is_lost_or_done_twice(
    probe_stack: ProbeStack, operations: Operations
) -> None:
    load = Load(operations)
    with ExitStack() as stack:

        async def started(name: str) -> subprocess.Popen[bytes]:
            return await asyncio.to_thread(stack.enter_context, probe_stack.worker(name))

        workers = {worker.pid: worker for worker in [await started(name) for name in WORKERS]}
        coming = asyncio.create_task(load.come())
        for name in WORKERS:
            async with asyncio.timeout(60):
                while not (found := in_the_middle(probe_stack) & workers.keys()):  # noqa: ASYNC110  (rows tell nobody)
                    await asyncio.sleep(0.02)
            worker = workers.pop(found.pop())
            worker.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(worker.wait, 20) == 0
            await started(f"{name}-again")
        load.enough.set()
        await coming
        ends = [await operations.get(tenant, operation.id, ENDED_S) for tenant, operation in load.submitted]

    assert {end.state for end in ends} == {OperationState.SUCCEEDED}
    assert [end.result["count"] for end in ends if end.result] == [*range(len(load.submitted))]
    after, left = rows(probe_stack), outcomes(probe_stack)
    assert {(row["attempts"], row["losses"]) for row in after.values()} == {(0, 0)}, "a restart counts nothing"
    assert {left[str(operation.id)]["succeeded"] for _, operation in load.submitted} == {1}
    handed_back = {operation_id: outcome["stopped"] for operation_id, outcome in left.items() if outcome["stopped"]}
    assert handed_back, "nobody was in the middle of anything"
    assert handed_back == {str(row["id"]): row["token"] - 1 for row in after.values() if row["token"] > 1}
