"""The asr service's API."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI

from setu_asr.api import candidates
from setu_asr.calibrations import Calibrations
from setu_asr.kinds import KINDS, SETTLED
from setu_asr.offering import Offering
from setu_asr.settings import SERVICE, AsrSettings
from setu_common.db import Database, aside
from setu_common.models import Catalogue
from setu_common.operations.api import operations_api
from setu_common.settings import TrustSettings

VERSION: Final = "1"


def create_api(settings: AsrSettings, trust: TrustSettings) -> FastAPI:
    """The service's HTTP API: it accepts operations and tells of them; workers do them. It answers itself what ways there are."""

    @asynccontextmanager
    async def equipped(app: FastAPI) -> AsyncIterator[None]:
        database = Database(aside(settings.core.database), SERVICE)
        app.state.offering = Offering(Calibrations(database), Catalogue.load(settings.models), settings.recognition)
        try:
            yield
        finally:
            await database.close()

    return operations_api(
        service=SERVICE,
        version=VERSION,
        kinds=KINDS,
        settings=settings.core,
        trust=trust,
        settled=SETTLED,
        routers=(candidates.router,),
        equipped=equipped,
    )
