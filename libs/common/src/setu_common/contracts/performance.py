"""Where time and machines go: of one job, and of all jobs over time. Shares are of 1, sizes in bytes, times in seconds."""

from datetime import UTC, datetime
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from setu_common.contracts.contract import Contract, View
from setu_common.contracts.cost import JobCost, StageMetrics

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]
Bucket = Literal["hour", "day"]
_FIRST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(3000, 1, 1, tzinfo=UTC)


def _moment(at: datetime) -> datetime:
    """One that names no zone is meant in UTC."""
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    if not _FIRST <= at <= _LAST:
        raise ValueError("give a time between the years 2000 and 3000")
    return at


Moment = Annotated[datetime, AfterValidator(_moment)]

BottleneckCause = Literal["share", "slower_than_usual"]
RecommendationCause = Literal[
    "queue_wait", "model_load", "memory_near_limit", "cache_missed", "gpu_idle", "cpu_starved", "attempts_in_vain", "model_slow"
]


class Bottleneck(View):
    """A stage that holds its job up."""

    stage: str
    target: str = ""
    cause: BottleneckCause = Field(
        description="share: it takes over a fifth of the job's time; slower_than_usual: it took longer than 95 of 100 attempts "
        "at recordings as long as this"
    )
    wall_s: Seconds
    share: Share = Field(description="Of the time that the job's attempts took together")
    usual_p95_s: Seconds | None = Field(default=None, description="What 95 of 100 such attempts stay below")
    samples: int = Field(default=0, ge=0, description="How many earlier attempts that is known from")
    detail: str = Field(description="The same as a sentence")


class Recommendation(View):
    """What would make it faster: the cause, what says so, and the setting that mends it."""

    cause: RecommendationCause
    stage: str
    target: str = ""
    setting: str = Field(description="The setting or the command that mends it, such as SETU_WORKER_CONCURRENCY")
    saves_s: Seconds | None = Field(default=None, description="What it would save of a job's time at most")
    detail: str = Field(description="What is the matter, what says so, and what to do, as a sentence or two")


class JobPerformance(View):
    """Where a job's time went. ``stages`` are attempts, in the order in which they ended, with ``created_at`` as their end.

    What is done beside the way to its subtitles (notices, muxing, learning) holds nobody up, and is no part of it.
    """

    job_id: UUID
    duration_s: Seconds = Field(description="From when its first attempt could have begun to when its last one ended")
    work_s: Seconds = Field(description="What attempts took together; they may overlap")
    queue_wait_s: Seconds
    cpu_s: Seconds
    peak_rss_bytes: int | None = Field(default=None, ge=0)
    audio_s: Seconds | None = Field(default=None, description="How long the recording is")
    stages: tuple[StageMetrics, ...]
    bottlenecks: tuple[Bottleneck, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()


class TrendQuery(Contract):
    """Which time is asked for, and how finely."""

    since: Moment | None = Field(
        default=None,
        description="UTC where it names no zone; what is told begins with its hour or day. Absent: seven days before `until`",
    )
    until: Moment | None = Field(default=None, description="As `since`; what is told ends with its hour or day. Absent: now")
    by: Bucket = "day"
    stage: str | None = Field(default=None, max_length=100, description="Only this kind of operation")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.since is not None and self.until is not None and self.until < self.since:
            raise ValueError("until lies before since")
        return self


class JobTrend(View):
    """How the jobs went that ended in one hour or day."""

    at: datetime = Field(description="When it begins, UTC")
    jobs: int = Field(ge=0)
    succeeded: int = Field(ge=0, description="Those that delivered; the degraded ones are among them")
    failed: int = Field(ge=0)
    cancelled: int = Field(ge=0)
    degraded: int = Field(ge=0)
    success_rate: Share | None = Field(
        default=None, description="Of those that were not cancelled; absent where there were none"
    )
    duration_p50_s: Seconds | None = None
    duration_p95_s: Seconds | None = None
    audio_s: Seconds = Field(default=0, description="How much sound they were about")
    quality: float | None = Field(
        default=None, ge=0, le=100, description="Mean score of their translations, where they have one"
    )


class StageTrend(View):
    """How one kind of operation went in one hour or day."""

    at: datetime = Field(description="When it begins, UTC")
    service: str
    stage: str
    attempts: int = Field(ge=0)
    succeeded: int = Field(ge=0)
    failed: int = Field(ge=0)
    cached: int = Field(ge=0, description="Of those that succeeded: whose result was taken from earlier work")
    duration_p50_s: Seconds | None = Field(
        default=None, description="Of attempts that succeeded and were not taken from earlier work; as the others, within 2.5 %"
    )
    duration_p95_s: Seconds | None = None
    queue_wait_p50_s: Seconds | None = Field(default=None, description="Of all attempts")
    queue_wait_p95_s: Seconds | None = None
    wall_s: Seconds
    cpu_s: Seconds
    cpu_percent: float | None = Field(default=None, ge=0, description="Mean; 100 is one core")
    peak_rss_bytes: int | None = Field(default=None, ge=0)
    gpu_percent: float | None = Field(default=None, ge=0, le=100)
    audio_s: Seconds = 0


class Trends(View):
    """How work went over time. Only hours and days in which something ended are listed."""

    since: datetime
    until: datetime
    by: Bucket
    jobs: tuple[JobTrend, ...]
    stages: tuple[StageTrend, ...]
    bottlenecks: tuple[Bottleneck, ...] = Field(default=(), description="Kinds of operation that take over a fifth of all work")
    recommendations: tuple[Recommendation, ...] = ()


class TargetQuality(View):
    """How good one translation of a job is believed to be."""

    target: str
    lines: int = Field(ge=0)
    edited: int = Field(ge=0)
    score_before: float | None = Field(default=None, ge=0, le=100)
    score_after: float | None = Field(default=None, ge=0, le=100)


class JobOutcome(View):
    """One job that has ended, as trends and reports know it. A retried job has its last end."""

    tenant: str
    job_id: UUID
    state: Literal["succeeded", "failed", "cancelled"]
    degraded: bool = False
    problem: str | None = Field(default=None, description="The code of why it failed")
    audio_s: Seconds | None = None
    created_at: datetime = Field(description="When the run was accepted that ended it")
    ended_at: datetime
    targets: tuple[TargetQuality, ...] = ()
    expected_time_s: Seconds | None = Field(default=None, description="What its plan expected transcribing to take")

    @property
    def duration_s(self) -> float:
        """From the acceptance of its last run to its end."""
        return (self.ended_at - self.created_at).total_seconds()


class JobReport(View):
    """A job in one: how it ended, where its time went, what it cost, how good it is, and what to do about each."""

    outcome: JobOutcome | None = Field(default=None, description="Absent while it runs")
    performance: JobPerformance
    cost: JobCost
