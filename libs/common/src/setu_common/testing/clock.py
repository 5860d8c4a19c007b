"""Time and chance under a test's control."""

import asyncio
from collections.abc import Callable

from setu_common.http import Timing


class ManualTime:
    """A clock that moves when it is told, and when somebody sleeps by it.

    Args:
        epoch_s: seconds since 1970 at its beginning.
        share: where between its two ends each drawn number lies, 0 … 1.

    Attributes:
        now_s: seconds since its beginning.
        slept: the pauses so far, seconds.
    """

    def __init__(self, epoch_s: float = 1_790_000_000.0, *, share: float | Callable[[], float] = 1.0) -> None:
        self.now_s = 0.0
        self.slept: list[float] = []
        self._epoch_s = epoch_s
        self._share = share

    def advance(self, seconds: float) -> None:
        """Move on."""
        self.now_s += seconds

    async def sleep(self, seconds: float) -> None:
        """Move on, and let others run."""
        self.slept.append(seconds)
        self.advance(seconds)
        await asyncio.sleep(0)

    @property
    def timing(self) -> Timing:
        """What calls are made with."""
        return Timing(lambda: self.now_s, lambda: self._epoch_s + self.now_s, self.sleep, self._uniform)

    def _uniform(self, low: float, high: float) -> float:
        share = self._share() if callable(self._share) else self._share
        return low + share * (high - low)
