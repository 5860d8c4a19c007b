"""What an operation's state means for the stage that it does: pure functions from one record to the next."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog
from pydantic import ValidationError

from setu_common.contracts import JobState, Operation, OperationState, Problem, StageState
from setu_common.errors import SetuError
from setu_gateway.errors import OperationLost, StageNotTaken, StageUnreachable
from setu_gateway.pipeline.stage import Pipeline, Stage
from setu_gateway.records import JobRecord, StageRecord

log = structlog.get_logger()

_QUEUED_NOTE: Final = "queued"
_BUSY_NOTE: Final = "waiting for room in the queue of the "
_RETRY_HINT: Final = ", then POST /jobs/{id}/retry"


def absorbed(job: JobRecord, stage: StageRecord, operation: Operation, pipeline: Pipeline) -> StageRecord:
    """The stage as its operation now has it."""
    seen = replace(
        stage,
        operation_id=operation.id,
        progress=max(stage.progress, round(operation.progress, 3)),
        note=_QUEUED_NOTE if _waits(operation) else operation.note,
        started_at=operation.started_at,
        unreachable_since=None,
    )
    match operation.state:
        case OperationState.SUCCEEDED:
            return _succeeded(seen, operation, pipeline)
        case OperationState.FAILED:
            return failed(seen, operation.problem or _unexplained(), at=operation.ended_at)
        case OperationState.CANCELLED if job.state is JobState.CANCELLING:
            return replace(seen, state=StageState.CANCELLED, note="", ended_at=operation.ended_at)
        case OperationState.CANCELLED:
            lost = OperationLost(
                "Someone cancelled this work at its service, beside the job. POST /jobs/{id}/retry runs it again."
            )
            return failed(seen, lost.problem(), at=operation.ended_at)
        case _:
            return seen


def _waits(operation: Operation) -> bool:
    """Whether nobody is at it. One that is parked says how far its parts are, which others are at."""
    return operation.state is OperationState.QUEUED and (operation.problem is not None or not operation.note)


def is_queued(stage: StageRecord) -> bool:
    """Whether nobody has begun yet with a stage's work, which its service has."""
    return stage.operation_id is not None and stage.started_at is None and stage.unreachable_since is None


def lost(stage: StageRecord, service: str) -> StageRecord:
    """The stage whose operation its service does not know any more."""
    error = OperationLost(
        f"The {service} service does not know this work any more: it was erased, or its database was replaced. "
        "POST /jobs/{id}/retry runs it again."
    )
    return failed(stage, error.problem())


def refused(stage: StageRecord, error: SetuError) -> StageRecord:
    """The stage whose operation its service did not take."""
    return failed(stage, error.problem())


def unreachable(job: JobRecord, stage: StageRecord, declared: Stage, service: str, patience: timedelta) -> StageRecord:
    """The stage whose service does not answer: patiently waiting, until patience is at its end."""
    since = _waiting_since(job, stage, declared, busy=False)
    if job.read_at - since < patience:
        return replace(stage, note=f"waiting for the {service} service, which does not answer", unreachable_since=since)
    if job.state is JobState.CANCELLING:
        return replace(stage, state=StageState.CANCELLED, note="", unreachable_since=None)
    error = StageUnreachable(
        f"The {service} service did not answer for {patience.total_seconds():.0f} s. See that it runs{_hint(declared)}."
    )
    return failed(replace(stage, unreachable_since=None), error.problem())


def busy(job: JobRecord, stage: StageRecord, declared: Stage, service: str, patience: timedelta) -> StageRecord:
    """The stage whose service has no room for its work: it waits as it would if it were queued there, for as long as that takes.

    What the job can do without is given up when patience is at its end. Of a job that is cancelled there is nothing to end.
    """
    if job.state is JobState.CANCELLING:
        return replace(stage, state=StageState.CANCELLED, note="", unreachable_since=None)
    since = _waiting_since(job, stage, declared, busy=True)
    if not declared.essential and job.read_at - since >= patience:
        error = StageNotTaken(
            f"The {service} service had no room for it within {patience.total_seconds():.0f} s. See that its workers run"
            f"{_hint(declared)}."
        )
        return failed(replace(stage, unreachable_since=None), error.problem())
    return replace(stage, note=f"{_BUSY_NOTE}{service} service", unreachable_since=since)


def busy_since(stage: StageRecord) -> datetime | None:
    """Since when there is no room for a stage's work; None if that is not what it waits for."""
    return stage.unreachable_since if stage.note.startswith(_BUSY_NOTE) else None


