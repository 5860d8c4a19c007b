"""What was observed of jobs, for those who ask or erase."""

from uuid import UUID

from setu_common.db import Database
from setu_optimizer.observing import repository


class Observations:
    """What was observed of all tenants' jobs; each has its own.

    Args:
        database: the optimizer's.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def forget_job(self, tenant: str, job_id: UUID) -> None:
        """Erase all that a job and its corrections said of sound and errors."""
        async with self._database.transaction() as connection:
            await repository.alone(connection, tenant, str(job_id))
            await repository.forget(connection, tenant, job_id)
