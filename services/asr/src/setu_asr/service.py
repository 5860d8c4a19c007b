"""Transcribing a recording, from the reference to its media to the reference to its transcript."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from setu_asr.domain.audio import Recording, Region
from setu_asr.domain.hints import Hints
from setu_asr.domain.plans import hints_of, overridden
from setu_asr.engines.demuxer import decode
from setu_asr.engines.pool import RecogniserPool
from setu_asr.engines.recogniser import ModelKey, Piecemeal, Recogniser, Remote, SpeechDetector
from setu_asr.errand import Abandoned, Engines, load_model, plan_for, step
from setu_asr.errors import NoSpeech, UnusablePlan
from setu_asr.finishing import finished
from setu_asr.listening import listen, write_down
from setu_asr.settings import RecognitionSettings
from setu_asr.standby import Standby
from setu_common.contracts import (
    LANGUAGE_NAMES,
    TRANSCRIPTIONS,
    AsrPlan,
    Removal,
    Transcript,
    Transcription,
    TranscriptionRequest,
)
from setu_common.cost import Meter, Unmetered
from setu_common.cost.own import OwnTime, computed_here
from setu_common.models import Catalogue, UnknownModel
from setu_common.operations import Work
from setu_common.store import Store

# Speech is looked for in stretches, which bounds memory: 10 minutes are 38 MB.
STRETCH_S: Final = 600.0
CUT_WITHIN_S: Final = 10.0

# Shares of the whole work, for the progress that is shown: decoding and looking for speech are fast beside recognition.
DECODED: Final = 0.05
SPEECH_FOUND: Final = 0.10

SHOWN: Final = 20  # removals in the problem of a recording of which nothing was left

log = structlog.get_logger()


@dataclass(frozen=True)
class _Task:
    """What is to be heard how, and what it takes."""

    language: str | None
    plan: AsrPlan
    hints: Hints
    work: Work
    spent: OwnTime


@dataclass(frozen=True)
class _Transcribed:
    transcript: Transcript
    plan: AsrPlan
    stand_in: str | None
    model_time_s: float
    model_load_s: float


class TranscriptionService:
    """Does what a TranscriptionRequest asks.

    Args:
        store: has the media and takes the transcript.
        catalogue: has the models.
        pool: keeps them loaded.
        engines: load them.
        find_speech: tells speech from other sound.
        settings: the default plan, and limits.
        meter: told what models of this machine take.
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
        meter: Meter | None = None,
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._pool = pool
        self._engines = engines
        self._find_speech = find_speech
        self._settings = settings
        self._meter = meter or Unmetered()

    async def transcribe(self, request: TranscriptionRequest, work: Work) -> Transcription:
        """The handler of the kind ``transcriptions``.

        Raises:
            UnusableMedia: the recording can't be transcribed; its subclasses say why.
            UnusablePlan: it can't be transcribed in that way here.
            ObjectMissing: the media is not in the store.
        """
        plan = self.planned(request)
        task = _Task(request.language, plan, hints_of(request.overrides), work, OwnTime(self._settings.device))
        async with self._store.local_file(request.media) as path:
            try:
                async with self._on_record(plan, task.spent):
                    done = await work.in_thread(self._transcribe, path, task)
            except Abandoned:
                raise asyncio.CancelledError from None
        transcript = done.transcript
        reference = await self._store.put_model(work.tenant, transcript)
        log.info(
            "transcription.made",
            language=transcript.language,
            duration_s=round(transcript.duration_s, 3),
            segments=len(transcript.segments),
            removed=len(transcript.removed),
            stand_in=done.stand_in,
            model_time_s=round(done.model_time_s, 3),
        )
        return Transcription(
            transcript=reference,
            language=transcript.language,
            language_probability=transcript.language_probability,
            duration_s=transcript.duration_s,
            segment_count=len(transcript.segments),
            removed_count=len(transcript.removed),
            notes=transcript.notes,
            plan=done.plan,
            stand_in=done.stand_in,
            model_time_s=done.model_time_s,
            model_load_s=done.model_load_s,
        )

    @asynccontextmanager
    async def _on_record(self, plan: AsrPlan, spent: OwnTime) -> AsyncIterator[None]:
        """Go around recognition. Hosted calls are on record by themselves; what stood in for them is once that is known."""
        if not isinstance(self._engines(plan.engine), Remote):
            async with computed_here(self._meter, plan.model, spent):
                yield
            return
        try:
            yield
        finally:
            if spent.began:
                async with computed_here(self._meter, self._settings.model, spent):
                    pass

    def planned(self, request: TranscriptionRequest) -> AsrPlan:
        """How a request's recording is heard: by its plan or the default one, with its overrides.

        Raises:
            UnusablePlan: it can't be done in that way here.
        """
        plan = overridden(request.plan or self._settings.default_plan(), request.overrides)
        plan = plan_for(plan, self._engines(plan.engine), self._catalogue)
        self._check(plan, request.language)
        return plan

    def _check(self, plan: AsrPlan, language: str | None) -> None:
        """What can be known to fail is said at once."""
        if isinstance(self._engines(plan.engine), Remote):
            return
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

    def _transcribe(self, path: Path, task: _Task) -> _Transcribed:
        """All that blocks; in a thread of its own."""
        work, plan = task.work, task.plan
        work.progress(0.0, "reading the media")
        recording = decode(
            path,
            self._settings.scratch_folder,
            self._settings.max_duration_s,
            lambda share: step(work, DECODED * share, "reading the media"),
        )
        speech = self._speech(recording, work)
        began_s = time.monotonic()
        hosted = isinstance(self._engines(plan.engine), Remote)
        with nullcontext() if hosted else task.spent, ExitStack() as leases:
            recogniser = self._leased(leases, plan, task)
            standby = self._standby(recogniser, leases, task) if isinstance(recogniser, Piecemeal) else None
            listened = listen(
                standby or recogniser,
                recording,
                speech,
                language=task.language,
                plan=plan,
                hints=task.hints,
                work=work,
                since=SPEECH_FOUND,
            )
            listened, notes = finished(recogniser, recording, listened, plan)
        model_time_s = time.monotonic() - began_s
        written = write_down(listened, recording, speech)
        if not written.segments:
            raise _no_speech(recording, written.removed)
        stand_in = self._local(plan) if standby is not None and standby.heard_here else None
        used = stand_in if stand_in is not None and not (standby and standby.heard_there) else plan
        transcript = Transcript(
            language=listened.language,
            language_probability=listened.probability,
            duration_s=recording.duration_s,
            segments=written.segments,
            engine=used.engine,
            model=used.model,
            removed=written.removed,
            notes=(*_stood_in(standby, stand_in), *written.notes, *notes),
        )
        return _Transcribed(transcript, used, stand_in.engine if stand_in else None, model_time_s, task.spent.load_s)

    def _leased(self, leases: ExitStack, plan: AsrPlan, task: _Task) -> Recogniser:
        key = ModelKey(plan.engine, plan.model, plan.compute_type)
        return leases.enter_context(self._pool.lease(key, lambda: self._load(key, task.work), task.spent.loaded))

    def _standby(self, hosted: Piecemeal, leases: ExitStack, task: _Task) -> Standby:
        """The hosted recogniser with this machine's behind it."""

        def local() -> Recogniser:
            plan = self._local(task.plan)
            self._check(plan, task.language)
            return self._leased(leases, plan, task)

        return Standby(hosted, local, last=task.work.attempt >= TRANSCRIPTIONS.max_attempts, spent=task.spent)

    def _local(self, plan: AsrPlan) -> AsrPlan:
        """A hosted plan as this machine's own engine does it."""
        own = self._settings.default_plan()
        explanation = f"{plan.explanation} Heard on this machine, since {plan.model} of {plan.engine} could not be had.".strip()
        return own.model_copy(
            update={
                "batch_size": plan.batch_size,
                "redecode": plan.redecode,
                "source": plan.source,
                "explanation": explanation,
            }
        )

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


def _stood_in(standby: Standby | None, plan: AsrPlan | None) -> tuple[str, ...]:
    """What a reader is told of a hosted recogniser that gave way."""
    if standby is None or plan is None or standby.reason is None:
        return ()
    clips = standby.heard_there + standby.heard_here
    part = "All of it" if not standby.heard_there else f"{standby.heard_here} of {clips} stretches"
    verb = "was" if not standby.heard_there else "were"
    return (f"{part} {verb} heard by {plan.model} on this machine and not by the hosted recogniser: {standby.reason.detail}",)


def _no_speech(recording: Recording, removed: Sequence[Removal] = ()) -> NoSpeech:
    return NoSpeech(
        f"Nothing was said in these {recording.duration_s:.1f} seconds that could be made out. Check that the recording has the right "
        "audio track and is loud enough.",
        duration_s=round(recording.duration_s, 3),
        removed=[removal.model_dump(mode="json") for removal in removed[:SHOWN]],
    )
