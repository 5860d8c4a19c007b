"""Charts are drawn beside the event loop, one at a time; nothing that draws is loaded before."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from setu_common.contracts.performance import JobReport
from setu_common.contracts.reports import CostTrends, QualityTrends
from setu_metrics.errors import ChartsBusy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_WAITING: Final = 16
_SOON_S: Final = 2.0


class Drawing:
    """A thread that draws.

    One is enough: drawing is Python, and two would only take turns. What it is asked for beyond ``most_waiting`` is refused, so that
    nobody's wish for charts keeps the service from its figures.

    Args:
        most_waiting: how many charts are asked for at once at most.
    """

    def __init__(self, most_waiting: int = MOST_WAITING) -> None:
        self._most_waiting = most_waiting
        self._asked = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="drawing")

    async def timeline(self, report: JobReport) -> bytes:
        """A job's attempts on the clock, as PNG.

        Raises:
            ChartsBusy: too many charts are asked for.
        """
        return await self._drawn(lambda: _timeline(report))

    async def costs(self, trends: CostTrends) -> bytes:
        """What was spent, day by day, as PNG.

        Raises:
            ChartsBusy: too many charts are asked for.
        """
        return await self._drawn(lambda: _costs(trends))

    async def quality(self, trends: QualityTrends) -> bytes:
        """How good translations were, day by day, as PNG.

        Raises:
            ChartsBusy: too many charts are asked for.
        """
        return await self._drawn(lambda: _quality(trends))

    def close(self) -> None:
        """Draw no more."""
        self._thread.shutdown(cancel_futures=True)

    async def _drawn(self, draw: Callable[[], "Figure"]) -> bytes:
        if self._asked >= self._most_waiting:
            raise ChartsBusy(
                f"{self._asked} charts are being drawn. Ask again in a moment, or for format=json.", retry_after_s=_SOON_S
            )
        self._asked += 1
        drawn = asyncio.get_running_loop().run_in_executor(self._thread, lambda: _png(draw()))
        drawn.add_done_callback(self._done)
        return await drawn

    def _done(self, _: object) -> None:
        self._asked -= 1


# matplotlib takes half a second to load, and 50 MB: only who draws pays for it.


def _timeline(report: JobReport) -> "Figure":
    from setu_metrics.reports.timeline import timeline  # noqa: PLC0415  (see above)

    return timeline(report)


def _costs(trends: CostTrends) -> "Figure":
    from setu_metrics.reports.cost_chart import cost_chart  # noqa: PLC0415  (see above)

    return cost_chart(trends)


def _quality(trends: QualityTrends) -> "Figure":
    from setu_metrics.reports.quality_chart import quality_chart  # noqa: PLC0415  (see above)

    return quality_chart(trends)


def _png(figure: "Figure") -> bytes:
    from setu_metrics.reports.looks import png  # noqa: PLC0415  (see above)

    return png(figure)
