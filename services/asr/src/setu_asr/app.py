"""The asr service's parts, put together."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from setu_asr.engines.faster_whisper import ENGINE, FasterWhisper
from setu_asr.engines.pool import RecogniserPool
from setu_asr.engines.recogniser import Load, ModelKey, Recogniser
from setu_asr.engines.speech import SileroDetector
from setu_asr.errors import UnusablePlan
from setu_asr.service import TranscriptionService
from setu_asr.settings import AsrSettings, RecognitionSettings
from setu_common.contracts import TRANSCRIPTIONS
from setu_common.db import Database
from setu_common.models import Catalogue
from setu_common.operations import Bound, Hints, Operations, operations_router
from setu_common.settings import TrustSettings
from setu_common.store import Store
from setu_common.web import InsideTrust, create_app

SERVICE: Final = "asr"
VERSION: Final = "1"
KINDS: Final = (TRANSCRIPTIONS,)


def create_api(settings: AsrSettings, trust: TrustSettings) -> FastAPI:
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
async def handlers(settings: AsrSettings) -> AsyncIterator[Sequence[Bound]]:
    """What a worker's child does. Models are loaded when first needed, and kept."""
    recognition = settings.recognition
    pool = RecogniserPool(recognition.idle_ttl_s, recognition.loaded_models)
    service = TranscriptionService(
        store=Store(settings.store, SERVICE),
        catalogue=Catalogue.load(settings.models),
        pool=pool,
        engines=Installed(recognition, settings.worker.concurrency),
        find_speech=SileroDetector(recognition.vad_threshold),
        settings=recognition,
    )
    try:
        yield [Bound(TRANSCRIPTIONS, service.transcribe)]
    finally:
        pool.close()


class Installed:
    """The engines that this worker has; see `setu_asr.service.Engines`.

    Args:
        settings: the device, and the threads of one recognition.
        concurrency: recognitions at once, which share the cores where the settings name no number of threads.
    """

    def __init__(self, settings: RecognitionSettings, concurrency: int = 1) -> None:
        self._device = settings.device
        self._cpu_threads = settings.cpu_threads or max(1, len(os.sched_getaffinity(0)) // concurrency)

    def __call__(self, engine: str) -> Load:
        """What loads a model of that engine."""
        if engine != ENGINE:
            raise UnusablePlan(f"This worker has no engine {engine!r}; it has {ENGINE}.")
        return self._faster_whisper

    def _faster_whisper(self, key: ModelKey, folder: Path) -> Recogniser:
        return FasterWhisper(key, folder, self._device, self._cpu_threads)
