"""Making a call again: tenacity's loop. The only module that imports it.

It is entered when a first attempt has failed already, since its own bookkeeping costs more than all the rest of the layer (30 to 40 µs a call).
"""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from tenacity import AsyncRetrying, RetryCallState

T = TypeVar("T")


async def repeated(
    attempt: Callable[[], Awaitable[T]],
    error: Exception,
    pause_after: Callable[[Exception, int], float | None],
    sleep: Callable[[float], Awaitable[None]],
) -> T:
    """Make a call again for as long as that makes sense.

    Args:
        attempt: makes it.
        error: what the first attempt ended with.
        pause_after: how long to wait after an error, seconds, given how many repetitions there were; None: give up.
        sleep: waits.

    Raises:
        Exception: what the last attempt ended with.
    """
    turns = _Turns(attempt, error, pause_after)
    retrying = AsyncRetrying(retry=turns.wanted, wait=turns.pause, sleep=sleep, reraise=True)
    return await retrying(turns.next)


class _Turns(Generic[T]):
    """One call's attempts, the first of which is over."""

    def __init__(
        self, attempt: Callable[[], Awaitable[T]], error: Exception, pause_after: Callable[[Exception, int], float | None]
    ) -> None:
        self._attempt = attempt
        self._first: Exception | None = error
        self._pause_after = pause_after
        self._pause_s = 0.0

    async def next(self) -> T:
        if self._first is not None:
            first, self._first = self._first, None
            raise first
        return await self._attempt()

    def wanted(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, Exception):  # an answer, or a cancellation
            return False
        pause_s = self._pause_after(error, state.attempt_number - 1)
        self._pause_s = pause_s or 0.0
        return pause_s is not None

    def pause(self, state: RetryCallState) -> float:  # noqa: ARG002  tenacity's signature
        return self._pause_s
