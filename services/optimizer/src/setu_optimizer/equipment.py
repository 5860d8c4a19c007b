"""What the service's processes work with, made of settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from setu_common.db import Database
from setu_optimizer.knowledge import Curation, Knowledge
from setu_optimizer.service import Predictions
from setu_optimizer.settings import SERVICE, OptimizerSettings


@asynccontextmanager
async def predicting(settings: OptimizerSettings) -> AsyncIterator[Predictions]:
    """Predictions, for as long as a process or a worker's child lives."""
    yield Predictions(settings.default.plan())


@asynccontextmanager
async def remembering(settings: OptimizerSettings) -> AsyncIterator[tuple[Knowledge, Curation]]:
    """The memory across episodes, and people's part in it, for as long as a process or a worker's child lives."""
    database = Database(settings.core.database, SERVICE)
    try:
        yield Knowledge(database), Curation(database)
    finally:
        await database.close()
