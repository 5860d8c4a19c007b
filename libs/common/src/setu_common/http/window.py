"""What happened lately, in a ring of slots."""

from collections import deque
from dataclasses import dataclass
from typing import Final

SLOTS: Final = 10


@dataclass(slots=True)
class _Slot:
    number: int
    calls: int = 0
    failed: int = 0
    slow: int = 0


class Window:
    """Counts attempts of the last ``span_s`` seconds, give or take a tenth of it.

    Args:
        span_s: how far it looks back, seconds.

    Attributes:
        calls, failed, slow: attempts in the window, as of the last ``add`` or ``expire``.
    """

    __slots__ = ("_slots", "_width_s", "calls", "failed", "slow")

    def __init__(self, span_s: float) -> None:
        self._width_s = span_s / SLOTS
        self._slots: deque[_Slot] = deque()
        self.calls = self.failed = self.slow = 0

    def add(self, now: float, *, failed: bool, slow: bool) -> None:
        """Count an attempt that ended at ``now``, in seconds of a clock that doesn't go back."""
        number = int(now // self._width_s)
        slots = self._slots
        if not slots or slots[-1].number != number:
            self.expire(now)
            slots.append(_Slot(number))
        slot = slots[-1]
        slot.calls += 1
        self.calls += 1
        if failed:
            slot.failed += 1
            self.failed += 1
        if slow:
            slot.slow += 1
            self.slow += 1

    def expire(self, now: float) -> None:
        """Forget what is too long ago at ``now``."""
        slots, first = self._slots, int(now // self._width_s) - SLOTS + 1
        while slots and slots[0].number < first:
            old = slots.popleft()
            self.calls -= old.calls
            self.failed -= old.failed
            self.slow -= old.slow

    def clear(self) -> None:
        """Forget everything."""
        self._slots.clear()
        self.calls = self.failed = self.slow = 0
