"""Where time went."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from setu_common.contracts.performance import JobPerformance, TrendQuery, Trends
from setu_common.errors import DependencyUnavailable
from setu_common.web import CallerDep, problems
from setu_metrics.api.dependencies import PerformanceDep
from setu_metrics.errors import TooFine

router = APIRouter(tags=["performance"])


@router.get("/v1/performance/jobs/{id}", responses=problems(DependencyUnavailable))
async def get_job_performance(
    job_id: Annotated[UUID, Path(alias="id")], caller: CallerDep, performance: PerformanceDep
) -> JobPerformance:
    """Where a job's time went, what holds it up, and what to do about it."""
    return await performance.of_job(caller.tenant, job_id)


@router.get("/v1/performance/trends", responses=problems(TooFine, DependencyUnavailable))
async def get_trends(query: Annotated[TrendQuery, Query()], caller: CallerDep, performance: PerformanceDep) -> Trends:
    """How jobs and stages went, by hour or day (UTC)."""
    return await performance.trends(caller.tenant, query)
