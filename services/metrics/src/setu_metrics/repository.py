"""What is read from the ledger."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final, get_args
from uuid import UUID

from sqlalchemy import RowMapping, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from setu_common.contracts.cost import CostGroup, CostQuery
from setu_common.contracts.reports import CostPart

Row = RowMapping

# What an attempt spent was in vain if its call gave nothing, or if the operation had to be attempted again, or failed. An attempt that was lost
# with its worker, or handed back, is made again under the same number: only what was called before that was in vain.
_SUMS: Final = """
    count(*) AS calls,
    count(*) FILTER (WHERE outcome IN ('failed', 'aborted')) AS failed,
    count(*) FILTER (WHERE outcome = 'cached') AS cached,
    count(*) FILTER (WHERE outcome = 'unresolved') AS unresolved,
    count(*) FILTER (WHERE unpriced) AS unpriced,
    coalesce(sum(usd), 0) AS usd,
    coalesce(sum(usd) FILTER (WHERE outcome = 'unresolved'), 0) AS unresolved_usd,
    coalesce(sum(usd) FILTER (WHERE wasted), 0) AS wasted_usd,
    coalesce(sum((usage ->> 'input_tokens')::bigint + (usage ->> 'cache_read_tokens')::bigint
        + (usage ->> 'cache_write_tokens')::bigint + (usage ->> 'cache_write_1h_tokens')::bigint
        + (usage ->> 'input_audio_tokens')::bigint), 0)::bigint AS input_tokens,
    coalesce(sum((usage ->> 'output_tokens')::bigint), 0)::bigint AS output_tokens
"""
_SPENT: Final = """
WITH again AS (
    SELECT c.operation_id, max(c.attempt) AS attempt FROM call_intent c
    WHERE c.tenant = :tenant AND c.attempt > 1 AND {calls} GROUP BY 1
), vain AS (
    SELECT m.operation_id, m.attempt, m.job_id, max(m.created_at) AS ended_at FROM stage_metrics m
    WHERE m.tenant = :tenant AND m.outcome <> 'succeeded' AND {attempts} GROUP BY 1, 2, 3
), spent AS (
    SELECT c.*, c.outcome IN ('failed', 'aborted', 'unresolved') OR coalesce(c.attempt < a.attempt, false)
        OR coalesce(v.ended_at >= c.created_at, false) AS wasted
    FROM call c LEFT JOIN again a ON a.operation_id = c.operation_id
        LEFT JOIN vain v ON v.operation_id = c.operation_id AND v.attempt = c.attempt AND v.job_id IS NOT DISTINCT FROM c.job_id
    WHERE c.tenant = :tenant AND {calls})
"""
_SINCE: Final = "(CAST(:since AS date) IS NULL OR {at} >= CAST(:since AS date))"
_OF_TIME: Final = {
    "calls": f"{_SINCE.format(at='c.created_at')} AND (CAST(:until AS date) IS NULL OR c.created_at < CAST(:until AS date) + 1)",
    "attempts": _SINCE.format(at="m.created_at"),  # one that ended before a call can't be why it was in vain
}
_KEYS: Final[Mapping[CostGroup, str]] = {
    "job": "coalesce(job_id::text, '')",
    "service": "service",
    "model": "provider || '/' || model",
    "tenant": "tenant",
    "day": "to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
}


def _summed(where: Mapping[str, str], key: str, order: str) -> TextClause:
    """A statement of the constants above, and of nothing else."""
    return text(f"{_SPENT.format(**where)} SELECT {key}{',' if key else ''} {_SUMS} FROM spent {order}")  # noqa: S608


_BY: Final = {
    by: _summed(
        _OF_TIME,
        f"{key} AS key",
        "GROUP BY 1 ORDER BY 1 LIMIT :limit" if by == "day" else "GROUP BY 1 ORDER BY usd DESC, 1 LIMIT :limit",
    )
    for by, key in _KEYS.items()
}
_TOTAL: Final = _summed(_OF_TIME, "", "")
_BY_DAY_AND: Final[Mapping[CostPart, TextClause]] = {
    part: _summed(
        _OF_TIME, f"(created_at AT TIME ZONE 'UTC')::date AS day, {_KEYS[part]} AS key", "GROUP BY 1, 2 ORDER BY 1, usd DESC, 2"
    )
    for part in get_args(CostPart)
}
_OF_JOB: Final = _summed(
    {"calls": "c.job_id = :job_id", "attempts": "m.job_id = :job_id"},
    "stage, target, service, provider, model",
    "GROUP BY 1, 2, 3, 4, 5 ORDER BY usd DESC, 1, 2",
)
_BUDGET: Final = """
SELECT id, job_id, limit_usd, alerted_at, exhausted_at, alert_url, created_at, updated_at,
    CASE WHEN job_id IS NULL AND period < date_trunc('month', now() AT TIME ZONE 'UTC')::date THEN 0 ELSE committed_usd END AS committed_usd
