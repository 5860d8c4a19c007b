"""What routes are given: the use cases, and who asks."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Request

from setu_gateway.intake.upload import Intake
from setu_gateway.service import Jobs


async def _jobs(request: Request) -> Jobs:
    jobs: Jobs = request.app.state.jobs
    return jobs


async def _intake(request: Request) -> Intake:
    intake: Intake = request.app.state.intake
    return intake


JobsDep = Annotated[Jobs, Depends(_jobs)]
IntakeDep = Annotated[Intake, Depends(_intake)]
JobId = Annotated[UUID, Path(alias="id", description="As POST /jobs gave it")]
