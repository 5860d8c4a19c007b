"""What is told with the scores of texts: what they were found without, and why."""

from typing import Any

import pytest

from setu_common.contracts import Context, QualityReport, QualityRequest
from setu_common.store import Store
from setu_enhancer.domain.thresholds import Thresholds
from setu_enhancer.service import Desk, EnhancementService
from testbed.editing import LINES, cents


class Nobody:
    """No movie database."""

    async def of(self, context: Context) -> tuple[tuple[str, ...], str]:
        return (), ""


class Work:
    """What a handler is given, as far as scoring needs it."""

    async def in_thread(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)


@pytest.fixture
def scored(store_settings):
    """Score lines with what is at hand."""

    async def told(*texts: str, judge: Any = None, fluency: Any = None, price: Any = cents) -> QualityReport:
        nothing: Any = None
        casting: Any = Nobody()
        work: Any = Work()
        desk = Desk(
            editor=nothing,
            memory=nothing,
            prompts=nothing,
            thresholds=Thresholds(),
            casting=casting,
            price=price,
            judge=judge,
            fluency=fluency,
        )
        lines = [{"source": LINES[0].source, "text": text} for text in texts]
        asked = {"source_language": "hi", "target_language": "en", "lines": lines, "judge": judge is not None}
        return await EnhancementService(Store(store_settings, "enhancer"), desk).scores(
            QualityRequest.model_validate(asked), work
        )

    return told


class Probable:
    """Tells the probability of texts of so many bytes."""

    longest_bytes = 30

    async def mean_logprobs(self, texts, language):
        return [-3.0 if len(text) <= self.longest_bytes else None for text in texts]


async def test_texts_that_are_too_long_for_a_probability_are_told_by_number(scored):
    report = await scored("Raj, where were you?", "Raj, where were you? " * 9, fluency=Probable())
    assert [each.methods for each in report.scores] == [("signals", "logprob"), ("signals",)]
    assert report.notes == ("1 of 2 lines were scored without probabilities, which are told of texts of 30 bytes at most.",)
    assert (await scored("Raj, where were you?", fluency=Probable())).notes == ()
