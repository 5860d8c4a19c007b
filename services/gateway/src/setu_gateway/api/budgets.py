"""What may be spent, as the metrics service keeps it."""

from typing import Annotated

from fastapi import APIRouter, Query

from setu_common.contracts.cost import Budget, Budgets, BudgetSetting
from setu_common.errors import DependencyUnavailable, NotFound
from setu_common.web import problems
from setu_gateway.api.dependencies import AdminDep, JobId, JobsDep, MetricsDep, ReaderDep, VettingDep
from setu_gateway.errors import JobNotFound, WebhooksNotConfigured, WebhookUrlRefused, WebhookUrlUnresolvable
from setu_gateway.intake.vetting import Vetting

router = APIRouter(tags=["budgets"])


_NOT_TOLD = (WebhookUrlRefused, WebhookUrlUnresolvable, WebhooksNotConfigured)


@router.get("/v1/budgets", responses=problems(DependencyUnavailable))
async def list_budgets(
    caller: ReaderDep,
    metrics: MetricsDep,
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most")] = 50,
    cursor: Annotated[str | None, Query(max_length=100, description="`next_cursor` of the page before")] = None,
) -> Budgets:
    """The tenant's budgets: that of the month first, then those of jobs, newest first."""
    return await metrics.budgets(caller.tenant, limit, cursor)


@router.put("/v1/budgets/month", responses=problems(*_NOT_TOLD, DependencyUnavailable))
async def set_month_budget(setting: BudgetSetting, caller: AdminDep, metrics: MetricsDep, vetting: VettingDep) -> Budget:
    """Set what may be spent in a calendar month (UTC), and who is told. What was spent this month counts."""
    await _judge(setting, vetting)
    return await metrics.set_budget(caller.tenant, setting)


@router.delete("/v1/budgets/month", status_code=204, responses=problems(NotFound, DependencyUnavailable))
async def remove_month_budget(caller: AdminDep, metrics: MetricsDep) -> None:
    """Spend without a limit."""
    await metrics.remove_budget(caller.tenant)


@router.put("/v1/budgets/jobs/{id}", responses=problems(JobNotFound, *_NOT_TOLD, DependencyUnavailable))
async def set_job_budget(
    job_id: JobId, setting: BudgetSetting, caller: AdminDep, *, jobs: JobsDep, metrics: MetricsDep, vetting: VettingDep
) -> Budget:
    """Set anew what a job may spend, such as before it is run again, and who is told."""
    await _judge(setting, vetting)
    job = await jobs.get(caller.tenant, job_id)
    return await metrics.set_budget(caller.tenant, setting, job.id)


async def _judge(setting: BudgetSetting, vetting: Vetting) -> None:
    if setting.alert_url is not None:
        await vetting.webhook(setting.alert_url, "alert_url")
