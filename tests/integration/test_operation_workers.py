"""Operations through a real worker: real Postgres, Valkey and Celery, a process that is killed where it hurts."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from uuid import UUID, uuid4

import psutil
import psycopg
import pytest

from probe import kinds
from probe.bench import SCHEMA, ProbeStack, operations_on, prepare
from probe.kinds import Done, Task
from setu_common.contracts import Operation, OperationKind, OperationState, Submission
from setu_common.operations import Operations
from setu_common.operations.broker import Broker
from setu_common.settings import OperationSettings, RedisSettings, StoreSettings
from testbed.postgres import Databases
from toystack.watching import eventually

pytestmark = pytest.mark.stack

MINE = Submission(tenant="acme")
# Twice what a handler is given to heed its cancellation, and far less than its deadline, which would end it as well.
DEAF_UNTIL_S = 2 * OperationSettings().cancel_grace_s
# Measured, 3 s on a busy machine. That it did not wait for its work to end shows in what becomes of that.
STOPPED_WITHIN_S = 12.0


@pytest.fixture(scope="module")
def kept_stack(databases: Databases, valkey_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProbeStack]:
    """What the kept worker works on."""
    folder = tmp_path_factory.mktemp("kept")
    (folder / "store").mkdir()
    redis = RedisSettings(url=valkey_url, key_prefix="kept-worker:")
    with databases.clone(databases.template(SCHEMA, prepare)) as database:
        yield ProbeStack(database, redis, StoreSettings(url=f"file://{folder}/store", durable=False), folder)


@pytest.fixture(scope="module")
def kept_worker(kept_stack: ProbeStack) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of one child for all tests that leave it at work, whatever becomes of the child."""
    with kept_stack.worker(concurrency=1) as worker:
        yield worker
        assert worker.poll() is None, "it did not outlive what was done to its children"


@pytest.fixture
async def kept(kept_stack: ProbeStack, kept_worker: subprocess.Popen[bytes]) -> AsyncIterator[Operations]:
    """The kept worker's operations."""
    async with operations_on(kept_stack) as operations:
        yield operations


async def submitted(operations: Operations, kind: OperationKind[Task, Done], **task: object) -> Operation:
    return await operations.submit(kind, Task.model_validate(task), MINE)


async def ended(operations: Operations, operation: Operation, within_s: float = 20) -> Operation:
    end = await operations.get("acme", operation.id, within_s)
    assert end.state.ended, f"still {end.state} after {within_s} s"
    return end


async def running(operations: Operations, operation_id: UUID, within_s: float = 10) -> None:
    until = time.monotonic() + within_s
    while (now := await operations.get("acme", operation_id)).state is not OperationState.RUNNING:
        assert time.monotonic() < until, f"still {now.state}"
        await asyncio.sleep(0.02)


async def test_an_operation_is_done_and_its_result_comes_back_parsed(kept: Operations) -> None:
    end = await ended(kept, await submitted(kept, kinds.NOOPS, count=7))

    assert end.state is OperationState.SUCCEEDED
    assert Done.model_validate(end.result) == Done(count=7, attempt=1)
    assert end.progress == 1


async def test_payloads_over_the_limit_go_through_the_store_unseen_by_anyone(kept: Operations) -> None:
    text = "ई" * 100_000
    end = await ended(kept, await submitted(kept, kinds.NOOPS, text=text))

    assert end.result is not None
    assert end.result["text"] == text


async def test_progress_is_seen_while_the_work_goes_on(kept: Operations) -> None:
    operation = await submitted(kept, kinds.NAPS, seconds=6)
    seen = {0.0}
    while len(seen) < 4 or max(seen) <= 0.5:
        now = await kept.get("acme", operation.id)
        assert not now.state.ended, seen
        seen.add(round(now.progress, 2))
        await asyncio.sleep(0.05)

    await kept.cancel("acme", operation.id)
    await ended(kept, operation)


