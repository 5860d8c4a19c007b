"""Parents and parts: what becomes of the one when the other ends.

A parent's row is locked before its parts' rows, always, so that two ends can't wait for each other.
"""

from typing import Final, LiteralString
from uuid import UUID

from setu_common.operations.connection import Connection

# A part that waits is cancelled at once; one that runs is asked to stop, as with any cancellation. For a statement that has the end of rows
# in a CTE named ``ended``: one look into an index that has nothing but parts.
WITH_PARTS: Final[LiteralString] = """parts AS (
    UPDATE operation SET
        state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE 'cancelling' END,
        ended_at = CASE WHEN state = 'queued' THEN now() END,
        problem = NULL, version = version + 1
    WHERE parent_id = (SELECT id FROM ended WHERE ended_at IS NOT NULL) AND state IN ('queued', 'running')
)"""
CANCEL_PARTS: Final[LiteralString] = f"""
WITH ended AS (SELECT id, ended_at FROM operation WHERE id = %(id)s), {WITH_PARTS} SELECT id FROM ended
"""  # noqa: S608 (constants alone)

# One that pauses before another attempt, which its problem tells, pauses on.
_WAKE_PARENT: Final[LiteralString] = """
UPDATE operation SET wakes = wakes + 1, asleep = asleep AND problem IS NOT NULL,
    not_before = CASE WHEN state = 'queued' AND problem IS NULL THEN now() ELSE not_before END
WHERE id = %(id)s AND state IN ('queued', 'running')
"""


def wake_parent(db: Connection, parent_id: UUID) -> None:
    """A part ends: its parent is looked at again at once, or, if it runs just now, once more when it parks."""
    db.execute(_WAKE_PARENT, {"id": parent_id})
