"""What callers can do with jobs: submit, look, follow, cancel, run again, erase, and fetch the subtitles."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from setu_common.contracts import JobState, Submission
from setu_common.db import Database
from setu_common.errors import DependencyUnavailable, IdempotencyConflict, SetuError
from setu_common.observability import tracing
from setu_common.operations import Operations
from setu_common.operations.waking import WAKE
from setu_common.operations.watcher import VersionWatcher
from setu_common.store import Store
from setu_gateway import repository
from setu_gateway.errors import (
    JobBeingErased,
    JobNotEnded,
    JobNotFound,
    KeyNotFreeYet,
    NothingToRetry,
    SubtitlesFailed,
    SubtitlesNotReady,
    SubtitlesNotRequested,
)
from setu_gateway.intake.upload import Upload
from setu_gateway.pipeline.decision import to_run_again
from setu_gateway.pipeline.kinds import ADVANCES, PIPELINE_QUEUE, AdvanceRequest, advance_key
from setu_gateway.pipeline.stage import Pipeline
from setu_gateway.records import DeliveredFile, JobRecord, StageRecord

log = structlog.get_logger()

LOOK_AGAIN_S: Final = 60.0
ERASED_SOON_S: Final = 2.0


@dataclass(frozen=True)
class Page:
    """Some of a tenant's jobs, newest first; ``after`` marks where the next page begins, None on the last."""

    jobs: tuple[JobRecord, ...]
    after: tuple[datetime, UUID] | None


