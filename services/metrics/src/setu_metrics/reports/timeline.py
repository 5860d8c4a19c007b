"""The chart of a job: one bar for each attempt, on the clock."""

from dataclasses import dataclass
from typing import Final, Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from setu_common.contracts.performance import JobReport
from setu_metrics.reports import looks, wording
from setu_metrics.reports.explaining import called
from setu_metrics.reports.looks import Fill
from setu_metrics.reports.spans import Span, longest, spans_of

MOST_BARS: Final = 40
"""More can't be told apart on a screen; the longest are drawn."""

WAITING: Final = Fill("#ffffff", "////")
LOADING: Final = Fill("#c9dff0", "....")
WORKING: Final = Fill("#7fb2d6")
HOLDING_UP: Final = Fill("#8a2c0d")
IN_VAIN: Final = Fill("#e4e4e4", "xxxx")
_MEANING: Final = {
    "waiting for a worker": WAITING,
    "loading a model": LOADING,
    "working": WORKING,
    "bottleneck": HOLDING_UP,
    "in vain": IN_VAIN,
}
_ROW_IN: Final = 0.34
_THICK: Final = 0.62
_LABEL_IN: Final = 0.078  # a letter of a label, measured; then of a note, and of one in bold
_LETTER_IN: Final = 0.071
_BOLD_IN: Final = 0.08
_MARK: Final = "◀ "
_RIGHT_IN: Final = 2.55  # for what is written beside the bars


def timeline(report: JobReport) -> Figure:
    """When each attempt of a job waited, loaded its model and worked. Bottlenecks are dark, and say why.

    Args:
        report: the job's.
    """
    title, below = _title(report), _below(report)
    spans = spans_of(report.performance)
    if not spans:
        return looks.empty(title, "No attempt of this job was measured, or what was is forgotten by now.", below)
    shown = longest(spans, MOST_BARS)
    left_in = 0.45 + _LABEL_IN * max(len(called(span)) for span in shown)
    height_in = 0.95 + _ROW_IN * len(shown) + 1.15
    sheet = looks.figure(height_in)
    looks.head(sheet, title, below)
    axes = looks.panel(sheet, (left_in, 1.15, _RIGHT_IN, 0.95))
    ends_at_s = max(0.1, *(span.ends_at_s for span in spans)) * 1.003  # so that the last bar's edge is seen
    for row, span in enumerate(shown):
        _draw(axes, row, span)
        _write(axes, row, span, note(span, ends_at_s, looks.WIDTH_IN - left_in - _RIGHT_IN))
    _dress(axes, shown, ends_at_s)
    sheet.legend(
        handles=[_patch(name, fill) for name, fill in _MEANING.items() if fill in _used(shown)],
        loc="lower left", bbox_to_anchor=(0.2 / looks.WIDTH_IN, 0.28 / height_in), ncols=len(_MEANING), handlelength=2.2,
        columnspacing=1.8,
    )  # fmt: skip
    if len(shown) < len(spans):
        looks.foot(sheet, f"The {len(shown)} longest of {len(spans):,} attempts are drawn; the report in JSON has them all.")
    return sheet


def fill_of(span: Span) -> Fill:
    """How the work of an attempt is drawn."""
    if span.attempt.outcome != "succeeded":
        return IN_VAIN
    return HOLDING_UP if span.holds_up else WORKING


def beside(span: Span) -> str:
    """What is written beside a bar: how long it took, and what is out of the ordinary."""
    attempt = span.attempt
    told = [wording.time(attempt.wall_s)]
    if attempt.outcome != "succeeded":
        told.append(f"{attempt.outcome}: {attempt.problem}" if attempt.problem else attempt.outcome)
    elif attempt.cached:
        told.append("from earlier work")
    told += [wording.verdict(each) for each in span.bottlenecks]
    return f"{_MARK if span.bottlenecks else ''}{', '.join(told)}"


def _draw(axes: Axes, row: int, span: Span) -> None:
    loaded_at_s = span.begins_at_s + loading_s(span)
    parts = (
        (span.waits_at_s, span.begins_at_s, WAITING, looks.SOFT),
        (span.begins_at_s, loaded_at_s, LOADING, looks.INK),
        (loaded_at_s, span.ends_at_s, fill_of(span), looks.INK),
    )
    for begins_s, ends_s, fill, edge in parts:
        if ends_s > begins_s:
            axes.barh(
                row, ends_s - begins_s, _THICK, left=begins_s, color=fill.colour, hatch=fill.hatch, edgecolor=edge, linewidth=0.7
            )  # fmt: skip


