"""When a failed attempt is made again."""

from collections.abc import Callable
from typing import Final

BASE_S: Final = 1.0
CAP_S: Final = 60.0


def retry_delay_s(failures: int, retry_after_s: float | None, uniform: Callable[[float, float], float]) -> float:
    """Seconds until the next attempt.

    Full jitter over an exponentially growing window, min(60 s, 1 s · 2^(failures-1)); where the other side said when to come
    back, that long and up to a tenth more, so that those turned away together do not come back together.

    Args:
        failures: attempts that failed so far, at least 1.
        retry_after_s: what the error said, seconds.
        uniform: draws a number between two bounds.

    Source: AWS Architecture Blog, "Exponential Backoff and Jitter" (2015), full jitter.
    """
    if retry_after_s is not None:
        return uniform(retry_after_s, retry_after_s * 1.1)
    return uniform(0.0, min(CAP_S, BASE_S * 2 ** min(failures - 1, 16)))
