"""What Prometheus is told of edited translations.

| metric | labels | |
|---|---|---|
| ``setu_translation_quality_score`` | moment | mean score of a text, 0..100, ``before`` and ``after`` it was edited |
| ``setu_enhancer_lines_total`` | outcome | lines that were read (``seen``), had a reason to be edited (``selected``), that a model changed (``edited``), and whose change was kept (``kept``) |
| ``setu_enhancer_texts_total`` | outcome | ``edited``, ``skipped`` (nobody was to be asked), ``degraded`` (less was done than asked, such as that a budget is used up) |
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from setu_common.contracts import EnhancementRequest, EnhancementResult
from setu_common.operations import Work
from setu_enhancer.service import EnhancementService

_SCORES: Final = (20, 30, 40, 50, 60, 70, 80, 85, 90, 95, 100)


class CountedEnhancements:
    """The handler of ``enhancements``, counted.

    Args:
        service: does it.
        registry: where it is counted.
    """

    def __init__(self, service: EnhancementService, registry: CollectorRegistry) -> None:
        self._service = service
        self._scores = Histogram(
            "setu_translation_quality_score", "Mean scores of texts, 0..100", ("moment",), buckets=_SCORES, registry=registry
        )
        self._lines = Counter("setu_enhancer_lines", "Lines by what became of them", ("outcome",), registry=registry)
        self._texts = Counter("setu_enhancer_texts", "Texts by what became of them", ("outcome",), registry=registry)

    async def enhance(self, request: EnhancementRequest, work: Work) -> EnhancementResult:
        """Edit a text.

        Raises:
            SetuError: see ``EnhancementService.enhance``.
        """
        result = await self._service.enhance(request, work)
        self._texts.labels("skipped" if result.skipped else "degraded" if result.degraded else "edited").inc()
        counts = {
            "seen": result.segment_count,
            "selected": result.selected_count,
            "edited": result.edited_count,
            "kept": result.kept_count,
        }
        for outcome, count in counts.items():
            self._lines.labels(outcome).inc(count)
        for moment, score in (("before", result.score_before), ("after", result.score_after)):
            if score is not None:
                self._scores.labels(moment).observe(score)
        return result
