"""The last resort: what speech means in English, told by the recogniser itself. Each segment of a transcript is heard again."""

import asyncio
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from setu_asr.domain.audio import RATE_HZ, Recording, Region
from setu_asr.domain.clips import pack
from setu_asr.domain.english import is_english_text
from setu_asr.domain.heard import Heard
from setu_asr.engines.demuxer import decode
from setu_asr.engines.pool import RecogniserPool
from setu_asr.engines.recogniser import ModelKey, Recogniser, SpeechTranslator
from setu_asr.errand import Abandoned, Engines, load_model, step
from setu_asr.errors import TranscriptMismatch, UnusablePlan
from setu_asr.settings import RecognitionSettings
from setu_common.contracts import (
    AsrPlan,
    Segment,
    SpeechTranslationRequest,
    Transcript,
    TranslatedTranscript,
    Translation,
    TranslationResult,
)
from setu_common.cost import Meter, Unmetered
from setu_common.cost.own import OwnTime, computed_here
from setu_common.models import Catalogue
from setu_common.operations import Work
from setu_common.store import Store

ENGINE: Final = "whisper-translate"
COPY_ENGINE: Final = "copy"  # as the translate service calls it: the text stayed as it was
ENGLISH: Final = "en"
RECOGNISER: Final = "faster-whisper"
# Source: the model card of openai/whisper-large-v3-turbo: it was trained on transcription alone.
WITHOUT_TRANSLATION: Final = frozenset({"whisper-large-v3-turbo"})
ANY: Final = "whisper-base"  # what is taken where neither the transcript's model nor the default one can translate

MARGIN_S: Final = 0.2  # heard beside a segment, as far as its neighbours leave room: recognisers cut words short
APART_S: Final = 1.0  # more than two decoders of the same sound differ by

# Shares of the whole work, for the progress that is shown.
DECODED: Final = 0.05
LOADED: Final = 0.10

log = structlog.get_logger()


@dataclass(frozen=True)
class _Piece:
    """A stretch of sound that is heard at a time, and the segment that it belongs to."""

    index: int
    region: Region


