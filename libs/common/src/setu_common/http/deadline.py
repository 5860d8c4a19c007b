"""Until when a call makes sense, and how whoever is called on its behalf learns of it.

Inside a process a deadline is a moment of the monotonic clock, in a context variable, so that whatever is called within inherits it.
Between processes it is ``Setu-Deadline``: seconds since 1970, UTC, with milliseconds. A deadline only ever moves closer.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from setu_common.http.timing import REAL, Timing

# None: no limit. The breaker's and the retries' layer reads and sets it for each attempt, hence without a function around it.
DEADLINE: ContextVar[float | None] = ContextVar("setu_deadline", default=None)


@contextmanager
def deadline_in(within_s: float, timing: Timing = REAL) -> Iterator[None]:
    """Let everything that is called within the block end in time.

    Args:
        within_s: seconds from now; an earlier deadline that is bound already stays.
        timing: the clock.
    """
    bound = DEADLINE.get()
    mine = timing.monotonic() + within_s
    token = DEADLINE.set(mine if bound is None else min(mine, bound))
    try:
        yield
    finally:
        DEADLINE.reset(token)


def remaining_s(timing: Timing = REAL) -> float | None:
    """Seconds left, negative once it is over; None without a deadline."""
    bound = DEADLINE.get()
    return None if bound is None else bound - timing.monotonic()


def deadline_header(timing: Timing = REAL) -> str | None:
    """The bound deadline as other processes are told it."""
    left_s = remaining_s(timing)
    return None if left_s is None else f"{timing.epoch() + left_s:.3f}"


def parse_deadline(value: str, timing: Timing = REAL) -> float | None:
    """Seconds left of a deadline that another process sent, negative once it is over; None if it can't be read."""
    try:
        at = float(value)
    except ValueError:
        return None
    return at - timing.epoch() if math.isfinite(at) else None
