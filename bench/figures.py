"""Figures: what was measured, against which goal, and how."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

FOLDER = Path("build/figures")


@dataclass(frozen=True)
class Figure:
    """One measured figure.

    Args:
        figure: its name.
        value: the median of the rounds.
        unit: of value, low and high.
        goal: in words, such as ``≥ 0.6``.
        holds: whether the goal is met.
        low: the smallest of the rounds.
        high: the largest of the rounds.
        how: in one line, what was measured against what.
    """

    figure: str
    value: float
    unit: str
    goal: str
    holds: bool
    how: str
    low: float | None = None
    high: float | None = None


def judged(name: str, rounds: Sequence[float], *, unit: str, goal: float, better: Literal["more", "less"], how: str) -> Figure:
    """A figure from the values of several rounds: their median, judged against a goal."""
    value = statistics.median(rounds)
    holds = value >= goal if better == "more" else value <= goal
    return Figure(
        figure=name,
        value=round(value, 4),
        unit=unit,
        goal=f"{'≥' if better == 'more' else '≤'} {goal:g}",
        holds=holds,
        how=how,
        low=round(min(rounds), 4),
        high=round(max(rounds), 4),
    )


def report(target: str, figures: Sequence[Figure]) -> None:
    """Print a table and write ``build/figures/<target>.json``."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{target}.json").write_text(
        json.dumps([asdict(figure) for figure in figures], indent=2, ensure_ascii=False) + "\n"
    )
    table = Table(title=f"{target} (median, lowest to highest)", title_justify="left")
    for heading in ("figure", "value", "spread", "goal", "holds"):
        table.add_column(heading)
    for figure in figures:
        spread = f"{figure.low:g} to {figure.high:g}" if figure.low is not None and figure.high is not None else ""
        table.add_row(figure.figure, f"{figure.value:g} {figure.unit}", spread, figure.goal, "yes" if figure.holds else "NO")
    Console().print(table)
    for figure in figures:
        Console().print(f"  {figure.figure}: {figure.how}", style="dim", soft_wrap=True)
