"""``python -m probe.worker``: the probe service's worker; settings come from the environment as in any service."""

import asyncio
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import structlog

from probe import kinds
from probe.kinds import Done, Task
from setu_common.errors import DependencyUnavailable, InvalidRequest
from setu_common.operations import Bound, Park, Work, WorkerSpec, run_worker
from setu_common.settings import read_core_settings

log = structlog.get_logger()

_parked: Counter[UUID] = Counter()


async def noop(task: Task, work: Work) -> Done:
    return Done(count=task.count, attempt=work.attempt, text=task.text)


async def nap(task: Task, work: Work) -> Done:
    steps = max(1, round(task.seconds / 0.05))
    for step in range(steps):
        await asyncio.sleep(task.seconds / steps)
        work.progress((step + 1) / steps, f"step {step + 1}")
    return Done(count=task.count, attempt=work.attempt)


async def thread(task: Task, work: Work) -> Done:
    def run() -> None:
        until = time.monotonic() + task.seconds
        while time.monotonic() < until and not work.cancelled:
            time.sleep(0.02)

    await work.in_thread(run)
    return Done(count=task.count, attempt=work.attempt)


async def hang(task: Task, work: Work) -> Done:
    threading.Event().wait()
    return Done(count=task.count, attempt=work.attempt)


async def deaf(task: Task, work: Work) -> Done:
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            continue


async def poison(task: Task, work: Work) -> Done:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


async def flaky(task: Task, work: Work) -> Done:
    if work.attempt <= task.times:
        raise DependencyUnavailable("The other side is away for a moment.", retry_after_s=0.1)
    return Done(count=task.count, attempt=work.attempt)


async def bad(task: Task, work: Work) -> Done:
    raise InvalidRequest("This can't be done; ask for something else.")


async def crash(task: Task, work: Work) -> Done:
    raise ZeroDivisionError("secret dialogue")


async def park(task: Task, work: Work) -> Done | Park:
    _parked[work.operation_id] += 1
    if _parked[work.operation_id] <= task.times:
        return Park(task.seconds)
    return Done(count=_parked[work.operation_id], attempt=work.attempt)


async def speak(task: Task, work: Work) -> Done:
    log.info("probe.spoke")
    await work.in_thread(log.info, "probe.spoke_in_thread")
    return Done(count=task.count, attempt=work.attempt)


async def freeze(task: Task, work: Work) -> Done:
    os.kill(os.getpid(), signal.SIGSTOP)
    return Done(count=task.count, attempt=work.attempt)


HANDLERS = {
    kinds.NOOPS: noop,
    kinds.NAPS: nap,
    kinds.THREADS: thread,
    kinds.HANGS: hang,
    kinds.DEAF: deaf,
    kinds.POISON: poison,
    kinds.FLAKY: flaky,
    kinds.BAD: bad,
    kinds.CRASHES: crash,
    kinds.PARKS: park,
    kinds.SPEAKS: speak,
    kinds.FROZEN: freeze,
}


@asynccontextmanager
async def wire() -> AsyncIterator[Sequence[Bound]]:
    if os.environ.get("PROBE_WIRING") == "broken":
        raise ValueError("no such thing")
    yield [Bound(kind, handler) for kind, handler in HANDLERS.items()]


def main() -> None:
    run_worker(WorkerSpec(service="probe", kinds=kinds.ALL, wire=wire, concurrency=2), read_core_settings())


if __name__ == "__main__":
    main()
