"""The enhancer's database, its store, and work at hand."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from setu_common.contracts import ENHANCEMENTS, EnhancementRequest, Submission
from setu_common.cost.ledger import migrate_ledger
from setu_common.db import Database, migrate
from setu_common.operations import Operations
from setu_common.settings import DatabaseSettings, OperationSettings
from setu_common.store import Store
from setu_enhancer.migrate import VERSIONS


class SilentHints:
    """Takes hints and tells nobody."""

    def look(self, queue_name: str) -> None:
        pass

    def wake(self, queue_name: str, job_id: object) -> None:
        pass


class HandWork:
    """The work at hand, as a handler sees it, without a worker."""

    job_id: UUID | None = None
    attempt = 1
    cancelled = False

    def __init__(self, operation_id: UUID, tenant: str) -> None:
        self.operation_id = operation_id
        self.tenant = tenant
        self.reported: list[tuple[float, str]] = []

    def progress(self, fraction: float, note: str = "") -> None:
        self.reported.append((fraction, note))

    async def in_thread(self, function, *args, **kwargs):
        return await asyncio.to_thread(function, *args, **kwargs)


@pytest.fixture
def enhancer_database_settings(cloned_database):
    """A database with the enhancer's schema in it, and the ledger."""

    def migrated(settings: DatabaseSettings) -> None:
        migrate(settings, "enhancer", VERSIONS)
        migrate_ledger(settings)

    return cloned_database("enhancer_and_ledger", migrated)


@pytest.fixture
async def database(enhancer_database_settings) -> AsyncIterator[Database]:
    database = Database(enhancer_database_settings, "enhancer")
    yield database
    await database.close()


@pytest.fixture
def store(store_settings) -> Store:
    return Store(store_settings, "enhancer")


@pytest.fixture
def hints() -> SilentHints:
    return SilentHints()


@pytest.fixture
async def operations(database, store, hints) -> AsyncIterator[Operations]:
    operations = Operations(database, store, hints, OperationSettings())
    yield operations
    await operations.close()


@pytest.fixture
def begin(operations):
    """Take an operation on, as a worker would; gives the work at hand."""

    async def take(tenant: str = "acme") -> HandWork:
        line = {"index": 0, "start_s": 0, "end_s": 1, "source": "a", "draft": "b"}
        request = EnhancementRequest.model_validate({"source_language": "hi", "target_language": "en", "lines": [line]})
        operation = await operations.submit(ENHANCEMENTS, request, Submission(tenant=tenant, idempotency_key=str(uuid4())))
        return HandWork(operation.id, tenant)

    return take
