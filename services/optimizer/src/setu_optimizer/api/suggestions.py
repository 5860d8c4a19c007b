"""What could have been had for less."""

from typing import Annotated

from fastapi import APIRouter, Query

from setu_common.contracts.suggestions import Suggestions
from setu_common.errors import DependencyUnavailable
from setu_common.web import CallerDep, problems
from setu_optimizer.api.dependencies import SpendingDep

router = APIRouter(tags=["suggestions"])


@router.get("/v1/suggestions", responses=problems(DependencyUnavailable))
async def suggest(
    caller: CallerDep,
    spending: SpendingDep,
    days: Annotated[int, Query(ge=1, le=365, description="How far back jobs are looked at")] = 30,
) -> Suggestions:
    """What the last days' jobs could have had for less: each with its saving, how sure it is, and what it was computed from."""
    return await spending.suggestions(caller.tenant, days)
