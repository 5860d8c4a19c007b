"""What the ledger has of attempts and of how jobs ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from setu_common.contracts.performance import Bucket
from setu_common.cost.hours import ADDED, COLUMNS, SUMS, TIMED

Row = RowMapping

_OF_JOB: Final = text("""
SELECT * FROM stage_metrics WHERE tenant = :tenant AND job_id = :job_id AND stage = ANY(:stages) ORDER BY created_at, id
""")
_LENGTH: Final = text("SELECT audio_s FROM job_outcome WHERE tenant = :tenant AND job_id = :job_id")

# The last jobs whose recordings were about as long, and what their attempts took. Recordings that several workers heard
# tell nothing of what one takes: their pieces are those that say no length.
_ALIKE: Final = text("""
WITH alike AS MATERIALIZED (
    SELECT job_id, audio_s FROM job_outcome
    WHERE tenant = :tenant AND audio_s BETWEEN CAST(:audio_s AS float8) / :factor AND CAST(:audio_s AS float8) * :factor
        AND audio_s > 0 AND job_id <> :job_id AND ended_at < :before
    ORDER BY ended_at DESC LIMIT :limit)
SELECT m.stage, m.model, m.wall_s, a.audio_s FROM alike a JOIN stage_metrics m USING (job_id)
WHERE m.tenant = :tenant AND m.outcome = 'succeeded' AND NOT m.cached AND m.stage = ANY(:stages)
    AND (m.stage <> 'transcriptions' OR NOT EXISTS (SELECT FROM stage_metrics piece
        WHERE piece.tenant = :tenant AND piece.job_id = m.job_id AND piece.stage = 'transcriptions' AND piece.outcome = 'succeeded'
        AND piece.audio_s IS NULL))
""")

# The same sound: as long to the last bit, of as many bytes, heard by the same model.
_REPEATED: Final = text("""
SELECT DISTINCT ON (m.operation_id) m.stage, m.target, m.wall_s FROM stage_metrics m
WHERE m.tenant = :tenant AND m.job_id = :job_id AND m.stage = 'transcriptions' AND m.outcome = 'succeeded' AND NOT m.cached
    AND EXISTS (SELECT FROM stage_metrics e
        WHERE e.tenant = m.tenant AND e.stage = 'transcriptions' AND e.outcome = 'succeeded' AND e.created_at < m.created_at
        AND e.job_id <> m.job_id AND e.audio_s = m.audio_s AND e.bytes_in = m.bytes_in AND e.model = m.model)
ORDER BY m.operation_id
""")

# What was added up already, and what was not yet, as one statement sees them: each attempt is in one of them. Then percentiles are told
# from the same counts, wherever those come from.
_OF_TIME: Final = "tenant = :tenant AND {at} >= :since AND {at} < :until AND (CAST(:stage AS text) IS NULL OR stage = :stage)"
_ADDED_UP: Final = f"service, stage, {COLUMNS}, duration_buckets, duration_counts, wait_buckets, wait_counts"
# As date_trunc does in UTC, in half the time.
_BIN: Final = "date_bin(CAST(:step AS interval), {at}, TIMESTAMPTZ '2000-01-01 00:00:00+00')"
_STAGES: Final = text(f"""
WITH attempt AS MATERIALIZED (
    SELECT {_BIN.format(at="created_at")} AS at, bucket(wall_s) AS wall_bucket, bucket(queue_wait_s) AS wait_bucket, service, stage,
        outcome, cached, wall_s, cpu_s, queue_wait_s, model_load_s, audio_s, gpu_percent, peak_rss_bytes, peak_gpu_bytes
    FROM stage_metrics WHERE NOT rolled AND {_OF_TIME.format(at="created_at")}
), added AS MATERIALIZED (
    SELECT {_BIN.format(at="hour")} AS at, {_ADDED_UP} FROM stage_hour WHERE (:by = 'hour' OR NOT rolled) AND {_OF_TIME.format(at="hour")}
    UNION ALL SELECT day, {_ADDED_UP} FROM stage_day WHERE :by = 'day' AND {_OF_TIME.format(at="day")}
), sums AS (
    SELECT at, service, stage, {ADDED}
    FROM (SELECT at, service, stage, {SUMS} FROM attempt GROUP BY 1, 2, 3
          UNION ALL SELECT at, service, stage, {COLUMNS} FROM added) part
    GROUP BY 1, 2, 3
), spread AS (
    SELECT at, service, stage,
        coalesce(array_agg(bucket) FILTER (WHERE timed), '{{}}') AS wall_buckets,
        coalesce(array_agg(n) FILTER (WHERE timed), '{{}}') AS wall_counts,
        coalesce(array_agg(bucket) FILTER (WHERE NOT timed), '{{}}') AS wait_buckets,
        coalesce(array_agg(n) FILTER (WHERE NOT timed), '{{}}') AS wait_counts
    FROM (SELECT at, service, stage, true AS timed, wall_bucket AS bucket, count(*) AS n FROM attempt WHERE {TIMED} GROUP BY 1, 2, 3, 5
          UNION ALL SELECT at, service, stage, false, wait_bucket, count(*) FROM attempt GROUP BY 1, 2, 3, 5
          UNION ALL SELECT at, service, stage, true, each.* FROM added, unnest(duration_buckets, duration_counts) AS each
          UNION ALL SELECT at, service, stage, false, each.* FROM added, unnest(wait_buckets, wait_counts) AS each) part
    GROUP BY 1, 2, 3)
