"""What Prometheus is told of edited texts."""

from typing import cast

import pytest
from prometheus_client import CollectorRegistry

from setu_common.contracts import EnhancementRequest, EnhancementResult
from setu_common.operations import Work
from setu_enhancer.metrics import CountedEnhancements
from setu_enhancer.service import EnhancementService


def result(**more: object) -> EnhancementResult:
    fields = {
        "source_language": "hi",
        "target_language": "en",
        "segment_count": 9,
        "selected_count": 4,
        "edited_count": 3,
        "kept_count": 2,
    }
    return EnhancementResult.model_validate(fields | more)


class Answering:
    def __init__(self, answer: EnhancementResult) -> None:
        self._answer = answer

    async def enhance(self, _request: EnhancementRequest, _work: Work) -> EnhancementResult:
        return self._answer


@pytest.mark.parametrize(
    ("answer", "outcome", "scores"),
    [
        (result(score_before=61, score_after=74), "edited", (61, 74)),
        (result(score_before=61, score_after=61, degraded="the budget is used up"), "degraded", (61, 61)),
        (result(skipped="the mode is off"), "skipped", (None, None)),
    ],
)
async def test_texts_lines_and_scores_are_counted(answer, outcome, scores):
    registry = CollectorRegistry()
    service = cast("EnhancementService", Answering(answer))
    counted = CountedEnhancements(service, registry)
    assert await counted.enhance(cast("EnhancementRequest", None), cast("Work", None)) is answer
    assert registry.get_sample_value("setu_enhancer_texts_total", {"outcome": outcome}) == 1
    lines = [
        registry.get_sample_value("setu_enhancer_lines_total", {"outcome": each})
        for each in ("seen", "selected", "edited", "kept")
    ]
    assert lines == [9, 4, 3, 2]
    told = tuple(
        registry.get_sample_value("setu_translation_quality_score_sum", {"moment": each}) for each in ("before", "after")
    )
    assert told == scores
