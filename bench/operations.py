"""1,000 operations that do nothing, against 1,000 bare Celery tasks that each commit one row; and a claim beside 50,000 parked rows."""

import asyncio
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import psycopg
from celery import Celery

from bench.figures import Figure, judged
from probe import kinds
from probe.bench import SCHEMA, ProbeStack, prepare, start
from probe.kinds import Task
from setu_cli.embedded.postgres import running_postgres
from setu_cli.embedded.valkey import running_valkey
from setu_common.contracts import Submission
from setu_common.db import Database
from setu_common.operations import Hints, Operations
from setu_common.operations.claims import Claims
from setu_common.operations.connection import HealingConnection
from setu_common.settings import DatabaseSettings, OperationSettings, RedisSettings, StoreSettings
from setu_common.store import Store

COUNT = 1000
ROUNDS = 5
CONCURRENCY = 2
IN_FLIGHT = 16
PARKED = 50_000
CLAIMS = 200


async def _operations_s(stack: ProbeStack, first: int) -> float:
    database = Database(stack.database, SCHEMA)
    hints = Hints(stack.redis)
    operations = Operations(database, Store(stack.store, SCHEMA), hints, OperationSettings())
    mine = Submission(tenant="bench")
    places = asyncio.Semaphore(IN_FLIGHT)

    async def submit(number: int) -> None:
        async with places:
            await operations.submit(kinds.NOOPS, Task(count=number), mine)

    began = time.monotonic()
    await asyncio.gather(*(submit(first + number) for number in range(COUNT)))
    await asyncio.to_thread(
        _until, stack.database, "SELECT count(*) FROM probe.operation WHERE state = 'succeeded'", first + COUNT
    )
    took_s = time.monotonic() - began
    await operations.close()
    hints.close()
    await database.close()
    return took_s


def _celery_s(app: Celery, database: DatabaseSettings, first: int) -> float:
    began = time.monotonic()
    with app.producer_pool.acquire(block=True) as producer:
        for number in range(COUNT):
            app.send_task("plain.work", args=[first + number], producer=producer)
    _until(database, "SELECT count(*) FROM plain_result", first + COUNT)
    return time.monotonic() - began


def _claims_ms(database: DatabaseSettings) -> list[float]:
    """Claim rows of a tenant's beside a great many of the same tenant that are parked, in a queue that no worker consumes."""
    with psycopg.connect(database.url, autocommit=True, options=f"-c search_path={SCHEMA}") as connection:
        for count, asleep in ((PARKED, True), (CLAIMS, False)):
            connection.execute(
                """INSERT INTO operation (id, tenant, kind, queue, request, request_sha256, max_attempts, timeout_s, asleep, not_before)
                   SELECT gen_random_uuid(), 'bench', 'noops', 'parked', '{}', '', 3, 60, %s, now() + interval '1 hour'
                   FROM generate_series(1, %s)""",
                (asleep, count),
            )
        connection.execute("VACUUM ANALYZE operation")
    healing = HealingConnection(database, SCHEMA)
    claims = Claims(healing, OperationSettings(), "bench", os.getpid())
    took_ms = []
    for _ in range(CLAIMS):
        began = time.monotonic()
        if claims.next("parked") is None:
            raise RuntimeError("there was nothing to claim")
        took_ms.append(1000 * (time.monotonic() - began))
    healing.close()
    return took_ms


def _until(database: DatabaseSettings, query: str, count: int) -> None:
    with psycopg.connect(database.url, autocommit=True) as connection:
        give_up_at = time.monotonic() + 120
        while time.monotonic() < give_up_at:
            row = connection.execute(query).fetchone()
            if row is not None and row[0] >= count:
                return
            time.sleep(0.01)
    raise TimeoutError(query)


def measure() -> list[Figure]:
    """Run both in turn, several rounds."""
    ratios: list[float] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="setu-bench-")))
        folder.chmod(0o755)
        postgres = stack.enter_context(running_postgres(folder / "postgres"))
        valkey = stack.enter_context(running_valkey(folder / "valkey"))
        database = DatabaseSettings(url=postgres.url)
        prepare(database)
        with psycopg.connect(database.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE plain_result (number integer PRIMARY KEY)")
        (folder / "store").mkdir()
        probe = ProbeStack(database, RedisSettings(url=valkey.url), StoreSettings(url=f"file://{folder}/store"), folder, {})
        app = Celery("plain", broker=valkey.url, set_as_current=False)
        plain = start(
            [
                sys.executable,
                "-m",
                "celery",
                "-A",
                "bench.plain_celery",
                "worker",
                f"--concurrency={CONCURRENCY}",
                "-O",
                "fair",
            ],
            {**os.environ, "DATABASE_URL": database.url, "REDIS_URL": valkey.url, "C_FORCE_ROOT": "1"},
            folder / "plain.log",
        )
        try:
            stack.enter_context(probe.worker(concurrency=CONCURRENCY))
            for number in range(ROUNDS + 1):
                plain_s = _celery_s(app, database, number * COUNT)
                ours_s = asyncio.run(_operations_s(probe, number * COUNT))
                if number:  # the first round warms up
                    ratios.append(plain_s / ours_s)
        finally:
            plain.terminate()
            plain.wait(20)
        claims_ms = _claims_ms(database)
    return [
        judged(
            "rate of operations against bare Celery tasks",
            ratios,
            unit="x",
            goal=0.5,
            better="more",
            how=f"{COUNT} no-op operations submitted and done, against {COUNT} bare Celery tasks that commit one row each; "
            f"{CONCURRENCY} children each, fsync on",
        ),
        judged(
            "a claim beside parked operations",
            claims_ms,
            unit="ms",
            goal=2.0,
            better="less",
            how=f"{CLAIMS} claims, fsync on, with {PARKED} parked operations of the same tenant in the queue",
        ),
    ]
