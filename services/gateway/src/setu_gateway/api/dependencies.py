"""What routes are given: the use cases, and who asks."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Request

from setu_common.web import Allowed, Caller
from setu_gateway.delivery.media import MediaFiles
from setu_gateway.intake.upload import Intake
from setu_gateway.keys.key import Scope
from setu_gateway.service import Jobs


async def _jobs(request: Request) -> Jobs:
    jobs: Jobs = request.app.state.jobs
    return jobs


async def _intake(request: Request) -> Intake:
    intake: Intake = request.app.state.intake
    return intake


async def _media(request: Request) -> MediaFiles:
    media: MediaFiles = request.app.state.media
    return media


ReaderDep = Annotated[Caller, Depends(Allowed(Scope.JOBS_READ.value))]
WriterDep = Annotated[Caller, Depends(Allowed(Scope.JOBS_WRITE.value))]
JobsDep = Annotated[Jobs, Depends(_jobs)]
IntakeDep = Annotated[Intake, Depends(_intake)]
MediaDep = Annotated[MediaFiles, Depends(_media)]
JobId = Annotated[UUID, Path(alias="id", description="As POST /jobs gave it")]
