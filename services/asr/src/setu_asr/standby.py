"""A hosted recogniser, and one of this machine for what it can't do: no recording fails for want of money or of a provider."""

from collections.abc import Callable, Sequence
from typing import Final

import structlog

from setu_asr.domain.audio import Samples
from setu_asr.domain.heard import Heard
from setu_asr.domain.hints import NO_HINTS, Hints
from setu_asr.engines.recogniser import Piecemeal, Recogniser
from setu_common.contracts import AsrPlan
from setu_common.cost.own import OwnTime
from setu_common.errors import SetuError, is_retryable
from setu_common.http import CircuitOpen

log = structlog.get_logger()

# Coming back later does not help soon: the circuit is open to everyone.
_AT_ONCE: Final = (CircuitOpen,)


class Standby:
    """A ``Recogniser`` of two: the hosted one is asked until it gives way, and from then on the local one.

    Where the budget or the quota is used up, the server refuses, or its circuit is open, the hosted one gives way at once. Where it is
    away, the operation is attempted again first; what was paid for is kept until then.

    Args:
        hosted: is asked first.
        local: has the local one ready; raises ``SetuError`` where it can't.
        last: whether there is no other attempt after this one.
        spent: adds up what the local one takes.
    """

    def __init__(self, hosted: Piecemeal, local: Callable[[], Recogniser], *, last: bool, spent: OwnTime) -> None:
        self._hosted = hosted
        self._ready = local
        self._last = last
        self._spent = spent
        self._local: Recogniser | None = None
        self.reason: SetuError | None = None
        self.heard_there = 0
        self.heard_here = 0

    def detect_language(self, clips: Sequence[Samples]) -> tuple[str, float]:
        """See ``Recogniser``."""
        if self._local is None:
            try:
                return self._hosted.detect_language(clips)
            except SetuError as error:
                self._give_way(error)
        with self._spent:
            return self._here.detect_language(clips)

    def recognise(self, clips: Sequence[Samples], language: str, plan: AsrPlan, hints: Hints = NO_HINTS) -> list[list[Heard]]:
        """See ``Recogniser``. What the hosted one heard before it gave way counts."""
        found: list[list[Heard]] = []
        if self._local is None:
            try:
                for piece in self._hosted.pieces(clips, language, plan, hints):
                    found.extend(piece)
            except SetuError as error:
                self._give_way(error)
        self.heard_there += len(found)
        if len(found) < len(clips):
            self.heard_here += len(clips) - len(found)
            with self._spent:
                found.extend(self._here.recognise(clips[len(found) :], language, plan, hints))
        return found

    @property
    def _here(self) -> Recogniser:
        if self._local is None:
            raise RuntimeError("nobody has given way")
        return self._local

    def _give_way(self, error: SetuError) -> None:
        if is_retryable(error) and not self._last and not isinstance(error, _AT_ONCE):
            raise error
        try:
            with self._spent:
                self._local = self._ready()
        except SetuError as missing:
            log.warning("hosted.no_stand_in", code=missing.code, reason=missing.detail)
            raise error from missing
        self.reason = error
        log.warning("hosted.gave_way", code=error.code, clips=self.heard_there)
