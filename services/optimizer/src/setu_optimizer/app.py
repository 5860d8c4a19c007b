"""The optimizer's API."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI

from setu_common.operations.api import operations_api
from setu_common.settings import TrustSettings
from setu_optimizer.api import context, predictions, suggestions
from setu_optimizer.equipment import predicting, remembering, trained_regularly
from setu_optimizer.kinds import LEARNED, PLANNED
from setu_optimizer.settings import SERVICE, OptimizerSettings

VERSION: Final = "1"


def create_api(settings: OptimizerSettings, trust: TrustSettings) -> FastAPI:
    """The service's HTTP API: it accepts operations and tells of them; it answers itself what is answered at once."""

    @asynccontextmanager
    async def equipped(app: FastAPI) -> AsyncIterator[None]:
        async with predicting(settings) as app.state.predictions, remembering(settings, settings.core.database) as memory:
            app.state.knowledge, app.state.curation = memory.knowledge, memory.curation
            app.state.observations, app.state.spending = memory.observations, memory.spending
            async with trained_regularly(app.state.operations, settings):
                yield

    return operations_api(
        service=SERVICE,
        version=VERSION,
        kinds=(*PLANNED, *LEARNED),
        settings=settings.core,
        trust=trust,
        routers=(predictions.router, context.router, suggestions.router),
        equipped=equipped,
    )
