"""Which correction of a job was accepted last. Queues may bring them in another order, and the last word is that of whoever spoke last."""

from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

LATE: Final = "a correction that was sent later is learned already, and this one changes nothing of it"
_TAKE: Final[LiteralString] = """
INSERT INTO correction_turn (tenant, job_id, language, accepted_at) VALUES (%(tenant)s, %(job_id)s, %(language)s, %(accepted_at)s)
ON CONFLICT (tenant, job_id, language) DO UPDATE SET accepted_at = excluded.accepted_at
    WHERE correction_turn.accepted_at <= excluded.accepted_at
RETURNING job_id
"""
_FORGET: Final[LiteralString] = "DELETE FROM correction_turn WHERE tenant = %(tenant)s AND job_id = %(job_id)s"
RETIRE: Final[LiteralString] = """
DELETE FROM correction_turn WHERE (tenant, job_id, language) IN (
    SELECT tenant, job_id, language FROM correction_turn
    WHERE accepted_at < now() - make_interval(days => coalesce((%(by_tenant)s::jsonb ->> tenant)::int, %(days)s)) LIMIT 1000)
"""


async def is_last(connection: AsyncConnection, tenant: str, job_id: UUID, language: str, accepted_at: datetime | None) -> bool:
    """Whether no later correction of a job's subtitles was learned; this one is the last then, once the caller's transaction is committed.

    Args:
        connection: in whose transaction the correction is learned.
        tenant: whose job it is.
        job_id: the job.
        language: of the subtitles.
        accepted_at: when the correction came; None: nobody said, and it counts as the last.
    """
    if accepted_at is None:
        return True
    values = {"tenant": tenant, "job_id": job_id, "language": language, "accepted_at": accepted_at}
    return (await connection.exec_driver_sql(_TAKE, values)).one_or_none() is not None


async def forget(connection: AsyncConnection, tenant: str, job_id: UUID) -> None:
    """Know no more when a job was corrected."""
    await connection.exec_driver_sql(_FORGET, {"tenant": tenant, "job_id": job_id})
