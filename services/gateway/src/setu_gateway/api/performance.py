"""Where time went, as the metrics service tells it."""

from typing import Annotated

from fastapi import APIRouter, Query

from setu_common.contracts.performance import JobPerformance, TrendQuery, Trends
from setu_common.errors import DependencyUnavailable, InvalidRequest
from setu_common.web import problems
from setu_gateway.api.dependencies import JobId, JobsDep, MetricsDep, ReaderDep
from setu_gateway.errors import JobNotFound

router = APIRouter(tags=["performance"])


@router.get("/jobs/{id}/performance", responses=problems(JobNotFound, DependencyUnavailable))
async def get_job_performance(job_id: JobId, caller: ReaderDep, jobs: JobsDep, metrics: MetricsDep) -> JobPerformance:
    """Where a job's time went so far, what holds it up, and what to do about it."""
    job = await jobs.get(caller.tenant, job_id)
    return await metrics.job_performance(caller.tenant, job.id)


@router.get("/v1/performance/trends", responses=problems(InvalidRequest, DependencyUnavailable))
async def get_trends(query: Annotated[TrendQuery, Query()], caller: ReaderDep, metrics: MetricsDep) -> Trends:
    """How the tenant's jobs and their stages went, by hour or day (UTC): counts, times, waiting, and what to do about it.

    At most 32 days by the hour.
    """
    return await metrics.trends(caller.tenant, query)
