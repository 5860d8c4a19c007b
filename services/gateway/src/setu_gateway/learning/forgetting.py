"""Taking back what a job and its corrections taught, when the job is erased."""

from typing import Protocol
from uuid import UUID

import structlog

from setu_common.db import Database
from setu_common.errors import DependencyUnavailable, SetuError, is_retryable
from setu_common.operations import Operations
from setu_common.operations.payloads import Payloads
from setu_common.store import Store
from setu_gateway import repository
from setu_gateway.learning.teaching import lesson_submission, taken
from setu_gateway.pipeline.kinds import HANDED_ON
from setu_gateway.pipeline.ports import OperationsPort
from setu_gateway.records import JobRecord

log = structlog.get_logger()


class JobMemory(Protocol):
    """What was learned of jobs (``OptimizerClient``)."""

    async def forget_job(self, tenant: str, job_id: UUID) -> None:
        """Take back all that a job taught; of one that taught nothing, nothing."""


class Forgetter:
    """Takes back what jobs taught: the optimizer's operations, then what came of them, then the gateway's own rows.

    Args:
        database: the gateway's.
        store: the gateway's.
        operations: the gateway's own.
        optimizer: where it takes operations.
        memory: what it learned.
    """

    def __init__(
        self, *, database: Database, store: Store, operations: Operations, optimizer: OperationsPort, memory: JobMemory
    ) -> None:
        self._database = database
        self._payloads = Payloads(store, 0)
        self._operations = operations
        self._optimizer = optimizer
        self._memory = memory

    async def forget(self, job: JobRecord) -> bool:
        """Take back what a job taught.

        Returns:
            False if something is under way yet, or the optimizer is away: do it again later, nothing is lost by that.
        """
        async with self._database.reading() as connection:
            lessons = await repository.lessons_of(connection, job, list(HANDED_ON))
        try:
            for lesson in lessons:
                if not await self._ended(job, lesson):
                    return False
                if lesson.begun and not await self._erased(job, lesson):
                    return False
            if any(lesson.begun for lesson in lessons):
                await self._memory.forget_job(job.tenant, job.id)
        except SetuError as error:
            if not isinstance(error, DependencyUnavailable) and not is_retryable(error):
                raise
            log.warning("lesson.forgetting_postponed", reason=error.detail)
            return False
        for lesson in lessons:
            await self._operations.purge(job.tenant, lesson.id)
        return True

    async def _ended(self, job: JobRecord, lesson: repository.LessonRow) -> bool:
        """Whether it will teach nothing more here."""
        return lesson.ended or (await self._operations.cancel(job.tenant, lesson.id)).state.ended

    async def _erased(self, job: JobRecord, lesson: repository.LessonRow) -> bool:
        """Whether the optimizer has no operation of it. What it is called there may never have come back: its key finds it."""
        kind = HANDED_ON[lesson.kind]
        request = kind.request.model_validate(await self._payloads.unpack(lesson.request))
        try:
            operation = await taken(self._optimizer, kind, request, lesson_submission(job.tenant, job.id, lesson.id))
        except SetuError as error:
            if isinstance(error, DependencyUnavailable) or is_retryable(error):
                raise
            log.warning("lesson.never_taken", kind=kind.name, reason=error.detail)  # refused now as it was then
            return True
        if not operation.state.ended:
            operation = await self._optimizer.cancel(job.tenant, operation.id)
        if not operation.state.ended:
            return False
        await self._optimizer.purge(job.tenant, operation.id)
        return True
