"""The asr service's API."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI

from setu_asr.api import candidates
from setu_asr.calibrations import Calibrations
from setu_asr.offering import Offering
from setu_asr.parts import forgotten
from setu_asr.settings import SERVICE, AsrSettings
from setu_common.contracts import PROFILES, SPEECH_TRANSLATIONS, TRANSCRIPTIONS
from setu_common.db import Database, aside
from setu_common.models import Catalogue
from setu_common.operations import Settled, operations_api
from setu_common.settings import TrustSettings

VERSION: Final = "1"
KINDS: Final = (PROFILES, TRANSCRIPTIONS, SPEECH_TRANSLATIONS)
SETTLED: Final[Mapping[str, Settled]] = {TRANSCRIPTIONS.name: forgotten}


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
