"""The ways to transcribe that there are on the workers' machines."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from setu_asr.offering import Offering
from setu_common.contracts import InstalledCandidates
from setu_common.web import CallerDep

router = APIRouter(tags=["candidates"])


async def _offering(request: Request) -> Offering:
    offering: Offering = request.app.state.offering
    return offering


@router.get("/v1/candidates")
async def candidates(_caller: CallerDep, offering: Annotated[Offering, Depends(_offering)]) -> InstalledCandidates:
    """The installed models, each in the ways in which it can be run, with what each takes where that was measured."""
    return await offering.candidates()
