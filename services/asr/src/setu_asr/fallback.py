"""Plans that were predicted elsewhere: a recording is not lost because this worker can't do what another machine could."""

from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from setu_asr.errors import UnusablePlan
from setu_common.contracts import Transcription, TranscriptionRequest
from setu_common.models.errors import ModelDamaged, ModelMissing, ModelsFolderFull, ModelUnavailable
from setu_common.operations import Park, Work

Transcribe = Callable[[TranscriptionRequest, Work], Awaitable[Transcription | Park]]

NOT_HERE: Final = (UnusablePlan, ModelMissing, ModelDamaged, ModelUnavailable, ModelsFolderFull)

log = structlog.get_logger()


class ByDefaultElse:
    """Transcribes as planned, and in this worker's own way where a predicted plan can't be done here.

    What a caller wishes stays: where that can't be done, they are told so.

    Args:
        transcribe: does it.
    """

    def __init__(self, transcribe: Transcribe) -> None:
        self._transcribe = transcribe

    async def transcribe(self, request: TranscriptionRequest, work: Work) -> Transcription | Park:
        """The handler of the kind ``transcriptions``; the plan of the result says what was done instead, and why.

        Raises:
            SetuError: as what it goes around; of a predicted plan, nothing that another way can mend.
        """
        try:
            return await self._transcribe(request, work)
        except NOT_HERE as error:
            if request.plan is None or request.plan.source == "default":
                raise
            why = error.detail
        log.warning("plan.not_possible_here", model=request.plan.model, compute_type=request.plan.compute_type, reason=why)
        done = await self._transcribe(request.model_copy(update={"plan": None}), work)
        if isinstance(done, Park):
            return done
        said = f"{done.plan.explanation} What was planned can't be done here: {why}".strip()
        return done.model_copy(update={"plan": done.plan.model_copy(update={"explanation": said})})
