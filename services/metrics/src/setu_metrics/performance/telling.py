"""What callers can ask about time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from setu_common.contracts.cost import StageMetrics
from setu_common.contracts.performance import Bottleneck, Bucket, JobPerformance, JobTrend, StageTrend, TrendQuery, Trends
from setu_common.db import Database
from setu_metrics.domain.performance.advice import Around, Repeated, advise
from setu_metrics.domain.performance.bottlenecks import ALIKE, OVER, Kind, Sample, Usual, bottlenecks, timed, usual
from setu_metrics.domain.performance.histograms import percentile
from setu_metrics.domain.performance.parts import WAY, Part, parts_of
from setu_metrics.errors import TooFine
from setu_metrics.performance import reading

JOBS_LOOKED_AT: Final = 100
"""So many jobs with recordings like a job's tell what is usual."""
MOST_HOURS: Final = 32 * 24
_WEEK: Final = timedelta(days=7)
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)


class Performance:
    """Reads the ledger for where time went.

    Args:
        database: working in the ledger's schema.
        memory_limit_bytes: what a worker's process may hold.
    """

    def __init__(self, database: Database, memory_limit_bytes: int) -> None:
        self._database = database
        self._memory_limit_bytes = memory_limit_bytes

    async def of_job(self, tenant: str, job_id: UUID) -> JobPerformance:
        """Where a job's time went. One that is not known took none."""
        async with self._database.reading() as connection:
            rows = await reading.attempts_of(connection, tenant, job_id, WAY)
            attempts = tuple(StageMetrics.model_validate(dict(row)) for row in rows)
            audio_s = await self._length(connection, tenant, job_id, attempts)
            known = await self._usual(connection, tenant, job_id, audio_s, attempts)
            again = await reading.repeated(connection, tenant, job_id) if attempts else ()
        held_up = bottlenecks(attempts, known)
        around = Around(self._memory_limit_bytes, tuple(Repeated(**row) for row in again), held_up)
        ends = [(each, each.created_at) for each in attempts if each.created_at is not None]
        begun = [at - timedelta(seconds=each.wall_s + each.queue_wait_s) for each, at in ends]
        return JobPerformance(
            job_id=job_id,
            duration_s=(max(at for _, at in ends) - min(begun)).total_seconds() if ends else 0.0,
            work_s=sum(each.wall_s for each in attempts),
            queue_wait_s=sum(each.queue_wait_s for each in attempts),
            cpu_s=sum(each.cpu_s or 0.0 for each in attempts),
            peak_rss_bytes=max((each.peak_rss_bytes for each in attempts if each.peak_rss_bytes is not None), default=None),
            audio_s=audio_s,
            stages=attempts,
            bottlenecks=held_up,
            recommendations=advise(parts_of(attempts), around),
        )

    async def trends(self, tenant: str, query: TrendQuery) -> Trends:
        """How work went over time.

        Raises:
            TooFine: more than a month is asked for by the hour.
        """
        window = window_of(query, datetime.now(UTC))
        async with self._database.reading() as connection:
            jobs = await reading.jobs_over(connection, tenant, window)
            rows = await reading.stages_over(connection, tenant, window, query.stage)
        parts = _parts(rows)
        held_up = _over(parts)
        return Trends(
            since=window.since,
            until=window.until,
            by=window.by,
            jobs=tuple(_job_trend(row) for row in jobs),
            stages=tuple(_stage_trend(row) for row in rows),
            bottlenecks=held_up,
            recommendations=advise([part for part in parts if part.stage in WAY], Around(self._memory_limit_bytes)),
        )

    async def _length(
        self, connection: AsyncConnection, tenant: str, job_id: UUID, attempts: Sequence[StageMetrics]
    ) -> float | None:
        told = max((each.audio_s for each in attempts if each.audio_s is not None), default=None)
        return told if told is not None else await reading.length_of(connection, tenant, job_id)

    async def _usual(
        self,
        connection: AsyncConnection,
        tenant: str,
        job_id: UUID,
        audio_s: float | None,
        attempts: Sequence[StageMetrics],
    ) -> dict[Kind, Usual]:
        ends = [each.created_at for each in attempts if each.created_at is not None and timed(each)]
        if not audio_s or not ends:
            return {}
        stages = list(dict.fromkeys(each.stage for each in attempts))
        like = reading.Like(job_id, audio_s, ALIKE, max(ends), stages)
        rows = await reading.attempts_like(connection, tenant, like, JOBS_LOOKED_AT)
        samples = [Sample((row["stage"], row["model"]), row["wall_s"], row["audio_s"]) for row in rows]
        return usual(samples, audio_s)