SELECT * FROM sums JOIN spread USING (at, service, stage) ORDER BY at, service, stage
""")  # noqa: S608 (constants alone)

_JOBS: Final = text(f"""
SELECT {_BIN.format(at="ended_at")} AS at, count(*) AS jobs,
    count(*) FILTER (WHERE state = 'succeeded') AS succeeded,
    count(*) FILTER (WHERE state = 'failed') AS failed,
    count(*) FILTER (WHERE state = 'cancelled') AS cancelled,
    count(*) FILTER (WHERE state = 'succeeded' AND degraded) AS degraded,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM ended_at - created_at)::float8)
        FILTER (WHERE state = 'succeeded') AS duration_p50_s,
    percentile_disc(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM ended_at - created_at)::float8)
        FILTER (WHERE state = 'succeeded') AS duration_p95_s,
    coalesce(sum(audio_s), 0) AS audio_s, sum(score.total) / nullif(sum(score.n), 0) AS quality
FROM job_outcome LEFT JOIN LATERAL (
    SELECT sum(each.score) AS total, count(each.score) AS n
    FROM (SELECT coalesce(target ->> 'score_after', target ->> 'score_before')::float8 AS score
          FROM jsonb_array_elements(targets) AS target) each) score ON true
WHERE tenant = :tenant AND ended_at >= :since AND ended_at < :until
GROUP BY 1 ORDER BY 1
""")  # noqa: S608 (constants alone)


@dataclass(frozen=True)
class Window:
    """Which time is looked at, in whole hours or days: from ``since`` to before ``until``, in steps of ``by``."""

    since: datetime
    until: datetime
    by: Bucket


async def attempts_of(connection: AsyncConnection, tenant: str, job_id: UUID, stages: Sequence[str]) -> Sequence[Row]:
    """A job's attempts at some kinds of operation, in the order in which they ended."""
    values = {"tenant": tenant, "job_id": job_id, "stages": list(stages)}
    return (await connection.execute(_OF_JOB, values)).mappings().all()


async def length_of(connection: AsyncConnection, tenant: str, job_id: UUID) -> float | None:
    """How long the recording of a job was that has ended, seconds."""
    found: float | None = (await connection.execute(_LENGTH, {"tenant": tenant, "job_id": job_id})).scalar()
    return found


@dataclass(frozen=True)
class Like:
    """Which attempts are asked for: of jobs whose recordings are like one of ``audio_s``, within a factor, that ended before it."""

    job_id: UUID
    audio_s: float
    factor: float
    before: datetime
    stages: Sequence[str]


async def attempts_like(connection: AsyncConnection, tenant: str, like: Like, limit: int) -> Sequence[Row]:
    """What attempts took that succeeded, of the last ``limit`` jobs with such recordings."""
    values = {
        "tenant": tenant, "job_id": like.job_id, "audio_s": like.audio_s, "factor": like.factor, "before": like.before,
        "stages": list(like.stages), "limit": limit,
    }  # fmt: skip
    return (await connection.execute(_ALIKE, values)).mappings().all()


async def repeated(connection: AsyncConnection, tenant: str, job_id: UUID) -> Sequence[Row]:
    """What a job heard again that was heard before by the same model."""
    return (await connection.execute(_REPEATED, {"tenant": tenant, "job_id": job_id})).mappings().all()


async def stages_over(connection: AsyncConnection, tenant: str, window: Window, stage: str | None) -> Sequence[Row]:
    """What attempts took together, by hour or day and kind, with how often each time occurred."""
    values = {
        "tenant": tenant,
        "since": window.since,
        "until": window.until,
        "by": window.by,
        "step": f"1 {window.by}",
        "stage": stage,
    }
    return (await connection.execute(_STAGES, values)).mappings().all()


async def jobs_over(connection: AsyncConnection, tenant: str, window: Window) -> Sequence[Row]:
    """How jobs ended, by hour or day."""
    values = {"tenant": tenant, "since": window.since, "until": window.until, "step": f"1 {window.by}"}
    return (await connection.execute(_JOBS, values)).mappings().all()
