"""The translate service's parts, put together."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI

from setu_common.contracts import TRANSLATIONS
from setu_common.db import Database
from setu_common.operations import Bound, Hints, Operations, operations_router
from setu_common.settings import TrustSettings
from setu_common.store import Store
from setu_common.web import InsideTrust, create_app
from setu_translate.engines.completions import Completions
from setu_translate.engines.examples import read_examples
from setu_translate.engines.llm import LlmTranslator
from setu_translate.service import TranslationService
from setu_translate.settings import TranslateSettings

SERVICE: Final = "translate"
VERSION: Final = "1"
KINDS: Final = (TRANSLATIONS,)


def create_api(settings: TranslateSettings, trust: TrustSettings) -> FastAPI:
    """The service's HTTP API: it accepts operations and tells of them; workers do them."""
    database = Database(settings.database, SERVICE)
    store = Store(settings.store, SERVICE)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        hints = Hints(settings.redis)
        app.state.operations = Operations(database, store, hints, settings.operations)
        try:
            yield
        finally:
            await app.state.operations.close()
            hints.close()
            await database.close()

    return create_app(
        service=SERVICE,
        version=VERSION,
        lifespan=lifespan,
        routers=[operations_router(KINDS)],
        trust=InsideTrust(trust.service_token),
        checks={"database": database.check, "store": store.check},
    )


@asynccontextmanager
async def handlers(settings: TranslateSettings) -> AsyncIterator[Sequence[Bound]]:
    """What a worker's child does. It keeps its connections to the language model's server."""
    llm = settings.llm
    async with Completions(base_url=llm.url, model=llm.model, api_key=llm.api_key, timeout_s=llm.timeout_s) as completions:
        translator = LlmTranslator(completions, read_examples(), parallel=llm.parallel)
        service = TranslationService(Store(settings.store, SERVICE), translator)
        yield [Bound(TRANSLATIONS, service.translate)]
