"""What is known of each recording before it is heard: its profile and its probe, as the asr service takes them, and their cost."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from evals.recognition.measuring import LANGUAGE, THREADS
from evals.recognition.recordings import Spec, Studio
from evals.recognition.rows import FEATURES, Cells, append, read, recording_of
from evals.systems import Alone, wav
from setu_asr.domain.audio import Recording, Region
from setu_asr.engines.pool import RecogniserPool
from setu_asr.engines.voicing import SileroVoices
from setu_asr.probing import Prober, ProbeTime
from setu_asr.profiling import ProfilingService
from setu_asr.settings import RecognitionSettings
from setu_asr.worker import Installed
from setu_common.contracts import AudioProbe, ProfileRequest, ProfileResult
from setu_common.models import Catalogue
from setu_common.settings import StoreSettings
from setu_common.store import Store

LEFT_OUT: Final = {"duration_s", "track", "language", "languages"}  # a table of figures has no place for them


class Timed(Prober):
    """The probe, with the processor's time that it took last."""

    cpu_s = 0.0

    def __call__(
        self, recording: Recording, speech: Sequence[Region], language: str, spent: ProbeTime, said: Callable[[str], None]
    ) -> AudioProbe | None:
        """See `setu_asr.probing.Prober`."""
        began_s = time.process_time()
        try:
            return super().__call__(recording, speech, language, spent, said)
        finally:
            self.cpu_s = time.process_time() - began_s


class Profiling:
    """The stage ``profile`` as a worker does it, one thread.

    Args:
        catalogue: has the models.
        folder: for the service's store.
        rows: what was measured before is not measured again.
    """

    def __init__(self, catalogue: Catalogue, folder: Path, rows: Path = FEATURES) -> None:
        settings = RecognitionSettings(scratch_folder=folder, cpu_threads=THREADS)
        self._pool = RecogniserPool(3600, 2)
        self._store = Store(StoreSettings(url=f"file://{folder}/store", durable=False), "asr")
        engines = Installed(settings)
        self._prober = Timed(catalogue=catalogue, pool=self._pool, engines=engines, settings=settings)
        self._service = ProfilingService(
            store=self._store,
            catalogue=catalogue,
            pool=self._pool,
            engines=engines,
            voices=SileroVoices(),
            settings=settings,
            prober=self._prober,
        )
        self._studio = Studio(catalogue)
        self._rows = rows

    def measure(self, specs: Iterable[Spec]) -> Iterator[Cells]:
        """Profile and probe each recording, and put its row into the file at once."""
        done = {recording_of(row) for row in read(self._rows)}
        waiting = [spec for spec in specs if recording_of(spec.cells) not in done]
        if waiting:
            self._profile(waiting[0])  # loads the models, which a worker keeps
        for spec in waiting:
            began_s = time.process_time()
            result = self._profile(spec)
            cpu_s = time.process_time() - began_s
            cells = spec.cells | self._cells(result, cpu_s)
            append(self._rows, cells)
            yield cells

    def _cells(self, result: ProfileResult, cpu_s: float) -> Cells:
        probe_s = self._prober.cpu_s
        profile = result.profile.model_dump(exclude=LEFT_OUT)
        probe = dict.fromkeys(AudioProbe.model_fields) | (result.probe.model_dump() if result.probe else {})
        known = profile | {f"probe_{name}": value for name, value in probe.items()}
        figures = {name: round(value, 5) if isinstance(value, float) else value for name, value in known.items()}
        return figures | {"profile_cpu_s": round(cpu_s - probe_s, 4), "probe_cpu_s": round(probe_s, 4)}

    def _profile(self, spec: Spec) -> ProfileResult:
        sound = wav(self._studio.make(spec).samples)
        return asyncio.run(self._ask(sound))

    async def _ask(self, sound: bytes) -> ProfileResult:
        media = await self._store.put("eval", sound, "audio/wav")
        return await self._service.profile(ProfileRequest(media=media, language=LANGUAGE), Alone())