class Jobs:
    """The use cases.

    Args:
        database: the gateway's.
        store: the gateway's.
        operations: the gateway's own, for moving jobs on.
        pipeline: the stages.
    """

    def __init__(self, *, database: Database, store: Store, operations: Operations, pipeline: Pipeline) -> None:
        self._database = database
        self._store = store
        self._operations = operations
        self._pipeline = pipeline
        self._watcher = VersionWatcher(database, "job")

    async def accept(self, tenant: str, upload: Upload, idempotency_key: str | None) -> JobRecord:
        """Make a job of an upload. Once this returns, the job is durable, and will end well or with a problem.

        The same key with the same request gives the job of the first; the second recording is removed.

        Raises:
            IdempotencyConflict: the key came with another request before.
            KeyNotFreeYet: the job of the first is being erased; once it is gone the key makes a new one.
        """
        job = repository.NewJob(
            id=uuid4(),
            tenant=tenant,
            request=upload.request,
            media_name=upload.media_name,
            media=upload.media,
            idempotency_key=idempotency_key,
            body_sha256=upload.body_sha256,
            stages=tuple(self._pipeline.keys(upload.request)),
        )
        submission = Submission(tenant=tenant, job_id=job.id, idempotency_key=advance_key(job.id, run=1))
        first = await self._operations.insertion(ADVANCES, AdvanceRequest(job_id=job.id, run=1), submission)
        asked = False
        try:
            # One statement, which is a transaction by itself.
            async with self._database.statements() as connection:
                asked = True
                created_at = await repository.insert_job(connection, job, first)
        except repository.KeyTaken:
            await self._drop(upload)
            return await self._earlier(job)
        except DependencyUnavailable:
            # Once asked, the database may have taken the job all the same: the recording must stay. If it did not, the sweep
            # removes it. But without a database to ask there is no job, and callers that try again would fill the store.
            if not asked:
                await self._drop(upload)
            raise
        except Exception:
            await self._drop(upload)
            raise
        self._operations.hint(ADVANCES)
        tracing.tracing().begin(job.id, "job", {tracing.JOB_ID: str(job.id), tracing.TENANT: tenant})
        return _accepted(job, created_at)

    async def get(self, tenant: str, job_id: UUID) -> JobRecord:
        """One job with its stages.

        Raises:
            JobNotFound: no such job of this tenant.
        """
        async with self._database.reading() as connection:
            return await self._load(connection, tenant, job_id)

    async def page(self, tenant: str, *, limit: int, before: tuple[datetime, UUID] | None, state: JobState | None) -> Page:
        """Some jobs without their stages, newest first."""
        async with self._database.reading() as connection:
            jobs = await repository.list_jobs(connection, tenant, limit=limit + 1, before=before, state=state)
        shown = tuple(jobs[:limit])
        return Page(shown, (shown[-1].created_at, shown[-1].id) if len(jobs) > limit else None)

    async def follow(self, tenant: str, job_id: UUID) -> AsyncIterator[JobRecord]:
        """The job as it stands, then again whenever it has changed, until it has ended or is gone.

        Raises:
            JobNotFound: no such job of this tenant, at the start.
        """
        job = await self.get(tenant, job_id)
        yield job
        while not job.state.ended:
            if not await self._watcher.changed(job_id, job.version, LOOK_AGAIN_S):
                continue
            async with self._database.reading() as connection:
                changed = await repository.load_job(connection, tenant, job_id)
            if changed is None:
                return
            if changed.version != job.version:
                yield changed
            job = changed

    async def cancel(self, tenant: str, job_id: UUID) -> JobRecord:
        """Ask that a job be ended. What has ended stays as it is.

        Raises:
            JobNotFound: no such job of this tenant.
        """
        async with self._database.transaction() as connection:
            job = await self._lock(connection, tenant, job_id)
            if job.state.ended or job.state is JobState.CANCELLING:
                return job
            cancelling = await self._save(connection, job, replace(job, state=JobState.CANCELLING))
            await self._wake(connection, job_id)
        self._operations.hint(ADVANCES)
        return cancelling

    async def purge(self, tenant: str, job_id: UUID) -> JobRecord:
        """Ask that a job be erased, with its recording, results and subtitles, here and at the services.

        One that has not ended is cancelled first. It can be seen until all of it is gone.

        Raises:
            JobNotFound: no such job of this tenant.
        """
        async with self._database.transaction() as connection:
            job = await self._lock(connection, tenant, job_id)
            state = job.state if job.state.ended else JobState.CANCELLING
            asked = await self._save(
                connection, job, replace(job, state=state, purge_asked_at=job.purge_asked_at or job.read_at)
            )
            if job.state.ended:
                await self._submit_advance(connection, tenant, job_id, run=job.run, purpose=f"erase/{asked.version}")
            else:
                await self._wake(connection, job_id)
        self._operations.hint(ADVANCES)
        return asked

    async def retry(self, tenant: str, job_id: UUID) -> JobRecord:
        """Run the stages that failed or were cancelled again, and those that come after them.

        Raises:
            JobNotFound: no such job of this tenant.
            JobNotEnded, JobBeingErased, NothingToRetry: its state does not allow it.
        """
        async with self._database.transaction() as connection:
            job = await self._lock(connection, tenant, job_id)
            if not job.state.ended:
                raise JobNotEnded("Wait until the job has ended, or cancel it: DELETE /jobs/{id}.")
            if job.purge_asked_at is not None:
                raise JobBeingErased("It was asked to be erased; submit the recording again.")
            again = set(to_run_again(job, self._pipeline))
            if not again:
                raise NothingToRetry("All stages ended well. Submit the recording again for another result.")
            fresh = replace(
                job,
                state=JobState.QUEUED,
                run=job.run + 1,
                problem=None,
                ended_at=None,
                stages=tuple(_next_run(stage) if stage.key in again else stage for stage in job.stages),
            )
            retried = await self._save(connection, job, fresh)
            await self._submit_advance(connection, tenant, job_id, run=fresh.run)
        self._operations.hint(ADVANCES)
        return retried

    async def subtitles(self, tenant: str, job_id: UUID, language: str, file_format: str) -> tuple[DeliveredFile, bytes]:
        """A subtitle file.

        Raises:
            JobNotFound: no such job of this tenant.
            SubtitlesNotReady, SubtitlesFailed, SubtitlesNotRequested: why there is no such file.
        """
        job = await self.get(tenant, job_id)
        for file in job.delivered:
            if (file.language, file.format) == (language, file_format):
                return file, await self._store.read(file.reference)
        raise absence(job, language, self._pipeline)

    async def close(self) -> None:
        """Let those who follow go."""
        await self._watcher.close()

    async def _drop(self, upload: Upload) -> None:
        if upload.media is None:
            return
        try:
            await self._store.delete(upload.media.uri)
        except DependencyUnavailable as error:
            log.warning("upload.left_for_the_sweep", uri=upload.media.uri, reason=error.detail)

    async def _load(self, connection: AsyncConnection, tenant: str, job_id: UUID) -> JobRecord:
        job = await repository.load_job(connection, tenant, job_id)
        if job is None:
            raise JobNotFound("There is no job with this id; it may have been erased. GET /jobs lists those that there are.")
        return job

    async def _lock(self, connection: AsyncConnection, tenant: str, job_id: UUID) -> JobRecord:
        await repository.lock_job(connection, job_id)
        return await self._load(connection, tenant, job_id)

    async def _save(self, connection: AsyncConnection, before: JobRecord, after: JobRecord) -> JobRecord:
        await repository.save_job(connection, before, after)
        return replace(after, version=before.version + 1)

    async def _earlier(self, job: repository.NewJob) -> JobRecord:
        async with self._database.reading() as connection:
            earlier = await repository.job_by_key(connection, job.tenant, job.idempotency_key or "")
        if earlier is None:
            raise KeyNotFreeYet(
                "The job of this Idempotency-Key has just been erased; send the request again.", retry_after_s=0
            )
        record, body_sha256 = earlier
        if record.purge_asked_at is not None:
            raise KeyNotFreeYet(
                "The job of this Idempotency-Key is being erased. Send the request again once it is gone, or now with another key.",
                retry_after_s=ERASED_SOON_S,
                job_id=str(record.id),
            )
        if body_sha256 != job.body_sha256:
            raise IdempotencyConflict(
                "This Idempotency-Key came with another recording or other fields before. "
                "Send the same request with it, or another key with this one.",
                job_id=str(record.id),
            )
        return record

    async def _submit_advance(
        self, connection: AsyncConnection, tenant: str, job_id: UUID, *, run: int, purpose: str = "advance"
    ) -> None:
        submission = Submission(tenant=tenant, job_id=job_id, idempotency_key=advance_key(job_id, run=run, purpose=purpose))
        await self._operations.submit_in(connection, ADVANCES, AdvanceRequest(job_id=job_id, run=run), submission)

    async def _wake(self, connection: AsyncConnection, job_id: UUID) -> None:
        """Have the job's parked operation looked at again now; durable, so that it does not hang on a hint."""
        await connection.exec_driver_sql(WAKE, {"job_id": job_id, "queue": PIPELINE_QUEUE})


