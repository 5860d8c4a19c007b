"""How charts look: paper, ink, and colours that differ in lightness, so that they tell in grey and to the colour-blind."""

import io
from dataclasses import dataclass
from functools import cache
from typing import Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ticker import MaxNLocator

from setu_metrics.reports.periods import Periods

INK: Final = "#1a1a1a"
SOFT: Final = "#595959"
GRID: Final = "#dddddd"
PAPER: Final = "#ffffff"
WIDTH_IN: Final = 11.0
_DPI: Final = 110
_FONT: Final = "DejaVu Sans"
_MISSING: Final = "□"

# Once for the process, of which nothing else draws. Dollar signs are dollar signs, and no formulas.
mpl.rcParams.update(
    {
        "font.family": [_FONT],
        "font.size": 10,
        "text.color": INK,
        "text.parse_math": False,
        "axes.edgecolor": SOFT,
        "axes.labelcolor": INK,
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "xtick.color": SOFT,
        "ytick.color": SOFT,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "grid.color": GRID,
        "grid.linewidth": 0.8,
        "hatch.linewidth": 0.9,
        "legend.frameon": False,
        "legend.fontsize": 9,
    }
)


@dataclass(frozen=True)
class Fill:
    """How an area is filled: its colour's lightness and its hatch tell it from its neighbours without its hue."""

    colour: str
    hatch: str = ""


# Neighbours in a stack are dark and light by turns: their luminance in grey is 22, 76, 44, 88, 31, 66 percent.
PARTS: Final = (
    Fill("#1f3a5f"),
    Fill("#f0b96b"),
    Fill("#2b7f86"),
    Fill("#dfe8a6"),
    Fill("#7a2f5c"),
    Fill("#a9a9a9", ".."),
)


def figure(height_in: float) -> Figure:
    """An empty sheet."""
    sheet = Figure(figsize=(WIDTH_IN, height_in), dpi=_DPI, facecolor=PAPER)
    FigureCanvasAgg(sheet)
    return sheet


def panel(sheet: Figure, box_in: tuple[float, float, float, float]) -> Axes:
    """Axes at a place of the sheet: left, bottom, right and top margin in inches."""
    left, bottom, right, top = box_in
    width, height = sheet.get_size_inches()
    return sheet.add_axes((left / width, bottom / height, (width - left - right) / width, (height - bottom - top) / height))


def head(sheet: Figure, title: str, below: str = "") -> None:
    """A title, and what explains it in smaller letters."""
    _, height = sheet.get_size_inches()
    sheet.text(0.25 / WIDTH_IN, 1 - 0.22 / height, drawable(title), fontsize=13, fontweight="bold", va="top")
    if below:
        sheet.text(0.25 / WIDTH_IN, 1 - 0.56 / height, drawable(below), fontsize=9.5, color=SOFT, va="top")


def foot(sheet: Figure, text: str) -> None:
    """What must be known of the figures, at the bottom."""
    _, height = sheet.get_size_inches()
    sheet.text(0.25 / WIDTH_IN, 0.12 / height, drawable(text), fontsize=9, color=SOFT, va="bottom")


def empty(title: str, why: str, below: str = "") -> Figure:
    """A sheet that says why nothing is on it."""
    sheet = figure(2.6)
    head(sheet, title, below)
    sheet.text(0.5, 0.4, drawable(why), fontsize=12, color=SOFT, ha="center", va="center")
    return sheet


def periods_below(axes: Axes, periods: Periods, most_named: int = 10) -> None:
    """An axis of days or weeks, with as many of them named."""
    axes.set_xlim(-0.7, len(periods) - 0.3)
    named = periods.named(most_named)
    axes.set_xticks(named, labels=[periods.name(place) for place in named])


def few_ticks(axes: Axes, count: int) -> None:
    """Name only so many values upwards."""
    axes.yaxis.set_major_locator(MaxNLocator(count, steps=[1, 2, 2.5, 5, 10]))


def dark(colour: str) -> bool:
    """Whether white tells itself from a colour better than black: by its luma (ITU-R BT.601)."""
    red, green, blue = (int(colour[n : n + 2], 16) for n in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 128  # noqa: PLR2004  (half of 255)


def drawable(text: str) -> str:
    """The text with a box for each sign that the charts' font lacks, which would be drawn as one, with a warning."""
    return "".join(sign if sign == "\n" or ord(sign) in _signs() else _MISSING for sign in text)


def png(sheet: Figure) -> bytes:
    """The sheet as a picture."""
    written = io.BytesIO()
    sheet.savefig(written, format="png", metadata={"Software": "Setu"})
    return written.getvalue()


@cache
def _signs() -> frozenset[int]:
    return frozenset(get_font(findfont(FontProperties(family=[_FONT]))).get_charmap())
