"""Erasing a job: at the services first, then its objects, and its rows last, so that whatever is interrupted is done again."""

from collections.abc import Iterator
from uuid import UUID

import structlog

from setu_common.db import Database
from setu_common.errors import Conflict, DependencyUnavailable, NotFound, SetuError, is_retryable
from setu_common.store import Store
from setu_gateway import repository
from setu_gateway.learning.forgetting import Forgetter
from setu_gateway.pipeline.kinds import BESIDE
from setu_gateway.pipeline.ports import OperationsPort, Ports
from setu_gateway.pipeline.stage import Pipeline
from setu_gateway.records import JobRecord
from setu_gateway.settings import SERVICE

log = structlog.get_logger()


class Eraser:
    """Erases jobs that have ended.

    Args:
        database: the gateway's.
        store: the gateway's.
        ports: where the services are.
        pipeline: the stages.
        forgetter: takes back what jobs taught.
    """

    def __init__(self, *, database: Database, store: Store, ports: Ports, pipeline: Pipeline, forgetter: Forgetter) -> None:
        self._forgetter = forgetter
        self._database = database
        self._store = store
        self._ports = ports
        self._pipeline = pipeline

    async def erase(self, job: JobRecord) -> bool:
        """Erase the job, its recording, its results and its subtitles, of all services.

        Returns:
            False if something could not be erased yet: do it again later, nothing is lost by that.

        Raises:
            DependencyUnavailable: the gateway's own database or store is away.
        """
        for port, operation_id in [*self._operations(job), *await self._beside(job)]:
            if not await self._erased_at(port, job.tenant, operation_id):
                return False
        await self._store.delete(*job.objects)
        # Last, so that an optimizer that is away keeps no recording.
        if not await self._forgetter.forget(job):
            return False
        async with self._database.transaction() as connection:
            await repository.delete_job(connection, job)
        log.info("job.erased")
        return True

    def _operations(self, job: JobRecord) -> Iterator[tuple[OperationsPort, UUID]]:
        for stage in job.stages:
            current = (stage.operation_id,) if stage.operation_id is not None else ()
            for operation_id in (*stage.former_operations, *current):
                # Which of a stage's services had an operation of an earlier way is not kept: those that had not find nothing to erase.
                for service in self._pipeline.stage(stage.key).services(stage.key.target):
                    yield self._ports[service], operation_id

    async def _beside(self, job: JobRecord) -> list[tuple[OperationsPort, UUID]]:
        """What was asked for beside the job's stages. Nothing can be asked for once the job is to be erased."""
        async with self._database.reading() as connection:
            found = await repository.operations_beside(connection, job, [kind.name for kind in BESIDE])
        return [(self._ports[SERVICE], operation_id) for operation_id in found]

    async def _erased_at(self, port: OperationsPort, tenant: str, operation_id: UUID) -> bool:
        try:
            await port.purge(tenant, operation_id)
        except SetuError as error:
            status = error.problem().status
            if status == NotFound.status:
                return True
            if status == Conflict.status:
                # Given up while it still ran: it is cancelled now and erased when it has ended.
                await port.cancel(tenant, operation_id)
            elif not isinstance(error, DependencyUnavailable) and not is_retryable(error):
                raise
            log.warning("job.erasure_postponed", operation=str(operation_id), reason=error.detail)
            return False
        return True
