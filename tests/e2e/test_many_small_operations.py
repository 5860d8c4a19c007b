"""Hundreds of small operations while whatever works on them is killed and restarted, again and again."""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
import pytest
import redis

from ownstack.effects import EFFECTS, WORKERS, declare
from ownstack.stack import OwnStack, own_stack
from probe.bench import SCHEMA
from probe.kinds import FLAKY, POISON, Done, Task
from setu_common.contracts import OperationKind, Submission
from setu_common.db import Database
from setu_common.errors import DependencyUnavailable
from setu_common.operations import Hints, Operations
from setu_common.settings import OperationSettings, StoreSettings
from setu_common.store import Store

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(200, func_only=True)]

SEED = 20261122
MANY = 300
SUBMITTING_S = 20.0
CHAOS_S = 15.0
ALL_ENDED_S = 120.0
TENANTS = ("acme", "brio", "coda")
Rows = list[dict[str, Any]]  # Any: columns have types of their own


@pytest.fixture
def stack(tmp_path) -> Iterator[OwnStack]:
    with own_stack(declare, {}, tmp_path / "logs") as running:
        yield running


@dataclass
class Chaos:
    """What is done to the stack, and how often. Each says whether it could be done just now."""

    stack: OwnStack
    chance: random.Random
    done: Counter[str] = field(default_factory=Counter)

    def schedule(self) -> list[Callable[[], bool]]:
        """All of it, in a random order."""
        actions = [
            *[self.kill_child] * 12,
            *[self.kill_worker] * 3,
            *[self.stop_worker] * 1,
            *[self.empty_valkey] * 2,
            *[self.flush_valkey] * 2,
            *[self.restart_postgres] * 2,
            *[self.kill_postgres] * 1,
        ]
        self.chance.shuffle(actions)
        return actions

    def kill_child(self) -> bool:
        children = [pid for worker in WORKERS for pid in self.stack.children(worker)]
        if children:
            os.kill(self.chance.choice(children), signal.SIGKILL)
        return bool(children)

    def kill_worker(self) -> bool:
        return self.stack.send(self.chance.choice(WORKERS))

    def stop_worker(self) -> bool:
        return self.stack.send(self.chance.choice(WORKERS), signal.SIGTERM)

    def empty_valkey(self) -> bool:
        return self.stack.empty_valkey()

    def flush_valkey(self) -> bool:
        try:
            with redis.Redis.from_url(self.stack.redis.url) as client:
                return bool(client.flushall())
        except redis.ConnectionError:
            return False

    def restart_postgres(self) -> bool:
        return self.stack.send("postgres", signal.SIGINT)

    def kill_postgres(self) -> bool:
        return self.stack.send("postgres")

    async def reign(self) -> None:
        """Do it all, evenly spread."""
        actions = self.schedule()
        for action in actions:
            while not action():  # noqa: ASYNC110  (processes that are coming back tell nobody)
                await asyncio.sleep(0.1)
            self.done[action.__name__] += 1
            await asyncio.sleep(self.chance.uniform(0.5, 1.5) * CHAOS_S / len(actions))


@dataclass
class Submitter:
    """Submits, and sends again with the same key what was not accepted."""

    operations: Operations
    chance: random.Random
    refused: int = 0
    accepted: dict[UUID, tuple[str, Task]] = field(default_factory=dict)

    async def submit(self, number: int, kind: OperationKind[Task, Done], task: Task) -> None:
        submission = Submission(tenant=TENANTS[number % len(TENANTS)], idempotency_key=f"{kind.name}-{number}")
        while True:
            try:
                operation = await self.operations.submit(kind, task, submission)
            except DependencyUnavailable:
                self.refused += 1
                await asyncio.sleep(0.2)
                continue
            self.accepted.setdefault(operation.id, (kind.name, task))
            if self.chance.random() > 0.1:  # now and then the same is sent twice, as by a caller who heard no answer
                return

    async def submit_all(self) -> None:
        for number in range(MANY):
            if number % 30 == 7:
                await self.submit(number, FLAKY, Task(count=number, times=1))
            else:
                text = self.chance.choice(["loop", "thread"])
                await self.submit(number, EFFECTS, Task(count=number, seconds=self.chance.uniform(0.05, 0.85), text=text))
            if number == MANY // 3:
                await self.submit(number, POISON, Task(count=number))
            await asyncio.sleep(SUBMITTING_S / MANY)


