"""The use case of ``POST /jobs/{id}/corrections``: taken once, durably, whether the optimizer is there or not."""

import hashlib
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from setu_common.contracts import CorrectionRequest, EditedSubtitles, Operation, Reference, Submission, Transcription
from setu_common.db import Database
from setu_common.errors import IdempotencyConflict, NotFound
from setu_common.operations import Operations
from setu_common.operations.payloads import Payloads
from setu_common.store import Store
from setu_gateway import repository
from setu_gateway.errors import JobBeingErased, JobNotFound
from setu_gateway.learning.errors import CorrectionDoesNotFit, LearningRefused
from setu_gateway.learning.lessons import LATER, delivered_text
from setu_gateway.pipeline.decision import results_of
from setu_gateway.pipeline.kinds import CORRECTION_LESSONS
from setu_gateway.pipeline.stage import Pipeline, Results
from setu_gateway.records import JobRecord
from setu_gateway.service import absence
from setu_gateway.settings import PipelineSettings

BEYOND_S: Final = 10.0
"""A cue may end so long after its recording: people let the last one stand."""


class Corrections:
    """Takes corrected subtitles, and tells of them.

    Args:
        database: the gateway's.
        store: the gateway's.
        operations: the gateway's own.
        pipeline: the stages.
        settings: from whose jobs anything may be learned.
    """

    def __init__(
        self, *, database: Database, store: Store, operations: Operations, pipeline: Pipeline, settings: PipelineSettings
    ) -> None:
        self._database = database
        self._store = store
        self._payloads = Payloads(store, 0)
        self._operations = operations
        self._pipeline = pipeline
        self._settings = settings

    async def accept(self, tenant: str, job_id: UUID, edited: EditedSubtitles, idempotency_key: str | None) -> Operation:
        """Take what people made of a job's subtitles; once this returns, it is durable.

        Raises:
            JobNotFound: no such job of this tenant.
            SubtitlesNotReady, SubtitlesFailed, SubtitlesNotRequested: it delivered none in this language, and why.
            CorrectionDoesNotFit: their times lie outside of the recording.
            LearningRefused, JobBeingErased: nothing may be learned of it.
            IdempotencyConflict: the key came with other subtitles before.
        """
        async with self._database.reading() as connection:
            job = await self._load(connection, tenant, job_id)
        self._demand_fit(job, edited)
        key = f"{job_id}/correction/{idempotency_key or uuid4()}"
        async with self._database.transaction() as connection:
            await repository.lock_job(connection, job_id)
            job = await self._load(connection, tenant, job_id)
            transcription = self._demand_fit(job, edited)
            earlier = await repository.lesson_by_key(connection, tenant, CORRECTION_LESSONS.name, key)
            if earlier is not None:
                return await self._same(tenant, earlier, edited)
            # What is written and then not committed is removed by the store's sweep.
            kept = await self._store.put_model(tenant, edited)
            request = correction_of(job, transcription, edited.language, kept, self._pipeline, now=datetime.now(UTC))
            submission = Submission(tenant=tenant, job_id=job_id, idempotency_key=key, priority=LATER)
            operation = await self._operations.submit_in(connection, CORRECTION_LESSONS, request, submission)
        self._operations.hint(CORRECTION_LESSONS)
        return operation

    async def get(self, tenant: str, correction_id: UUID, wait_s: float = 0, job_id: UUID | None = None) -> Operation:
        """A correction as it stands, or as it ends within ``wait_s`` seconds.

        Args:
            tenant: whose it is.
            correction_id: as ``accept`` gave it.
            wait_s: how long to wait for its end, seconds.
            job_id: of the job that it is of; None: of any.

        Raises:
            NotFound: no such correction. What else the gateway does is nobody's affair.
        """
        async with self._database.reading() as connection:
            found = await repository.lesson(connection, tenant, correction_id)
        if found is None or found.kind != CORRECTION_LESSONS.name or job_id not in (None, found.job_id):
            raise NotFound("There is no correction with this id; ended ones are kept for a while and then removed.")
        return await self._operations.get(tenant, correction_id, wait_s)

    async def _same(self, tenant: str, earlier: repository.LessonRow, edited: EditedSubtitles) -> Operation:
        request = CorrectionRequest.model_validate(await self._payloads.unpack(earlier.request))
        if (request.language, request.edited.sha256) != (edited.language, _sha256(edited)):
            raise IdempotencyConflict(
                "This Idempotency-Key came with other subtitles before. Send the same with it, or another key with these.",
                operation_id=str(earlier.id),
            )
        return await self._operations.get(tenant, earlier.id)

    async def _load(self, connection: AsyncConnection, tenant: str, job_id: UUID) -> JobRecord:
        job = await repository.load_job(connection, tenant, job_id)
        if job is None:
            raise JobNotFound("There is no job with this id; it may have been erased. GET /jobs lists those that there are.")
        return job

    def _demand_fit(self, job: JobRecord, edited: EditedSubtitles) -> Transcription:
        """What was heard, if these subtitles may and can correct it."""
        if job.purge_asked_at is not None:
            raise JobBeingErased("It was asked to be erased; submit the recording again.")
        if not job.request.overrides.learn or not self._settings.learns_from(job.tenant):
            raise LearningRefused(
                "It was submitted with overrides.learn false, or this tenant is left out of learning. "
                "Submit the recording again without that to have its corrections learned from."
            )
        transcription = Results(results_of(job, self._pipeline)).maybe("transcribe", Transcription)
        if transcription is None or edited.language not in {file.language for file in job.delivered}:
            raise absence(job, edited.language, self._pipeline)
        last = max(edited.cues, key=lambda cue: cue.end_s)
        if last.end_s > transcription.duration_s + BEYOND_S:
            raise CorrectionDoesNotFit(
                f"A cue ends at {last.end_s:.1f} s, and the recording at {transcription.duration_s:.1f} s. "
                "Send the subtitles of this recording, with the times that were delivered.",
                duration_s=transcription.duration_s,
            )
        return transcription


def correction_of(
    job: JobRecord, transcription: Transcription, language: str, edited: Reference, pipeline: Pipeline, *, now: datetime
) -> CorrectionRequest:
    """What there is to learn of corrected subtitles.

    Args:
        job: whose they are.
        transcription: what was heard.
        language: of the subtitles.
        edited: where they lie.
        pipeline: the stages.
        now: when they came.
    """
    results = Results(results_of(job, pipeline))
    return CorrectionRequest(
        job_id=job.id,
        language=language,
        source_language=transcription.language,
        edited=edited,
        transcript=transcription.transcript,
        delivered=delivered_text(language, results) if language != transcription.language else None,
        context=job.request.context,
        accepted_at=now,
    )


def _sha256(edited: EditedSubtitles) -> str:
    return hashlib.sha256(edited.model_dump_json().encode()).hexdigest()
