"""A service whose handlers leave a trace, to count how often they ran: ``python -m ownstack.effects migrate`` or ``work``."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

import psycopg

from probe.bench import SCHEMA, prepare
from probe.kinds import FLAKY, POISON, Done, Task
from probe.worker import flaky, poison
from setu_cli.embedded.home import Home
from setu_cli.embedded.launch import Launch
from setu_cli.embedded.ports import free_port
from setu_cli.embedded.postgres import prepare_postgres
from setu_cli.embedded.probes import Asking, Touching
from setu_cli.embedded.stack import Process, Stack
from setu_cli.embedded.valkey import prepare_valkey
from setu_common.contracts import OperationKind
from setu_common.operations import Bound, Work, WorkerSpec, run_worker
from setu_common.operations.runner import LiveWork
from setu_common.settings import DatabaseSettings, read_core_settings

WORKERS: Final = ("north-worker", "south-worker")
CHILDREN: Final = 2
# Its children are killed at random: so many may hit the same operation that the usual three attempts would not do.
EFFECTS: Final = OperationKind(
    name="effects", service=SCHEMA, queue="probe", request=Task, result=Done, timeout_s=20.0, max_attempts=40
)
_MODULE: Final = "ownstack.effects"
_SHARED: Final = ("probe.bench", "probe.worker", "setu_cli.embedded.stack")
TABLE: Final = """
CREATE TABLE probe.effect (operation_id uuid, token int, finished bool NOT NULL DEFAULT false, PRIMARY KEY (operation_id, token))
"""
_BEGIN: Final = "INSERT INTO probe.effect (operation_id, token) VALUES (%s, %s) ON CONFLICT DO NOTHING"
_FINISH: Final = "UPDATE probe.effect SET finished = true WHERE operation_id = %s AND token = %s"


async def effect(task: Task, work: Work) -> Done:
    """Write down that this claim has begun, work for a moment, write down that it is about to answer."""
    assert isinstance(work, LiveWork)
    key = (work.operation_id, work.claim.token)
    await _written(_BEGIN, key)
    if task.text == "thread":
        await work.in_thread(threading.Event().wait, task.seconds)
    else:
        await asyncio.sleep(task.seconds)
    await _written(_FINISH, key)
    return Done(count=task.count, attempt=work.attempt, text=task.text)


async def _written(statement: str, key: tuple[object, object]) -> None:
    """Outages are waited for: they are no failure of the operation's own."""
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(DatabaseSettings().url, autocommit=True, connect_timeout=3) as db:
                await db.execute(statement, key)
        except psycopg.OperationalError:
            await asyncio.sleep(0.2)
        else:
            return


@asynccontextmanager
async def wire() -> AsyncIterator[Sequence[Bound]]:
    yield [Bound(EFFECTS, effect), Bound(FLAKY, flaky), Bound(POISON, poison)]


def declare(home: Home, *, gateway_port: int, environment: Mapping[str, str]) -> Stack:
    """A Postgres, a Valkey, and two workers of the service; no API."""
    postgres = prepare_postgres(home.folder / "postgres", port=free_port(), log=home.log("postgres"))
    valkey = prepare_valkey(home.folder / "valkey", port=free_port({postgres.port}), log=home.log("valkey"))
    shared = {**environment, "DATABASE_URL": postgres.url, "REDIS_URL": valkey.url, "SETU_STORE_URL": f"file://{home.store}"}
    return Stack(
        (
            Process(postgres.initdb()),
            Process(postgres.server(), needs=("postgres-initdb",), probe=Asking(postgres.ready)),
            Process(valkey.server(), probe=Asking(valkey.ready)),
            Process(_launch(home, "migrate", shared, _MODULE, "migrate"), needs=("postgres",)),
            *(_worker(home, name, shared) for name in WORKERS),
        ),
        gateway_url="",
        service_token="",
        database_url=postgres.url,
        redis_url=valkey.url,
        forkserver=_launch(home, "forkserver", shared, "setu_cli.embedded.forkserver", *_SHARED, forked=False),
    )


def _worker(home: Home, name: str, environment: Mapping[str, str]) -> Process:
    ready = home.run / f"{name}.ready"
    own = {"SETU_WORKER_READY_FILE": str(ready), "SETU_WORKER_CONCURRENCY": str(CHILDREN)}
    return Process(
        _launch(home, name, {**environment, **own}, _MODULE, "work"), needs=("migrate", "valkey"), probe=Touching(ready)
    )


def _launch(home: Home, name: str, environment: Mapping[str, str], *module: str, forked: bool = True) -> Launch:
    return Launch(
        name=name,
        command=(sys.executable, "-P", "-m", *module),
        environment=environment,
        folder=str(home.folder),
        log=str(home.log(name)),
        forked=forked,
    )


def main() -> None:
    """Make the tables, or work until told to stop."""
    if sys.argv[1] == "migrate":
        settings = DatabaseSettings()
        prepare(settings)
        with psycopg.connect(settings.url, autocommit=True) as db:
            db.execute(TABLE)
    else:
        run_worker(WorkerSpec(service=SCHEMA, kinds=(EFFECTS, FLAKY, POISON), wire=wire), read_core_settings())


if __name__ == "__main__":
    main()
