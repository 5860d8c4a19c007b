"""Jobs as callers see them."""

from setu_common.contracts import Deliverable, JobView, StageView
from setu_gateway.records import DeliveredFile, JobRecord, StageRecord


def job_view(job: JobRecord) -> JobView:
    """The public snapshot of a job."""
    return JobView(
        id=job.id,
        state=job.state,
        version=job.version,
        media_name=job.media_name,
        media=job.media,
        source_language=job.source_language,
        language_probability=_language_probability(job),
        target_languages=job.request.target_languages,
        progress=job.progress,
        stages=tuple(_stage_view(stage) for stage in job.stages),
        degraded=job.degraded,
        deliverables=tuple(_deliverable(job, file) for file in job.delivered),
        problem=job.problem,
        created_at=job.created_at,
        ended_at=job.ended_at,
    )


def job_path(job: JobRecord) -> str:
    """Where a job is found."""
    return f"/jobs/{job.id}"


def _language_probability(job: JobRecord) -> float | None:
    """How sure the recogniser was of the language, where it had to find out and has."""
    if job.request.source_language is not None:
        return None
    told = [(stage.result or {}).get("language_probability") for stage in job.stages]
    return next((each for each in told if each is not None), None)


def _stage_view(stage: StageRecord) -> StageView:
    duration_s = (stage.ended_at - stage.started_at).total_seconds() if stage.started_at and stage.ended_at else None
    return StageView(
        stage=stage.key.stage,
        target=stage.key.target,
        state=stage.state,
        run=stage.run,
        progress=stage.progress,
        note=stage.note,
        started_at=stage.started_at,
        ended_at=stage.ended_at,
        duration_s=max(0.0, duration_s) if duration_s is not None else None,
        model_time_s=stage.model_time_s,
        cached=(stage.result or {}).get("cached") is True,
        problem=stage.problem,
    )


def _deliverable(job: JobRecord, file: DeliveredFile) -> Deliverable:
    return Deliverable(
        language=file.language,
        format=file.format,
        url=f"{job_path(job)}/subtitles/{file.language}.{file.format}",
        bytes=file.reference.bytes,
    )
