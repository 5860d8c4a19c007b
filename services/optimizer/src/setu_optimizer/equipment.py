"""What the service's processes work with, made of settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from setu_common.clients.asr import AsrClient
from setu_common.db import Database
from setu_common.http import HttpCaller, create_client
from setu_common.operations import Keepsakes
from setu_common.store import Store
from setu_optimizer.knowledge import Curation, Knowledge
from setu_optimizer.predictors.champion import Champion
from setu_optimizer.predictors.registry import Predictors
from setu_optimizer.predictors.tables import published
from setu_optimizer.repository import NAMED, RETIRE
from setu_optimizer.service import Predictions
from setu_optimizer.settings import SERVICE, OptimizerSettings

KEEPSAKES: Final = (Keepsakes(retire=RETIRE, named=NAMED),)
"""The service's own tables that age and name objects; both workers end what is too old."""
_ASKING_S: Final = 2.0


@asynccontextmanager
async def predicting(settings: OptimizerSettings) -> AsyncIterator[Predictions]:
    """Predictions, for as long as a process or a worker's child lives."""
    table, told = published(), settings.prediction
    database = Database(settings.core.database, SERVICE)
    registry = Predictors(database, Store(settings.core.store, SERVICE))
    token = settings.trust.service_token
    async with create_client(told.asr_url, service_token=token, timeout_s=_ASKING_S, connect_timeout_s=_ASKING_S) as client:
        asr = AsrClient(HttpCaller(client, name="asr"))
        champion = Champion(registry, asr.candidates, table, told.look_every_s)
        predictions = Predictions(champion.current if told.predict else None, table, settings.default.plan(), told.timeout_s)
        try:
            yield predictions
        finally:
            predictions.close()
            await champion.close()
            await database.close()


@asynccontextmanager
async def remembering(settings: OptimizerSettings) -> AsyncIterator[tuple[Knowledge, Curation]]:
    """The memory across episodes, and people's part in it, for as long as a process or a worker's child lives."""
    database = Database(settings.core.database, SERVICE)
    try:
        yield Knowledge(database), Curation(database)
    finally:
        await database.close()
