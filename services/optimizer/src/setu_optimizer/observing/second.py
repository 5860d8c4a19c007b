"""A minute of some jobs is heard once more, by another way: how far two hearings are apart tells of both, whatever either says of itself.

It is asked for at the lowest priority, so that no job waits for it, and what it wrote is erased at once. It is no error rate, and nothing
is learned from it as one.
"""

import io
import wave
from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

import structlog

from setu_common.contracts import (
    AsrPlan,
    Contract,
    InstalledCandidates,
    LanguageCode,
    ObservationRequest,
    OperationKind,
    Reference,
    Submission,
    Transcript,
    Transcription,
)
from setu_common.db import Database
from setu_common.errors import SetuError, is_retryable
from setu_common.operations import Operations, Park, Work
from setu_common.store import Store, unnoted
from setu_optimizer.domain.observing.correcting import disagreement
from setu_optimizer.domain.observing.signals import signals_of
from setu_optimizer.domain.prediction.priors import Table
from setu_optimizer.observing import repository
from setu_optimizer.observing.minutes import LAST, Minutes
from setu_optimizer.observing.repository import MINUTE, Hearing

HEARD_S: Final = 60.0
LOOK_AGAIN_S: Final = 20.0
HEAD_BYTES: Final = 4096  # a WAV file's header is in the first of them; the asr service's has 44
_SHARES: Final = 10_000

log = structlog.get_logger()


class SecondHearingRequest(Contract):
    """Have a minute of a job heard by another way than ``plan``."""

    job_id: UUID
    language: LanguageCode
    plan: AsrPlan
    transcript: Reference
    audio: Reference


class SecondHeard(Contract):
    """How far both hearings are apart, 0..1: edits per word. None where there was nothing to compare, and ``note`` says why."""

    disagreement: float | None = None
    model: str = ""
    note: str = ""


SECOND_HEARINGS: Final = OperationKind(
    name="second-hearings",
    service="optimizer",
    queue="learning",
    request=SecondHearingRequest,
    result=SecondHeard,
    timeout_s=600,
)


class SecondHearings:
    """Draws jobs, and asks for their second hearing.

    Args:
        operations: the optimizer's own.
        share: of jobs, 0..1.
    """

    def __init__(self, operations: Operations, share: float) -> None:
        self._operations = operations
        self._share = share

    async def draw(self, request: ObservationRequest, tenant: str) -> None:
        """Ask for it if the job is drawn: always, or never, however often it comes."""
        if request.audio is None or request.cached or request.job_id.int % _SHARES >= self._share * _SHARES:
            return
        asked = SecondHearingRequest(
            job_id=request.job_id,
            language=request.source_language,
            plan=request.plan,
            transcript=request.transcript,
            audio=request.audio,
        )
        key = f"second/{request.job_id}/{request.transcript.sha256[:16]}"
        submission = Submission(tenant=tenant, job_id=request.job_id, idempotency_key=key, priority=LAST)
        await self._operations.submit(SECOND_HEARINGS, asked, submission)


