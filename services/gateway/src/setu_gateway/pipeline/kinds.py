"""The kinds of operation that the gateway runs itself: moving a job on, fetching its media, rendering its subtitles."""

from typing import Final
from uuid import UUID

from pydantic import Field

from setu_common.contracts import Contract, JobState, LanguageCode, OperationKind, Reference

PIPELINE_QUEUE: Final = "pipeline"
DELIVERY_QUEUE: Final = "delivery"
FETCH_QUEUE: Final = "fetch"


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
