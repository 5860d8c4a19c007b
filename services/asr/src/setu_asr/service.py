"""Transcribing a recording, from the reference to its media to the reference to its transcript."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import structlog

from setu_asr.domain.audio import Recording, Region
from setu_asr.domain.clips import pack
from setu_asr.domain.doubt import believable, left_out
from setu_asr.domain.heard import Heard
from setu_asr.domain.segmentation import segments_of
from setu_asr.engines.demuxer import decode
from setu_asr.engines.pool import RecogniserPool
from setu_asr.engines.recogniser import ModelKey, Recogniser, SpeechDetector
from setu_asr.errand import Abandoned, Engines, load_model, step
from setu_asr.errors import NoSpeech, UnusablePlan
from setu_asr.settings import RecognitionSettings
from setu_common.contracts import LANGUAGE_NAMES, AsrPlan, Transcript, Transcription, TranscriptionRequest
from setu_common.models import Catalogue, Model, UnknownModel
from setu_common.operations import Work
from setu_common.store import Store

# Speech is looked for in stretches, which bounds memory: 10 minutes are 38 MB.
STRETCH_S: Final = 600.0
CUT_WITHIN_S: Final = 10.0

# Shares of the whole work, for the progress that is shown: decoding and looking for speech are fast beside recognition.
DECODED: Final = 0.05
SPEECH_FOUND: Final = 0.10

log = structlog.get_logger()


@dataclass(frozen=True)
class _Transcribed:
    transcript: Transcript
    model_time_s: float


class TranscriptionService:
    """Does what a TranscriptionRequest asks.

    Args:
        store: has the media and takes the transcript.
        catalogue: has the models.
        pool: keeps them loaded.
        engines: load them.
        find_speech: tells speech from other sound.
        settings: the default plan, and limits.
    """

    def __init__(
        self,
        *,
        store: Store,
        catalogue: Catalogue,
        pool: RecogniserPool,
        engines: Engines,
        find_speech: SpeechDetector,
        settings: RecognitionSettings,
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._pool = pool
        self._engines = engines
        self._find_speech = find_speech
        self._settings = settings

    async def transcribe(self, request: TranscriptionRequest, work: Work) -> Transcription:
        """The handler of the kind ``transcriptions``.

        Raises:
            UnusableMedia: the recording can't be transcribed; its subclasses say why.
            UnusablePlan: it can't be transcribed in that way here.
            ObjectMissing: the media is not in the store.
        """
        plan = request.plan or self._settings.default_plan()
        self._check(plan, request.language)
        async with self._store.local_file(request.media) as path:
            try:
                done = await work.in_thread(self._transcribe, path, request.language, plan, work)
            except Abandoned:
                raise asyncio.CancelledError from None
        transcript = done.transcript
        reference = await self._store.put_model(work.tenant, transcript)
        log.info(
            "transcription.made",
            language=transcript.language,
            duration_s=round(transcript.duration_s, 3),
            segments=len(transcript.segments),
            model_time_s=round(done.model_time_s, 3),
        )
        return Transcription(
            transcript=reference,
            language=transcript.language,
            language_probability=transcript.language_probability,
            duration_s=transcript.duration_s,
            segment_count=len(transcript.segments),
            plan=plan,
            model_time_s=done.model_time_s,
        )

    def _check(self, plan: AsrPlan, language: str | None) -> Model:
        """What can be known to fail is said at once."""
        self._engines(plan.engine)
        try:
            model = self._catalogue[plan.model]
        except UnknownModel as error:
            raise UnusablePlan(f"{error.detail[0].upper()}{error.detail[1:]}.") from error
        if model.purpose != "speech":
            raise UnusablePlan(f"{plan.model} is not a speech model; choose one that is, such as {self._settings.model}.")
        if language is not None and model.languages and language not in model.languages:
            known = ", ".join(LANGUAGE_NAMES[code] for code in model.languages)
            raise UnusablePlan(
                f"{plan.model} knows only {known}, and the recording is said to be in {LANGUAGE_NAMES[language]}."
            )
        return model

    def _transcribe(self, path: Path, language: str | None, plan: AsrPlan, work: Work) -> _Transcribed:
        """All that blocks; in a thread of its own."""
        work.progress(0.0, "reading the media")
        recording = decode(
            path,
            self._settings.scratch_folder,
            self._settings.max_duration_s,
            lambda share: step(work, DECODED * share, "reading the media"),
        )
        speech = self._speech(recording, work)
        key = ModelKey(plan.engine, plan.model, plan.compute_type)
        began_s = time.monotonic()
        with self._pool.lease(key, lambda: self._load(key, work)) as recogniser:
            heard, spoken, probability = _recognise(recogniser, recording, speech, language=language, plan=plan, work=work)
        model_time_s = time.monotonic() - began_s
        segments = segments_of(heard, recording.duration_s, spoken)
        if not segments:
            raise _no_speech(recording)
        transcript = Transcript(
            language=spoken,
            language_probability=probability,
            duration_s=recording.duration_s,
            segments=segments,
            engine=plan.engine,
            model=plan.model,
        )
        return _Transcribed(transcript, model_time_s)

    def _speech(self, recording: Recording, work: Work) -> list[Region]:
        speech: list[Region] = []
        for stretch in recording.stretches(STRETCH_S, CUT_WITHIN_S):
            share = stretch.start_s / recording.duration_s
            step(work, DECODED + (SPEECH_FOUND - DECODED) * share, "looking for speech")
            found = self._find_speech(recording.samples(stretch))
            speech.extend(Region(stretch.start + part.start, stretch.start + part.end) for part in found)
        if not speech:
            raise _no_speech(recording)
        return speech

    def _load(self, key: ModelKey, work: Work) -> Recogniser:
        return load_model(self._catalogue, self._engines, key, lambda note: step(work, SPEECH_FOUND, note))


def _recognise(
    recogniser: Recogniser, recording: Recording, speech: Sequence[Region], *, language: str | None, plan: AsrPlan, work: Work
) -> tuple[list[Heard], str, float]:
    """What is said in all the speech, in which language, and how probable that is."""
    step(work, SPEECH_FOUND, "transcribing")
    clips = deque(pack(speech))
    probability = 1.0
    if language is None:
        language, probability = recogniser.detect_language([recording.samples(clip) for clip in islice(clips, 4)])
    heard: list[Heard] = []
    again: set[Region] = set()
    share = 0.0
    while clips:
        batch = [clips.popleft() for _ in range(min(plan.batch_size, len(clips)))]
        found = recogniser.recognise([recording.samples(clip) for clip in batch], language, plan)
        for clip, stretches in zip(batch, found, strict=True):
            placed = [stretch.later(clip.start_s) for stretch in stretches]
            if clip in again:
                placed = [stretch for stretch in placed if believable(stretch)]
            heard.extend(placed)
            rest = left_out(clip, speech, placed)
            if rest is not None:
                clips.append(rest)
                again.add(rest)
        share = max(share, min((clip.start for clip in clips), default=len(recording.pcm)) / len(recording.pcm))
        step(work, SPEECH_FOUND + (1 - SPEECH_FOUND) * share, "transcribing")
    return heard, language, probability


def _no_speech(recording: Recording) -> NoSpeech:
    return NoSpeech(
        f"Nothing was said in these {recording.duration_s:.1f} seconds that could be made out. Check that the recording has the right "
        "audio track and is loud enough.",
        duration_s=round(recording.duration_s, 3),
    )
