"""The chart of costs: what each day cost, by service or model, and what of it was in vain."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter

from setu_common.contracts.cost import CostLine, CostSums
from setu_common.contracts.reports import CostTrends
from setu_metrics.reports import looks, wording
from setu_metrics.reports.looks import PARTS, Fill
from setu_metrics.reports.periods import Periods

OTHERS: Final = "others"
VAIN: Final = Fill("#ffffff", "////")
UNRESOLVED: Final = Fill("#ffffff", "xxxx")
_LONGEST_NAME: Final = 34
_RIGHT_IN: Final = 3.5
_THICK: Final = 0.82


@dataclass
class Stack:
    """What one service or model cost in one day or week.

    Args:
        well_usd: what was not in vain.
        vain_usd: what was, and is known.
        unresolved_usd: what is not known, at its most.
    """

    well_usd: Decimal = Decimal(0)
    vain_usd: Decimal = Decimal(0)
    unresolved_usd: Decimal = Decimal(0)

    def add(self, sums: CostSums) -> None:
        """Count more in. What is unresolved is part of what is in vain."""
        self.well_usd += sums.usd - sums.wasted_usd
        self.vain_usd += sums.wasted_usd - sums.unresolved_usd
        self.unresolved_usd += sums.unresolved_usd


def cost_chart(trends: CostTrends) -> Figure:
    """Bars of days, or of weeks where there are many; the dearest services or models at the bottom, hatched what was in vain."""
    total, periods = trends.total, Periods(trends.since, trends.until)
    days = (trends.until - trends.since).days + 1
    below = f"{trends.since} to {trends.until} (UTC), by {trends.by}, each {periods.unit}'s calls where they began"
    if not total.calls:
        return looks.empty(
            f"Nothing was spent in {wording.count(days, 'day', 'days')}", "No call was made that could cost.", below
        )
    sheet = looks.figure(4.7)
    looks.head(sheet, _title(total, days), below)
    axes = looks.panel(sheet, (0.95, 0.7, _RIGHT_IN, 0.95))
    names = parts(trends.lines)
    highest = _draw(axes, stacks(trends, periods, names))
    axes.set_ylabel(f"US dollars a {periods.unit}")
    looks.periods_below(axes, periods)
    axes.set_ylim(0, highest * 1.05 or 1)
    looks.few_ticks(axes, 6)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.grid(axis="y")
    _explain(sheet, trends, names)
    if total.unpriced:
        looks.foot(sheet, f"What {wording.count(total.unpriced, 'call', 'calls')} cost nobody knows: it is missing here.")
    return sheet


def parts(lines: Sequence[CostLine]) -> list[str]:
    """Which services or models have a colour of their own; if there are more than colours, the last is that of all others."""
    if len(lines) <= len(PARTS):
        return [line.key for line in lines]
    return [*(line.key for line in lines[: len(PARTS) - 1]), OTHERS]


def stacks(trends: CostTrends, periods: Periods, names: Sequence[str]) -> dict[str, list[Stack]]:
    """What each part cost in each of the periods."""
    found: dict[str, list[Stack]] = {name: [Stack() for _ in range(len(periods))] for name in names}
    for day in trends.days:
        for line in day.lines:
            found[line.key if line.key in found else OTHERS][periods.place(day.day)].add(line)
    return found


def _draw(axes: Axes, found: dict[str, list[Stack]]) -> float:
    """All layers from the bottom up; returns how high the highest stack is."""
    foot: dict[int, float] = defaultdict(float)
    for (name, row), fill in zip(found.items(), PARTS, strict=False):
        layers = (
            (fill.hatch, [stack.well_usd for stack in row]),
            (VAIN.hatch, [stack.vain_usd for stack in row]),
            (UNRESOLVED.hatch, [stack.unresolved_usd for stack in row]),
        )
        for hatch, amounts in layers:
            _bars(axes, amounts, foot, Fill(fill.colour, hatch), name)
    return max(foot.values(), default=0.0)


def _bars(axes: Axes, amounts: Sequence[Decimal], foot: dict[int, float], fill: Fill, name: str) -> None:
    """One layer of the stack, where there is any of it."""
    heights = {place: float(amount) for place, amount in enumerate(amounts) if amount > 0}
    if not heights:
        return
    boxes = [_box(place, foot[place], height) for place, height in heights.items()]
    # White lines on dark colours, dark ones on light: hatches are drawn in the colour of the edge.
    edge = looks.PAPER if looks.dark(fill.colour) else looks.INK
    layer = PolyCollection(
        boxes, facecolor=fill.colour, hatch=fill.hatch, edgecolor=edge, linewidth=0.5, label=looks.drawable(name)
    )
    axes.add_collection(layer, autolim=False)
    for place, height in heights.items():
        foot[place] += height


def _box(place: int, foot: float, height: float) -> list[tuple[float, float]]:
    left, right, top = place - _THICK / 2, place + _THICK / 2, foot + height
    return [(left, foot), (left, top), (right, top), (right, foot)]


def _explain(sheet: Figure, trends: CostTrends, names: Sequence[str]) -> None:
    """Names and sums of the parts, from the top of the stack to its bottom."""
    known = {line.key: line.usd for line in trends.lines}
    rest = trends.total.usd - sum((known.get(name, Decimal(0)) for name in names), Decimal(0))
    handles = [
        _patch(fill, f"{_short(name)}  {wording.usd(known.get(name, rest))}") for name, fill in zip(names, PARTS, strict=False)
    ][::-1]
    vain = trends.total.wasted_usd - trends.total.unresolved_usd
    if vain > 0:
        handles.append(_patch(VAIN, f"of it in vain  {wording.usd(vain)}"))
    if trends.total.unresolved_usd > 0:
        handles.append(_patch(UNRESOLVED, f"of it unresolved, at most  {wording.usd(trends.total.unresolved_usd)}"))
    width, height = sheet.get_size_inches()
    sheet.legend(
        handles=handles, loc="upper left", bbox_to_anchor=((width - _RIGHT_IN + 0.1) / width, 1 - 0.9 / height), handlelength=2.0,
        handleheight=1.2, labelspacing=0.7,
    )  # fmt: skip


def _patch(fill: Fill, label: str) -> Patch:
    return Patch(facecolor=fill.colour, hatch=fill.hatch, edgecolor=looks.SOFT, linewidth=0.7, label=looks.drawable(label))


def _short(name: str) -> str:
    name = name or "-"
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _title(total: CostSums, days: int) -> str:
    told = f"{wording.usd(total.usd)} in {wording.count(days, 'day', 'days')}"
    return f"{told}, {wording.usd(total.usd / days)} a day" if days > 1 else told
