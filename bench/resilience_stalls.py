"""What becomes of work that stops making progress by its deadline: decoders that are stopped, and handlers that loop or hang."""

import asyncio
import os
import signal
import struct
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Semaphore
from typing import Final
from unittest.mock import patch

import psycopg

from bench.figures import Figure, judged
from probe import kinds
from probe.bench import SCHEMA, ProbeStack, prepare
from probe.kinds import Task
from setu_asr.engines.demux import order
from setu_asr.engines.demux.order import Limits
from setu_asr.engines.demuxer import demux
from setu_asr.errors import MediaTooExpensive
from setu_cli.embedded.postgres import running_postgres
from setu_cli.embedded.valkey import running_valkey
from setu_common.contracts import Submission
from setu_common.db import Database
from setu_common.operations import Hints, Operations
from setu_common.settings import DatabaseSettings, OperationSettings, RedisSettings, StoreSettings
from setu_common.store import Store

HUNG: Final = 100
LATE_S: Final = 2.0
PATIENCE_S: Final = 120.0

DECODERS: Final = 30
STARTING: Final = 2  # at once; one that is stopped takes nothing from the others
GRACE_S: Final = 1.0  # 30 s by itself
SHORTLY_S: Final = 0.7
LIMITS: Final = Limits(patience_s=0.75, bytes_per_cpu_s=1e12, sound_s_per_cpu_s=1e12)
RATE_HZ: Final = 48_000
HOUR_S: Final = 3600

CHILDREN: Final = 25
TASK_S: Final = 1.0
LOOPS: Final = replace(kinds.DEAF, timeout_s=TASK_S, max_attempts=1)
HANGS: Final = replace(kinds.HANGS, timeout_s=TASK_S, max_attempts=1)


def ended_in_time(name: str, late_s: Sequence[float], deadline_s: float, how: str) -> Figure:
    """How many of so many calls ended by their deadline and two seconds.

    Args:
        name: what held them up.
        late_s: of those that ended at all: how long after the deadline, seconds.
        deadline_s: how long each had.
        how: what they were.
    """
    in_time = sum(each <= LATE_S for each in late_s)
    last = f"the last one {max(late_s):.2f} s after it" if late_s else "none ended"
    told = f"{how}; of {HUNG}, those that ended by their deadline of {deadline_s:g} s + {LATE_S:g} s; {last}"
    return judged(f"ended_in_time_{name}", [in_time], unit=f"of {HUNG}", goal=HUNG, better="more", how=told)


def stalls() -> list[Figure]:
    """All figures; a minute."""
    return [stalled_decoders(), *looping_tasks()]


@dataclass
class Stall:
    """A decoder that is stopped as soon as it has begun to decode, or shortly before its deadline.

    Args:
        path: what it decodes.
        deadline_s: how long it has.
        starting: has places for those that are not yet stopped.
    """

    path: Path
    deadline_s: float
    starting: Semaphore
    pid: int = 0
    decoding: bool = False
    late_s: float | None = None

    def run(self) -> "Stall":
        """Decode, and see how that ends."""
        self.starting.acquire()
        began = time.monotonic()

        def stop(share: float) -> None:
            if not self.pid and (share > 0 or time.monotonic() - began > self.deadline_s - SHORTLY_S):
                (child,) = Path("/proc/thread-self/children").read_text().split()
                self.pid, self.decoding = int(child), share > 0
                os.kill(self.pid, signal.SIGSTOP)
                self.starting.release()

        try:
            demux(self.path, None, LIMITS, stop)
        except MediaTooExpensive:
            if self.pid and not Path(f"/proc/{self.pid}").exists():
                self.late_s = time.monotonic() - began - self.deadline_s
        finally:
            if not self.pid:
                self.starting.release()
        return self