class SpeechTranslationService:
    """Does what a SpeechTranslationRequest asks.

    Args:
        store: has the sound and the transcript, and takes the translation.
        catalogue: has the models.
        pool: keeps them loaded; the transcription's own, so that a model is in memory once.
        engines: load them.
        settings: the default plan, and limits.
        meter: told what models take.
    """

    def __init__(
        self,
        *,
        store: Store,
        catalogue: Catalogue,
        pool: RecogniserPool,
        engines: Engines,
        settings: RecognitionSettings,
        meter: Meter | None = None,
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._pool = pool
        self._engines = engines
        self._settings = settings
        self._meter = meter or Unmetered()

    async def translate(self, request: SpeechTranslationRequest, work: Work) -> TranslationResult:
        """The handler of the kind ``speech-translations``. N segments in, N translations out, same indices.

        Raises:
            UnusableMedia: the sound can't be opened.
            TranscriptMismatch: the transcript is not of this sound.
            ObjectMissing: sound or transcript are not in the store.
            ModelMissing, ModelUnavailable: there is no model that can translate.
        """
        transcript = await self._store.load(request.transcript, Transcript)
        began_s = time.monotonic()
        spent = OwnTime(self._settings.device)
        if transcript.language == ENGLISH:
            model, translations = COPY_ENGINE, tuple(_copy(segment, 1.0) for segment in transcript.segments)
        else:
            model = self._model(transcript.model)
            async with self._store.local_file(request.media) as path:
                try:
                    async with computed_here(self._meter, model, spent):
                        translations = await work.in_thread(self._heard_again, path, transcript, model, work, spent)
                except Abandoned:
                    raise asyncio.CancelledError from None
        translated = TranslatedTranscript(
            source_language=transcript.language,
            target_language=ENGLISH,
            translations=translations,
            engine=COPY_ENGINE if transcript.language == ENGLISH else ENGINE,
            model=model,
        )
        model_time_s = time.monotonic() - began_s
        untranslated = sum(each.engine == COPY_ENGINE and each.confidence == 0 for each in translations)
        log.info(
            "speech_translation.made",
            source_language=transcript.language,
            segments=len(translations),
            untranslated=untranslated,
            model_time_s=round(model_time_s, 3),
        )
        return TranslationResult(
            translated=await self._store.put_model(work.tenant, translated),
            source_language=transcript.language,
            target_language=ENGLISH,
            segment_count=len(translations),
            untranslated_count=untranslated,
            engine=translated.engine,
            model=model,
            model_time_s=model_time_s,
            model_load_s=spent.load_s,
        )

    def _model(self, transcribed_by: str) -> str:
        """The model that made the transcript if it can translate, since it is likely in memory; else the default one, else any."""
        known = self._catalogue.names()
        for name in (transcribed_by, self._settings.model):
            if name in known and self._can_translate(name):
                return name
        return ANY

    def _can_translate(self, name: str) -> bool:
        model = self._catalogue[name]
        return model.purpose == "speech" and not model.languages and name not in WITHOUT_TRANSLATION

    def _heard_again(
        self, path: Path, transcript: Transcript, model: str, work: Work, spent: OwnTime
    ) -> tuple[Translation, ...]:
        """All that blocks; in a thread of its own."""
        recording = decode(
            path,
            self._settings.scratch_folder,
            self._settings.max_duration_s,
            lambda share: step(work, DECODED * share, "reading the media"),
        )
        if abs(recording.duration_s - transcript.duration_s) > APART_S:
            raise TranscriptMismatch(
                f"The transcript is of {transcript.duration_s:.1f} s and the recording has {recording.duration_s:.1f} s. "
                "Name the recording that the transcript was made of."
            )
        plan = self._settings.default_plan().model_copy(update={"engine": RECOGNISER, "model": model})
        key = ModelKey(RECOGNISER, model, plan.compute_type)
        with spent, self._pool.lease(key, lambda: self._load(key, work), spent.loaded) as recogniser:
            if not isinstance(recogniser, SpeechTranslator):
                raise UnusablePlan(f"The engine {RECOGNISER} does not translate speech on this worker.")
            heard = _in_english(recogniser, recording, transcript, plan, work)
        return tuple(_translation(segment, heard.get(segment.index, [])) for segment in transcript.segments)

    def _load(self, key: ModelKey, work: Work) -> Recogniser:
        return load_model(self._catalogue, self._engines, key, lambda note: step(work, DECODED, note))


def _in_english(
    recogniser: SpeechTranslator, recording: Recording, transcript: Transcript, plan: AsrPlan, work: Work
) -> dict[int, list[Heard | None]]:
    """What was heard of each segment, piece by piece; segments of like length together, which wastes the least of a batch."""
    found: dict[int, list[Heard | None]] = {}
    waiting = list(_pieces(recording, transcript.segments))
    order = sorted(range(len(waiting)), key=lambda place: waiting[place].region.length)
    heard: dict[int, Heard | None] = {}
    for start in range(0, len(order), plan.batch_size):
        step(work, LOADED + (1 - LOADED) * start / len(order), f"translating: {start} of {len(order)} lines")
        batch = order[start : start + plan.batch_size]
        clips = [recording.samples(waiting[place].region) for place in batch]
        heard.update(zip(batch, recogniser.in_english(clips, transcript.language, plan), strict=True))
    for place, piece in enumerate(waiting):
        found.setdefault(piece.index, []).append(heard[place])
    return found


def _pieces(recording: Recording, segments: Sequence[Segment]) -> Iterator[_Piece]:
    """The stretches of sound of all segments that say something, each at most as long as a clip may be."""
    for place, segment in enumerate(segments):
        if not _wordy(segment.text):
            continue
        earliest_s = segments[place - 1].end_s if place else 0.0
        latest_s = segments[place + 1].start_s if place + 1 < len(segments) else recording.duration_s
        start_s = min(segment.start_s, max(earliest_s, segment.start_s - MARGIN_S))
        end_s = max(segment.end_s, min(latest_s, segment.end_s + MARGIN_S))
        region = Region(int(start_s * RATE_HZ), min(int(end_s * RATE_HZ), len(recording.pcm)))
        if region.length > 0:
            yield from (_Piece(segment.index, piece) for piece in pack([region]))


def _translation(segment: Segment, heard: Sequence[Heard | None]) -> Translation:
    if not _wordy(segment.text):
        return _copy(segment, 1.0)
    told = [each for each in heard if each is not None]
    text = " ".join(each.text for each in told)
    if len(told) < len(heard) or not is_english_text(text):
        return _copy(segment, 0.0)
    logprobs = [each.avg_logprob for each in told if each.avg_logprob is not None]
    confidence = min(1.0, math.exp(min(logprobs))) if logprobs else None
    return Translation(segment_index=segment.index, text=text, confidence=confidence, engine=ENGINE)


def _copy(segment: Segment, confidence: float) -> Translation:
    """The segment's own text: surely right (1) where there is nothing to translate, surely not (0) where nothing usable came."""
    return Translation(segment_index=segment.index, text=segment.text, confidence=confidence, engine=COPY_ENGINE)


def _wordy(text: str) -> bool:
    return any(character.isalpha() for character in text)
