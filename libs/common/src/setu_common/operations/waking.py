"""Wake-ups: a parked operation of a job is looked at again at once."""

from typing import Final, LiteralString
from uuid import UUID

import structlog

from setu_common.errors import DependencyUnavailable
from setu_common.operations.connection import HealingConnection

log = structlog.get_logger()

# ``wakes`` is what a row that runs just now compares before it parks, so that this wake-up is not slept through.
WAKE: Final[LiteralString] = """
UPDATE operation SET wakes = wakes + 1, asleep = false,
    not_before = CASE WHEN state = 'queued' THEN now() ELSE not_before END
WHERE job_id = %(job_id)s AND queue = %(queue)s AND state IN ('queued', 'running')
"""


def wake_job(connection: HealingConnection, queue: str, job_id: UUID) -> None:
    """Make the operations of a job in a queue eligible now."""
    try:
        with connection.transaction() as db:
            db.execute(WAKE, {"job_id": job_id, "queue": queue})
    except DependencyUnavailable:
        # They come up by themselves when their pause is over.
        log.warning("wake.lost", job_id=str(job_id))
