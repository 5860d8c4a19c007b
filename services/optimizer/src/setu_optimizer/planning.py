"""The pipeline's question before a recording is transcribed: how, and what is known of the names and terms in it."""

from collections.abc import Sequence
from typing import Protocol

import structlog

from setu_common.contracts import Context, KnownContext, PlanRequest, PlanResult
from setu_common.errors import SetuError
from setu_common.operations import Work
from setu_optimizer.service import Predictions

log = structlog.get_logger()


class Memory(Protocol):
    """Remembers names and terms; see ``Knowledge``."""

    async def known(
        self, tenant: str, context: Context, source_language: str, targets: Sequence[str]
    ) -> tuple[KnownContext, ...]:
        """What is known of a recording's names and terms before anyone has heard it."""


class Planner:
    """Does what a PlanRequest asks.

    Args:
        predictions: says how a recording is best transcribed.
        memory: of names and terms.
    """

    def __init__(self, predictions: Predictions, memory: Memory) -> None:
        self._predictions = predictions
        self._memory = memory

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
        return await self._memory.known(tenant, request.context, language, request.target_languages)
