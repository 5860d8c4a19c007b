"""Saying how a recording is best transcribed. Whatever goes wrong with that, the answer is a plan."""

from setu_common.contracts import AsrPlan, Prediction, PredictionRequest
from setu_optimizer.domain.prediction.plans import overridden

NO_MODEL = "No model has been trained yet."


class Predictions:
    """Answers PredictionRequests.

    Args:
        default: the plan where nothing is predicted.
    """

    def __init__(self, default: AsrPlan) -> None:
        self._default = default

    async def predict(self, request: PredictionRequest) -> Prediction:
        """A plan, the ways it was chosen from, and why; it is never refused."""
        return self._abstained(request, NO_MODEL)

    def _abstained(self, request: PredictionRequest, why: str) -> Prediction:
        plan = self._default.model_copy(update={"explanation": f"The default plan: {why[0].lower()}{why[1:]}"})
        return Prediction(plan=overridden(plan, request.overrides), quality=request.quality, abstained=why)
