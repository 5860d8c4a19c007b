"""The pipeline's question before a recording is transcribed: how, and what is known of the names and terms in it."""

from setu_common.contracts import PlanRequest, PlanResult
from setu_common.operations import Work
from setu_optimizer.service import Predictions


class Planner:
    """Does what a PlanRequest asks.

    Args:
        predictions: says how a recording is best transcribed.
    """

    def __init__(self, predictions: Predictions) -> None:
        self._predictions = predictions

    async def plan(self, request: PlanRequest, _work: Work) -> PlanResult:
        """The handler of the kind ``plans``."""
        return PlanResult(prediction=await self._predictions.predict(request.prediction))
