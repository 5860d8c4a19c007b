"""Handing on to the optimizer what jobs and their corrections teach. Nobody waits for it, so an optimizer that is away costs nothing."""

from typing import Any, Final
from uuid import UUID

import structlog
from pydantic import BaseModel

from setu_common.contracts import (
    CORRECTIONS,
    OBSERVATIONS,
    Corrected,
    CorrectionRequest,
    ObservationRequest,
    Operation,
    OperationKind,
    OperationState,
    Submission,
)
from setu_common.errors import DependencyUnavailable, IdempotencyConflict, RemoteProblem, SetuError, is_retryable
from setu_common.operations import Park, Work
from setu_gateway.errors import OperationLost
from setu_gateway.learning.errors import LessonNotTaken
from setu_gateway.learning.lessons import LATER
from setu_gateway.pipeline.kinds import LESSONS, Taught
from setu_gateway.pipeline.ports import OperationsPort

log = structlog.get_logger()

# After each attempt that failed; the last one again and again. Two days and a half in all.
PAUSES_S: Final = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 3 * 3600.0, 6 * 3600.0, 12 * 3600.0)
LOOK_AGAIN_S: Final = 2.0


class Teacher:
    """The handlers of ``lessons`` and of the gateway's ``corrections``.

    Args:
        optimizer: where it takes operations.
    """

    def __init__(self, optimizer: OperationsPort) -> None:
        self._optimizer = optimizer

    async def observe(self, request: ObservationRequest, work: Work) -> Taught:
        """Hand on what a finished job teaches. What comes of it is the optimizer's affair.

        Raises:
            LessonNotTaken: to be tried again later.
            RemoteProblem: the optimizer refuses it.
        """
        return Taught(operation_id=(await self._handed_on(OBSERVATIONS, request, work)).id)

    async def correct(self, request: CorrectionRequest, work: Work) -> Corrected | Park:
        """Hand a correction on, and wait for what it teaches: its result is the optimizer's.

        Raises:
            LessonNotTaken: to be tried again later.
            RemoteProblem: the optimizer refuses it, or failed over it for good.
            OperationLost: it was cancelled there.
        """
        operation = await self._handed_on(CORRECTIONS, request, work)
        match operation.state:
            case OperationState.SUCCEEDED:
                return Corrected.model_validate(operation.result)
            case OperationState.FAILED if operation.problem is not None:
                # Asking again would give the same failure: it has used its attempts up.
                raise RemoteProblem(operation.problem.model_copy(update={"retryable": False}))
            case OperationState.QUEUED | OperationState.RUNNING:
                work.progress(operation.progress, operation.note)
                return Park(LOOK_AGAIN_S)
            case _:
                raise OperationLost("Someone ended this work at the optimizer. Send the correction again.")

    # Any: kinds differ, as in OperationsPort.
    async def _handed_on(self, kind: OperationKind[Any, Any], request: BaseModel, work: Work) -> Operation:
        """The optimizer's operation. The same key each time, so it is made once, and asking again is looking at it."""
        submission = lesson_submission(work.tenant, work.job_id, work.operation_id)
        try:
            return await taken(self._optimizer, kind, request, submission)
        except SetuError as error:
            problem = error.problem()
            if not isinstance(error, DependencyUnavailable) and not is_retryable(error):
                log.warning("lesson.refused", kind=kind.name, problem=problem.code)
                raise
            if work.attempt >= LESSONS.max_attempts:
                log.warning("lesson.given_up", kind=kind.name, attempts=work.attempt, problem=problem.code)
            pause_s = PAUSES_S[min(work.attempt, len(PAUSES_S)) - 1]
            raise LessonNotTaken(problem.detail or problem.title, retry_after_s=pause_s) from error


# Any: kinds differ, as in OperationsPort.
async def taken(
    optimizer: OperationsPort, kind: OperationKind[Any, Any], request: BaseModel, submission: Submission
) -> Operation:
    """The operation that a lesson is at the optimizer: submitted, if it is not there yet."""
    try:
        return await optimizer.submit(kind, request, submission)
    except SetuError as error:
        problem = error.problem()
        known = problem.context.get("operation_id")
        # A release between two attempts may write the same request otherwise; the key tells that it is the same.
        if problem.code == IdempotencyConflict.code and isinstance(known, str):
            return await optimizer.get(submission.tenant, UUID(known))
        raise


def lesson_submission(tenant: str, job_id: UUID | None, lesson_id: UUID) -> Submission:
    """What travels with a lesson to the optimizer: one operation there for one operation here."""
    return Submission(tenant=tenant, job_id=job_id, idempotency_key=str(lesson_id), priority=LATER)
