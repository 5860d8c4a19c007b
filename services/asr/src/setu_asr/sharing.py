"""A long recording that several workers hear: its transcription finds the speech, has the pieces heard, and puts together what was heard.

Pieces are asked for while speech is still being looked for, so that nobody waits for the end of that. Where clips and speech lie is in
their requests: what was found once is not looked for again.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Final

import structlog

from setu_asr.domain.audio import Recording, Region
from setu_asr.domain.clips import pack
from setu_asr.domain.pieces import Piece, around, clips_a_piece, cut
from setu_asr.domain.plans import hints_of
from setu_asr.ears import SPEECH_FOUND, Ears
from setu_asr.engines.demuxer import Decoded
from setu_asr.engines.faster_whisper import ENGINE
from setu_asr.errand import step
from setu_asr.errors import PieceFailed, UnusablePlan
from setu_asr.fallback import NOT_HERE
from setu_asr.finishing import finished
from setu_asr.hearing import heard_of
from setu_asr.listening import LISTENED_TO, Listened, Written, write_down
from setu_asr.sound import keep_sound
from setu_common.contracts import TRANSCRIPTION_PIECES, AsrPlan, OperationState, Problem, Reference, TranscriptionRequest
from setu_common.contracts.pieces import HeardPiece, PieceRequest
from setu_common.cost import Meter
from setu_common.cost.own import OwnTime, computed_here
from setu_common.errors import DependencyUnavailable
from setu_common.operations import Park, Part, PartDiffers, Parts, Work
from setu_common.store import Store, unnoted

# A piece that ends wakes its transcription, which otherwise looks up to tell how far the pieces are that are being heard.
HEARING_S: Final = 10.0
WAITING_S: Final = 30.0

log = structlog.get_logger()


@dataclass(frozen=True)
class Shared:
    """The pieces of a recording that were asked for, one at least, and what each was asked for."""

    parts: Sequence[Part]
    requests: Sequence[PieceRequest]

    @property
    def plan(self) -> AsrPlan:
        """How they are heard."""
        return self.requests[0].plan

    @property
    def complete(self) -> bool:
        """Whether they are all pieces of the recording: the last was asked for, and none before it was erased since."""
        return self.requests[-1].last and [part.number for part in self.parts] == list(range(len(self.parts)))

    @property
    def problem(self) -> Problem | None:
        """Why one of them was given up."""
        return next((part.operation.problem for part in self.parts if part.operation.state is OperationState.FAILED), None)

    @property
    def obstacle(self) -> str | None:
        """Why they are not heard by several workers, which says nothing of whether one worker can hear the whole."""
        if self.problem is not None and self.problem.code in {error.code for error in NOT_HERE}:
            return self.problem.detail
        stopped = (OperationState.CANCELLED, OperationState.CANCELLING)
        if any(part.operation.state in stopped for part in self.parts):
            return "A piece of the recording was cancelled."
        return None

    def share(self) -> float:
        """How much of the clips is heard, 0..1."""
        clips = [len(request.clips) for request in self.requests]
        return sum(count * part.operation.progress for count, part in zip(clips, self.parts, strict=True)) / sum(clips)


@dataclass(frozen=True)
class Joined:
    """What was heard in all pieces, put in order."""

    listened: Listened
    written: Written
    duration_s: float
    plan: AsrPlan
    notes: tuple[str, ...]
    model_time_s: float
    model_load_s: float


class Sharing:
    """Has recordings heard piece by piece, and puts the pieces together.

    Args:
        ears: hear what is not shared.
        parts: the pieces.
        store: has the media, and takes sound that pieces can be read from.
        meter: told what models of this machine take.
    """

    def __init__(self, *, ears: Ears, parts: Parts, store: Store, meter: Meter) -> None:
        self._ears = ears
        self._parts = parts
        self._store = store
        self._meter = meter

    async def found(self, work: Work) -> Shared | None:
        """The pieces of the work at hand; None if none was asked for, or that can't be known.

        Raises:
            UnusablePlan: a worker can't hear them so, or they were given up.
            ObjectMissing: what they were asked for was erased.
        """
        try:
            parts = await self._parts.of(work.operation_id)
        except DependencyUnavailable as error:  # a short recording needs no database, and a long one is shared again
            log.warning("transcription.pieces_unknown", reason=error.detail)
            return None
        if not parts:
            return None
        shared = Shared(parts, await self._parts.requests(TRANSCRIPTION_PIECES, parts))
        if shared.obstacle is not None:
            raise UnusablePlan(shared.obstacle)
        return shared

    async def give_up(self, work: Work) -> None:
        """Have the recording heard by one worker after all: no piece of it is heard any more, then or later."""
        await self._parts.cancel(work)

    async def share(
        self, request: TranscriptionRequest, plan: AsrPlan, decoded: Decoded, work: Work, begun: Shared | None
    ) -> Park | Sequence[Region] | None:
        """Have a recording heard, piece by piece; what was begun is gone on with in the way in which it was.

        Returns:
            ``Park``, to be called again once the pieces are heard; the speech, if it is but one piece's; None if some pieces were asked
            for in another way before, which are given up.

        Raises:
            Abandoned: the work was cancelled.
        """
        speech: list[Region] = []
        clips = pack(self._noting(decoded.recording, work, speech))
        first = await work.in_thread(lambda: list(islice(clips, LISTENED_TO)))
        asked_first = begun.requests[0] if begun is not None else None
        count = len(asked_first.clips) if asked_first else clips_a_piece(self._ears.settings.piece_s, plan.batch_size)
        pieces = cut(chain(first, clips), count)
        piece = await work.in_thread(_next, pieces)
        if piece is None or piece.last:
            return speech
        alike = asked_first or await self._asked(request, plan, decoded, first, work)
        number = 0
        while piece is not None:
            lies = {"clips": _spans(piece.clips), "speech": _spans(around(piece.clips, speech)), "last": piece.last}
            asked = alike.model_copy(update=lies)
            try:
                await self._parts.submit(work, TRANSCRIPTION_PIECES, number, asked)
            except PartDiffers:
                log.warning("transcription.shared_otherwise", piece=number)
                await self.give_up(work)
                return None
            number += 1
            piece = await work.in_thread(_next, pieces)
        work.progress(SPEECH_FOUND, f"transcribing: 0 of {number} pieces")
        log.info("transcription.shared", duration_s=round(decoded.recording.duration_s, 3), pieces=number)
        return Park(HEARING_S, worked=True)

    async def joined(self, shared: Shared, work: Work) -> Park | Joined:
        """What was heard in the pieces, once all are heard.

        Raises:
            PieceFailed: one of them was given up.
            UnusablePlan: what is left to do can't be done here.
            ObjectMissing: what was heard was erased.
            Abandoned: the work was cancelled.
        """
        if shared.problem is not None:
            raise PieceFailed(shared.problem)
        states = [part.operation.state for part in shared.parts]
        heard = states.count(OperationState.SUCCEEDED)
        note = f"transcribing: {heard} of {len(states)} pieces"
        work.progress(SPEECH_FOUND + (1 - SPEECH_FOUND) * shared.share(), note)
        if heard < len(states):
            return Park(HEARING_S if OperationState.RUNNING in states else WAITING_S)
        results = await self._parts.results(TRANSCRIPTION_PIECES, shared.parts)
        plan, spent = shared.plan, OwnTime(self._ears.settings.device)
        async with AsyncExitStack() as around_it:
            path = await around_it.enter_async_context(self._store.local_file(shared.requests[0].media))
            if plan.engine != ENGINE:
                await around_it.enter_async_context(computed_here(self._meter, plan.model, spent))
            return await work.in_thread(self._put_together, path, shared, results, work, spent)

    def _put_together(self, path: Path, shared: Shared, results: Sequence[HeardPiece], work: Work, spent: OwnTime) -> Joined:
        """All of it that blocks."""
        plan, first = shared.plan, shared.requests[0]
        recording = self._ears.decoded(path, work).recording
        heard = tuple(stretch for result in results for stretch in heard_of(result))
        listened = Listened(heard, first.language, first.language_probability)
        step(work, 1.0, "putting the pieces together")
        began_s = time.monotonic()
        with spent, ExitStack() as leases:
            # Ours does no more once all is heard, and is not loaded for nothing.
            recogniser = self._ears.leased(leases, plan, work, spent) if plan.engine != ENGINE else None
            listened, notes = finished(recogniser, recording, listened, plan)
        finishing_s = time.monotonic() - began_s
        speech = list(dict.fromkeys(Region(*span) for request in shared.requests for span in request.speech))
        return Joined(
            listened=listened,
            written=write_down(listened, recording, speech),
            duration_s=recording.duration_s,
            plan=plan,
            notes=notes,
            model_time_s=sum(result.heard_in_s for result in results) + finishing_s,
            model_load_s=sum(result.loaded_in_s for result in results) + spent.load_s,
        )

    def _noting(self, recording: Recording, work: Work, speech: list[Region]) -> Iterator[Region]:
        for stretch in self._ears.speech(recording, work):
            speech.append(stretch)
            yield stretch

    async def _asked(
        self, request: TranscriptionRequest, plan: AsrPlan, decoded: Decoded, first: Sequence[Region], work: Work
    ) -> PieceRequest:
        """What all pieces are asked for alike."""
        media = request.media if decoded.plain else await self._kept(work.tenant, decoded.recording)
        language, probability = await self._language(request.language, decoded.recording, first, plan, work)
        hints = hints_of(request.overrides)
        return PieceRequest(
            media=media,
            clips=_spans(first),
            speech=(),
            language=language,
            language_probability=probability,
            plan=plan,
            prompt=hints.prompt,
            temperature=hints.temperature,
        )

    async def _kept(self, tenant: str, recording: Recording) -> Reference:
        """The sound as pieces can be read from it. It lives as long as they do."""
        with unnoted():
            return await keep_sound(self._store, tenant, recording)

    async def _language(
        self, told: str | None, recording: Recording, clips: Sequence[Region], plan: AsrPlan, work: Work
    ) -> tuple[str, float]:
        """The language for all pieces, and how probable it is."""
        if told is not None:
            return told, 1.0
        spent = OwnTime(self._ears.settings.device)

        def ask() -> tuple[str, float]:
            with spent, ExitStack() as leases:
                recogniser = self._ears.leased(leases, plan, work, spent)
                return recogniser.detect_language([recording.samples(clip) for clip in clips])

        async with computed_here(self._meter, plan.model, spent):
            return await work.in_thread(ask)


def _next(pieces: Iterator[Piece]) -> Piece | None:
    return next(pieces, None)


def _spans(regions: Sequence[Region]) -> tuple[tuple[int, int], ...]:
    return tuple((region.start, region.end) for region in regions)
