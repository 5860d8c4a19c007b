"""What a finished job teaches. It is written in the transaction that ends the job's run, so it is neither lost nor taught twice."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from setu_common.contracts import (
    DeliveredText,
    EnhancementResult,
    JobState,
    ObservationRequest,
    PlanResult,
    ProfileResult,
    Submission,
    Transcription,
    TranslationResult,
)
from setu_common.operations import Operations
from setu_gateway.pipeline.decision import results_of
from setu_gateway.pipeline.kinds import LESSONS
from setu_gateway.pipeline.stage import Pipeline, Results
from setu_gateway.records import JobRecord
from setu_gateway.settings import PipelineSettings

LATER: Final = -10
"""The priority of what nobody waits for."""


class Lessons:
    """Writes down what jobs teach.

    Args:
        operations: the gateway's own.
        pipeline: the stages.
        settings: whose jobs teach.
    """

    def __init__(self, operations: Operations, pipeline: Pipeline, settings: PipelineSettings) -> None:
        self._operations = operations
        self._pipeline = pipeline
        self._settings = settings

    async def write(self, connection: AsyncConnection, job: JobRecord) -> bool:
        """Write down what a job teaches whose run ends in the caller's transaction.

        Returns:
            Whether it teaches anything; ``announce`` is to be called once that is committed.
        """
        lesson = lesson_of(job, self._pipeline) if self._settings.learns_from(job.tenant) else None
        if lesson is None:
            return False
        submission = Submission(tenant=job.tenant, job_id=job.id, idempotency_key=f"{job.id}/{job.run}/lesson", priority=LATER)
        await self._operations.submit_in(connection, LESSONS, lesson, submission)
        return True

    def announce(self) -> None:
        """Tell who hands lessons on."""
        self._operations.hint(LESSONS)


def lesson_of(job: JobRecord, pipeline: Pipeline) -> ObservationRequest | None:
    """What there is to learn of a job that has ended well; None if there is nothing, or its caller wants nothing to be."""
    if job.state is not JobState.SUCCEEDED or not job.delivered or not job.request.overrides.learn or job.purge_asked_at:
        return None
    results = Results(results_of(job, pipeline))
    profiled, transcription = results.maybe("profile", ProfileResult), results.maybe("transcribe", Transcription)
    if profiled is None or transcription is None:
        return None
    planned = results.maybe("plan", PlanResult)
    return ObservationRequest(
        job_id=job.id,
        source_language=transcription.language,
        profile=profiled.profile,
        probe=profiled.probe,
        prediction=planned.prediction if planned is not None else None,
        plan=transcription.plan,
        transcript=transcription.transcript,
        audio=profiled.audio,
        model_time_s=transcription.model_time_s,
        cached=transcription.cached,
        stand_in=transcription.stand_in,
        context=job.request.context,
        delivered=tuple(_delivered(job, results)),
    )


def delivered_text(target: str, results: Results) -> DeliveredText | None:
    """What was delivered in a target language: the edited text where there is one, else the draft; None if it was not translated."""
    draft = results.maybe("translate", TranslationResult, target)
    if draft is None:
        return None
    enhanced = results.maybe("enhance", EnhancementResult, target)
    edited = enhanced.translated if enhanced is not None else None
    return DeliveredText(
        language=target, translated=edited or draft.translated, report=enhanced.report if enhanced is not None else None
    )


def _delivered(job: JobRecord, results: Results) -> Iterator[DeliveredText]:
    languages = {file.language for file in job.delivered}
    for target in job.request.target_languages:
        text = delivered_text(target, results) if target in languages else None
        if text is not None:
            yield text
