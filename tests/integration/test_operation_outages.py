"""A database that is away for longer than a lease: nobody can take the work meanwhile, so nobody loses it."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import make_url, text

from probe import kinds
from probe.bench import SCHEMA, ProbeStack
from probe.kinds import Task
from setu_common.contracts import Operation, OperationState, Submission
from setu_common.db import Database
from setu_common.operations import Operations
from setu_common.settings import DatabaseSettings
from testbed.cable import Cable, cable_to

pytestmark = pytest.mark.stack

MINE = Submission(tenant="acme")
LEASE_S = 3  # of probe.bench.BRISK


@pytest.fixture
def cable(probe_stack: ProbeStack) -> Iterator[Cable]:
    port = make_url(probe_stack.database.url).port
    assert port is not None
    with cable_to(port) as cable:
        yield cable


@pytest.fixture
def far_stack(probe_stack: ProbeStack, cable: Cable) -> ProbeStack:
    """The probe stack whose workers reach their database through the cable."""
    url = make_url(probe_stack.database.url).set(port=cable.port).render_as_string(hide_password=False)
    return replace(probe_stack, database=DatabaseSettings(url=url))


async def counts(stack: ProbeStack) -> list[tuple[str, int, int, int]]:
    database = Database(stack.database, SCHEMA)
    async with database.reading() as connection:
        rows = await connection.execute(text("SELECT state, attempts, losses, token FROM operation ORDER BY created_at"))
        result = [tuple(row) for row in rows]
    await database.close()
    return result


async def running(operations: Operations, operation: Operation) -> None:
    while operation.state is OperationState.QUEUED:
        operation = await operations.changed("acme", operation.id, operation.version, 10) or operation


async def test_work_goes_on_through_an_outage_longer_than_its_lease(
    probe_stack: ProbeStack, far_stack: ProbeStack, cable: Cable, operations: Operations
) -> None:
    with far_stack.worker(concurrency=1):
        operation = await operations.submit(kinds.NAPS, Task(seconds=9), MINE)
        await running(operations, operation)
        cable.pull()
        await asyncio.sleep(2 * LEASE_S)
        cable.plug_in()
        end = await operations.get("acme", operation.id, 30)

    assert end.state is OperationState.SUCCEEDED
    assert await counts(probe_stack) == [("succeeded", 0, 0, 1)]


async def test_an_end_that_falls_into_an_outage_is_written_after_it_and_what_follows_is_left_alone(
    probe_stack: ProbeStack, far_stack: ProbeStack, cable: Cable, operations: Operations
) -> None:
    with far_stack.worker(concurrency=1):
        first = await operations.submit(kinds.NAPS, Task(seconds=1.5), MINE)
        await running(operations, first)
        cable.pull()
        second = await operations.submit(kinds.NAPS, Task(seconds=2 * LEASE_S), MINE)
        await asyncio.sleep(2 * LEASE_S)
        cable.plug_in()
        ends = [await operations.get("acme", each.id, 40) for each in (first, second)]

    assert [end.state for end in ends] == [OperationState.SUCCEEDED] * 2
    assert await counts(probe_stack) == [("succeeded", 0, 0, 1)] * 2


async def test_what_a_handler_logs_carries_the_ids_of_its_operation(probe_stack: ProbeStack, operations: Operations) -> None:
    with probe_stack.worker(concurrency=1):
        operation = await operations.submit(kinds.CRASHES, Task(), MINE)
        await operations.get("acme", operation.id, 20)
        speaking = await operations.submit(kinds.SPEAKS, Task(), MINE)
        await operations.get("acme", speaking.id, 20)
    lines = [json.loads(line) for line in (probe_stack.folder / "worker.log").read_text().splitlines() if line.startswith("{")]

    said = {line["event"]: (line.get("operation_id"), line.get("tenant")) for line in lines}
    assert said["operation.crashed"] == (str(operation.id), "acme")
    assert said["probe.spoke"] == said["probe.spoke_in_thread"] == (str(speaking.id), "acme")


def test_a_worker_that_cant_make_its_handlers_is_never_ready(probe_stack: ProbeStack) -> None:
    broken = replace(probe_stack, environment={**probe_stack.environment, "PROBE_WIRING": "broken"})

    with pytest.raises(RuntimeError, match="did not come up"), broken.worker(within_s=8):
        pass
