"""What was spent, as the metrics service tells it."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from setu_common.contracts.cost import CostQuery, CostReport, JobCost
from setu_common.errors import DependencyUnavailable
from setu_common.web import problems
from setu_gateway.api.dependencies import JobId, JobsDep, MetricsDep, ReaderDep
from setu_gateway.errors import JobNotFound

router = APIRouter(tags=["costs"])


@router.get("/jobs/{id}/cost", responses=problems(JobNotFound, DependencyUnavailable))
async def get_job_cost(job_id: JobId, caller: ReaderDep, jobs: JobsDep, metrics: MetricsDep) -> JobCost:
    """What a job cost so far, by what was done with what, and what of it was in vain.

    Calls under way, and those that broke off, count at the most that they can cost.
    """
    job = await jobs.get(caller.tenant, job_id)
    return await metrics.job_cost(caller.tenant, job.id)


@router.get(
    "/v1/costs",
    response_model=CostReport,
    responses={
        200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "Sums, the dearest first; days in order"},
        **problems(DependencyUnavailable),
    },
)
async def get_costs(query: Annotated[CostQuery, Query()], caller: ReaderDep, metrics: MetricsDep) -> Response:
    """What was spent, by job, service, model, tenant or day; as JSON or as CSV."""
    if query.format == "csv":
        name = f'attachment; filename="costs-by-{query.by}.csv"'
        content = await metrics.costs_csv(caller.tenant, query)
        return Response(content, media_type="text/csv", headers={"Content-Disposition": name})
    return Response((await metrics.costs(caller.tenant, query)).model_dump_json(), media_type="application/json")
