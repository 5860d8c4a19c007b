"""How many requests a provider gets at once and in a minute: in one place for all who call it in this process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from setu_common.errors import DeadlineExceeded
from setu_common.http import Timing, remaining_s

_MINUTE_S: Final = 60.0


@dataclass(frozen=True)
class LimitPolicy:
    """What a provider allows.

    Args:
        at_once: requests under way.
        requests_per_minute: None: as many as there are.
        tokens_per_minute: input and output together; None: as many as there are.
    """

    at_once: int = 8
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None


class TokenBucket:
    """Holds a minute's worth, and fills evenly. Whoever takes more than there is owes it, so that a large call passes too, and the next waits.

    Args:
        per_minute: what flows in.
        timing: the clock.
    """

    def __init__(self, per_minute: float, timing: Timing) -> None:
        self._per_minute = per_minute
        self._now = timing.monotonic
        self._level = per_minute
        self._at = self._now()

    def wait_s(self, amount: float) -> float:
        """How long until so much is there, or as much as it holds, seconds."""
        self._fill()
        lacking = min(amount, self._per_minute) - self._level
        return max(lacking, 0.0) / self._per_minute * _MINUTE_S

    def take(self, amount: float) -> None:
        """Take so much, even if it isn't there; give back if negative."""
        self._fill()
        self._level = min(self._level - amount, self._per_minute)

    def _fill(self) -> None:
        now = self._now()
        self._level = min(self._per_minute, self._level + (now - self._at) * self._per_minute / _MINUTE_S)
        self._at = now


class Limits:
    """Lets calls to one provider through, in the order in which they came.

    Args:
        name: the provider's, for errors.
        policy: what it allows.
        timing: clock and pauses.
    """

    def __init__(self, name: str, policy: LimitPolicy, timing: Timing) -> None:
        self._name = name
        self._timing = timing
        self._places = asyncio.Semaphore(policy.at_once)
        self._requests = _bucket(policy.requests_per_minute, timing)
        self._tokens = _bucket(policy.tokens_per_minute, timing)

    @asynccontextmanager
    async def place(self, tokens: int) -> AsyncIterator[None]:
        """Wait for a place and for the minute's allowance of the first attempt, and keep the place for a call.

        Args:
            tokens: what the call will use by estimate.

        Raises:
            DeadlineExceeded: the bound deadline would be over before.
        """
        left_s = remaining_s(self._timing)
        patience = asyncio.timeout(None if left_s is None else max(left_s, 0.0))
        try:
            async with patience:
                await self._places.acquire()
        except TimeoutError as error:
            if patience.expired():
                raise self._too_late() from error
            raise
        try:
            await self._allowance(tokens)
            yield
        finally:
            self._places.release()

    def take(self, *, requests: int = 0, tokens: int = 0) -> None:
        """Take from the minute's allowance without waiting: for attempts made again, and to correct an estimate (negative: give back)."""
        if self._requests is not None:
            self._requests.take(requests)
        if self._tokens is not None:
            self._tokens.take(tokens)

    async def _allowance(self, tokens: int) -> None:
        wait_s = self._wait_s(tokens)
        left_s = remaining_s(self._timing)
        if wait_s > 0 and left_s is not None and wait_s >= left_s:
            raise self._too_late()
        self.take(requests=1, tokens=tokens)  # at once, so that whoever comes later waits longer
        if wait_s > 0:
            try:
                await self._timing.sleep(wait_s)
            except asyncio.CancelledError:
                self.take(requests=-1, tokens=-tokens)
                raise

    def _wait_s(self, tokens: int) -> float:
        for_request = self._requests.wait_s(1) if self._requests is not None else 0.0
        for_tokens = self._tokens.wait_s(tokens) if self._tokens is not None else 0.0
        return max(for_request, for_tokens)

    def _too_late(self) -> DeadlineExceeded:
        return DeadlineExceeded(
            f"Its turn at {self._name} would have come too late: other calls wait there. Ask again, or allow more time or more calls."
        )


def _bucket(per_minute: float | None, timing: Timing) -> TokenBucket | None:
    return None if per_minute is None else TokenBucket(per_minute, timing)