def untaken(job: JobRecord, stage: StageRecord, operation: Operation, patience: timedelta) -> bool:
    """Whether no worker has begun with a stage's operation until patience was at its end. Also where it was cancelled after that.

    While workers are busy with the same stage for another of the job's targets they are there, and that time does not count.
    """
    if operation.started_at is not None or operation.state not in (OperationState.QUEUED, OperationState.CANCELLED):
        return False
    others = [other for other in job.stages if other.key.stage == stage.key.stage and other.key != stage.key]
    begun = [other for other in others if other.started_at is not None]
    if any(other.state is StageState.RUNNING and other.note != _QUEUED_NOTE for other in begun):
        return False
    since = max((other.ended_at for other in begun if other.ended_at is not None), default=operation.created_at)
    return (operation.ended_at or job.read_at) - max(since, operation.created_at) >= patience


def overdue(job: JobRecord, operation: Operation, patience: timedelta) -> bool:
    """Whether advice has not come until patience was at its end, though a worker may be about it. Also where it was cancelled after that."""
    if operation.state in (OperationState.SUCCEEDED, OperationState.FAILED):
        return False
    return (operation.ended_at or job.read_at) - operation.created_at >= patience


def given_up(stage: StageRecord, declared: Stage, operation: Operation, service: str, patience: timedelta) -> StageRecord:
    """The stage that a job can do without, whose operation no worker took, or ended, in time."""
    waited = f"within {patience.total_seconds():.0f} s"
    if declared.advice:
        error = StageNotTaken(f"The {service} service did not give its advice {waited}. See that a worker runs and has room.")
    else:
        error = StageNotTaken(
            f"No worker of the {service} service took it {waited}; the draft is delivered. "
            f"See that a worker runs and has room{_hint(declared)}."
        )
    return failed(replace(stage, operation_id=operation.id, unreachable_since=None), error.problem(), at=operation.ended_at)


def failed(stage: StageRecord, problem: Problem, at: datetime | None = None) -> StageRecord:
    """The stage, failed. Where its fallback has failed too, the first failure is the one that counts, and tells of the other."""
    if stage.detour is not None:
        detail = f"{_said(stage.detour)} The last resort failed as well: {_said(problem)}"
        retryable = stage.detour.retryable or problem.retryable
        problem = stage.detour.model_copy(update={"detail": detail, "retryable": retryable})
    return replace(stage, state=StageState.FAILED, note="", problem=problem, ended_at=at)


def _succeeded(stage: StageRecord, operation: Operation, pipeline: Pipeline) -> StageRecord:
    declared = pipeline.stage(stage.key)
    kind = declared.kind
    try:
        result = kind.result.model_validate(operation.result)
    except ValidationError:
        log.exception("stage.result_unreadable", stage=stage.key.stage, target=stage.key.target, operation_id=str(operation.id))
        error = OperationLost(
            f"The {kind.service} service gave a result that this gateway can't read; bring both to the same version, "
            "then POST /jobs/{id}/retry."
        )
        return failed(stage, error.problem(), at=operation.ended_at)
    if declared.void is not None and (why := declared.void(result)):
        return replace(stage, state=StageState.SKIPPED, progress=1.0, note=why, ended_at=operation.ended_at)
    return replace(
        stage,
        state=StageState.SUCCEEDED,
        progress=1.0,
        note=declared.remark(result) if declared.remark is not None else "",
        result=operation.result,
        ended_at=operation.ended_at,
        model_time_s=(operation.result or {}).get("model_time_s"),
    )


def detoured(stage: StageRecord) -> StageRecord:
    """The stage that failed in its first way, as it begins with its fallback. Its progress stands: a job's never goes back."""
    former = (stage.operation_id,) if stage.operation_id is not None else ()
    return StageRecord(
        stage.key,
        StageState.RUNNING,
        run=stage.run,
        progress=stage.progress,
        detour=stage.problem or _unexplained(),
        former_operations=(*stage.former_operations, *former),
    )


def _waiting_since(job: JobRecord, stage: StageRecord, declared: Stage, *, busy: bool) -> datetime:
    """Since when a stage's work is not taken. Patience with what a job can't do without is for silence alone, not for want of room."""
    counts = not declared.essential or (busy_since(stage) is not None) is busy
    return (stage.unreachable_since if counts else None) or job.read_at


def _hint(declared: Stage) -> str:
    """What can be done for a job besides; nothing of what others went on without is made up for."""
    return "" if declared.advice else _RETRY_HINT


def _said(problem: Problem) -> str:
    return problem.detail or f"{problem.title}."


def _unexplained() -> Problem:
    return Problem(title="It failed without saying why", status=500, code="internal-error", detail="See the service's log.")
