"""Time and chance, passed in so that tests rule over both."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """The clocks, the pause and the dice that calls are made with.

    Args:
        monotonic: seconds from any start, for durations.
        epoch: seconds since 1970, UTC, for moments that other machines are told.
        sleep: pauses for so many seconds.
        uniform: a number between the two that it is given, drawn evenly.
    """

    monotonic: Callable[[], float] = time.monotonic
    epoch: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    uniform: Callable[[float, float], float] = random.uniform


REAL = Timing()
