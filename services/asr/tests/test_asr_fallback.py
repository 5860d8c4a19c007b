"""A plan that was predicted elsewhere and can't be done here costs no recording; what a caller wishes is theirs."""

import pytest

from setu_asr.errors import UnusablePlan
from setu_asr.fallback import ByDefaultElse
from setu_common.contracts import AsrPlan, Reference, Transcription, TranscriptionRequest
from setu_common.models.errors import ModelMissing

MEDIA = Reference(uri=f"setu://asr/local/2026-11-26/{'0' * 64}-00000000", bytes=4, media_type="audio/wav")
PREDICTED = AsrPlan(model="whisper-large-v3", compute_type="float16", source="predicted")


def heard_by(plan: AsrPlan) -> Transcription:
    return Transcription(
        transcript=MEDIA, language="en", language_probability=1, duration_s=1, segment_count=1, plan=plan, model_time_s=0.1
    )


class OneWay:
    """A worker that can do its default plan alone."""

    def __init__(self, error: Exception) -> None:
        self.asked: list[TranscriptionRequest] = []
        self._error = error

    async def transcribe(self, request, work):
        self.asked.append(request)
        if request.plan is not None:
            raise self._error
        return heard_by(AsrPlan(explanation="The default."))


@pytest.mark.parametrize("error", [UnusablePlan("No float16 here."), ModelMissing("It is not here.")])
@pytest.mark.parametrize("source", ["predicted", "override"])
async def test_what_was_planned_and_cannot_be_done_is_done_by_default_and_says_so(work, error, source):
    worker = OneWay(error)
    plan = PREDICTED.model_copy(update={"source": source})
    result = await ByDefaultElse(worker.transcribe).transcribe(TranscriptionRequest(media=MEDIA, plan=plan), work)
    assert [each.plan for each in worker.asked] == [plan, None]
    assert isinstance(result, Transcription)
    assert result.plan.explanation == f"The default. What was planned can't be done here: {error}"


@pytest.mark.parametrize("plan", [None, AsrPlan(compute_type="float16")])
async def test_what_a_caller_plans_and_cannot_be_done_is_told(work, plan):
    async def never(_request, _work):
        raise UnusablePlan("No float16 here.")

    with pytest.raises(UnusablePlan):
        await ByDefaultElse(never).transcribe(TranscriptionRequest(media=MEDIA, plan=plan), work)


async def test_what_can_be_done_is_done_once(work):
    async def able(request, _work):
        return heard_by(request.plan)

    result = await ByDefaultElse(able).transcribe(TranscriptionRequest(media=MEDIA, plan=PREDICTED), work)
    assert isinstance(result, Transcription)
    assert result.plan == PREDICTED
