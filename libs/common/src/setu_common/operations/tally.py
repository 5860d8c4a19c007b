"""How many there are of something, looked up at most once a second, with what this process adds meanwhile; and when there will be fewer.

Between looks whoever asks or adds pays the same, however many keys there are.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

LOOK_EVERY_S: Final = 1.0
LATELY_S: Final = 60
"""Ends of so long are what the future is told from."""
SOONEST_S: Final = 1.0
LATEST_S: Final = 300.0


@dataclass(frozen=True, slots=True)
class Count:
    """Of one key.

    Args:
        open: how many there are.
        ended: how many have ended in the last ``LATELY_S`` seconds.
    """

    open: int = 0
    ended: int = 0

    def room_in_s(self, limit: int) -> float:
        """When there is likely to be room for one more: as long as it took lately for so many to end, 1 s at least and 5 minutes at most."""
        if not self.ended:
            return LATEST_S
        return min(max((self.open - limit + 1) * LATELY_S / self.ended, SOONEST_S), LATEST_S)


class Tally:
    """Counts, by key. What other processes add is seen with the next look.

    Args:
        look: finds the counts; what it does not name there is none of.
        now: monotonic seconds.
    """

    def __init__(self, look: Callable[[], Awaitable[Mapping[str, Count]]], now: Callable[[], float] = time.monotonic) -> None:
        self._look = look
        self._now = now
        self._seen: Mapping[str, Count] = {}
        self._seen_of_all = Count()
        self._fresh_until: float | None = None
        self._looking = asyncio.Lock()
        # What this process has let in: all that the last look may not have seen, and of that what is there for certain.
        self._held: Counter[str] = Counter()
        self._held_of_all = 0
        self._come: Counter[str] = Counter()

    async def refresh(self) -> None:
        """Look, if the last look is too long ago. Whoever asks meanwhile waits for the same look."""
        if self._is_fresh():
            return
        async with self._looking:
            if self._is_fresh():
                return
            began, come, self._come = self._now(), self._come, Counter()
            try:
                self._seen = await self._look()
            except BaseException:
                self._come += come
                raise
            seen = self._seen.values()
            self._seen_of_all = Count(sum(each.open for each in seen), sum(each.ended for each in seen))
            self._held -= come
            self._held_of_all -= come.total()
            self._fresh_until = began + LOOK_EVERY_S

    def count(self, key: str) -> Count:
        """How many there are of one key, as far as is known now."""
        seen = self._seen.get(key, Count())
        return Count(seen.open + self._held[key], seen.ended)

    def total(self) -> Count:
        """How many there are of all."""
        return Count(self._seen_of_all.open + self._held_of_all, self._seen_of_all.ended)

    @contextmanager
    def place(self, key: str) -> Iterator[Callable[[], None]]:
        """Count one that is about to come. Say that it has come by calling what is given, else it counts until the block ends."""
        self._hold(key, 1)
        has_come = False

        def come() -> None:
            nonlocal has_come
            has_come = True

        try:
            yield come
        finally:
            if has_come:
                self._come[key] += 1
            else:
                self._hold(key, -1)

    def _hold(self, key: str, more: int) -> None:
        self._held[key] += more
        self._held_of_all += more

    def _is_fresh(self) -> bool:
        return self._fresh_until is not None and self._now() < self._fresh_until
