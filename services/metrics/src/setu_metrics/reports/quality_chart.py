"""The chart of quality: scores before and after editing, how much was edited, and how well times were told beforehand."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from setu_common.contracts.reports import QualityDay, QualitySums, QualityTrends, TimeDay
from setu_metrics.reports import looks, wording
from setu_metrics.reports.periods import Periods

MOST_TARGETS: Final = 4
BEFORE: Final = "#f0b96b"
AFTER: Final = "#1f3a5f"
EDITED: Final = "#7fb2d6"
_ROW_IN: Final = 1.75
_BEST: Final = 100
_STEP: Final = 25


@dataclass(frozen=True)
class Mark:
    """A target's figures in one day or week.

    Args:
        place: which, from 0.
        before: mean score of the drafts.
        after: mean score of what was delivered.
        edited_share: of the lines.
    """

    place: int
    before: float | None
    after: float | None
    edited_share: float


def quality_chart(trends: QualityTrends) -> Figure:
    """For each target its scores on the left, how much was edited on the right; below, times against what was expected."""
    periods = Periods(trends.since, trends.until)
    below = f"{trends.since} to {trends.until} (UTC), by {periods.unit} of the jobs' end; scores are of 100, as estimated"
    if not trends.targets and not trends.times:
        return looks.empty("Quality", "No job ended whose translation was scored or whose time was foretold.", below)
    shown = trends.targets[:MOST_TARGETS]
    rows = len(shown) + bool(trends.times)
    left_out = trends.targets[MOST_TARGETS:]
    height_in = 1.15 + _ROW_IN * rows + (0.35 if left_out else 0.1)
    sheet = looks.figure(height_in)
    looks.head(sheet, _title(trends), below)
    for row, target in enumerate(shown):
        _target(sheet, _box(row, height_in), target, trends)
    if trends.times:
        _times(sheet, _box(rows - 1, height_in), trends.times, periods)
    if shown:
        _explain(sheet, height_in)
    if left_out:
        others = ", ".join(target.target for target in left_out)
        looks.foot(sheet, f"Not drawn, since fewer lines are in them: {others}.")
    return sheet


def marks(days: Sequence[QualityDay], periods: Periods) -> tuple[Mark, ...]:
    """One target's figures by period; means of weeks count each translation once."""
    found: dict[int, list[QualityDay]] = defaultdict(list)
    for day in days:
        found[periods.place(day.day)].append(day)
    return tuple(
        Mark(place, _mean(each, "score_before"), _mean(each, "score_after"), _edited(each))
        for place, each in sorted(found.items())
    )


def _mean(days: Sequence[QualityDay], name: str) -> float | None:
    scored = [(value, day.scored) for day in days if (value := getattr(day, name)) is not None]
    count = sum(weight for _, weight in scored)
    return sum(value * weight for value, weight in scored) / count if count else None


def _edited(days: Sequence[QualityDay]) -> float:
    lines = sum(day.lines for day in days)
    return sum(day.edited for day in days) / lines if lines else 0.0


