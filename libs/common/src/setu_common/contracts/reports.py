"""Money and quality over the last days, as reports and charts tell them. Days are UTC's; amounts are US dollars, in decimals."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from setu_common.contracts.contract import Contract, View
from setu_common.contracts.cost import CostLine, CostSums

ReportFormat = Literal["json", "html", "png", "txt"]
TrendFormat = Literal["json", "png"]
CostPart = Literal["service", "model"]

Days = Annotated[int, Field(ge=1, le=400, description="How many days, today among them")]
Share = Annotated[float, Field(ge=0, le=1)]
Score = Annotated[float, Field(ge=0, le=100)]
Seconds = Annotated[float, Field(ge=0)]


class CostTrendQuery(Contract):
    """Which costs are asked for."""

    days: Days = 30
    by: CostPart = Field(default="service", description="What each day is divided by")
    format: TrendFormat = Field(default="json", description="png: a chart")


class QualityQuery(Contract):
    """Which translations are asked for: those of jobs that ended in the last days."""

    days: Days = 30
    format: TrendFormat = Field(default="json", description="png: a chart")


class CostDay(CostSums):
    """What one day's calls cost. They are of the day on which they were begun."""

    day: date
    lines: tuple[CostLine, ...] = Field(description="The dearest first; shares are of the day")


class CostTrends(View):
    """What was spent, day by day. Only days with calls are listed."""

    by: CostPart
    since: date
    until: date
    total: CostSums
    lines: tuple[CostLine, ...] = Field(description="Of all days, the dearest first")
    days: tuple[CostDay, ...]


class QualitySums(View):
    """How good translations into one language are believed to be, and how much of them was edited."""

    target: str
    translations: int = Field(ge=0)
    lines: int = Field(ge=0)
    edited: int = Field(ge=0, description="Lines whose edit was kept")
    edited_share: Share = Field(description="Of the lines")
    scored: int = Field(ge=0, description="Translations that have a score before and after editing; the scores are of these")
    score_before: Score | None = Field(default=None, description="Mean of the drafts")
    score_after: Score | None = Field(default=None, description="Mean of what was delivered of them")


class QualityDay(QualitySums):
    """The same of the jobs that ended on one day."""

    day: date


class TimeDay(View):
    """How well it was told how long transcribing takes, of the jobs that ended on one day. What was taken from earlier work is not in it."""

    day: date
    jobs: int = Field(ge=1)
    expected_s: Seconds
    took_s: Seconds
    ratio_p10: float = Field(ge=0, description="took / expected of a job; one in ten lies below")
    ratio_p50: float = Field(ge=0)
    ratio_p90: float = Field(ge=0)


class QualityTrends(View):
    """How good translations are, day by day and language by language. Only days on which jobs ended are listed."""

    since: date
    until: date
    targets: tuple[QualitySums, ...] = Field(description="Of all days, the language with most lines first")
    days: tuple[QualityDay, ...]
    times: tuple[TimeDay, ...] = ()
