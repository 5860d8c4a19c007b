"""The enhancer's memory, in a database of its own."""

import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final, cast
from uuid import uuid4

from setu_cli.embedded.postgres import running_postgres
from setu_common.contracts import ENHANCEMENTS, DraftLine, EnhancementRequest, Submission
from setu_common.cost.ledger import migrate_ledger
from setu_common.db import Database, migrate
from setu_common.operations import Hints, Operations
from setu_common.settings import DatabaseSettings, OperationSettings, StoreSettings
from setu_common.store import Store
from setu_enhancer.memory import KeptMemory, Memory
from setu_enhancer.migrate import VERSIONS
from setu_enhancer.settings import SERVICE, MemorySettings

TENANT: Final = "eval"

Begin = Callable[[], Awaitable[Memory]]
"""Begins an operation, and gives the memory that it has."""


class _Silent:
    """Takes hints and tells nobody: no worker waits."""

    def look(self, queue_name: str) -> None:
        """See ``Hints``."""

    def wake(self, queue_name: str, job_id: object) -> None:
        """See ``Hints``."""


@asynccontextmanager
async def memories() -> AsyncIterator[Begin]:
    """A real memory: each operation that is begun knows what those before it left."""
    with tempfile.TemporaryDirectory(prefix="setu-eval-") as folder, _database(folder) as settings:
        database = Database(settings, SERVICE)
        store = Store(StoreSettings(url=f"file://{folder}/store", durable=False), SERVICE)
        hints = cast("Hints", _Silent())  # there is no worker, and no Redis
        operations = Operations(database, store, hints, OperationSettings())

        async def begin() -> Memory:
            line = DraftLine(index=0, start_s=0, end_s=1, source="a", draft="b")
            request = EnhancementRequest(source_language="hi", target_language="en", lines=(line,))
            operation = await operations.submit(ENHANCEMENTS, request, Submission(tenant=TENANT, idempotency_key=str(uuid4())))
            return KeptMemory(database, TENANT, operation.id, similarity=MemorySettings().similarity)

        try:
            yield begin
        finally:
            await operations.close()
            await database.close()


@contextmanager
def _database(folder: str) -> Iterator[DatabaseSettings]:
    Path(folder).chmod(0o755)  # the server's own user enters it
    with running_postgres(Path(folder) / "postgres", durable=False) as server:
        settings = DatabaseSettings(url=server.url)
        migrate(settings, SERVICE, VERSIONS)
        migrate_ledger(settings)
        yield settings
