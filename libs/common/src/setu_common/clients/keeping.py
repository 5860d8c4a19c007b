"""What was looked up before."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

from setu_common.http import Timing


@dataclass(frozen=True)
class Kept:
    """The outcome of a lookup.

    Args:
        body: what was found, as JSON; None: that there is nothing.
    """

    body: str | None


class LookupCache(Protocol):
    """Keeps outcomes for a while. One that several processes share keeps them in the database."""

    async def get(self, key: str) -> Kept | None:
        """What is kept; None if nothing is, or not any more."""

    async def put(self, key: str, kept: Kept, ttl_s: float) -> None:
        """Keep it for so many seconds."""


class MemoryCache:
    """A ``LookupCache`` in this process's memory.

    Args:
        most: outcomes; what was not asked for longest gives way.
        timing: the clock.
    """

    def __init__(self, most: int = 1000, timing: Timing | None = None) -> None:
        self._most = most
        self._now = (timing or Timing()).monotonic
        self._kept: OrderedDict[str, tuple[float, Kept]] = OrderedDict()

    async def get(self, key: str) -> Kept | None:
        """See ``LookupCache``."""
        until, kept = self._kept.get(key, (0.0, None))
        if kept is None:
            return None
        if until <= self._now():
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return kept

    async def put(self, key: str, kept: Kept, ttl_s: float) -> None:
        """See ``LookupCache``."""
        self._kept[key] = (self._now() + ttl_s, kept)
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