def _lowest(trends: QualityTrends) -> int:
    """Where the axes of scores begin, for all targets alike: below the lowest mean, in steps."""
    scores = [score for day in trends.days for score in (day.score_before, day.score_after) if score is not None]
    return min(int(min(scores, default=0.0) // _STEP) * _STEP, _BEST - _STEP)


def _box(row: int, height_in: float) -> tuple[float, float]:
    """The lower and the upper margin of a row of panels."""
    top = 1.35 + row * _ROW_IN
    return height_in - top - _ROW_IN + 0.62, top


def _target(sheet: Figure, box: tuple[float, float], target: QualitySums, trends: QualityTrends) -> None:
    bottom, top = box
    periods = Periods(trends.since, trends.until)
    found = marks([day for day in trends.days if day.target == target.target], periods)
    lowest = _lowest(trends)
    scores = looks.panel(sheet, (0.95, bottom, 4.6, top))
    scores.set_title(looks.drawable(_said(target)), loc="left", fontsize=10, fontweight="bold")
    for mark in found:
        if mark.before is not None and mark.after is not None:
            scores.plot([mark.place] * 2, [mark.before, mark.after], color=looks.SOFT, linewidth=1.2, zorder=2)
    for name, colour, sign in (("before", BEFORE, "o"), ("after", AFTER, "D")):
        drawn = [(mark.place, value) for mark in found if (value := getattr(mark, name)) is not None]
        scores.plot(
            [place for place, _ in drawn], [value for _, value in drawn], sign, color=colour, markeredgecolor=looks.INK,
            markeredgewidth=0.6, markersize=5.5, label=name, zorder=3,
        )  # fmt: skip
    if not any(mark.after is not None for mark in found):
        scores.text(0.5, 0.5, "no scores", transform=scores.transAxes, color=looks.SOFT, ha="center", va="center")
    scores.set_ylim(lowest, _BEST)
    scores.set_yticks(range(lowest, _BEST + 1, _STEP))
    scores.set_ylabel("score")
    edited = looks.panel(sheet, (7.1, bottom, 0.35, top))
    edited.bar(
        [mark.place for mark in found], [100 * mark.edited_share for mark in found], 0.82, color=EDITED, edgecolor=looks.INK,
        linewidth=0.5,
    )  # fmt: skip
    edited.set_title("lines edited", loc="left", fontsize=10)
    edited.set_ylim(0, 100)
    edited.set_yticks([0, 50, 100])
    edited.set_ylabel("%")
    for axes, named in ((scores, 8), (edited, 4)):
        looks.periods_below(axes, periods, named)
        axes.grid(axis="y")


def _times(sheet: Figure, box: tuple[float, float], times: Sequence[TimeDay], periods: Periods) -> None:
    """How many times as long as expected transcribing took: the middle job, and eight in ten."""
    axes = looks.panel(sheet, (0.95, box[0], 0.35, box[1]))
    jobs = sum(day.jobs for day in times)
    axes.set_title(
        f"transcribing: time taken / time expected ({wording.count(jobs, 'job', 'jobs')}; "
        "the middle one, and the range of eight in ten)",
        loc="left", fontsize=10,
    )  # fmt: skip
    axes.axhline(1, color=looks.INK, linewidth=1, linestyle="--")
    places = [periods.at(day.day) for day in times]
    axes.vlines(
        places,
        [day.ratio_p10 for day in times],
        [day.ratio_p90 for day in times],
        color=EDITED,
        linewidth=1.5 if periods.weekly else 4,
    )
    axes.plot(
        places,
        [day.ratio_p50 for day in times],
        "D",
        color=AFTER,
        markeredgecolor=looks.INK,
        markersize=2.5 if periods.weekly else 5.5,
    )
    axes.set_yscale("log", base=2)
    most = max(2.0, *(max(day.ratio_p90, 1 / day.ratio_p10) for day in times if day.ratio_p10 > 0))
    axes.set_ylim(1 / most / 1.1, most * 1.1)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"× {value:g}"))
    axes.minorticks_off()
    axes.grid(axis="y")
    looks.periods_below(axes, periods)


def _explain(sheet: Figure, height_in: float) -> None:
    handles = [
        Line2D([], [], marker="o", linestyle="", color=BEFORE, markeredgecolor=looks.INK, markersize=6, label="draft"),
        Line2D([], [], marker="D", linestyle="", color=AFTER, markeredgecolor=looks.INK, markersize=6, label="as delivered"),
    ]
    sheet.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0.85 / looks.WIDTH_IN, 1 - 0.75 / height_in), ncols=2, columnspacing=1.6
    )  # fmt: skip


def _said(target: QualitySums) -> str:
    translations = wording.count(target.translations, "translation", "translations")
    if target.score_before is None or target.score_after is None:
        return f"{target.target}: {translations}, not scored"
    return f"{target.target}: {target.score_before:.1f} → {target.score_after:.1f} over {translations}"


def _title(trends: QualityTrends) -> str:
    lines, edited = sum(each.lines for each in trends.targets), sum(each.edited for each in trends.targets)
    if not lines:
        return "How long transcribing took, and was said to take"
    return f"{wording.count(lines, 'line', 'lines')} translated, {wording.share(edited / lines)} of them edited"
