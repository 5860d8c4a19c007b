"""What was spent."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from setu_common.contracts.cost import CostQuery, CostReport, JobCost
from setu_common.errors import DependencyUnavailable
from setu_common.web import CallerDep, problems
from setu_metrics.api.dependencies import CostsDep
from setu_metrics.errors import TimeReversed
from setu_metrics.service import as_csv

router = APIRouter(tags=["costs"])


@router.get(
    "/v1/costs",
    response_model=CostReport,
    responses={
        200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "Sums, the dearest first; days in order"},
        **problems(TimeReversed, DependencyUnavailable),
    },
)
async def get_costs(query: Annotated[CostQuery, Query()], caller: CallerDep, costs: CostsDep) -> Response:
    """What was spent. Calls under way, and those that broke off, count at the most that they can cost."""
    report = await costs.report(caller.tenant, query)
    if query.format == "csv":
        name = f'attachment; filename="costs-by-{query.by}.csv"'
        return Response(as_csv(report), media_type="text/csv", headers={"Content-Disposition": name})
    return Response(report.model_dump_json(), media_type="application/json")


@router.get("/v1/costs/jobs/{id}", responses=problems(DependencyUnavailable))
async def get_job_cost(job_id: Annotated[UUID, Path(alias="id")], caller: CallerDep, costs: CostsDep) -> JobCost:
    """What a job cost, by what was done with what, and what of it was in vain."""
    return await costs.of_job(caller.tenant, job_id)