def stalled_decoders() -> Figure:
    """The process that decodes a recording makes no progress any more."""
    with (
        tempfile.TemporaryDirectory() as folder,
        ThreadPoolExecutor(DECODERS) as threads,
        patch.object(order, "GRACE_S", GRACE_S),
    ):
        path = an_hour(Path(folder))
        deadline_s = round(LIMITS.wall_s(path.stat().st_size, 0.0), 2)
        starting = Semaphore(STARTING)
        stalled = list(threads.map(lambda _: Stall(path, deadline_s, starting).run(), range(HUNG)))
    late_s = [each.late_s for each in stalled if each.late_s is not None]
    how = (
        f"decoders of an hour of sound that were stopped by SIGSTOP, {sum(each.decoding for each in stalled)} of them in the midst of it, up to "
        f"{DECODERS} at once, by the demuxer's own clock with a grace of 1 s instead of 30; one counts that ended as too expensive and left no process"
    )
    return ended_in_time("stalled_decoder", late_s, deadline_s, how)


def an_hour(folder: Path) -> Path:
    """Silence in stereo, which takes seconds to decode and no room on the disk."""
    path = folder / "hour.wav"
    data_bytes = HOUR_S * RATE_HZ * 4
    fields = (b"RIFF", data_bytes + 36, b"WAVE", b"fmt ", 16, 1, 2, RATE_HZ, RATE_HZ * 4, 4, 16, b"data", data_bytes)
    header = struct.pack("<4sI4s4sIHHIIHH4sI", *fields)
    path.write_bytes(header)
    os.truncate(path, len(header) + data_bytes)
    return path


def looping_tasks() -> list[Figure]:
    """Handlers of a real worker that never come back."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="setu-bench-")))
        folder.chmod(0o755)  # for Postgres' own user
        postgres = stack.enter_context(running_postgres(folder / "postgres", durable=False))
        valkey = stack.enter_context(running_valkey(folder / "valkey"))
        (folder / "store").mkdir()
        store = StoreSettings(url=f"file://{folder}/store")
        probe = ProbeStack(DatabaseSettings(url=postgres.url), RedisSettings(url=valkey.url), store, folder, {})
        prepare(probe.database)
        stack.enter_context(probe.worker(concurrency=CHILDREN))
        asyncio.run(submit(probe))
        late_s = ended_late_s(probe.database)
    around = f"{CHILDREN} children of a worker, heartbeat as it comes (1 s), by Postgres' clock"
    whats = {
        "looping_task": (LOOPS, "that loop and swallow every cancellation"),
        "hanging_task": (HANGS, "that block in native code"),
    }
    return [
        ended_in_time(name, late_s.get(kind.name, []), TASK_S, f"handlers {what}; {around}")
        for name, (kind, what) in whats.items()
    ]


async def submit(probe: ProbeStack) -> None:
    """Ask for all of them."""
    database, hints = Database(probe.database, SCHEMA), Hints(probe.redis)
    operations = Operations(database, Store(probe.store, SCHEMA), hints, OperationSettings())
    for number in range(HUNG):
        for kind in (LOOPS, HANGS):
            await operations.submit(kind, Task(count=number), Submission(tenant="bench"))
    await operations.close()
    hints.close()
    await database.close()


def ended_late_s(database: DatabaseSettings) -> dict[str, list[float]]:
    """By kind: how long after its deadline each operation ended, of those that did within patience."""
    until = time.monotonic() + PATIENCE_S
    query = """
    SELECT kind, extract(epoch FROM ended_at - claimed_at)::float8 - timeout_s FROM probe.operation WHERE ended_at IS NOT NULL
    """
    with closing(psycopg.connect(database.url, autocommit=True)) as connection:
        while len(rows := connection.execute(query).fetchall()) < 2 * HUNG and time.monotonic() < until:
            time.sleep(0.1)
    late_s: dict[str, list[float]] = {}
    for kind, each_s in rows:
        late_s.setdefault(kind, []).append(each_s)
    return late_s