def _accepted(job: repository.NewJob, created_at: datetime) -> JobRecord:
    return JobRecord(
        id=job.id,
        tenant=job.tenant,
        state=JobState.QUEUED,
        version=1,
        run=1,
        request=job.request,
        media_name=job.media_name,
        media=job.media,
        created_at=created_at,
        changed_at=created_at,
        read_at=created_at,
        source_language=job.request.source_language,
        stages=tuple(StageRecord(key) for key in job.stages),
    )


def _next_run(stage: StageRecord) -> StageRecord:
    former = (stage.operation_id,) if stage.operation_id is not None else ()
    return StageRecord(stage.key, run=stage.run + 1, former_operations=(*stage.former_operations, *former))


def absence(job: JobRecord, language: str, pipeline: Pipeline) -> SetuError:
    """Why a job has no subtitles in a language, and what to do about it."""
    targets, source = job.request.target_languages, job.source_language
    asked = sorted({*targets, *([source] if source else [])})
    could_be_source = source is None and not job.state.ended
    if language not in asked and not could_be_source:
        return SubtitlesNotRequested(
            f"This job makes subtitles in these languages: {', '.join(asked) or 'none'}. "
            "Submit the recording again and ask for the language that you want.",
            languages=asked,
        )
    if not job.state.ended:
        return SubtitlesNotReady(
            "The job is still under way. Follow GET /jobs/{id}/events, or ask again later.", progress=job.progress
        )
    way = pipeline.way_to("" if language == source else language, [stage.key for stage in job.stages])
    failed = [(stage.key.stage, stage.problem) for stage in job.stages if stage.key in way and stage.problem is not None]
    if not failed:
        return SubtitlesFailed("The job was cancelled before they were made. POST /jobs/{id}/retry runs what is left.")
    return SubtitlesFailed(
        " ".join(f"The stage {name!r} failed: {problem.detail or problem.title}" for name, problem in failed)
        + " POST /jobs/{id}/retry runs it again.",
        failures=[{"stage": name, "code": problem.code} for name, problem in failed],
    )
