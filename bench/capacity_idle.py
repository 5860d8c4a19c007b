"""What workers take that have nothing to do, and what one operation takes that does nothing: of Postgres and Redis, on servers of their own."""

import asyncio
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.capacity_reading import TOLD_AFTER_S, commands, postgres
from bench.overhead_parts import tree_cpu_s
from probe import kinds
from probe.bench import SCHEMA, ProbeStack, prepare
from probe.kinds import Task
from setu_cli.embedded.postgres import running_postgres
from setu_cli.embedded.valkey import running_valkey
from setu_common.contracts import Submission
from setu_common.db import Database
from setu_common.operations import Hints, Operations
from setu_common.settings import DatabaseSettings, OperationSettings, RedisSettings, StoreSettings
from setu_common.store import Store

WORKERS = (1, 3)
WATCHED_S = 15.0
OPERATIONS = 300
IN_FLIGHT = 8


@dataclass(frozen=True)
class Taken:
    """Of Postgres and Redis, in all, by a worker in a second, or by an operation."""

    transactions: float
    wal_bytes: float
    redis_commands: float
    postgres_cpu_s: float

    def __sub__(self, other: "Taken") -> "Taken":
        return Taken(
            self.transactions - other.transactions,
            self.wal_bytes - other.wal_bytes,
            self.redis_commands - other.redis_commands,
            self.postgres_cpu_s - other.postgres_cpu_s,
        )

    def __mul__(self, times: float) -> "Taken":
        return Taken(
            self.transactions * times, self.wal_bytes * times, self.redis_commands * times, self.postgres_cpu_s * times
        )


def measured() -> tuple[Taken, Taken]:
    """What each worker takes in a second in which there is nothing to do; and what each operation takes that does nothing."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="setu-bench-")))
        folder.chmod(0o755)
        server = stack.enter_context(running_postgres(folder / "postgres"))
        valkey = stack.enter_context(running_valkey(folder / "valkey"))
        database = DatabaseSettings(url=server.url)
        prepare(database)
        (folder / "store").mkdir()
        probe = ProbeStack(database, RedisSettings(url=valkey.url), StoreSettings(url=f"file://{folder}/store"), folder, {})
        master = psutil.Process(int(next(folder.rglob("postmaster.pid")).read_text().split()[0]))

        def now() -> Taken:
            time.sleep(TOLD_AFTER_S)
            transactions, wal_bytes = postgres(database.url)
            return Taken(transactions, wal_bytes, commands(valkey.url), tree_cpu_s([master]))

        waiting: list[Taken] = []
        running = 0
        for many in WORKERS:
            for number in range(running, many):
                stack.enter_context(probe.worker(f"worker{number}", concurrency=1))
            running = many
            before, began_s = now(), time.monotonic()
            time.sleep(WATCHED_S)
            waiting.append((now() - before) * (1 / (time.monotonic() - began_s)))
        before, began_s = now(), time.monotonic()
        asyncio.run(_operations(probe))
        after, took_s = now(), time.monotonic() - began_s
    each = (waiting[1] - waiting[0]) * (1 / (WORKERS[1] - WORKERS[0]))
    return each, (after - before - waiting[1] * took_s) * (1 / OPERATIONS)


async def _operations(stack: ProbeStack) -> None:
    database = Database(stack.database, SCHEMA)
    hints = Hints(stack.redis)
    operations = Operations(database, Store(stack.store, SCHEMA), hints, OperationSettings())
    places = asyncio.Semaphore(IN_FLIGHT)

    async def one(number: int) -> None:
        async with places:
            submitted = await operations.submit(kinds.NOOPS, Task(count=number), Submission(tenant="bench"))
            await operations.get("bench", submitted.id, 60)

    await asyncio.gather(*(one(number) for number in range(OPERATIONS)))
    await operations.close()
    hints.close()
    await database.close()
