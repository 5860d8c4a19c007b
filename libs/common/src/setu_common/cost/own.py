"""What models take of our own hardware: seconds of processors and GPUs, at the price that the operator gives them, or at none."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Self

import structlog

from setu_common.cost.metering import Call, Meter, Outcome, attribution
from setu_common.cost.settings import OWN
from setu_common.cost.usage import Usage
from setu_common.errors import DependencyUnavailable

log = structlog.get_logger()


class OwnTime:
    """Adds up what the process takes within its blocks, of which one is open at a time. The process does nothing else meanwhile.

    Args:
        device: what models are computed on; with ``cuda`` the time on the clock is a GPU's.

    Attributes:
        began: whether there was a block at all.
        load_s: of the time on the clock, how long models took to load, seconds.
    """

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        self.began = False
        self.load_s = 0.0
        self._wall_s = 0.0
        self._cpu_s = 0.0
        self._since: tuple[float, float] | None = None

    def __enter__(self) -> Self:
        self.began = True
        self._since = (time.monotonic(), time.process_time())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._wall_s, self._cpu_s, self._since = *self._until_now(), None

    def loaded(self, took_s: float) -> None:
        """A model was loaded."""
        self.load_s += took_s

    @property
    def usage(self) -> Usage:
        """What was taken until now."""
        wall_s, cpu_s = self._until_now()
        return Usage(cpu_s=round(cpu_s, 3), gpu_s=round(wall_s, 3) if self.device == "cuda" else 0.0)

    def _until_now(self) -> tuple[float, float]:
        since = self._since  # another thread may close the block meanwhile
        if since is None:
            return self._wall_s, self._cpu_s
        began_s, began_cpu_s = since
        return self._wall_s + time.monotonic() - began_s, self._cpu_s + time.process_time() - began_cpu_s


@asynccontextmanager
async def computed_here(meter: Meter, model: str, spent: OwnTime) -> AsyncIterator[None]:
    """Go around work that models of ours do: what it took is on record, also where it fails.

    No budget holds it, for it is what work falls back on when budgets are used up; nor does it fail where it can't be put on record, for
    nobody is billed for it.

    Args:
        meter: told of it.
        model: which one computes.
        spent: what it takes, known once the block ends.
    """
    async with AsyncExitStack() as recording:
        call = await _call(recording, meter, model)
        outcome: Outcome = "failed"
        try:
            yield
            outcome = "ok"
        except asyncio.CancelledError:
            outcome = "aborted"
            raise
        finally:
            if call is not None:
                call.settle(spent.usage, outcome=outcome)


async def _call(recording: AsyncExitStack, meter: Meter, model: str) -> Call | None:
    if attribution() is None:
        return None
    try:
        return await recording.enter_async_context(meter.call(OWN, model, Usage()))
    except DependencyUnavailable as error:
        log.warning("own_time.not_recorded", model=model, reason=error.detail)
        return None
