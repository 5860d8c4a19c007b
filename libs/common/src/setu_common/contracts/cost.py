"""Money and time: what calls cost, what budgets allow, what stages take. Amounts are US dollars, in decimals."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from setu_common.contracts.contract import Contract, View
from setu_common.contracts.language import LanguageCode

CostGroup = Literal["job", "service", "model", "tenant", "day"]
Limit = Annotated[Decimal, Field(ge=0, le=1_000_000_000, max_digits=18, decimal_places=8, description="US dollars")]


class CostQuery(Contract):
    """Which costs are asked for."""

    by: CostGroup = Field(default="day", description="What each line is of")
    since: date | None = Field(default=None, description="The first day, UTC")
    until: date | None = Field(default=None, description="The last day, UTC")
    limit: int = Field(default=1000, ge=1, le=10_000, description="How many lines at most; the total is of all")
    format: Literal["json", "csv"] = Field(default="json", description="How it is written")


class CostSums(View):
    """What calls cost together. Those that are unresolved count at their bound; those that are unpriced don't count."""

    calls: int = Field(ge=0)
    failed: int = Field(ge=0, description="Calls that gave no answer that could be used")
    cached: int = Field(ge=0, description="Calls that were spared")
    unresolved: int = Field(ge=0, description="Calls under way, or that broke off so that nobody knows what they used")
    unpriced: int = Field(ge=0, description="Calls whose price nobody knows: what they cost is missing in every sum")
    usd: Decimal
    unresolved_usd: Decimal = Field(description="Of usd: what unresolved calls cost at most")
    wasted_usd: Decimal = Field(description="Of usd: what failed, broke off, or had to be done again")
    input_tokens: int = Field(ge=0)
    output_tokens: int = Field(ge=0)


class CostLine(CostSums):
    """The sums of one job, service, model, tenant or day."""

    key: str
    share: float = Field(ge=0, le=1, description="Of the total")


class CostReport(View):
    """What was spent, by one thing."""

    by: CostGroup
    since: date | None = None
    until: date | None = None
    total: CostSums
    lines: tuple[CostLine, ...]


class StageCost(CostSums):
    """The sums of what was done of a job, with one model."""

    stage: str = Field(description="The kind of operation")
    target: str = Field(default="", description="The language that it was done for")
    service: str
    provider: str
    model: str
    share: float = Field(ge=0, le=1, description="Of the job's cost")


class Budget(View):
    """What may be spent, in a month or on a job, and what of it is."""

    job_id: UUID | None = Field(default=None, description="Absent: the tenant's, for each month")
    limit_usd: Decimal
    committed_usd: Decimal = Field(description="Spent, or reserved for calls under way")
    left_usd: Decimal
    used: float = Field(ge=0, description="committed_usd / limit_usd")
    alerted_at: datetime | None = Field(default=None, description="When four fifths were used")
    exhausted_at: datetime | None = Field(default=None, description="When it was used up, or a call was refused for it")
    alert_host: str | None = Field(default=None, description="The host of the URL that is told of both")
    updated_at: datetime


class Budgets(View):
    """Some of a tenant's budgets: that of the month first, then those of jobs, newest first."""

    budgets: tuple[Budget, ...]
    next_cursor: str | None = Field(default=None, description="Where the next page begins; absent on the last")


class BudgetSetting(Contract):
    """What may be spent from now on, and who is told when it is nearly used up."""

    limit_usd: Limit
    alert_url: str | None = Field(
        default=None,
        max_length=2000,
        description="Told when four fifths are used and when nothing is left, signed as a job's webhook is. "
        "Left out: as it was; null: nobody",
    )


class JobCost(CostSums):
    """What a job cost, and on what."""

    job_id: UUID
    budget: Budget | None = None
    stages: tuple[StageCost, ...] = ()


class StageMetrics(View):
    """What one attempt at one operation took."""

    tenant: str
    service: str
    job_id: UUID | None = None
    stage: str = Field(description="The kind of operation")
    target: str = Field(default="", description="The language that it was done for")
    operation_id: UUID
    attempt: int = Field(ge=1)
    outcome: str = Field(
        description="succeeded, failed (for good, or to be tried again), stopped (cancelled, or handed back), died (its process "
        "did) or lost (its whole worker was)"
    )
    problem: str | None = Field(default=None, description="The code of what went wrong")
    wall_s: float = Field(ge=0)
    cpu_s: float | None = Field(
        default=None, ge=0, description="Of the process and of the processes that it waited for; absent where it can't tell"
    )
    peak_rss_bytes: int | None = Field(default=None, ge=0)
    mean_rss_bytes: int | None = Field(default=None, ge=0, description="Sampled; absent where that is switched off")
    gpu_percent: float | None = Field(default=None, ge=0, le=100, description="Mean use of the GPU; absent where there is none")
    peak_gpu_bytes: int | None = Field(default=None, ge=0)
    queue_wait_s: float = Field(ge=0, description="From when it could have been done to when it was begun")
    bytes_in: int = Field(ge=0, description="Of the objects that the request names")
    bytes_out: int = Field(ge=0, description="Of the objects that the result names")
    cached: bool = Field(default=False, description="Its result was taken from earlier work")
    model: str | None = None
    model_load_s: float | None = Field(default=None, ge=0)
    model_time_s: float | None = Field(default=None, ge=0)
    audio_s: float | None = Field(default=None, ge=0, description="How much sound it was about")
    created_at: datetime | None = None

    @property
    def cpu_percent(self) -> float | None:
        """Of one core, mean over the attempt."""
        return 100 * self.cpu_s / self.wall_s if self.cpu_s is not None and self.wall_s else None

    @property
    def real_time_factor(self) -> float | None:
        """Seconds of work for a second of sound."""
        return self.wall_s / self.audio_s if self.audio_s else None


class EstimateRequest(Contract):
    """A job that is thought of.

    Without its duration, the recording at ``media_url`` is looked at; without that, its size says roughly how long it may be; without any
    of them, what is told is for a minute.
    """

    duration_s: float | None = Field(default=None, gt=0, le=1_000_000)
    media_url: str | None = Field(default=None, max_length=2000, description="Where the recording is to be fetched from")
    bytes: int | None = Field(default=None, gt=0, le=1 << 50, description="Counts where no duration can be had")
    kind: Literal["audio", "video"] = "video"
    source_language: LanguageCode | None = None
    target_languages: tuple[LanguageCode, ...] = Field(default=(), max_length=20)


class Span(View):
    """What is expected, and the range that holds nine in ten."""

    expected: float = Field(ge=0)
    low: float = Field(ge=0)
    high: float = Field(ge=0)


class StageEstimate(View):
    """What one stage will take, and cost."""

    stage: str = Field(description="The kind of operation")
    target: str = ""
    time_s: Span
    cost_usd: Span | None = Field(default=None, description="Absent where nothing is known")
    basis: Literal["history", "little history", "prior"]
    samples: int = Field(ge=0, description="How many earlier jobs it is known from")


class Estimate(View):
    """What a job will take and cost, before anything is spent. Time is that of the work, without waiting for its turn."""

    duration_s: float = Field(gt=0)
    duration_guessed: bool = Field(description="From the recording's size, since its duration could not be had")
    per_minute: bool = Field(
        default=False, description="Nobody knows how long the recording is: all of it is for each minute of one"
    )
    time_s: Span
    cost_usd: Span | None = Field(default=None, description="US dollars; absent where nothing is known")
    stages: tuple[StageEstimate, ...]
    notes: tuple[str, ...] = ()
