"""The pipeline's question before a recording is transcribed: how, and what is known of the names and terms in it."""

import structlog

from setu_common.contracts import KnownContext, PlanRequest, PlanResult
from setu_common.errors import SetuError
from setu_common.operations import Work
from setu_optimizer.knowledge import Knowledge
from setu_optimizer.service import Predictions

log = structlog.get_logger()


class Planner:
    """Does what a PlanRequest asks.

    Args:
        predictions: says how a recording is best transcribed.
        knowledge: remembers names and terms.
    """

    def __init__(self, predictions: Predictions, knowledge: Knowledge) -> None:
        self._predictions = predictions
        self._knowledge = knowledge

    async def plan(self, request: PlanRequest, work: Work) -> PlanResult:
        """The handler of the kind ``plans``. Without its memory it plans all the same, and says so."""
        prediction = await self._predictions.predict(request.prediction)
        try:
            return PlanResult(prediction=prediction, known=await self._known(request, work.tenant))
        except SetuError as error:
            log.warning("plan.without_memory", reason=error.detail)
            return PlanResult(prediction=prediction, notes=(f"What earlier episodes taught is not known: {error.detail}",))

    async def _known(self, request: PlanRequest, tenant: str) -> tuple[KnownContext, ...]:
        language = request.prediction.language or request.prediction.profile.language
        if language is None or not request.target_languages:
            return ()
        return await self._knowledge.known(tenant, request.context, language, request.target_languages)
