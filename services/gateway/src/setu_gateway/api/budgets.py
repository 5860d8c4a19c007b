"""What may be spent, as the metrics service keeps it."""

from fastapi import APIRouter

from setu_common.contracts.cost import Budget, Budgets, BudgetSetting
from setu_common.errors import DependencyUnavailable, NotFound
from setu_common.web import problems
from setu_gateway.api.dependencies import AdminDep, JobId, JobsDep, MetricsDep, ReaderDep
from setu_gateway.errors import JobNotFound

router = APIRouter(tags=["budgets"])


@router.get("/v1/budgets", responses=problems(DependencyUnavailable))
async def list_budgets(caller: ReaderDep, metrics: MetricsDep) -> Budgets:
    """The tenant's budgets: that of the month first, then those of jobs."""
    return await metrics.budgets(caller.tenant)


@router.put("/v1/budgets/month", responses=problems(DependencyUnavailable))
async def set_month_budget(setting: BudgetSetting, caller: AdminDep, metrics: MetricsDep) -> Budget:
    """Set what may be spent in a calendar month (UTC). What was spent this month counts."""
    return await metrics.set_budget(caller.tenant, setting)


@router.delete("/v1/budgets/month", status_code=204, responses=problems(NotFound, DependencyUnavailable))
async def remove_month_budget(caller: AdminDep, metrics: MetricsDep) -> None:
    """Spend without a limit."""
    await metrics.remove_budget(caller.tenant)


@router.put("/v1/budgets/jobs/{id}", responses=problems(JobNotFound, DependencyUnavailable))
async def set_job_budget(job_id: JobId, setting: BudgetSetting, caller: AdminDep, jobs: JobsDep, metrics: MetricsDep) -> Budget:
    """Set anew what a job may spend, such as before it is run again."""
    job = await jobs.get(caller.tenant, job_id)
    return await metrics.set_budget(caller.tenant, setting, job.id)
