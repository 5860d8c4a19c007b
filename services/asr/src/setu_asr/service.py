"""Transcribing a recording, from the reference to its media to the reference to its transcript."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Final

import structlog

from setu_asr.domain.audio import Recording, Region
from setu_asr.domain.hints import Hints
from setu_asr.domain.plans import hints_of
from setu_asr.ears import SPEECH_FOUND, Ears
from setu_asr.engines.pool import RecogniserPool
from setu_asr.engines.recogniser import Piecemeal, Recogniser, SpeechDetector
from setu_asr.errand import Abandoned, Engines
from setu_asr.errors import NoSpeech
from setu_asr.fallback import NOT_HERE
from setu_asr.finishing import finished
from setu_asr.listening import Listened, Written, listen, write_down
from setu_asr.settings import RecognitionSettings
from setu_asr.sharing import Joined, Shared, Sharing
from setu_asr.standby import Standby
from setu_common.contracts import TRANSCRIPTIONS, AsrPlan, Removal, Transcript, Transcription, TranscriptionRequest
from setu_common.cost import Meter, Unmetered
from setu_common.cost.own import OwnTime, computed_here
from setu_common.models import Catalogue
from setu_common.operations import Park, Parts, Work
from setu_common.store import ObjectMissing, Store

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
        parts: how other workers get their share of long recordings; None: each is heard by one worker.
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
        parts: Parts | None = None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._meter = meter or Unmetered()
        self.ears = Ears(catalogue=catalogue, pool=pool, engines=engines, find_speech=find_speech, settings=settings)
        self._sharing = Sharing(ears=self.ears, parts=parts, store=store, meter=self._meter) if parts is not None else None

    async def transcribe(self, request: TranscriptionRequest, work: Work) -> Transcription | Park:
        """The handler of the kind ``transcriptions``. A long recording is shared with other workers, and waited for.

        Raises:
            UnusableMedia: the recording can't be transcribed; its subclasses say why.
            UnusablePlan: it can't be transcribed in that way here.
            ObjectMissing: the media is not in the store.
            PieceFailed: why a piece of it was given up.
        """
        try:
            done = await self._shared(request, work, self._sharing) if self._sharing else await self._heard(request, work)
        except Abandoned:
            raise asyncio.CancelledError from None
        if isinstance(done, Park):
            return done
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

    def planned(self, request: TranscriptionRequest) -> AsrPlan:
        """See ``Ears.planned``."""
        return self.ears.planned(request)

    async def _shared(self, request: TranscriptionRequest, work: Work, sharing: Sharing) -> _Transcribed | Park:
        """What came of the pieces of a recording; it is begun, or gone on with, if they were not all asked for.

        Whatever is not for several workers, and what they can't give back, is heard by one: pieces never fail what he can hear.
        """
        try:
            shared = await sharing.found(work)
            if shared is not None and shared.complete:
                done = await sharing.joined(shared, work)
                return done if isinstance(done, Park) else _of_pieces(done)
        except (ObjectMissing, *NOT_HERE) as error:
            log.warning("transcription.pieces_given_up", code=error.code, reason=error.detail)
            await sharing.give_up(work)
            return await self._heard(request, work)
        return await self._heard(request, work, sharing, shared)

    async def _heard(
        self, request: TranscriptionRequest, work: Work, sharing: Sharing | None = None, begun: Shared | None = None
    ) -> _Transcribed | Park:
        """Hear a recording, or have it heard where it is to be shared."""
        plan = self.planned(request)
        task = _Task(request.language, plan, hints_of(request.overrides), work, OwnTime(self._settings.device))
        async with self._store.local_file(request.media) as path:
            decoded = await work.in_thread(self.ears.decoded, path, work)
            speech: Park | Sequence[Region] | None = None
            if sharing is not None and self._long(decoded.recording) and not self.ears.hosted(plan):
                speech = await sharing.share(request, plan, decoded, work, begun)
            if isinstance(speech, Park):
                return speech
            async with self._on_record(plan, task.spent):
                return await work.in_thread(self._transcribe, decoded.recording, speech, task)

    def _long(self, recording: Recording) -> bool:
        above_s = self._settings.split_above_s
        return above_s is not None and recording.duration_s > above_s

    @asynccontextmanager
    async def _on_record(self, plan: AsrPlan, spent: OwnTime) -> AsyncIterator[None]:
        """Go around recognition. Hosted calls are on record by themselves; what stood in for them is once that is known."""
        if not self.ears.hosted(plan):
            async with computed_here(self._meter, plan.model, spent):
                yield
            return
        try:
            yield
        finally:
            if spent.began:
                async with computed_here(self._meter, self._settings.model, spent):
                    pass

    def _transcribe(self, recording: Recording, speech: Sequence[Region] | None, task: _Task) -> _Transcribed:
        """All that blocks, from the sound on; in a thread of its own."""
        work, plan = task.work, task.plan
        speech = list(self.ears.speech(recording, work)) if speech is None else speech
        if not speech:
            raise _no_speech(recording.duration_s)
        began_s = time.monotonic()
        hosted = self.ears.hosted(plan)
        with nullcontext() if hosted else task.spent, ExitStack() as leases:
            recogniser = self.ears.leased(leases, plan, work, task.spent)
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
                piece_s=None if hosted else self._settings.piece_s,
            )
            listened, notes = finished(recogniser, recording, listened, plan)
        model_time_s = time.monotonic() - began_s
        written = write_down(listened, recording, speech)
        stand_in = self.ears.local(plan) if standby is not None and standby.heard_here else None
        used = stand_in if stand_in is not None and not (standby and standby.heard_there) else plan
        notes = (*_stood_in(standby, stand_in), *written.notes, *notes)
        transcript = _transcript(listened, written, recording.duration_s, used, notes)
        return _Transcribed(transcript, used, stand_in.engine if stand_in else None, model_time_s, task.spent.load_s)

    def _standby(self, hosted: Piecemeal, leases: ExitStack, task: _Task) -> Standby:
        """The hosted recogniser with this machine's behind it."""

        def local() -> Recogniser:
            plan = self.ears.local(task.plan)
            self.ears.check(plan, task.language)
            return self.ears.leased(leases, plan, task.work, task.spent)

        return Standby(hosted, local, last=task.work.attempt >= TRANSCRIPTIONS.max_attempts, spent=task.spent)