async def test_none_is_lost_and_none_has_two_results(stack, capsys):
    chance = random.Random(SEED)
    chaos = Chaos(stack, random.Random(SEED))
    database, hints = Database(stack.database, SCHEMA), Hints(stack.redis)
    store = Store(StoreSettings(url=f"file://{stack.home.store}"), SCHEMA)
    submitter = Submitter(Operations(database, store, hints, OperationSettings()), chance)
    began = time.monotonic()
    try:
        async with asyncio.TaskGroup() as together:
            together.create_task(submitter.submit_all())
            together.create_task(chaos.reign())
        await all_ended(stack, began + ALL_ENDED_S)
    finally:
        await submitter.operations.close()
        await database.close()
        hints.close()
    took_s = time.monotonic() - began

    rows, effects = await asyncio.to_thread(tables, stack)
    with capsys.disabled():
        tell(rows, effects, chaos, submitter, took_s)
    assert {row["id"] for row in rows} == submitter.accepted.keys()
    assert len({(row["tenant"], row["kind"], row["idempotency_key"]) for row in rows}) == len(rows) == MANY + 1
    assert_each_has_its_result([row for row in rows if row["kind"] != POISON.name], submitter)
    assert_results_are_of_the_last_claim([row for row in rows if row["kind"] == EFFECTS.name], effects)
    assert_poison_failed([row for row in rows if row["kind"] == POISON.name])
    assert took_s < ALL_ENDED_S
    assert sum(row["attempts"] + row["losses"] for row in rows if row["kind"] == EFFECTS.name) > 0, "nothing was hit at work"
    stack.healed()


async def all_ended(stack: OwnStack, until: float) -> None:
    def unfinished() -> int:
        try:
            with stack.rows() as db:
                row = db.execute("SELECT count(*) AS left FROM probe.operation WHERE ended_at IS NULL").fetchone()
        except psycopg.OperationalError:
            return -1
        return int(str(row["left"])) if row else -1

    while (left := await asyncio.to_thread(unfinished)) != 0:
        assert time.monotonic() < until, f"{left} have not ended"
        await asyncio.sleep(0.2)


def tables(stack: OwnStack) -> tuple[Rows, Rows]:
    with stack.rows() as db:
        rows = db.execute("SELECT * FROM probe.operation").fetchall()
        return rows, db.execute("SELECT * FROM probe.effect").fetchall()


def assert_each_has_its_result(rows: Rows, submitter: Submitter) -> None:
    assert {(row["state"], row["problem"] is None) for row in rows} == {("succeeded", True)}
    for row in rows:
        _, task = submitter.accepted[row["id"]]
        assert (row["result"]["count"], row["result"]["text"]) == (task.count, task.text if row["kind"] == EFFECTS.name else "")


def assert_results_are_of_the_last_claim(rows: Rows, effects: Rows) -> None:
    """A handler may have run several times, but what the row has is what the last of them answered."""
    finished = {(effect["operation_id"], effect["token"]) for effect in effects if effect["finished"]}
    assert [row["id"] for row in rows if (row["id"], row["token"]) not in finished] == []
    begun = Counter(effect["operation_id"] for effect in effects)
    # Every run beyond the first has a cause that is written down: an attempt, a loss, or work handed back at a shutdown.
    assert [row["id"] for row in rows if begun[row["id"]] > row["token"]] == []


def assert_poison_failed(rows: Rows) -> None:
    assert [(row["state"], row["attempts"], row["problem"]["code"]) for row in rows] == [("failed", 3, "worker-died")]


def tell(rows: Rows, effects: Rows, chaos: Chaos, submitter: Submitter, took_s: float) -> None:
    finished = sum(effect["finished"] for effect in effects)
    states = Counter(row["state"] for row in rows)
    hit = [row for row in rows if row["kind"] == EFFECTS.name]
    attempts, losses, claims, results = (
        sum(values) for values in zip(*((row["attempts"], row["losses"], row["token"], 1) for row in hit), strict=True)
    )
    print(  # noqa: T201
        f"\n{len(rows)} operations in {took_s:.0f} s: {dict(states)}; {submitter.refused} submissions refused and sent again\n"
        f"with effects: {claims} claims, {len(effects)} handlers begun, {attempts} died with their process and {losses} with their "
        f"worker, {finished} handlers finished, {results} results\n"
        f"done to them: {dict(chaos.done)}"
    )
