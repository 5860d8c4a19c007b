"""Workers of the asr service without their processes: a real Postgres, and the runner that their children have."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from setu_asr.kinds import SETTLED
from setu_asr.settings import SERVICE
from setu_common.contracts import TRANSCRIPTIONS, Operation, Submission, Transcript, Transcription, TranscriptionRequest
from setu_common.db import Database
from setu_common.operations import Bound, Ending, Hints, Operations
from setu_common.operations.claims import Claims
from setu_common.operations.connection import HealingConnection
from setu_common.operations.heart import Heart
from setu_common.operations.measuring import Recorder
from setu_common.operations.payloads import Payloads
from setu_common.operations.runner import Runner
from setu_common.settings import DatabaseSettings, OperationSettings, RedisSettings
from setu_common.store import Store

T = TypeVar("T")

# Nothing runs out by itself.
SETTINGS = OperationSettings(lease_s=3600, heartbeat_s=0.05)
TURNS = 20
LOOK_S = 60.0
"""How long a look may take: as long as there is work. A child's own ends after a moment, which on a busy machine is the middle of it."""


class SilentHints(Hints):
    """Tells nobody: workers look when they are told to by the test."""

    def __init__(self) -> None:
        super().__init__(RedisSettings())

    def look(self, queue_name: str) -> None:
        """Nobody is told."""


class Company:
    """An API and any number of workers, each of which looks for work when it is told to.

    Args:
        settings: of the service's database.
        store: the service's.
        loop: runs what is asynchronous.
        closing: closes what was opened.
    """

    def __init__(self, settings: DatabaseSettings, store: Store, loop: asyncio.Runner, closing: ExitStack) -> None:
        self._settings = settings
        self._loop = loop
        self._closing = closing
        self.store = store
        self.database = Database(settings, SERVICE)
        self.hints = SilentHints()
        self.operations = Operations(self.database, store, self.hints, SETTINGS, SETTLED)
        self.endings: list[Ending] = []

    def run(self, work: Coroutine[Any, Any, T]) -> T:  # Any: as coroutines have it
        """Run something to its end."""
        return self._loop.run(work, context=copy_context())

    def submit(self, request: TranscriptionRequest, job_id: UUID | None = None) -> UUID:
        """Ask for a transcription."""
        return self.run(self.operations.submit(TRANSCRIPTIONS, request, Submission(tenant="local", job_id=job_id))).id

    def worker(self, name: str, bounds: Sequence[Bound]) -> Callable[[], int]:
        """A worker; calling it has it look for work until there is none."""
        connection, beating = HealingConnection(self._settings, SERVICE), HealingConnection(self._settings, SERVICE)
        self._closing.callback(connection.close)
        runner = Runner(
            run=self.run,
            bounds={bound.kind.name: bound for bound in bounds},
            settled=SETTLED,
            claims=Claims(connection, SETTINGS, name, 1),
            payloads=Payloads(self.store, SETTINGS.inline_bytes),
            heart=Heart(
                Claims(beating, SETTINGS, name, 1),
                SETTINGS,
                stopping_since=lambda: 0.0,
                ended=self.endings.append,
                settled=SETTLED.get,
            ),
            settings=SETTINGS,
            ended=self.endings.append,
            stopping=lambda: False,
            recorder=Recorder(SERVICE, connection.transaction),
        )
        return lambda: runner.look(TRANSCRIPTIONS.queue, for_s=LOOK_S)

    def finished(self, operation_id: UUID, *workers: Callable[[], int]) -> Operation:
        """The operation, once workers that look in turn have ended it."""
        for turn in range(TURNS * len(workers)):
            workers[turn % len(workers)]()
            operation = self.run(self.operations.get("local", operation_id))
            if operation.state.ended:
                return operation
        raise AssertionError("it has not ended")

    def transcript(self, operation: Operation) -> tuple[Transcription, Transcript]:
        """What an operation came to."""
        assert operation.problem is None, operation.problem
        result = Transcription.model_validate(operation.result)
        return result, self.run(self.store.load(result.transcript, Transcript))

    def rows(self, statement: str, **values: object) -> list[Mapping[str, Any]]:  # Any: whatever the database has
        """Run a statement of the test's own."""
        with psycopg.connect(
            self._settings.url, autocommit=True, row_factory=dict_row, options=f"-c search_path={SERVICE}"
        ) as connection:
            cursor = connection.execute(statement.encode(), values)
            return list(cursor.fetchall()) if cursor.description else []


@contextmanager
def opened_company(settings: DatabaseSettings, store: Store) -> Iterator[Company]:
    """A company for as long as the block lasts."""
    with asyncio.Runner() as loop, ExitStack() as closing:
        company = Company(settings, store, loop, closing)
        try:
            yield company
        finally:
            loop.run(company.operations.close())
            loop.run(company.database.close())
