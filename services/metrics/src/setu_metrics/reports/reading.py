"""What the ledger has of how jobs ended."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

_OUTCOME: Final = text("SELECT * FROM job_outcome WHERE tenant = :tenant AND job_id = :job_id")

_ENDED: Final = """
WITH ended AS (
    SELECT job_id, targets, expected_time_s, (ended_at AT TIME ZONE 'UTC')::date AS day FROM job_outcome
    WHERE tenant = :tenant AND ended_at >= CAST(:since AS date) AND ended_at < CAST(:until AS date) + 1
)"""

# By day and target, and by target alone. What was not edited is delivered as it was drafted, and has the draft's score.
_QUALITY: Final = text(f"""
{_ENDED}, translated AS (
    SELECT day, each ->> 'target' AS target, (each ->> 'lines')::bigint AS lines, (each ->> 'edited')::bigint AS edited,
        (each ->> 'score_before')::float8 AS before, (each ->> 'score_after')::float8 AS after
    FROM ended CROSS JOIN LATERAL jsonb_array_elements(targets) AS each
)
SELECT day, target, count(*) AS translations, sum(lines)::bigint AS lines, sum(edited)::bigint AS edited,
    count(coalesce(after, before)) AS scored, avg(coalesce(before, after)) AS score_before, avg(coalesce(after, before)) AS score_after
FROM translated GROUP BY GROUPING SETS ((day, target), (target)) ORDER BY day NULLS LAST, lines DESC, target
""")  # noqa: S608  (constants alone)

# The last time that a job was transcribed; what was taken from earlier work took no time, and what pieces took is in their sum.
_TIMES: Final = text(f"""
{_ENDED}, took AS (
    SELECT day, expected_time_s AS expected_s, m.model_time_s AS took_s FROM ended CROSS JOIN LATERAL (
        SELECT model_time_s, cached FROM stage_metrics
        WHERE job_id = ended.job_id AND tenant = :tenant AND stage = 'transcriptions' AND outcome = 'succeeded' AND model_time_s IS NOT NULL
        ORDER BY id DESC LIMIT 1) m
    WHERE expected_time_s > 0 AND m.model_time_s > 0 AND NOT m.cached
)
SELECT day, count(*) AS jobs, sum(expected_s) AS expected_s, sum(took_s) AS took_s,
    percentile_cont(0.1) WITHIN GROUP (ORDER BY took_s / expected_s) AS ratio_p10,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY took_s / expected_s) AS ratio_p50,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY took_s / expected_s) AS ratio_p90
FROM took GROUP BY day ORDER BY day
""")  # noqa: S608  (constants alone)


async def outcome_of(connection: AsyncConnection, tenant: str, job_id: UUID) -> RowMapping | None:
    """How a job ended, if it has."""
    return (await connection.execute(_OUTCOME, {"tenant": tenant, "job_id": job_id})).mappings().first()


async def quality(connection: AsyncConnection, tenant: str, since: date, until: date) -> Sequence[RowMapping]:
    """How good translations are, by day and target, and by target alone (those have no day)."""
    return (await connection.execute(_QUALITY, {"tenant": tenant, "since": since, "until": until})).mappings().all()


async def times(connection: AsyncConnection, tenant: str, since: date, until: date) -> Sequence[RowMapping]:
    """How long transcribing took, beside what was expected, by day."""
    return (await connection.execute(_TIMES, {"tenant": tenant, "since": since, "until": until})).mappings().all()