def window_of(query: TrendQuery, now: datetime) -> reading.Window:
    """The time that is asked for, in whole hours or days: from that of ``since`` to that of ``until``.

    Raises:
        TooFine: it has too many hours.
    """
    until = (query.until or now).astimezone(UTC)
    since = _beginning(query.since.astimezone(UTC) if query.since else until - _WEEK, query.by)
    ended = _beginning(until, query.by)
    until = ended if ended == until else ended + (_DAY if query.by == "day" else _HOUR)
    if query.by == "hour" and until - since > MOST_HOURS * _HOUR:
        raise TooFine(f"Ask for at most {MOST_HOURS // 24} days by the hour, or by day.")
    return reading.Window(since, until, query.by)


def _beginning(at: datetime, by: Bucket) -> datetime:
    """Of its hour, or its day."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    return hour.replace(hour=0) if by == "day" else hour


def _job_trend(row: RowMapping) -> JobTrend:
    meant = row["succeeded"] + row["failed"]
    return JobTrend(**row, success_rate=row["succeeded"] / meant if meant else None)


def _stage_trend(row: RowMapping) -> StageTrend:
    walls, waits = (row["wall_buckets"], row["wall_counts"]), (row["wait_buckets"], row["wait_counts"])
    return StageTrend(
        at=row["at"],
        service=row["service"],
        stage=row["stage"],
        attempts=row["attempts"],
        succeeded=row["succeeded"],
        failed=row["failed"],
        cached=row["cached"],
        duration_p50_s=percentile(*walls, 0.5),
        duration_p95_s=percentile(*walls, 0.95),
        queue_wait_p50_s=percentile(*waits, 0.5),
        queue_wait_p95_s=percentile(*waits, 0.95),
        wall_s=row["wall_s"],
        cpu_s=row["cpu_s"],
        cpu_percent=100 * row["cpu_s"] / row["cpu_wall_s"] if row["cpu_wall_s"] else None,
        peak_rss_bytes=row["peak_rss_bytes"],
        gpu_percent=min(100.0, 100 * row["gpu_s"] / row["gpu_wall_s"]) if row["gpu_wall_s"] else None,
        audio_s=row["audio_s"],
    )


def _parts(rows: Sequence[RowMapping]) -> list[Part]:
    """All that was done of each kind in the whole time."""
    parts: dict[tuple[str, str], Part] = {}
    for row in rows:
        key = row["service"], row["stage"]
        one = Part(
            service=row["service"],
            stage=row["stage"],
            target="",
            attempts=row["attempts"],
            in_vain={"": row["failed"]} if row["failed"] else {},
            problems=(),
            wall_s=row["wall_s"],
            vain_s=row["vain_s"],
            queue_wait_s=row["queue_wait_s"],
            model_load_s=row["model_load_s"],
            cpu_s=row["cpu_s"],
            cpu_wall_s=row["cpu_wall_s"],
            gpu_s=row["gpu_s"],
            gpu_wall_s=row["gpu_wall_s"],
            peak_rss_bytes=row["peak_rss_bytes"],
            audio_s=row["audio_s"],
        )
        parts[key] = _together(parts[key], one) if key in parts else one
    return list(parts.values())


def _together(a: Part, b: Part) -> Part:
    peaks = [each.peak_rss_bytes for each in (a, b) if each.peak_rss_bytes is not None]
    failed = sum(a.in_vain.values()) + sum(b.in_vain.values())
    added = (
        "attempts", "wall_s", "vain_s", "queue_wait_s", "model_load_s", "cpu_s", "cpu_wall_s", "gpu_s", "gpu_wall_s", "audio_s"
    )  # fmt: skip
    return replace(
        a,
        **{name: getattr(a, name) + getattr(b, name) for name in added},
        in_vain={"": failed} if failed else {},
        peak_rss_bytes=max(peaks, default=None),
    )


def _over(parts: Sequence[Part]) -> tuple[Bottleneck, ...]:
    """The kinds of operation that take over a fifth of all work."""
    work_s = sum(part.wall_s for part in parts)
    found = [
        Bottleneck(
            stage=part.stage, cause="share", wall_s=part.wall_s, share=min(1.0, part.wall_s / work_s), samples=part.attempts,
            detail=f"{part.stage} took {part.wall_s:.0f} s in {part.attempts} attempts, {part.wall_s / work_s:.0%} of all work.",
        )
        for part in parts
        if work_s and part.wall_s > OVER * work_s
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda each: -each.share))
