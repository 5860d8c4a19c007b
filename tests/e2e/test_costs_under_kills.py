"""Money while processes are killed: 500 operations that pay for each call, and a provider that keeps its own bill."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import dict_row

from billed.worker import MODEL, PAID, PRICES
from probe.bench import SCHEMA, ProbeStack, prepare, start
from probe.kinds import Task
from setu_common.contracts import Submission
from setu_common.cost.ledger import migrate_ledger
from setu_common.cost.pricing import Prices
from setu_common.db import Database
from setu_common.operations import Hints, Operations
from setu_common.settings import OperationSettings
from setu_common.store import Store
from setu_common.testing.faulty import Fault, faulty_wire, some
from setu_common.testing.openai_wire import OpenAiWire

OPERATIONS = 500
CALLS_EACH = 2
WORKERS = 2
# So often on any machine: by the clock a quick one is done with all before much was killed.
KILLS = 30
LOOKS_EVERY_S = 0.05
WORKER_KILLS = 2  # a worker takes long to start, and meanwhile nothing can be killed


@dataclass
class Workers:
    """Worker processes, and how many children of theirs were killed."""

    stack: ProbeStack
    url: str
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    killed_children: int = 0
    killed_workers: int = 0

    def add(self) -> None:
        variables = {**self.stack.variables(), "BILLED_URL": self.url, "SETU_WORKER_CONCURRENCY": "2", "SETU_WORKER_NICE": "0"}
        self.running.append(start([sys.executable, "-m", "billed.worker"], variables, self.stack.folder / "workers.log"))

    def kill_worker(self, chance: random.Random) -> None:
        process = self.running.pop(chance.randrange(len(self.running)))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.killed_workers += 1
        self.add()

    def kill_child(self, pid: int) -> bool:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        self.killed_children += 1
        return True

    def end(self) -> None:
        for process in self.running:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def billed_stack(cloned_database, redis_settings, store_settings, tmp_path: Path) -> ProbeStack:
    def both(settings):
        prepare(settings)
        migrate_ledger(settings)

    return ProbeStack(cloned_database("probe_and_ledger", both), redis_settings, store_settings, tmp_path)


@asynccontextmanager
async def submitted(stack: ProbeStack) -> AsyncIterator[None]:
    database, hints = Database(stack.database, SCHEMA), Hints(stack.redis)
    operations = Operations(database, Store(stack.store, SCHEMA), hints, OperationSettings())
    for number in range(OPERATIONS):
        await operations.submit(PAID, Task(count=number, times=CALLS_EACH), Submission(tenant="acme"))
    try:
        yield
    finally:
        await operations.close()
        hints.close()
        await database.close()


def rows(stack: ProbeStack, sql: str) -> list[dict]:
    with psycopg.connect(stack.database.url, row_factory=dict_row) as connection:
        return connection.execute(sql.encode()).fetchall()


async def killing(stack: ProbeStack, workers: Workers, chance: random.Random) -> None:
    """Kill a child or a whole worker whenever some more operations have ended, until all have."""
    enough = OPERATIONS
    while True:
        found = await asyncio.to_thread(rows, stack, "SELECT state, pid FROM probe.operation WHERE ended_at IS NULL")
        if not found:
            return
        busy = [row["pid"] for row in found if row["state"] == "running" and row["pid"]]
        if len(found) <= enough and busy:
            if workers.killed_workers < WORKER_KILLS and workers.killed_children >= 3 * (workers.killed_workers + 1):
                await asyncio.to_thread(workers.kill_worker, chance)
                enough = after(len(found), chance)
            elif workers.kill_child(chance.choice(busy)):
                enough = after(len(found), chance)
        await asyncio.sleep(LOOKS_EVERY_S)


def after(left: int, chance: random.Random) -> int:
    """How many are to be left when something is killed next."""
    return left - round(chance.uniform(0.5, 1.5) * OPERATIONS / KILLS)


@pytest.mark.chaos
@pytest.mark.timeout(600)
async def test_every_billed_call_has_one_row_whatever_is_killed(billed_stack: ProbeStack):
    chance = random.Random(7)
    wire = OpenAiWire(some(0.05, [Fault.RATE_LIMITED], seed=7), retry_after="0", latency_s=0.03)
    async with faulty_wire(wire) as wire, submitted(billed_stack):
        workers = Workers(billed_stack, f"{wire.url}/v1")
        for _ in range(WORKERS):
            workers.add()
        try:
            await asyncio.wait_for(killing(billed_stack, workers, chance), 500)
        finally:
            await asyncio.to_thread(workers.end)

    prices = Prices(PRICES)
    prompts = {asked.number: asked.messages[-1][1].split()[0] for asked in wire.asked}
    billed: dict[str, list[Decimal]] = {}
    for charge in wire.bill.charges:
        usd = prices.price("fake", MODEL, charge.usage, datetime.now(UTC)).usd
        assert usd is not None
        billed.setdefault(prompts[charge.number], []).append(usd)
    recorded = rows(billed_stack, "SELECT * FROM ledger.call")
    spent = [row for row in recorded if row["outcome"] == "ok"]
    unresolved = [row for row in recorded if row["outcome"] == "unresolved"]
    refused = [row for row in recorded if row["outcome"] == "failed"]

    assert workers.killed_children + workers.killed_workers >= 10, "too little was killed to tell"
    states = Counter(row["state"] for row in rows(billed_stack, "SELECT state FROM probe.operation"))
    assert states == {"succeeded": OPERATIONS}
    # Whoever is killed takes at most the one call with it that each child had under way.
    assert len(unresolved) <= workers.killed_children + 2 * workers.killed_workers
    assert all(row["usd"] == 0 for row in refused)
    for operation_id, bills in billed.items():
        settled = Counter(row["usd"] for row in spent if str(row["operation_id"]) == operation_id)
        lost = sum(str(row["operation_id"]) == operation_id for row in unresolved)
        unmatched = Counter(bills)
        unmatched.subtract(settled)
        assert min(unmatched.values()) >= 0, "a row says what nobody billed"
        assert unmatched.total() <= lost, "a billed call has no row"
    assert {str(row["operation_id"]) for row in spent} <= billed.keys()
    assert sum(row["usd"] for row in recorded) >= sum(sum(bills) for bills in billed.values())
    assert len(wire.bill.charges) >= OPERATIONS * CALLS_EACH
