"""How a recording is best transcribed, answered at once."""

from fastapi import APIRouter

from setu_common.contracts import Prediction, PredictionRequest
from setu_common.web import CallerDep
from setu_optimizer.api.dependencies import PredictionsDep

router = APIRouter(tags=["predictions"])


@router.post("/v1/predictions")
async def predict(request: PredictionRequest, _caller: CallerDep, predictions: PredictionsDep) -> Prediction:
    """The plan, what is expected of each way, and why. Where nothing can be predicted it is the default plan, and `abstained` says why."""
    return await predictions.predict(request)
