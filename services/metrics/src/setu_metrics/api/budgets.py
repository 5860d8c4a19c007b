"""What may be spent."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from setu_common.contracts.cost import Budget, Budgets, BudgetSetting
from setu_common.errors import DependencyUnavailable
from setu_common.web import CallerDep, problems
from setu_metrics.api.dependencies import CostsDep
from setu_metrics.errors import NoBudget

router = APIRouter(tags=["budgets"])


@router.get("/v1/budgets", responses=problems(DependencyUnavailable))
async def list_budgets(
    caller: CallerDep,
    costs: CostsDep,
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most")] = 50,
    cursor: Annotated[str | None, Query(max_length=100, description="`next_cursor` of the page before")] = None,
) -> Budgets:
    """The tenant's budgets: that of the month first, then those of jobs, newest first."""
    return await costs.budgets(caller.tenant, limit, cursor)


@router.put("/v1/budgets/month", responses=problems(DependencyUnavailable))
async def set_month_budget(setting: BudgetSetting, caller: CallerDep, costs: CostsDep) -> Budget:
    """Set what may be spent in a calendar month (UTC). What was spent this month counts."""
    return await costs.set_budget(caller.tenant, None, setting)


@router.delete("/v1/budgets/month", status_code=204, responses=problems(NoBudget, DependencyUnavailable))
async def remove_month_budget(caller: CallerDep, costs: CostsDep) -> None:
    """Spend without a limit."""
    await costs.remove_budget(caller.tenant)


@router.put("/v1/budgets/jobs/{id}", responses=problems(DependencyUnavailable))
async def set_job_budget(
    job_id: Annotated[UUID, Path(alias="id")], setting: BudgetSetting, caller: CallerDep, costs: CostsDep
) -> Budget:
    """Set anew what a job may spend, such as before it is tried again."""
    return await costs.set_budget(caller.tenant, job_id, setting)
