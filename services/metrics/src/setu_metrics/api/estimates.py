"""What a job would take and cost."""

from fastapi import APIRouter

from setu_common.contracts.cost import Estimate, EstimateRequest
from setu_common.errors import DependencyUnavailable
from setu_common.web import CallerDep, problems
from setu_metrics.api.dependencies import EstimatesDep

router = APIRouter(tags=["estimates"])


@router.post("/v1/estimates", responses=problems(DependencyUnavailable))
async def estimate(request: EstimateRequest, caller: CallerDep, estimates: EstimatesDep) -> Estimate:
    """Time and cost of a job, with the range that holds nine in ten, from what the tenant's earlier jobs took."""
    return await estimates.of(caller.tenant, request)