async def test_who_waits_for_work_is_woken_when_it_has_lasted_for_a_beat_and_when_it_ends(
    kept: Operations, kept_stack: ProbeStack
) -> None:
    broker = Broker(kept_stack.redis)

    async def woken(times: int) -> None:
        async with asyncio.timeout(10):
            while broker.waiting("pipeline") < times:  # noqa: ASYNC110  (what is waited for has no event)
                await asyncio.sleep(0.05)

    waits = MINE.model_copy(
        update={"job_id": uuid4(), "reply_to": "pipeline"}
    )  # which has no workers here: what they are told lies there
    operation = await kept.submit(kinds.NAPS, Task(seconds=4), waits)
    await woken(1)
    assert (await kept.get("acme", operation.id)).state is OperationState.RUNNING
    await woken(2)
    assert (await kept.get("acme", operation.id)).state is OperationState.SUCCEEDED
    broker.close()


async def test_a_cancelled_operation_stops_within_seconds(kept: Operations) -> None:
    for kind in (kinds.NAPS, kinds.THREADS):
        operation = await submitted(kept, kind, seconds=60)
        await running(kept, operation.id)
        assert (await kept.cancel("acme", operation.id)).state is OperationState.CANCELLING
        assert (await ended(kept, operation, 5)).state is OperationState.CANCELLED


async def test_a_handler_that_swallows_its_cancellation_is_ended_all_the_same(kept: Operations) -> None:
    operation = await submitted(kept, kinds.DEAF)
    await running(kept, operation.id)
    began = time.monotonic()
    await kept.cancel("acme", operation.id)
    end = await ended(kept, operation)
    took_s = time.monotonic() - began
    after = await ended(kept, await submitted(kept, kinds.NOOPS))

    assert end.state is OperationState.CANCELLED
    assert took_s < DEAF_UNTIL_S
    assert after.state is OperationState.SUCCEEDED


async def test_a_handler_that_hangs_is_ended_by_its_deadline(kept: Operations) -> None:
    end = await ended(kept, await submitted(kept, kinds.HANGS), 40)
    after = await ended(kept, await submitted(kept, kinds.NOOPS))

    assert end.state is OperationState.FAILED
    assert end.problem is not None
    assert end.problem.code == "deadline-exceeded"
    assert end.attempt == 3
    assert after.state is OperationState.SUCCEEDED


async def test_an_input_that_kills_its_process_fails_clearly_after_three_attempts(kept: Operations) -> None:
    end = await ended(kept, await submitted(kept, kinds.POISON), 30)
    after = await ended(kept, await submitted(kept, kinds.NOOPS))

    assert end.state is OperationState.FAILED
    assert end.problem is not None
    assert end.problem.code == "worker-died"
    assert end.attempt == 3
    assert after.state is OperationState.SUCCEEDED


async def test_a_process_whose_heartbeat_stops_is_ended_by_its_parent(kept: Operations) -> None:
    end = await ended(kept, await submitted(kept, kinds.FROZEN), 60)
    after = await ended(kept, await submitted(kept, kinds.NOOPS))

    assert end.state is OperationState.FAILED
    assert end.attempt == 3
    assert after.state is OperationState.SUCCEEDED


async def test_a_passing_failure_is_tried_again_and_a_lasting_one_is_not(kept: Operations) -> None:
    mended = await ended(kept, await submitted(kept, kinds.FLAKY, times=2), 30)
    worn_out = await ended(kept, await submitted(kept, kinds.FLAKY, times=9), 30)
    bad = await ended(kept, await submitted(kept, kinds.BAD))
    crashed = await ended(kept, await submitted(kept, kinds.CRASHES))

    assert (mended.state, mended.attempt, mended.problem) == (OperationState.SUCCEEDED, 2, None)
    assert (worn_out.state, worn_out.attempt) == (OperationState.FAILED, 3)
    assert (bad.state, bad.attempt) == (OperationState.FAILED, 1)
    assert bad.problem is not None
    assert bad.problem.code == "invalid-request"
    assert crashed.problem is not None
    assert crashed.problem.code == "internal-error"
    assert "secret" not in crashed.problem.model_dump_json()


