"""A pipeline that moves in a test's own process: stub services behind ports, and what the gateway's worker does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import text

from setu_common.contracts import Operation, OperationKind, Submission
from setu_common.db import Database
from setu_gateway.pipeline.advance import Advancer
from setu_gateway.pipeline.kinds import AdvanceRequest
from setu_gateway.testing.fakes import FakeWork
from setu_gateway.testing.stub_services import StubServices

PAUSE_S: Final = 0.02
_UNDER_WAY: Final = text("SELECT id, run FROM job WHERE ended_at IS NULL OR purge_asked_at IS NOT NULL")


@dataclass(frozen=True)
class StubPort:
    """A stub as the pipeline reaches a service; see ``OperationsPort``."""

    services: StubServices

    # Any: kinds differ, as in OperationsPort.
    async def submit(self, kind: OperationKind[Any, Any], request: BaseModel, submission: Submission) -> Operation:
        """Ask for a piece of work."""
        return await self.services.submit(kind, request, submission)

    async def get(self, tenant: str, operation_id: UUID) -> Operation:
        """The operation as it stands."""
        return await self.services.operations.get(tenant, operation_id)

    async def cancel(self, tenant: str, operation_id: UUID) -> Operation:
        """Ask that it be ended."""
        return await self.services.operations.cancel(tenant, operation_id)

    async def purge(self, tenant: str, operation_id: UUID) -> None:
        """Erase it."""
        await self.services.operations.purge(tenant, operation_id)


@asynccontextmanager
async def moving(database: Database, advancer: Advancer) -> AsyncIterator[None]:
    """Move every job on, again and again, for the time of the block."""
    ended = asyncio.Event()

    async def move() -> None:
        while not ended.is_set():
            async with database.reading() as connection:
                rows = (await connection.execute(_UNDER_WAY)).all()
            for job_id, run in rows:
                await advancer(AdvanceRequest(job_id=job_id, run=run), FakeWork(job_id=job_id))
            await asyncio.sleep(PAUSE_S)

    task = asyncio.create_task(move())
    try:
        yield
    finally:
        ended.set()
        await task
