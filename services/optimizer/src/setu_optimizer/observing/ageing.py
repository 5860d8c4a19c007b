"""How what was observed ages: as long as the tenant's operations are kept, counted from when it was last said.

Models that were learned from it stay: they hold no recording's own figures.
"""

from typing import Final, LiteralString

from setu_common.operations import Keepsakes
from setu_optimizer.knowledge import turns

_NONE: Final[LiteralString] = "SELECT uri FROM unnest(%(uris)s::text[]) AS uri WHERE false"
_OBSERVATIONS: Final[LiteralString] = """
DELETE FROM observation WHERE id IN (
    SELECT id FROM observation
    WHERE updated_at < now() - make_interval(days => coalesce((%(by_tenant)s::jsonb ->> tenant)::int, %(days)s)) LIMIT 1000)
"""
_CORRECTIONS: Final[LiteralString] = """
DELETE FROM correction WHERE (tenant, job_id) IN (
    SELECT tenant, job_id FROM correction
    WHERE corrected_at < now() - make_interval(days => coalesce((%(by_tenant)s::jsonb ->> tenant)::int, %(days)s)) LIMIT 1000)
"""
_EDITS: Final[LiteralString] = """
DELETE FROM edit_outcome WHERE (tenant, job_id) IN (
    SELECT tenant, job_id FROM edit_outcome
    WHERE observed_at < now() - make_interval(days => coalesce((%(by_tenant)s::jsonb ->> tenant)::int, %(days)s)) LIMIT 1000)
"""
# They are nobody's own. The last are kept however old they are: they tell what is new since, and what came of it.
_RETRAININGS: Final[LiteralString] = """
DELETE FROM retraining WHERE id IN (
    SELECT id FROM (SELECT id, trained_at FROM retraining ORDER BY trained_at DESC, id OFFSET 50) AS old
    WHERE trained_at < now() - make_interval(days => %(days)s) LIMIT 1000)
"""
_MINUTES: Final[LiteralString] = """
SELECT h.media_uri AS uri FROM second_hearing h JOIN operation o ON o.id = h.operation_id
WHERE h.media_uri = ANY(%(uris)s) AND o.ended_at IS NULL
"""
"""Minutes that are being heard again. What an operation left behind that ended badly is swept."""

KEEPSAKES: Final = (
    Keepsakes(retire=_OBSERVATIONS, named=_MINUTES),
    Keepsakes(retire=_CORRECTIONS, named=_NONE),
    Keepsakes(retire=turns.RETIRE, named=_NONE),
    Keepsakes(retire=_EDITS, named=_NONE),
    Keepsakes(retire=_RETRAININGS, named=_NONE),
)