async def test_a_parked_operation_comes_back_without_counting_attempts(kept: Operations) -> None:
    end = await ended(kept, await submitted(kept, kinds.PARKS, times=5, seconds=0.1), 30)

    assert (end.state, end.attempt) == (OperationState.SUCCEEDED, 0)


async def test_work_of_a_lost_worker_is_done_by_another_and_counts_no_attempt(
    probe_stack: ProbeStack, operations: Operations
) -> None:
    with probe_stack.worker("first") as first:
        operation = await submitted(operations, kinds.NAPS, seconds=3)
        await running(operations, operation.id)
        children = psutil.Process(first.pid).children(recursive=True)
        first.kill()
        with probe_stack.worker("second"):
            end = await ended(operations, operation, 30)

    assert (end.state, end.attempt) == (OperationState.SUCCEEDED, 0)
    assert not psutil.wait_procs(children, timeout=5)[1], "the children outlived their parent"


async def test_a_worker_told_to_stop_hands_its_work_back(probe_stack: ProbeStack, operations: Operations) -> None:
    with probe_stack.worker("first") as first:
        operation = await submitted(operations, kinds.NAPS, seconds=5)
        await running(operations, operation.id)
        began = time.monotonic()
        first.send_signal(signal.SIGTERM)
        await asyncio.to_thread(first.wait, 15)
        stopped_in_s = time.monotonic() - began
        handed_back = await operations.get("acme", operation.id)
        with probe_stack.worker("second"):
            end = await ended(operations, operation, 30)

    assert stopped_in_s < STOPPED_WITHIN_S
    assert handed_back.state is OperationState.QUEUED
    assert (end.state, end.attempt) == (OperationState.SUCCEEDED, 0)


async def test_work_accepted_while_no_worker_and_no_hint_is_there_is_done_later(
    probe_stack: ProbeStack, operations: Operations
) -> None:
    operation = await submitted(operations, kinds.NOOPS, count=3)
    await asyncio.sleep(0.5)
    import redis

    client = redis.Redis.from_url(probe_stack.redis.url)
    for key in client.scan_iter(f"{probe_stack.redis.key_prefix}*"):
        client.delete(key)
    client.close()

    with probe_stack.worker():
        assert (await ended(operations, operation)).state is OperationState.SUCCEEDED


async def test_what_is_kept_too_long_is_ended_in_a_process_of_its_own(probe_stack: ProbeStack, operations: Operations) -> None:
    old, young = [await operations.cancel("acme", (await submitted(operations, kinds.NOOPS)).id) for _ in range(2)]
    with psycopg.connect(probe_stack.database.url, autocommit=True) as connection:
        connection.execute("UPDATE probe.operation SET ended_at = ended_at - interval '31 days' WHERE id = %s", [old.id])

        def left() -> set[UUID]:
            return {row[0] for row in connection.execute("SELECT id FROM probe.operation")}

        probe_stack.environment = {**probe_stack.environment, "SETU_OPERATIONS_TIDY_AFTER_S": "0.1"}
        with probe_stack.worker():
            assert await asyncio.to_thread(eventually, lambda: left() != {old.id, young.id}, 30)

        assert left() == {young.id}


async def test_a_killed_child_costs_one_attempt_and_no_result(kept: Operations, kept_worker: subprocess.Popen[bytes]) -> None:
    operation = await submitted(kept, kinds.NAPS, seconds=4)
    await running(kept, operation.id)
    await asyncio.sleep(0.3)
    for process in psutil.Process(kept_worker.pid).children():
        os.kill(process.pid, signal.SIGKILL)
    end = await ended(kept, operation, 30)

    assert (end.state, end.attempt) == (OperationState.SUCCEEDED, 1)