def _of_pieces(joined: Joined) -> _Transcribed:
    notes = (*joined.written.notes, *joined.notes)
    transcript = _transcript(joined.listened, joined.written, joined.duration_s, joined.plan, notes)
    return _Transcribed(transcript, joined.plan, None, joined.model_time_s, joined.model_load_s)


def _transcript(listened: Listened, written: Written, duration_s: float, plan: AsrPlan, notes: tuple[str, ...]) -> Transcript:
    if not written.segments:
        raise _no_speech(duration_s, written.removed)
    return Transcript(
        language=listened.language,
        language_probability=listened.probability,
        duration_s=duration_s,
        segments=written.segments,
        engine=plan.engine,
        model=plan.model,
        removed=written.removed,
        notes=notes,
    )


def _stood_in(standby: Standby | None, plan: AsrPlan | None) -> tuple[str, ...]:
    """What a reader is told of a hosted recogniser that gave way."""
    if standby is None or plan is None or standby.reason is None:
        return ()
    clips = standby.heard_there + standby.heard_here
    part = "All of it" if not standby.heard_there else f"{standby.heard_here} of {clips} stretches"
    verb = "was" if not standby.heard_there else "were"
    return (f"{part} {verb} heard by {plan.model} on this machine and not by the hosted recogniser: {standby.reason.detail}",)


def _no_speech(duration_s: float, removed: Sequence[Removal] = ()) -> NoSpeech:
    return NoSpeech(
        f"Nothing was said in these {duration_s:.1f} seconds that could be made out. Check that the recording has the right "
        "audio track and is loud enough.",
        duration_s=round(duration_s, 3),
        removed=[removal.model_dump(mode="json") for removal in removed[:SHOWN]],
    )
