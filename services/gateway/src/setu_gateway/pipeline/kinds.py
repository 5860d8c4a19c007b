"""The kinds of operation that the gateway runs itself.

Moving a job on, fetching its media, rendering its subtitles, putting them into the media, telling a webhook that it has ended, handing on
what it teaches.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from pydantic import Field

from setu_common.contracts import (
    CORRECTIONS,
    OBSERVATIONS,
    Contract,
    Corrected,
    CorrectionRequest,
    JobState,
    LanguageCode,
    ObservationRequest,
    OperationKind,
    Reference,
)
from setu_common.cost.budgets import AlertLevel

PIPELINE_QUEUE: Final = "pipeline"
DELIVERY_QUEUE: Final = "delivery"
FETCH_QUEUE: Final = "fetch"
MUXING_QUEUE: Final = "muxing"
NOTICE_QUEUE: Final = "notices"
LESSON_QUEUE: Final = "lessons"


class AdvanceRequest(Contract):
    """Move a job on until it has ended. ``run`` is the job's: a retry has an operation of its own."""

    job_id: UUID
    run: int = Field(ge=1)


class Advanced(Contract):
    """Where the job stood when there was nothing left to do for it; None if it is gone, or another run's."""

    state: JobState | None


def advance_key(job_id: UUID, *, run: int, purpose: str = "advance") -> str:
    """The idempotency key of an operation that moves a run of a job on."""
    return f"{job_id}/{run}/{purpose}"


def run_of(advance_key: str) -> int:
    """The run that an operation with this key moves on."""
    return int(advance_key.split("/")[1])


class FetchRequest(Contract):
    """Bring what lies at a URL into the store."""

    url: str = Field(max_length=2000)


class Fetched(Contract):
    """A recording that was fetched. ``host`` is where it came from in the end, behind all redirections."""

    media: Reference
    media_name: str
    host: str


class RenderingRequest(Contract):
    """Render a transcript as subtitles in ``language``: of its own if ``translated`` is absent. ``profile`` names the rules."""

    transcript: Reference
    translated: Reference | None = None
    language: LanguageCode
    profile: str = "netflix"


class RenderedFile(Contract):
    """One subtitle file."""

    format: str
    reference: Reference


class Rendering(Contract):
    """The subtitle files in one language."""

    language: LanguageCode
    cue_count: int = Field(ge=0)
    violation_count: int = Field(default=0, ge=0, description="Rules of the profile that cues break; the JSON file names each")
    files: tuple[RenderedFile, ...]


class SubtitlesToMux(Contract):
    """A SubRip file that becomes a track; ``captions`` are in the language that is spoken."""

    language: LanguageCode
    captions: bool
    file: Reference


class MuxingRequest(Contract):
    """Put subtitles into a media file, as tracks in this order. Its own tracks are copied as they are."""

    media: Reference
    subtitles: tuple[SubtitlesToMux, ...] = Field(min_length=1)


class Muxed(Contract):
    """A Matroska file. ``left_out`` are kinds of tracks of the media that it has no place for, such as timecodes."""

    file: Reference
    track_count: int = Field(ge=1)
    left_out: tuple[str, ...] = ()


class FileOfNotice(Contract):
    """A subtitle file that can be fetched."""

    language: LanguageCode
    format: str


class NoticeRequest(Contract):
    """Tell a webhook that a run of a job has ended."""

    url: str = Field(max_length=2000)
    job_id: UUID
    run: int = Field(ge=1)
    state: JobState
    ended_at: datetime
    files: tuple[FileOfNotice, ...] = ()


class BudgetNoticeRequest(Contract):
    """Tell a webhook that a budget is nearly or wholly used up. ``job_id`` is absent for the tenant's, of the month ``period``."""

    url: str = Field(max_length=2000)
    alert_id: UUID
    tenant: str
    job_id: UUID | None = None
    period: date
    level: AlertLevel
    limit_usd: Decimal
    committed_usd: Decimal
    passed_at: datetime


class Noticed(Contract):
    """That the webhook took the notice, by the status that it answered."""

    status: int


class Taught(Contract):
    """That the optimizer took a lesson, and what it calls it."""

    operation_id: UUID


ADVANCES: Final = OperationKind(
    name="advances",
    service="gateway",
    queue=PIPELINE_QUEUE,
    request=AdvanceRequest,
    result=Advanced,
    timeout_s=120,
    max_attempts=20,
)
RENDERINGS: Final = OperationKind(
    name="renderings", service="gateway", queue=DELIVERY_QUEUE, request=RenderingRequest, result=Rendering, timeout_s=600
)
FETCHES: Final = OperationKind(
    name="fetches", service="gateway", queue=FETCH_QUEUE, request=FetchRequest, result=Fetched, timeout_s=2 * 3600
)
MUXINGS: Final = OperationKind(
    name="muxings", service="gateway", queue=MUXING_QUEUE, request=MuxingRequest, result=Muxed, timeout_s=2 * 3600
)
# Attempts are spread over a day: see delivery/webhooks.py.
NOTICES: Final = OperationKind(
    name="notices", service="gateway", queue=NOTICE_QUEUE, request=NoticeRequest, result=Noticed, timeout_s=120, max_attempts=10
)
BUDGET_NOTICES: Final = OperationKind(
    name="budget-notices",
    service="gateway",
    queue=NOTICE_QUEUE,
    request=BudgetNoticeRequest,
    result=Noticed,
    timeout_s=120,
    max_attempts=10,
)
# Attempts are spread over two days: see learning/teaching.py.
LESSONS: Final = OperationKind(
    name="lessons",
    service="gateway",
    queue=LESSON_QUEUE,
    request=ObservationRequest,
    result=Taught,
    timeout_s=120,
    max_attempts=13,
)
CORRECTION_LESSONS: Final = OperationKind(
    name="corrections",
    service="gateway",
    queue=LESSON_QUEUE,
    request=CorrectionRequest,
    result=Corrected,
    timeout_s=120,
    max_attempts=13,
)
# Any: kinds of several requests and results.
HANDED_ON: Final[Mapping[str, OperationKind[Any, Any]]] = {LESSONS.name: OBSERVATIONS, CORRECTION_LESSONS.name: CORRECTIONS}
"""What the optimizer is asked for by each kind of lesson; erased there as well."""
KINDS: Final = (ADVANCES, RENDERINGS, FETCHES, MUXINGS, NOTICES, BUDGET_NOTICES, LESSONS, CORRECTION_LESSONS)
"""All that the gateway's workers do."""

BESIDE: Final = (MUXINGS, NOTICES, BUDGET_NOTICES)
"""What is done for a job beside its stages; erased with it."""
