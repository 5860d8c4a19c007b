"""Jobs as a caller of the gateway sees them."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from setu_common.contracts.context import Context
from setu_common.contracts.contract import Contract, View
from setu_common.contracts.enhancement import EnhancementMode
from setu_common.contracts.language import LanguageCode
from setu_common.contracts.planning import Quality
from setu_common.contracts.problem import Problem
from setu_common.contracts.reference import Reference
from setu_common.contracts.speech import AsrOverrides
from setu_common.contracts.translation import TranslationEngine


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """True once only a retry can change the job."""
        return self in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


class StageState(StrEnum):
    """Where one stage of a job stands. ``skipped``: not needed, or impossible since a stage before it failed."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """True once only a retry can change the stage."""
        return self not in (StageState.WAITING, StageState.RUNNING)


class Overrides(Contract):
    """What a caller wants done otherwise than Setu would. ``reuse`` false: nothing is taken from earlier jobs.

    ``enhancement`` says which lines a language model is asked to mend: absent, those that have a reason.
    ``learn`` false: nothing is learned from the job, for later ones.
    """

    asr: AsrOverrides = AsrOverrides()
    target_wer: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="Errors per word that are good enough: the cheapest way that is expected to stay below",
    )
    deadline_s: float | None = Field(default=None, gt=0, le=1_000_000, description="How long transcribing may take, seconds")
    translation_engine: TranslationEngine | None = None
    enhancement: EnhancementMode | None = None
    reuse: bool = True
    learn: bool = True


class JobRequest(Contract):
    """What is to be done with a media file.

    ``media_url`` is where the media is fetched from if it is not uploaded.
    ``target_languages`` empty asks for captions in the source language alone; those are made in any case.
    ``quality`` is what the caller would rather have: an answer soon, or few errors, or something between.
    ``subtitle_profile`` names the delivery rules.
    ``webhook_url`` is told when the job has ended (Standard Webhooks).
    ``budget_usd`` is what may be spent on paid calls, US dollars; past it the job goes on with what costs nothing, and says so.
    """

    media_url: str | None = Field(default=None, max_length=2000)
    source_language: LanguageCode | None = None
    target_languages: tuple[LanguageCode, ...] = Field(default=(), max_length=20)
    context: Context = Context()
    quality: Quality = "balanced"
    overrides: Overrides = Overrides()
    subtitle_profile: str = Field(default="netflix", pattern=r"^[a-z0-9-]{1,40}$")
    webhook_url: str | None = Field(default=None, max_length=2000)
    budget_usd: Decimal | None = Field(
        default=None,
        ge=0,
        le=1_000_000,
        max_digits=12,
        decimal_places=6,
        description="What paid calls for it may cost together",
    )


class StageView(View):
    """One stage of a job; ``target`` is a language, or empty for a stage that runs once."""

    stage: str
    target: str = ""
    state: StageState
    run: int = Field(ge=1)
    progress: float = Field(ge=0, le=1)
    note: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_s: float | None = Field(default=None, ge=0)
    model_time_s: float | None = Field(default=None, ge=0)
    cached: bool = Field(default=False, description="Its result was taken from earlier work on the same input")
    problem: Problem | None = None


class Degradation(View):
    """Something that was asked for and is missing or less than asked, and why."""

    stage: str
    target: str = ""
    reason: str


class Deliverable(View):
    """A file that can be fetched: ``GET /jobs/{id}/subtitles/{language}.{format}``."""

    language: LanguageCode
    format: str
    url: str
    bytes: int = Field(ge=0)


class JobView(View):
    """A snapshot of one job. ``version`` grows with each change."""

    id: UUID
    state: JobState
    version: int = Field(ge=0)
    media_name: str
    media: Reference | None = Field(default=None, description="The recording; absent until it has been fetched")
    source_language: LanguageCode | None = None
    language_probability: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="How sure the recogniser was of `source_language`; absent where the request named it",
    )
    target_languages: tuple[LanguageCode, ...] = ()
    progress: float = Field(ge=0, le=1)
    stages: tuple[StageView, ...] = ()
    degraded: tuple[Degradation, ...] = ()
    deliverables: tuple[Deliverable, ...] = ()
    problem: Problem | None = None
    created_at: datetime
    ended_at: datetime | None = None


class JobPage(View):
    """Jobs, newest first; ``next_cursor`` absent on the last page. Stages are left out; ``GET /jobs/{id}`` has them."""

    jobs: tuple[JobView, ...]
    next_cursor: str | None = None
