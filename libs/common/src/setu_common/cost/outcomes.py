"""How jobs ended is written down, in the transaction that ends them, and forgotten in time."""

from typing import Final, LiteralString

_WRITE: Final[LiteralString] = """
INSERT INTO ledger.job_outcome (job_id, tenant, state, degraded, problem, audio_s, created_at, ended_at, targets, expected_time_s)
SELECT job_id, tenant, state, degraded, problem, audio_s, created_at, ended_at, targets, expected_time_s FROM ({ended}) AS ended
ON CONFLICT (job_id) DO UPDATE SET
    state = excluded.state, degraded = excluded.degraded, problem = excluded.problem, audio_s = excluded.audio_s,
    created_at = excluded.created_at, ended_at = excluded.ended_at, targets = excluded.targets, expected_time_s = excluded.expected_time_s
"""

FORGET_OUTCOMES: Final[LiteralString] = """
DELETE FROM ledger.job_outcome WHERE job_id IN (
    SELECT job_id FROM ledger.job_outcome WHERE ended_at < now() - make_interval(days => %(days)s) LIMIT 1000)
"""
"""Takes ``days``; to be repeated until it finds nothing."""


def writes_outcome(ended: LiteralString) -> LiteralString:
    """The statement that writes down how a job ended; of one that ended before, what was written then is replaced.

    Args:
        ended: a query that gives the row, in the columns of ``ledger.job_outcome``: ``targets`` is an array of ``TargetQuality`` as jsonb.
    """
    return _WRITE.format(ended=ended)
