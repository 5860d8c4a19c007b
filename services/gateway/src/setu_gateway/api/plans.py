"""How recordings are best transcribed: of a job, and of one that is only thought of."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from setu_common.clients.optimizer import OptimizerClient
from setu_common.contracts import PlanResult, Prediction, PredictionRequest
from setu_common.contracts.suggestions import Suggestions
from setu_common.errors import DependencyUnavailable
from setu_common.web import problems
from setu_gateway.api.dependencies import JobId, JobsDep, ReaderDep
from setu_gateway.errors import JobNotFound
from setu_gateway.learning.errors import PlanMissing
from setu_gateway.learning.plans import plan_of

router = APIRouter(tags=["plans"])


async def _optimizer(request: Request) -> OptimizerClient:
    optimizer: OptimizerClient = request.app.state.optimizer
    return optimizer


OptimizerDep = Annotated[OptimizerClient, Depends(_optimizer)]


@router.get("/jobs/{id}/plan", responses=problems(JobNotFound, PlanMissing, DependencyUnavailable))
async def get_plan(job_id: JobId, caller: ReaderDep, jobs: JobsDep) -> PlanResult:
    """How a job's recording is transcribed and why: what was chosen, what was expected of each way, what was known beforehand."""
    return plan_of(await jobs.get(caller.tenant, job_id))


@router.post("/v1/predictions", responses=problems(DependencyUnavailable))
async def predict(request: PredictionRequest, caller: ReaderDep, optimizer: OptimizerDep) -> Prediction:
    """What each way to transcribe a recording would cost in errors and time, which one is chosen, and why.

    Where nothing can be predicted it is the default plan, and `abstained` says why.
    """
    return await optimizer.predict(caller.tenant, request)


@router.get("/v1/suggestions", responses=problems(DependencyUnavailable))
async def suggest(
    caller: ReaderDep,
    optimizer: OptimizerDep,
    days: Annotated[int, Query(ge=1, le=365, description="How far back jobs are looked at")] = 30,
) -> Suggestions:
    """What the last days' jobs could have had for less: each with its saving, how sure it is, and what it was computed from."""
    return await optimizer.suggestions(caller.tenant, days)
