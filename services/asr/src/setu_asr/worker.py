"""The worker's process: ``python -m setu_asr.worker``."""

import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry

from setu_asr.domain.capacity import at_once
from setu_asr.engines.faster_whisper import ENGINE, FasterWhisper
from setu_asr.engines.pool import RecogniserPool
from setu_asr.engines.recogniser import Load, ModelKey, Recogniser, Remote
from setu_asr.engines.speech import SileroDetector
from setu_asr.engines.voicing import SileroVoices
from setu_asr.errors import UnusablePlan
from setu_asr.fallback import ByDefaultElse
from setu_asr.hearing import PieceService
from setu_asr.kinds import KINDS, SETTLED
from setu_asr.metrics import PoolMetrics
from setu_asr.parts import OperationParts
from setu_asr.probing import Prober
from setu_asr.profiling import ProfilingService
from setu_asr.reuse import Rehearing
from setu_asr.service import TranscriptionService
from setu_asr.settings import SERVICE, AsrSettings, RecognitionSettings, WhisperxSettings, read_settings
from setu_asr.sharing_time import SharingTime
from setu_asr.translating import SpeechTranslationService
from setu_common.contracts import PROFILES, SPEECH_TRANSLATIONS, TRANSCRIPTION_PIECES, TRANSCRIPTIONS
from setu_common.cost import Meter
from setu_common.cost.recording import metering
from setu_common.db import Database, aside
from setu_common.http.sharing import shared_dependencies
from setu_common.models import Catalogue
from setu_common.operations import Bound, Hints, Parts, WorkerSpec, run_worker
from setu_common.store import Store

HOSTED: Final = "openai"
WHISPERX: Final = "whisperx"
SMALL_BYTES: Final = 100_000_000
# What a worker lacks where it has not an engine that there is.
MISSING: Final = {
    HOSTED: " Give it a key: SETU_ASR_OPENAI_API_KEY.",
    WHISPERX: " Install the extra that brings it: setu-asr[whisperx].",
}


def main() -> None:
    """Work until told to stop."""
    settings = read_settings()
    run_worker(specify(settings), settings.core)


def specify(settings: AsrSettings) -> WorkerSpec:
    """What the worker is."""
    concurrency = concurrency_of(settings)
    return WorkerSpec(
        service=SERVICE,
        kinds=(*KINDS, TRANSCRIPTION_PIECES),  # which nobody else asks for
        wire=partial(handlers, settings, concurrency),
        concurrency=concurrency,
        settled=SETTLED,
    )


def concurrency_of(settings: AsrSettings) -> int:
    """Recordings at once: what the settings say; else one a core where recognition is done by the processor, if the memory allows."""
    if settings.core.worker.concurrency is not None:
        return settings.core.worker.concurrency
    if settings.recognition.device != "cpu":
        return 1
    catalogue = Catalogue.load(settings.models)
    name = settings.recognition.model
    model_bytes = sum(file.bytes for file in catalogue[name].files) if name in catalogue.names() else 0
    return at_once(len(os.sched_getaffinity(0)), _free_bytes(), model_bytes)


