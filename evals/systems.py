"""What is compared: Setu's own transcription, and faster-whisper called directly, sequentially and in batches."""

import asyncio
import io
import time
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar
from uuid import UUID, uuid4

import numpy as np
from pydantic import TypeAdapter

from evals.scoring import Piece
from evals.voices import RATE_HZ, Samples
from setu_asr.domain.audio import Region
from setu_asr.engines.pool import RecogniserPool
from setu_asr.engines.recogniser import SpeechDetector
from setu_asr.engines.speech import SileroDetector
from setu_asr.errors import NoSpeech
from setu_asr.service import TranscriptionService
from setu_asr.settings import RecognitionSettings
from setu_asr.worker import Installed
from setu_common.contracts import AsrPlan, Removal, Transcript, Transcription, TranscriptionRequest
from setu_common.models import Catalogue
from setu_common.settings import StoreSettings
from setu_common.store import Store

BEAM: Final = 5
BATCH: Final = 8
WINDOW: Final = 30 * RATE_HZ

_REMOVALS: Final = TypeAdapter(list[Removal])
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Heard:
    """What a system says was said, what it took out again, and how long it took."""

    pieces: tuple[Piece, ...]
    removed: tuple[Removal, ...] = ()
    took_s: float = 0.0
    transliterated: int = 0
    transcript: Transcript | None = None  # of a system that writes one

    @property
    def before(self) -> tuple[Piece, ...]:
        """With what was taken out."""
        return (*self.pieces, *(Piece(each.start_s, each.end_s, each.text) for each in self.removed))


class Direct:
    """faster-whisper by itself, with its own defaults; int8, beam 5, its voice activity filter, times of words.

    Args:
        folder: the model's files.
        threads: of the processor.
    """

    def __init__(self, folder: Path, threads: int) -> None:
        import faster_whisper  # noqa: PLC0415 slow to import

        self._model: Any = faster_whisper.WhisperModel(  # Any: it ships no types
            str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
        )
        self._pipeline: Any = faster_whisper.BatchedInferencePipeline(self._model)

    def sequential(self, samples: Samples, language: str) -> Heard:
        """One window after the other, each with the text before it."""
        began_s = time.monotonic()
        found, _ = self._model.transcribe(samples, language=language, beam_size=BEAM, vad_filter=True, word_timestamps=True)
        return _heard(list(found), began_s)

    def batched(self, samples: Samples, language: str) -> Heard:
        """Eight windows at a time."""
        began_s = time.monotonic()
        found, _ = self._pipeline.transcribe(
            samples, language=language, beam_size=BEAM, batch_size=BATCH, vad_filter=True, word_timestamps=True
        )
        return _heard(list(found), began_s)


def _heard(segments: Sequence[Any], began_s: float) -> Heard:
    words = [Piece(word.start, word.end, word.word) for segment in segments for word in segment.words or ()]
    return Heard(tuple(words), took_s=time.monotonic() - began_s)


class Alone:
    """The work at hand, without a worker."""

    def __init__(self) -> None:
        self.operation_id: UUID = uuid4()
        self.tenant = "eval"
        self.job_id: UUID | None = None
        self.attempt = 1
        self.cancelled = False

    def progress(self, fraction: float, note: str = "") -> None:
        """Nobody looks."""

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run it beside the event loop."""
        return await asyncio.to_thread(function, *args, **kwargs)


def everything(samples: Samples) -> list[Region]:
    """A detector that takes all sound for speech: what comes then is up to the guard alone."""
    return [Region(start, min(start + WINDOW, len(samples))) for start in range(0, len(samples), WINDOW)]


class Setu:
    """The operation as a worker does it, from the recording in the store to the transcript in the store; nothing is reused.

    Args:
        catalogue: has the models.
        folder: for the store and decoded sound.
        threads: of the processor.
        find_speech: tells speech from other sound; None: as shipped.
    """

    def __init__(self, catalogue: Catalogue, folder: Path, threads: int, find_speech: SpeechDetector | None = None) -> None:
        settings = RecognitionSettings(scratch_folder=folder, cpu_threads=threads)
        self._pool = RecogniserPool(3600, 1)
        self._store = Store(StoreSettings(url=f"file://{folder}/store", durable=False), "asr")
        self._service = TranscriptionService(
            store=self._store,
            catalogue=catalogue,
            pool=self._pool,
            engines=Installed(settings),
            find_speech=find_speech or SileroDetector(settings.vad_threshold),
            settings=settings,
        )

    def transcribe(self, samples: Samples, language: str, plan: AsrPlan) -> Heard:
        """What comes of a recording; nothing where the service says that nobody speaks."""
        return asyncio.run(self._transcribe(samples, language, plan))

    async def _transcribe(self, samples: Samples, language: str, plan: AsrPlan) -> Heard:
        media = await self._store.put("eval", wav(samples), "audio/wav")
        request = TranscriptionRequest(media=media, language=language, plan=plan, reuse=False)
        began_s = time.monotonic()
        try:
            result = await self._service.transcribe(request, Alone())
        except NoSpeech as problem:
            removed = _REMOVALS.validate_python(problem.context["removed"])
            return Heard((), tuple(removed), time.monotonic() - began_s)
        if not isinstance(result, Transcription):
            raise TypeError("a recording is waited for, though nobody else is there to hear a share of it")
        took_s = time.monotonic() - began_s
        transcript = await self._store.load(result.transcript, Transcript)
        pieces = tuple(Piece(each.start_s, each.end_s, each.text) for each in transcript.segments)
        return Heard(pieces, transcript.removed, took_s, sum(each.transliterated for each in transcript.segments), transcript)

    def close(self) -> None:
        """Drop the models."""
        self._pool.close()


def wav(samples: Samples) -> bytes:
    """16 bits, mono, 16 kHz."""
    written = io.BytesIO()
    with wave.open(written, "wb") as writer:
        writer.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        writer.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return written.getvalue()
