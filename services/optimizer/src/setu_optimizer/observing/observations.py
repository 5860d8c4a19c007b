"""What was observed of jobs, for those who ask or erase."""

from uuid import UUID

from setu_common.db import Database
from setu_common.operations import Operations
from setu_optimizer.knowledge import turns
from setu_optimizer.observing import repository
from setu_optimizer.observing.minutes import Minutes, StillHeard
from setu_optimizer.observing.second import SECOND_HEARINGS


class Observations:
    """What was observed of all tenants' jobs; each has its own.

    Args:
        database: the optimizer's.
        operations: the optimizer's own, by which jobs are heard again.
        minutes: of jobs that are heard again.
    """

    def __init__(self, database: Database, operations: Operations, minutes: Minutes) -> None:
        self._database = database
        self._operations = operations
        self._minutes = minutes

    async def forget_job(self, tenant: str, job_id: UUID) -> None:
        """Erase all that a job and its corrections said of sound and errors, and whatever hears it again.

        Raises:
            DependencyUnavailable: a minute of it is being heard: again later, nothing is lost by that.
        """
        async with self._database.reading() as connection:
            hearings = await repository.hearings_of(connection, tenant, job_id, SECOND_HEARINGS.name)
        for operation_id in hearings:
            await self._end(tenant, operation_id)
        async with self._database.transaction() as connection:
            await repository.alone(connection, tenant, str(job_id))
            await repository.forget(connection, tenant, job_id)
            await turns.forget(connection, tenant, job_id)

    async def _end(self, tenant: str, operation_id: UUID) -> None:
        operation = await self._operations.cancel(tenant, operation_id)
        if not operation.state.ended:
            raise StillHeard
        hearing = await self._minutes.find(operation_id)
        if hearing is not None:
            await self._minutes.erase(tenant, operation_id, hearing)
        await self._operations.purge(tenant, operation_id)
