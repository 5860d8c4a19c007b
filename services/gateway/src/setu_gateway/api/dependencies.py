"""What routes are given: the use cases, and who asks."""

from typing import Annotated, Any, NamedTuple
from uuid import UUID

from fastapi import Depends, Header, Path, Request

from setu_common.clients.metrics import MetricsClient
from setu_common.contracts import headers
from setu_common.web import Allowed, Caller
from setu_gateway.delivery.media import MediaFiles
from setu_gateway.intake.backlog import Backlog
from setu_gateway.intake.upload import Intake
from setu_gateway.intake.vetting import Vetting
from setu_gateway.keys.key import Scope
from setu_gateway.service import Jobs


async def _jobs(request: Request) -> Jobs:
    jobs: Jobs = request.app.state.jobs
    return jobs


async def _intake(request: Request) -> Intake:
    intake: Intake = request.app.state.intake
    return intake


class Door(NamedTuple):
    """What lets recordings in."""

    backlog: Backlog
    intake: Intake
    jobs: Jobs


async def _door(request: Request) -> Door:
    """As one: measured, each dependency costs a request some 15 µs."""
    state = request.app.state
    return Door(state.backlog, state.intake, state.jobs)


async def _vetting(request: Request) -> Vetting:
    vetting: Vetting = request.app.state.vetting
    return vetting


async def _media(request: Request) -> MediaFiles:
    media: MediaFiles = request.app.state.media
    return media


async def _metrics(request: Request) -> MetricsClient:
    metrics: MetricsClient = request.app.state.metrics
    return metrics


def idempotency_key(description: str, most_chars: int = 255) -> Any:  # noqa: ANN401  (as FastAPI types its Header)
    """The header of that name: what can be sent on in a header, printable ASCII without spaces.

    Args:
        description: for the OpenAPI document.
        most_chars: how long it may be.
    """
    return Header(alias=headers.IDEMPOTENCY_KEY, pattern=rf"^[\x21-\x7e]{{1,{most_chars}}}$", description=description)


ReaderDep = Annotated[Caller, Depends(Allowed(Scope.JOBS_READ.value))]
WriterDep = Annotated[Caller, Depends(Allowed(Scope.JOBS_WRITE.value))]
Admin = Depends(Allowed(Scope.ADMIN.value))
AdminDep = Annotated[Caller, Admin]
JobsDep = Annotated[Jobs, Depends(_jobs)]
IntakeDep = Annotated[Intake, Depends(_intake)]
DoorDep = Annotated[Door, Depends(_door)]
VettingDep = Annotated[Vetting, Depends(_vetting)]
MediaDep = Annotated[MediaFiles, Depends(_media)]
MetricsDep = Annotated[MetricsClient, Depends(_metrics)]
JobId = Annotated[UUID, Path(alias="id", description="As POST /jobs gave it")]
