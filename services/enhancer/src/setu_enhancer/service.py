"""Editing a translation, from what lies in the store or comes with the request to what is delivered and its audit."""

from collections.abc import Sequence

import structlog

from setu_common.contracts import Enhancement, EnhancementRequest, EnhancementResult
from setu_common.operations import Work
from setu_enhancer.settings import EditingSettings

log = structlog.get_logger()


class EnhancementService:
    """Does what an EnhancementRequest or a QualityRequest asks.

    Args:
        settings: how lines are put before models.
        nobody: why there is no language model to ask; empty: there is one.
    """

    def __init__(self, *, settings: EditingSettings, nobody: str) -> None:
        self._settings = settings
        self._nobody = nobody

    async def enhance(self, request: EnhancementRequest, work: Work) -> EnhancementResult:
        """The handler of the kind ``enhancements``. N lines in, N lines out, same indices, same times."""
        why = self._pointless(request)
        log.info("enhancement.skipped", reason=why, attempt=work.attempt)
        return skipped(request, why)

    def _pointless(self, request: EnhancementRequest) -> str:
        if (self._settings.mode or request.mode) == "off":
            return "not wanted: the mode is off"
        return f"not possible: {self._nobody}"


def skipped(request: EnhancementRequest, why: str) -> EnhancementResult:
    """The answer where nobody is asked: lines keep their drafts."""
    lines: Sequence[Enhancement] = [
        Enhancement(segment_index=line.index, draft=line.draft, text=line.draft, changed=False) for line in request.lines
    ]
    return EnhancementResult(
        source_language=request.source_language,
        target_language=request.target_language,
        lines=tuple(lines),
        segment_count=len(lines),
        selected_count=0,
        edited_count=0,
        kept_count=0,
        skipped=why,
    )
