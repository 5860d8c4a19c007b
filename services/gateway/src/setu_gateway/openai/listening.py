"""From an upload to what is said in it: a job like any other, waited for, and erased once it is answered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Final
from uuid import UUID

import structlog

from setu_common.contracts import Problem, StageState, Transcript, Transcription, TranslatedTranscript, TranslationResult
from setu_common.errors import DependencyUnavailable, InternalError, RemoteProblem
from setu_common.store import Store
from setu_gateway.errors import JobNotFound
from setu_gateway.intake.upload import Upload
from setu_gateway.openai.answering import Silence, Speech
from setu_gateway.openai.asking import ENGLISH
from setu_gateway.records import JobRecord, StageKey, StageRecord
from setu_gateway.service import Jobs

TRANSCRIBE: Final = StageKey("transcribe")
TRANSLATE: Final = StageKey("translate", ENGLISH)
NO_SPEECH: Final = "no-speech"

log = structlog.get_logger()


class CallerLeft(Exception):
    """Nobody waits for the answer any more."""


class Listener:
    """Does one call at a time, any number of them at once.

    Args:
        jobs: the use cases.
        store: where services put what they made.
    """

    def __init__(self, jobs: Jobs, store: Store) -> None:
        self._jobs = jobs
        self._store = store

    async def hear(self, tenant: str, upload: Upload, *, left: asyncio.Event, closing: asyncio.Event) -> Speech | Silence:
        """What is said in an upload, and in English if its job asks for that.

        The job is as durable as any; it is cancelled and erased when the caller leaves, and erased when it is answered.

        Args:
            tenant: whose upload it is.
            upload: the recording, and what is to be done with it.
            left: set once the caller has gone.
            closing: set once this process is to end.

        Raises:
            CallerLeft: he did.
            DependencyUnavailable: this process is to end; send it again.
            RemoteProblem: it could not be done; says why.
        """
        job = await self._jobs.accept(tenant, upload, None)
        try:
            ended = await self._ended(tenant, job, left, closing)
            return await self._speech(ended)
        finally:
            await self._erase(tenant, job.id)

    async def _ended(self, tenant: str, job: JobRecord, left: asyncio.Event, closing: asyncio.Event) -> JobRecord:
        """The job as soon as what is to be answered is there, or will not come."""
        wanted = TRANSLATE if job.request.target_languages else TRANSCRIBE
        following = asyncio.ensure_future(_until(self._jobs.follow(tenant, job.id), wanted))
        signs = [asyncio.ensure_future(event.wait()) for event in (left, closing)]
        try:
            await asyncio.wait([following, *signs], return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                return following.result()
        finally:
            for task in (following, *signs):
                task.cancel()
        if left.is_set():
            raise CallerLeft
        raise DependencyUnavailable("This process is being restarted; send the recording again.", retry_after_s=1)

    async def _speech(self, job: JobRecord) -> Speech | Silence:
        heard = _stage(job, TRANSCRIBE)
        if heard is None or heard.state is not StageState.SUCCEEDED:
            problem = _cause(job)
            if problem.code == NO_SPEECH:
                return Silence(float(problem.context.get("duration_s", 0.0)))
            raise RemoteProblem(problem)
        result = Transcription.model_validate(heard.result)
        transcript = await self._store.load(result.transcript, Transcript)
        translation = _stage(job, TRANSLATE)
        if translation is None or result.language == ENGLISH:
            return Speech(transcript)
        if translation.state is not StageState.SUCCEEDED:
            raise RemoteProblem(translation.problem or _cause(job))
        translated = TranslationResult.model_validate(translation.result).translated
        return Speech(transcript, await self._store.load(translated, TranslatedTranscript))

    async def _erase(self, tenant: str, job_id: UUID) -> None:
        try:
            await self._jobs.purge(tenant, job_id)
        except DependencyUnavailable as error:
            log.warning("audio.left_for_retention", job_id=str(job_id), reason=error.detail)
        except JobNotFound:
            log.info("audio.erased_by_another", job_id=str(job_id))


async def _until(snapshots: AsyncIterator[JobRecord], wanted: StageKey) -> JobRecord:
    """The first snapshot that has what is wanted, or has it no more to expect."""
    async with aclosing(snapshots) as following:  # type: ignore[type-var]  # follow() is a generator, typed as the iterator that callers need
        async for job in following:
            stage = _stage(job, wanted)
            if job.state.ended or (stage is not None and stage.state.ended):
                return job
    raise RemoteProblem(JobNotFound("The job was erased before it ended; send the recording again.").problem())


def _stage(job: JobRecord, key: StageKey) -> StageRecord | None:
    return next((stage for stage in job.stages if stage.key == key), None)


def _cause(job: JobRecord) -> Problem:
    """Why a job gave nothing: the problem of the first stage that failed."""
    failed = [stage.problem for stage in job.stages if stage.problem is not None and stage.state is StageState.FAILED]
    return (
        next(iter(failed), None) or job.problem or InternalError("The job was cancelled; send the recording again.").problem()
    )
