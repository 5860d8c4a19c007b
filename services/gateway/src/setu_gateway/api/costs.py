"""What was spent, as the metrics service tells it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from setu_common.contracts.cost import CostQuery, CostReport, Estimate, EstimateRequest, JobCost
from setu_common.errors import DependencyUnavailable, InvalidRequest
from setu_common.web import MethodNotAllowed, problems
from setu_common.web.problems import problem_response, request_id_of
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


@router.post("/jobs/estimate", responses=problems(InvalidRequest, DependencyUnavailable))
async def estimate_job(request: EstimateRequest, caller: ReaderDep, metrics: MetricsDep) -> Estimate:
    """What a job would take and cost, before anything is spent: from what earlier jobs took, with the range that holds nine in ten."""
    return await metrics.estimate(caller.tenant, request)


# Else it would be taken for a job's id.
@router.api_route("/jobs/estimate", methods=["GET", "DELETE"], include_in_schema=False)
async def refuse_to_get_estimates(request: Request) -> Response:
    """Estimates are made, not kept."""
    error = MethodNotAllowed("Ask for an estimate with POST; none is kept.")
    return problem_response(error, request_id_of(request), {"Allow": "POST"})


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
