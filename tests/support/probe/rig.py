"""The parts that APIs, workers and their parents are made of, in a test's own hands: no processes, no broker, a real Postgres."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any, LiteralString, TypeVar
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from probe.bench import SCHEMA
from probe.kinds import ALL, Done, Task
from setu_common.contracts import OperationKind
from setu_common.db import Database
from setu_common.errors import DependencyUnavailable
from setu_common.operations import Ending, Hints, Operations, Settled, Statement
from setu_common.operations.claims import Claims
from setu_common.operations.connection import Connection, HealingConnection
from setu_common.operations.reaping import Reaping
from setu_common.settings import DatabaseSettings, OperationSettings, RedisSettings, StoreSettings
from setu_common.store import Store

T = TypeVar("T")

# Nothing becomes due or runs out by itself: the test alone lets time pass.
LONG_S = 3600.0
PATIENT = OperationSettings(lease_s=LONG_S, max_losses=2, inline_bytes=200)

# Two queues, that must not mix.
FRONT = OperationKind(
    name="fronts", service="probe", queue="front", request=Task, result=Done, timeout_s=LONG_S, max_attempts=3
)
BACK = OperationKind(name="backs", service="probe", queue="back", request=Task, result=Done, timeout_s=LONG_S, max_attempts=1)


class Told(Hints):
    """Hints that are written down and not sent."""

    def __init__(self) -> None:
        super().__init__(RedisSettings())
        self.told: list[tuple[str, UUID | None]] = []

    def look(self, queue_name: str) -> None:
        self.told.append((queue_name, None))

    def wake(self, queue_name: str, job_id: UUID) -> None:
        self.told.append((queue_name, job_id))


class Forgetful(HealingConnection):
    """A connection that breaks, when told to, after its next commit was taken and before the answer came."""

    lose_next = False

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with super().transaction() as db:
            yield db
        self._lose()

    def row(self, statement: LiteralString, values: Mapping[str, Any]) -> dict[str, Any] | None:  # Any: as in the base class
        row = super().row(statement, values)
        self._lose()
        return row

    def _lose(self) -> None:
        if self.lose_next:
            self.lose_next = False
            self.close()
            raise DependencyUnavailable("The answer was lost.")


def verdict(ending: Ending) -> list[Statement]:
    """Write each end down as the row has it, which only the transaction that ends the row can see: two of one operation show."""
    return [("INSERT INTO verdict SELECT id, state FROM operation WHERE id = %(id)s", {"id": ending.operation.id})]


VERDICTS: dict[str, Settled] = {kind.name: verdict for kind in (FRONT, BACK, *ALL)}


@dataclass
class Rig:
    """One service, taken apart.

    Args:
        settings: where its schema is.
        database: its API's connections.
        operations: what its API has; ``run`` runs its coroutines.
        hints: what its API told the workers.
        reaping: what a worker's parent has.
    """

    settings: DatabaseSettings
    database: Database
    run: Callable[[Coroutine[Any, Any, Any]], Any]  # Any: asyncio.Runner.run, generic in the coroutine's result
    operations: Operations
    hints: Told
    reaping: Reaping
    plain: Connection
    _closing: ExitStack
    _lasting: dict[str, Forgetful] = field(default_factory=dict)

    def connection(self) -> Forgetful:
        """Make a connection, for one thread."""
        connection = Forgetful(self.settings, SCHEMA)
        self._closing.callback(connection.close)
        return connection

    def lasting_connection(self, name: str) -> Forgetful:
        """The connection of that name, made when it is first asked for."""
        if name not in self._lasting:
            self._lasting[name] = self.connection()
        return self._lasting[name]

    def claims(self, worker: str = "north", pid: int = 1) -> Claims:
        """Make what a worker's child has, on a connection of its own."""
        return Claims(self.connection(), PATIENT, worker, pid)

    def execute(self, statement: str, **values: object) -> list[dict[str, Any]]:  # Any: rows hold what was selected
        """Run a statement of the test's own."""
        cursor = self.plain.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []

    def verdicts(self) -> list[tuple[UUID, str]]:
        """Every end that was written."""
        return [(row["operation_id"], row["state"]) for row in self.execute("SELECT * FROM verdict ORDER BY operation_id")]


@contextmanager
def opened_rig(settings: DatabaseSettings, store: StoreSettings) -> Iterator[Rig]:
    """Take a service apart for as long as the block lasts."""
    hints = Told()
    with asyncio.Runner() as runner, ExitStack() as closing:

        def run(work: Coroutine[Any, Any, T]) -> T:  # with what is bound here, as a worker's child runs it
            return runner.run(work, context=copy_context())

        database = Database(settings, SCHEMA)
        operations = Operations(database, Store(store, SCHEMA), hints, PATIENT, VERDICTS)
        plain = psycopg.connect(settings.url, autocommit=True, row_factory=dict_row, options=f"-c search_path={SCHEMA}")
        connection = HealingConnection(settings, SCHEMA)
        closing.callback(plain.close)
        closing.callback(connection.close)
        rig = Rig(settings, database, run, operations, hints, Reaping(connection, PATIENT, SCHEMA, VERDICTS), plain, closing)
        rig.execute("CREATE TABLE verdict (operation_id uuid, state text)")
        try:
            yield rig
        finally:
            runner.run(operations.close())
            runner.run(database.close())