@dataclass(frozen=True)
class Note:
    """What is written of an attempt, and where: on the right of its bar, inside it, or on its left.

    Args:
        text: the words.
        at_s: where they begin, or on the left end.
        side: which it is.
    """

    text: str
    at_s: float
    side: Literal["right", "inside", "left"]


def note(span: Span, ends_at_s: float, width_in: float) -> Note:
    """Where there is room for what is written of an attempt; where there is none, it is on the right in two lines.

    Args:
        span: the attempt.
        ends_at_s: where the axis ends.
        width_in: how wide the axis is, inches.
    """
    text = looks.drawable(beside(span))
    needs_s = (len(text) + 2) * (_BOLD_IN if span.bottlenecks else _LETTER_IN) * ends_at_s / width_in
    if needs_s <= ends_at_s - span.ends_at_s + _RIGHT_IN * ends_at_s / width_in:
        return Note(text, span.ends_at_s, "right")
    if fill_of(span) is HOLDING_UP and needs_s <= span.attempt.wall_s - loading_s(span):
        return Note(text.removeprefix(_MARK), span.begins_at_s + loading_s(span), "inside")
    if needs_s <= span.waits_at_s:
        return Note(text.replace("◀", "▶"), span.waits_at_s, "left")
    return Note(text.replace(", ", "\n", 1), span.ends_at_s, "right")


def loading_s(span: Span) -> float:
    """How long an attempt loaded its model."""
    return min(span.attempt.model_load_s or 0.0, span.attempt.wall_s)


def _write(axes: Axes, row: int, span: Span, written: Note) -> None:
    axes.annotate(
        written.text, (written.at_s, row), (-5 if written.side == "left" else 5, 0), textcoords="offset points", va="center",
        ha="right" if written.side == "left" else "left", color=looks.PAPER if written.side == "inside" else looks.INK,
        fontsize=8 if "\n" in written.text else 9, fontweight="bold" if span.bottlenecks else "normal", annotation_clip=False,
        linespacing=1.0,
    )  # fmt: skip


def _dress(axes: Axes, shown: tuple[Span, ...], ends_at_s: float) -> None:
    axes.set_xlim(0, ends_at_s)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_yticks(range(len(shown)), labels=[looks.drawable(called(span)) for span in shown])
    for label, span in zip(axes.get_yticklabels(), shown, strict=True):
        label.set_fontweight("bold" if span.holds_up else "normal")
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(8))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.set_xlabel("seconds since the first attempt could have begun")
    axes.grid(axis="x")
    axes.spines["left"].set_visible(False)


def _used(shown: tuple[Span, ...]) -> set[Fill]:
    used = {fill_of(span) for span in shown}
    used |= {WAITING for span in shown if span.begins_at_s > span.waits_at_s}
    return used | {LOADING for span in shown if span.attempt.model_load_s}


def _patch(name: str, fill: Fill) -> Patch:
    return Patch(facecolor=fill.colour, hatch=fill.hatch, edgecolor=looks.SOFT, linewidth=0.7, label=name)


def _title(report: JobReport) -> str:
    performance = report.performance
    sound = f"{wording.time(performance.audio_s)} of sound" if performance.audio_s else "Sound of unknown length"
    took = f" in {wording.time(performance.duration_s)}" if performance.stages else ""
    return f"{sound}{took}, for {wording.usd(report.cost.usd)}"


def _below(report: JobReport) -> str:
    performance, outcome = report.performance, report.outcome
    state = "not ended yet" if outcome is None else f"{outcome.state}{', degraded' if outcome.degraded else ''}"
    told = [f"Job {performance.job_id}", state]
    if performance.stages:
        told += [f"worked {wording.time(performance.work_s)}", f"waited {wording.time(performance.queue_wait_s)}"]
        told.append(f"CPU {wording.time(performance.cpu_s)}")
    if performance.peak_rss_bytes:
        told.append(f"up to {wording.size(performance.peak_rss_bytes)}")
    return " · ".join(told)
