"""A company whose workers share long recordings, for tests: a real database, and a recogniser that remembers what it was given."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from pydantic import BaseModel

from company import SETTINGS, Company
from setu_asr.domain.audio import RATE_HZ, Recording, Samples
from setu_asr.domain.heard import Heard, HeardWord
from setu_asr.domain.hints import NO_HINTS, Hints
from setu_asr.domain.wav import wav_header
from setu_asr.ears import Ears
from setu_asr.engines.pool import RecogniserPool
from setu_asr.engines.recogniser import Finished
from setu_asr.fallback import ByDefaultElse
from setu_asr.hearing import PieceService
from setu_asr.service import TranscriptionService
from setu_asr.sharing_time import SharingTime
from setu_common.contracts import (
    TRANSCRIPTION_PIECES,
    TRANSCRIPTIONS,
    AsrPlan,
    OperationKind,
    Reference,
)
from setu_common.cost import Unmetered
from setu_common.errors import DependencyUnavailable
from setu_common.models import Catalogue, OnProgress
from setu_common.operations import Bound, Parts, Work
from setu_common.settings import ModelSettings
from setu_common.store import Store

PLAN = AsrPlan(batch_size=2)
MINUTES_S = 200.0  # seven clips: three pieces of two, and one of one
JOB = uuid4()


class Present(Catalogue):
    def ensure(self, name: str, on_progress: OnProgress | None = None) -> Path:
        return self._settings.folder / name


@dataclass
class Listener:
    """A recogniser that writes down how loud each second is, so that no two seconds sound alike."""

    batches: list[int] = field(default_factory=list)
    asked_language: int = 0
    fails: Any = None

    def detect_language(self, clips: Sequence[Samples]) -> tuple[str, float]:
        self.asked_language += 1
        return "fr", 0.75

    def recognise(self, clips: Sequence[Samples], language: str, plan: AsrPlan, hints: Hints = NO_HINTS) -> list[list[Heard]]:
        if self.fails is not None:
            self.fails(len(self.batches))
        self.batches.append(len(clips))
        return [[self._heard(clip)] for clip in clips]

    def _heard(self, clip: Samples) -> Heard:
        seconds = range(len(clip) // RATE_HZ)
        loud = [float(np.abs(clip[at * RATE_HZ : (at + 1) * RATE_HZ]).mean()) for at in seconds]
        words = tuple(HeardWord(at + 0.1, at + 0.9, f" {value:.7f}", 0.9) for at, value in zip(seconds, loud, strict=True))
        return Heard(0.1, words[-1].end_s, "".join(word.text for word in words), words, avg_logprob=-0.2)


@dataclass
class Firm:
    """A company whose workers share recordings, and one worker that does not."""

    company: Company
    media: Any
    listener: Listener
    searched: list[int]
    settings: Any
    request: Any

    def bounds(self, *, alone: bool = False, engines: Any = None, parts: Any = None) -> list[Bound]:
        company, settings = self.company, self.settings
        models = ModelSettings(folder=settings.scratch_folder / "models", offline=True)
        known = Catalogue.load(models)
        catalogue = Present({name: known[name] for name in known.names()}, models)
        equipment: dict[str, Any] = {
            "catalogue": catalogue,
            "pool": RecogniserPool(0, 1),
            "engines": engines or (lambda _engine: lambda _key, _folder: self.listener),
            "find_speech": self._find_speech,
            "settings": settings,
        }
        parts = parts or Parts(company.database, company.store, company.hints, SETTINGS)
        service = TranscriptionService(store=company.store, parts=None if alone else parts, **equipment)
        pieces = PieceService(ears=Ears(**equipment), store=company.store, meter=Unmetered())
        whole = SharingTime(ByDefaultElse(service.transcribe).transcribe, company.database)
        return [Bound(TRANSCRIPTIONS, whole.transcribe), Bound(TRANSCRIPTION_PIECES, pieces.hear)]

    def upload(self, duration_s: float = MINUTES_S, codec: str = "plain") -> Reference:
        sound = self.media.tone(duration_s) * np.linspace(0.3, 1.0, int(duration_s * RATE_HZ), dtype=np.float32)
        data = plain_wav(sound[0]) if codec == "plain" else self.media.audio("a.flac", codec, samples=sound).read_bytes()
        return self.company.run(self.company.store.put("local", data, "audio/wav"))

    def _find_speech(self, samples: Samples) -> Any:
        self.searched.append(len(samples))
        return self.request.getfixturevalue("find_speech")(samples)


class Watched(Store):
    """Tells what was read of objects: stretches, or None for a whole file."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.read_of: list[tuple[int, int | None] | None] = []

    def stream(
        self, reference: Reference, chunk_bytes: int = 1 << 20, *, start: int = 0, stop: int | None = None
    ) -> AsyncIterator[bytes]:
        self.read_of.append((start, stop))
        return super().stream(reference, chunk_bytes, start=start, stop=stop)

    def local_file(self, reference: Reference) -> AbstractAsyncContextManager[Path]:
        self.read_of.append(None)
        return super().local_file(reference)


class Finishing(Listener):
    """One that has more to do once all is heard."""

    def finish(self, recording: Recording, heard: Sequence[Heard], language: str, plan: AsrPlan) -> Finished:
        self.finished.append((len(recording.pcm), len(heard)))
        return Finished(tuple(replace(stretch, speaker="A") for stretch in heard), ("Finished.",))

    def __init__(self) -> None:
        super().__init__()
        self.finished: list[tuple[int, int]] = []


def plain_wav(samples: Samples) -> bytes:
    pcm: bytes = (samples * 32767).astype("<i2").tobytes()
    return wav_header(len(pcm) // 2, RATE_HZ) + pcm


def pieces_of(firm: Firm, operation_id: UUID) -> list[Mapping[str, Any]]:
    return firm.company.rows("SELECT * FROM operation WHERE parent_id = %(id)s ORDER BY created_at", id=operation_id)


class Interrupted(Parts):
    """Asks for some pieces, then the database is away."""

    left = 2

    async def submit(self, work: Work, kind: OperationKind[Any, Any], number: int, request: BaseModel) -> None:
        if self.left == 0:
            raise DependencyUnavailable("The database is away.", retry_after_s=3600)
        self.left -= 1
        await super().submit(work, kind, number, request)