class SecondHearer:
    """Has a minute heard.

    Args:
        database: the optimizer's.
        store: has the sound and the transcripts.
        minutes: of jobs, and who hears them.
        candidates: the ways that there are.
        table: what is known of models.
    """

    def __init__(
        self,
        *,
        database: Database,
        store: Store,
        minutes: Minutes,
        candidates: Callable[[], Awaitable[InstalledCandidates]],
        table: Table,
    ) -> None:
        self._database = database
        self._store = store
        self._minutes = minutes
        self._candidates = candidates
        self._table = table

    async def hear(self, request: SecondHearingRequest, work: Work) -> SecondHeard | Park:
        """The handler: asks the asr service, parks until that has an answer, and compares. Whatever it ends with, the minute is erased.

        Raises:
            DependencyUnavailable: the asr service does not answer.
            ObjectMissing: the sound or the transcript is gone.
        """
        try:
            return await self._heard(request, work)
        except Exception as error:
            if not is_retryable(error) or work.attempt >= SECOND_HEARINGS.max_attempts:
                await self._give_up(work)
            raise

    async def _heard(self, request: SecondHearingRequest, work: Work) -> SecondHeard | Park:
        hearing = await self._minutes.find(work.operation_id)
        first = await self._store.load(request.transcript, Transcript)
        if not first.segments:
            return SecondHeard(note="nothing was heard the first time")
        if hearing is None:
            plan = await self._other(request)
            if plan is None:
                return SecondHeard(note="there is no second way on the asr service's machine")
            hearing = await self._begun(request, work, plan, first.segments[0].start_s)
        operation = await self._minutes.asked(work.tenant, work.operation_id, hearing)
        if not operation.state.ended:
            return Park(LOOK_AGAIN_S)
        if operation.result is None:
            await self._minutes.erase(work.tenant, work.operation_id, hearing)
            return SecondHeard(model=hearing.plan.model, note="the second way could not hear it")
        result = Transcription.model_validate(operation.result)
        second = await self._store.load(result.transcript, Transcript)
        apart = disagreement(_part(first, hearing.from_s), second, HEARD_S)
        async with self._database.transaction() as connection:
            await repository.keep_second(
                connection,
                work.tenant,
                request.job_id,
                plan=hearing.plan,
                signals=signals_of(second),
                duration_s=second.duration_s,
                model_time_s=result.model_time_s,
                disagreement=apart,
            )
        await self._minutes.erase(work.tenant, work.operation_id, hearing)
        log.info("second_hearing.compared", first=request.plan.model, second=hearing.plan.model, disagreement=apart)
        return SecondHeard(disagreement=apart, model=hearing.plan.model)

    async def _other(self, request: SecondHearingRequest) -> AsrPlan | None:
        """The fastest way with another model that knows the language."""
        installed = (await self._candidates()).candidates
        known = [
            each
            for each in installed
            if each.candidate.model != request.plan.model
            and each.candidate.model in self._table
            and self._table[each.candidate.model].size.knows(request.language)
        ]
        if not known:
            return None
        fastest = min(
            known, key=lambda each: (each.time_factor or float("inf"), each.candidate.model, each.candidate.beam_size)
        )
        return request.plan.model_copy(update={**fastest.candidate.model_dump(), "expected_wer": None, "expected_time_s": None})

    async def _begun(self, request: SecondHearingRequest, work: Work, plan: AsrPlan, from_s: float) -> Hearing:
        sound = await minute_of(self._store, request.audio, from_s)
        with unnoted():  # it outlives the attempt, which parks: what is noted of that one is removed then
            media = await self._store.put(work.tenant, sound, MINUTE)
        hearing = Hearing(request.language, media, plan, from_s)
        try:
            async with self._database.transaction() as connection:
                await repository.keep_hearing(connection, work.operation_id, hearing)
        except BaseException:
            await self._store.delete(media.uri)
            raise
        return hearing

    async def _give_up(self, work: Work) -> None:
        """Nothing of it is needed any more, and nobody asked for it. What can't be reached now goes when the job is erased, or too old."""
        try:
            hearing = await self._minutes.find(work.operation_id)
            if hearing is not None:
                await self._minutes.erase(work.tenant, work.operation_id, hearing)
        except SetuError as error:
            log.warning("second_hearing.left_behind", reason=error.detail)


async def minute_of(store: Store, audio: Reference, from_s: float) -> bytes:
    """A minute of a WAV file, or what is left of it, as a file of its own. No more of it is read, however long it is.

    Args:
        store: has the file.
        audio: the file.
        from_s: where the minute begins.

    Raises:
        ObjectMissing: the file is gone.
    """
    head, cut = io.BytesIO(await _read(store, audio, 0, HEAD_BYTES)), io.BytesIO()
    with wave.open(head, "rb") as whole, wave.open(cut, "wb") as part:
        sound_at = head.tell()
        part.setparams(whole.getparams())
        rate, frames = whole.getframerate(), whole.getnframes()
        first = min(int(from_s * rate), frames)
        behind = min(first + int(HEARD_S * rate), frames)
        frame_bytes = whole.getsampwidth() * whole.getnchannels()
        part.writeframes(await _read(store, audio, sound_at + first * frame_bytes, sound_at + behind * frame_bytes))
    return cut.getvalue()


async def _read(store: Store, reference: Reference, start: int, stop: int) -> bytes:
    return b"".join([chunk async for chunk in store.stream(reference, start=start, stop=stop)])


def _part(whole: Transcript, from_s: float) -> Transcript:
    """What a transcript says of a minute, with times from its beginning."""
    inside = tuple(
        each.model_copy(update={"start_s": each.start_s - from_s, "end_s": each.end_s - from_s, "words": ()})
        for each in whole.segments
        if from_s <= each.start_s < from_s + HEARD_S
    )
    return whole.model_copy(update={"segments": inside})
