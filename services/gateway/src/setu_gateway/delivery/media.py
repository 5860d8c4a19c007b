"""The use cases of ``GET /jobs/{id}/media``, and of ``GET /jobs/{id}/media.mkv``: found if it has been made, else asked for."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final
from uuid import UUID

from setu_common.contracts import Operation, OperationState, Reference, Submission
from setu_common.db import Database
from setu_common.errors import RemoteProblem
from setu_common.operations import Operations
from setu_common.store import Store
from setu_gateway import repository
from setu_gateway.delivery.refusals import RecordingNotFetched
from setu_gateway.errors import JobBeingErased, JobNotFound, MediaNotReady, MuxerKilled, NothingToMux
from setu_gateway.pipeline.kinds import MUXINGS, Muxed, MuxingRequest, SubtitlesToMux
from setu_gateway.records import JobRecord

FORMAT: Final = "srt"


@dataclass(frozen=True)
class MediaFile:
    """A file of sound or pictures that lies in the store, and what it is called."""

    name: str
    reference: Reference


class MediaFiles:
    """Finds media with its subtitles in it, or has it made.

    It is made once for each run of a job, by an operation that is erased with the job, and kept as long as that.

    Args:
        database: the gateway's.
        store: the gateway's.
        operations: the gateway's own.
    """

    def __init__(self, *, database: Database, store: Store, operations: Operations) -> None:
        self._database = database
        self._store = store
        self._operations = operations

    async def find(
        self, tenant: str, job_id: UUID, wait_s: float, give_up: asyncio.Event | None = None
    ) -> MediaFile | Operation:
        """The file; or, if it is not made within ``wait_s`` seconds, the operation that makes it.

        Raises:
            JobNotFound: no such job of this tenant.
            MediaNotReady, NothingToMux, JobBeingErased: it can't be made as the job stands.
            RemoteProblem: making it failed, as told. What may go better another time is made anew by the next call.
        """
        job, operation = await self._asked(tenant, job_id)
        operation = await self._operations.get(tenant, operation.id, wait_s, give_up)
        if operation.state is OperationState.SUCCEEDED:
            return MediaFile(f"{PurePosixPath(job.media_name).stem}.mkv", Muxed.model_validate(operation.result).file)
        if not operation.state.ended:
            return operation
        problem = operation.problem
        if problem is None or problem.retryable:
            await self._operations.purge(tenant, operation.id)
        raise RemoteProblem(problem or MuxerKilled("It was cancelled; ask again.").problem())

    async def recording(self, tenant: str, job_id: UUID) -> MediaFile:
        """The recording as it was submitted, or fetched.

        Raises:
            JobNotFound: no such job of this tenant.
            RecordingNotFetched: it has not been fetched yet, or could not be.
            JobBeingErased: it is not to be seen any more.
        """
        async with self._database.reading() as connection:
            job = await repository.load_job(connection, tenant, job_id)
        if job is None:
            raise JobNotFound("There is no job with this id; it may have been erased. GET /jobs lists those that there are.")
        if job.purge_asked_at is not None:
            raise JobBeingErased("It was asked to be erased; submit the recording again.")
        if job.media is None:
            raise RecordingNotFetched("It is not here yet, or could not be had: GET /jobs/{id} tells. Ask again later.")
        return MediaFile(job.media_name, job.media)

    async def read(self, file: MediaFile, *, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """The file's bytes in chunks, or those from ``start`` to before ``stop``.

        The first chunk is there before this returns, so that what is missing is told.

        Raises:
            ObjectMissing: it is not in the store any more.
        """
        chunks = self._store.stream(file.reference, start=start, stop=stop)
        first = await anext(chunks, b"")

        async def content() -> AsyncIterator[bytes]:
            yield first
            async for chunk in chunks:
                yield chunk

        return content()

    async def _asked(self, tenant: str, job_id: UUID) -> tuple[JobRecord, Operation]:
        """Have it made, unless it is; with the job locked, so that it can't be asked to be erased meanwhile."""
        async with self._database.transaction() as connection:
            await repository.lock_job(connection, job_id)
            job = await repository.load_job(connection, tenant, job_id)
            if job is None:
                raise JobNotFound(
                    "There is no job with this id; it may have been erased. GET /jobs lists those that there are."
                )
            submission = Submission(tenant=tenant, job_id=job_id, idempotency_key=f"{job_id}/{job.run}/media")
            operation = await self._operations.submit_in(connection, MUXINGS, muxing_of(job), submission)
        if operation.state is OperationState.QUEUED:
            self._operations.hint(MUXINGS)
        return job, operation


def muxing_of(job: JobRecord) -> MuxingRequest:
    """What is to be put into a job's media: the subtitles in the order in which they were asked for, then the captions.

    Raises:
        MediaNotReady, NothingToMux, JobBeingErased: it can't be made as the job stands.
    """
    if job.purge_asked_at is not None:
        raise JobBeingErased("It was asked to be erased; submit the recording again.")
    if not job.state.ended:
        raise MediaNotReady(
            "The job is still under way. Follow GET /jobs/{id}/events, or ask again later.", progress=job.progress
        )
    files = {file.language: file.reference for file in job.delivered if file.format == FORMAT}
    ranks = {language: rank for rank, language in enumerate(job.request.target_languages) if language != job.source_language}
    languages = sorted(files, key=lambda language: ranks.get(language, len(ranks)))
    if job.media is None or not languages:
        raise NothingToMux("The job has ended without subtitles: GET /jobs/{id} says why.")
    return MuxingRequest(
        media=job.media,
        subtitles=tuple(
            SubtitlesToMux(language=language, captions=language == job.source_language, file=files[language])
            for language in languages
        ),
    )