FROM budget WHERE tenant = :tenant AND """
_OF_MONTH: Final = text(f"{_BUDGET} job_id IS NULL")
_OF_ONE_JOB: Final = text(f"{_BUDGET} job_id = :job_id")
_OF_JOBS: Final = text(f"""
{_BUDGET} job_id IS NOT NULL AND (created_at, id) < (CAST(:created_at AS timestamptz), CAST(:id AS uuid))
ORDER BY created_at DESC, id DESC LIMIT :limit
""")
# The oldest first, so that whose share is told by name does not change from one look to the next.
_SHARES: Final = text("""
SELECT tenant, CASE WHEN period < date_trunc('month', now() AT TIME ZONE 'UTC')::date THEN 0 ELSE committed_usd END / limit_usd AS used
FROM budget WHERE job_id IS NULL AND limit_usd > 0 ORDER BY created_at, id
""")


async def costs_by(connection: AsyncConnection, tenant: str, query: CostQuery) -> Sequence[Row]:
    """Sums by one thing, the dearest first; days in their order."""
    values = {"tenant": tenant, "since": query.since, "until": query.until, "limit": query.limit}
    return (await connection.execute(_BY[query.by], values)).mappings().all()


async def costs_by_day(connection: AsyncConnection, tenant: str, since: date, until: date, part: CostPart) -> Sequence[Row]:
    """Sums by day and by one thing, days in their order, the dearest of each first."""
    values = {"tenant": tenant, "since": since, "until": until}
    return (await connection.execute(_BY_DAY_AND[part], values)).mappings().all()


async def total(connection: AsyncConnection, tenant: str, query: CostQuery) -> Row:
    """The sum of all that is asked for."""
    values = {"tenant": tenant, "since": query.since, "until": query.until}
    return (await connection.execute(_TOTAL, values)).mappings().one()


async def costs_of_job(connection: AsyncConnection, tenant: str, job_id: UUID) -> Sequence[Row]:
    """A job's sums by what was done, with what."""
    return (await connection.execute(_OF_JOB, {"tenant": tenant, "job_id": job_id})).mappings().all()


async def budget(connection: AsyncConnection, tenant: str, job_id: UUID | None) -> Row | None:
    """A job's budget, or a tenant's for the month."""
    if job_id is None:
        return (await connection.execute(_OF_MONTH, {"tenant": tenant})).mappings().first()
    return (await connection.execute(_OF_ONE_JOB, {"tenant": tenant, "job_id": job_id})).mappings().first()


async def budgets_of_jobs(connection: AsyncConnection, tenant: str, before: tuple[datetime, UUID], limit: int) -> Sequence[Row]:
    """Budgets of a tenant's jobs, newest first, made before some time and id."""
    values = {"tenant": tenant, "created_at": before[0], "id": before[1], "limit": limit}
    return (await connection.execute(_OF_JOBS, values)).mappings().all()


async def shares(connection: AsyncConnection) -> Sequence[tuple[str, float]]:
    """How much of its budget for the month each tenant has used, the oldest budgets first."""
    return [(row.tenant, float(row.used)) for row in await connection.execute(_SHARES)]


# The last jobs of a tenant whose length is known, by what was done of each. What was taken from earlier work tells nothing. English that was
# made by the recogniser itself counts with the translation whose place it took, and so does what that took in vain.
_HISTORY: Final = text("""
WITH heard AS (
    SELECT job_id, max(audio_s) AS audio_s FROM stage_metrics WHERE tenant = :tenant AND job_id IS NOT NULL AND audio_s > 0
    GROUP BY job_id ORDER BY max(id) DESC LIMIT :limit
), took AS (
    SELECT m.job_id, h.audio_s, m.wall_s, m.outcome, m.cached, m.stage = 'speech-translations' AS detour,
        CASE WHEN m.stage = 'speech-translations' THEN 'translations' ELSE m.stage END AS stage,
        CASE WHEN m.stage = 'speech-translations' THEN 'en' ELSE m.target END AS target
    FROM stage_metrics m JOIN heard h USING (job_id) WHERE m.tenant = :tenant
), paid AS (
    SELECT c.job_id, c.usd, c.unpriced,
        CASE WHEN c.stage = 'speech-translations' THEN 'translations' ELSE c.stage END AS stage,
        CASE WHEN c.stage = 'speech-translations' THEN 'en' ELSE c.target END AS target
    FROM call c JOIN heard h USING (job_id) WHERE c.tenant = :tenant
), summed AS (
    SELECT job_id, stage, target, sum(usd) AS usd, count(*) FILTER (WHERE unpriced) AS unpriced FROM paid GROUP BY 1, 2, 3)
SELECT t.stage, t.target, t.audio_s, sum(t.wall_s) AS wall_s, bool_or(t.detour AND t.outcome = 'succeeded') AS detour,
    coalesce(max(s.usd), 0) AS usd, coalesce(max(s.unpriced), 0) AS unpriced
FROM took t LEFT JOIN summed s USING (job_id, stage, target)
GROUP BY t.job_id, t.stage, t.target, t.audio_s HAVING bool_or(t.outcome = 'succeeded') AND NOT bool_or(t.cached)
""")


async def history(connection: AsyncConnection, tenant: str, limit: int) -> Sequence[Row]:
    """What the stages of a tenant's last jobs took and cost."""
    return (await connection.execute(_HISTORY, {"tenant": tenant, "limit": limit})).mappings().all()