def threads_of(settings: RecognitionSettings, concurrency: int) -> int:
    """Of one recognition, where so many go on at once."""
    return settings.cpu_threads or max(1, len(os.sched_getaffinity(0)) // concurrency)


def _free_bytes() -> int:
    """What could be had of this machine's memory without harm, or of the share that it gives this container."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with contextlib.suppress(OSError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                free = int(line.split()[1]) * 1024
    with contextlib.suppress(OSError, ValueError):  # "max" where there is no limit
        free = min(free, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return free


@asynccontextmanager
async def handlers(settings: AsrSettings, concurrency: int = 1) -> AsyncIterator[Sequence[Bound]]:
    """What a worker's child does, one of so many. Models are loaded when first needed, and kept."""
    recognition = settings.recognition
    store = Store(settings.core.store, SERVICE)
    catalogue = Catalogue.load(settings.models)
    async with AsyncExitStack() as resources:
        database = Database(aside(settings.core.database), SERVICE)
        resources.push_async_callback(database.close)
        pool = RecogniserPool(
            recognition.idle_ttl_s,
            recognition.loaded_models,
            beside=small_models(catalogue),
            observer=PoolMetrics(CollectorRegistry()),  # in a worker's child any will do, since children count together
        )
        resources.callback(pool.close)
        meter = await resources.enter_async_context(metering(settings.core.database, settings.prices))
        connect = await _hosted(settings, meter, database, resources)
        engines = Installed(recognition, concurrency, connect, settings.whisperx)
        hints = Hints(settings.core.redis)
        resources.callback(hints.close)
        service = TranscriptionService(
            store=store,
            catalogue=catalogue,
            pool=pool,
            engines=engines,
            find_speech=SileroDetector(recognition.vad_threshold),
            settings=recognition,
            meter=meter,
            parts=Parts(database, store, hints, settings.core.operations),
        )
        pieces = PieceService(ears=service.ears, store=store, meter=meter)
        profiling = ProfilingService(
            store=store,
            catalogue=catalogue,
            pool=pool,
            engines=engines,
            voices=SileroVoices(),
            settings=recognition,
            prober=Prober(catalogue=catalogue, pool=pool, engines=engines, settings=recognition),
            meter=meter,
        )
        translating = SpeechTranslationService(
            store=store, catalogue=catalogue, pool=pool, engines=engines, settings=recognition, meter=meter
        )
        rehearing = Rehearing(
            service=service,
            database=database,
            store=store,
            catalogue=catalogue,
            vad_threshold=recognition.vad_threshold,
            piece_s=recognition.piece_s,
        )
        yield [
            Bound(PROFILES, profiling.profile),
            Bound(TRANSCRIPTIONS, SharingTime(ByDefaultElse(rehearing.transcribe).transcribe, database).transcribe),
            Bound(TRANSCRIPTION_PIECES, pieces.hear),
            Bound(SPEECH_TRANSLATIONS, translating.translate),
        ]


def small_models(catalogue: Catalogue) -> frozenset[str]:
    """Speech models that are kept in memory beside those that the settings count: each takes less than its files do, once loaded."""
    models = [catalogue[name] for name in catalogue.names()]
    return frozenset(model.name for model in models if model.purpose == "speech" and model.bytes <= SMALL_BYTES)


async def _hosted(settings: AsrSettings, meter: Meter, database: Database, resources: AsyncExitStack) -> Remote | None:
    """The hosted engine, where this worker has a key; its connections, and what processes tell each other of its circuit."""
    if settings.hosted.api_key is None:
        return None
    from setu_asr.engines.openai import HostedServer, HostedWhisper  # noqa: PLC0415  the SDK takes a second to import

    dependencies = await resources.enter_async_context(shared_dependencies(settings.core.redis))
    server = HostedServer(settings.hosted, dependencies, meter, OperationParts(database))
    resources.push_async_callback(server.close)
    await dependencies.announce()
    return Remote(lambda key: HostedWhisper(key, server), settings.hosted.model)


class Installed:
    """The engines that this worker has; see `setu_asr.errand.Engines`.

    Args:
        settings: the device, and the threads of one recognition.
        concurrency: recognitions at once, which share the cores where the settings name no number of threads.
        hosted: the hosted engine; None: there is none.
        whisperx: what whisperx is given, where it is installed; None: it is not used.
    """

    def __init__(
        self,
        settings: RecognitionSettings,
        concurrency: int = 1,
        hosted: Remote | None = None,
        whisperx: WhisperxSettings | None = None,
    ) -> None:
        self._device = settings.device
        self._cpu_threads = threads_of(settings, concurrency)
        self._loads: dict[str, Load] = {ENGINE: self._faster_whisper}
        if hosted is not None:
            self._loads[HOSTED] = hosted
        if whisperx is not None and find_spec(WHISPERX) is not None:
            self._loads[WHISPERX] = partial(self._whisperx, whisperx)

    def __call__(self, engine: str) -> Load:
        """What loads a model of that engine."""
        load = self._loads.get(engine)
        if load is None:
            missing = MISSING.get(engine, "")
            raise UnusablePlan(f"This worker has no engine {engine!r}; it has {', '.join(self._loads)}.{missing}")
        return load

    def _faster_whisper(self, key: ModelKey, folder: Path) -> Recogniser:
        return FasterWhisper(key, folder, self._device, self._cpu_threads)

    def _whisperx(self, settings: WhisperxSettings, key: ModelKey, folder: Path) -> Recogniser:
        from setu_asr.engines.whisperx import WhisperX  # noqa: PLC0415  an extra

        return WhisperX(key, folder, self._device, self._cpu_threads, settings)


if __name__ == "__main__":
    main()
