"""Figures of the enhancer: judged against a goal, or told for others to judge."""

from collections.abc import Sequence
from typing import Final, Literal

from bench.figures import Figure

from evals.enhancer.measures import Interval

NO_GOAL: Final = "none"


def goal(
    name: str,
    value: float,
    at: float,
    *,
    better: Literal["more", "less"] = "more",
    unit: str = "",
    how: str,
    interval: Interval | None = None,
) -> Figure:
    """A figure that has a goal."""
    holds = value >= at if better == "more" else value <= at
    sign = "≥" if better == "more" else "≤"
    return _figure(name, value, unit=unit, goal=f"{sign} {at:g}", holds=holds, how=how, interval=interval)


def told(name: str, value: float, *, unit: str = "", how: str, interval: Interval | None = None) -> Figure:
    """A figure that is only told."""
    return _figure(name, value, unit=unit, goal=NO_GOAL, holds=True, how=how, interval=interval)


def table(headings: Sequence[str], rows: Sequence[Sequence[str | float | int]]) -> None:
    """Print a table: the first column to the left, the others to the right."""
    cells = [list(headings), *([_cell(each) for each in row] for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(headings))]
    for first, *others in cells:
        rest = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
        print("  " + "  ".join((first.ljust(widths[0]), *rest)), flush=True)


def _cell(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:d}" if isinstance(value, int) else f"{value:.1f}"


def _figure(name: str, value: float, *, unit: str, goal: str, holds: bool, how: str, interval: Interval | None) -> Figure:
    low, high = interval or (None, None)
    return Figure(
        figure=name,
        value=round(value, 4),
        unit=unit,
        goal=goal,
        holds=holds,
        how=how,
        low=None if low is None else round(low, 4),
        high=None if high is None else round(high, 4),
    )
