"""What charts show, read from the figures themselves."""

import asyncio
import itertools
import json
import subprocess
import sys
import threading
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from setu_common.contracts.cost import CostLine, CostSums
from setu_common.contracts.performance import Bottleneck
from setu_common.contracts.reports import CostDay, CostTrends, QualityDay, QualitySums, QualityTrends, TimeDay
from setu_metrics.errors import ChartsBusy
from setu_metrics.reports import timeline as chart
from setu_metrics.reports.cost_chart import OTHERS, UNRESOLVED, VAIN, cost_chart, parts, stacks
from setu_metrics.reports.drawing import Drawing
from setu_metrics.reports.looks import PARTS, drawable, png
from setu_metrics.reports.periods import Periods
from setu_metrics.reports.quality_chart import marks, quality_chart
from setu_metrics.reports.spans import spans_of
from setu_metrics.reports.timeline import HOLDING_UP, IN_VAIN, LOADING, MOST_BARS, WAITING, WORKING, timeline
from testbed.reported import FILM, SLOW, attempt, job, sums


def rectangles(axes: Axes) -> list[Rectangle]:
    return [bar for bar in axes.patches if isinstance(bar, Rectangle)]


def bars(figure: Figure) -> list[tuple[int, float, float, str, str]]:
    """Row, begin, end, colour and hatch of each bar."""
    return [
        (
            round(bar.get_y() + bar.get_height() / 2),
            round(bar.get_x(), 6),
            round(bar.get_x() + bar.get_width(), 6),
            to_hex(bar.get_facecolor()),
            bar.get_hatch() or "",
        )
        for bar in rectangles(figure.axes[0])
    ]


def points(line: Line2D) -> list[tuple[float, float]]:
    xs, ys = np.asarray(line.get_xdata()).tolist(), np.asarray(line.get_ydata()).tolist()
    return sorted(zip(xs, ys, strict=True))


def words(figure) -> str:
    axes = [
        text.get_text()
        for axes in figure.axes
        for text in (*axes.texts, *axes.get_xticklabels(), *axes.get_yticklabels(), axes.title, axes._left_title)
    ]
    legends = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    return "\n".join([*(text.get_text() for text in figure.texts), *axes, *legends])


def test_each_attempt_waits_loads_and_works_on_a_row_of_its_own_in_seconds():
    figure = timeline(FILM)
    expected = [
        (0, 0, 1, WAITING), (0, 1, 10, WORKING), (1, 10, 15, WAITING), (1, 15, 30, IN_VAIN),
        (2, 40, 48, LOADING), (2, 48, 85, HOLDING_UP), (3, 85, 87, WAITING), (3, 87, 118, WORKING),
    ]  # fmt: skip
    assert bars(figure) == [(*where, fill.colour, fill.hatch) for *where, fill in expected]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [
        "profiles", "transcriptions", "transcriptions, attempt 2", "translations [hi]",
    ]  # fmt: skip
    assert "seconds" in figure.axes[0].get_xlabel()


def test_a_bottleneck_is_dark_and_marked_once_and_its_title_has_length_and_cost():
    figure = timeline(FILM)
    marked = [text.get_text() for text in figure.axes[0].texts if "of the work" in text.get_text()]
    assert len(marked) == 1
    assert "45.0 s" in marked[0]
    assert "60%" in marked[0]
    told = words(figure)
    assert "2 min 00 s of sound in 1 min 58 s, for 1.5000 USD" in told
    assert "died: worker-died" in told
    assert "from earlier work" in told
    assert {"waiting for a worker", "loading a model", "working", "bottleneck", "in vain"} <= set(told.splitlines())


def luma(fill) -> float:
    red, green, blue = to_rgb(fill.colour)
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_in_grey_neighbours_differ_in_lightness_or_by_their_hatch():
    kinds = [WAITING, LOADING, WORKING, HOLDING_UP, IN_VAIN]
    for a in kinds:
        for b in kinds:
            assert a is b or abs(luma(a) - luma(b)) > 0.2 or a.hatch != b.hatch
    for below, above in itertools.pairwise(PARTS):
        assert abs(luma(below) - luma(above)) > 0.2


def test_what_is_written_finds_room_on_the_sheet_wherever_its_bar_ends():
    early = spans_of(job(attempt("a", 0, 0, 10), attempt("b", 10, 0, 90)).performance)
    assert chart.note(early[0], 100, 5).side == "right"
    tight = Bottleneck(stage="b", cause="slower_than_usual", wall_s=90, share=0.9, usual_p95_s=3000, detail="")
    share = Bottleneck(stage="b", cause="share", wall_s=90, share=0.9, detail="")
    late = spans_of(job(attempt("a", 0, 0, 10), attempt("b", 10, 0, 90), bottlenecks=(share, tight)).performance)[1]
    assert chart.note(late, 100, 6).side == "inside"
    short = spans_of(
        job(
            attempt("a", 0, 0, 95), attempt("b", 95, 0, 5), bottlenecks=(share, tight.model_copy(update={"wall_s": 5}))
        ).performance
    )[1]
    assert chart.note(short, 100, 5).side == "left"
    long = chart.note(late, 100, 1)
    assert (long.side, long.text.count("\n")) == ("right", 1)


def test_of_very_many_attempts_the_longest_are_drawn_and_it_is_said():
    stages = [attempt("renderings", n, 0, 1 + n % 7, n + 1, outcome="failed") for n in range(MOST_BARS + 13)]
    figure = timeline(job(*stages, attempt("transcriptions", 60, 0, 0.5), bottlenecks=(SLOW,)))
    assert len(figure.axes[0].get_yticklabels()) == MOST_BARS
    assert "transcriptions" in words(figure)  # short, but it holds the job up
    assert f"The {MOST_BARS} longest of {MOST_BARS + 14} attempts" in words(figure)


def test_without_anything_to_show_a_chart_says_so():
    assert "No attempt of this job was measured" in words(timeline(job()))
    day = date(2026, 11, 26)
    assert "Nothing was spent in 1 day" in words(cost_chart(costs({}, until=day, days=1)))
    assert "No job ended" in words(quality_chart(QualityTrends(since=day, until=day, targets=(), days=())))


def test_an_attempt_that_took_no_time_is_drawn_all_the_same():
    assert len(bars(timeline(job(attempt("plans", 0, 0, 0), attempt("profiles", 0, 0, 0))))) == 0
    assert png(timeline(job(attempt("plans", 0, 0, 0))))[1:4] == b"PNG"


def test_signs_that_the_font_lacks_are_drawn_as_boxes_and_dollars_as_dollars():
    assert drawable("$x$ é 中\nराज") == "$x$ é □\n□□□"
    stages = (attempt("$translations$", 0, 0, 1, target="राज", outcome="failed", problem="$\\frac{a$ 中"),)
    assert png(timeline(job(*stages)))[1:4] == b"PNG"  # a warning would be an error


def costs(spent: dict[int, dict[str, dict]], *, until: date = date(2026, 11, 26), days: int = 30) -> CostTrends:
    """Trends in which so many days before the last one so much was spent on each."""
    since = until - timedelta(days=days - 1)
    told = []
    for before, keys in sorted(spent.items(), reverse=True):
        lines = tuple(CostLine(key=key, share=0, **values) for key, values in keys.items())
        told.append(CostDay(day=until - timedelta(days=before), lines=lines, **added(lines)))
    names = {line.key for day in told for line in day.lines}
    whole = [
        CostLine(key=key, share=0, **added([line for day in told for line in day.lines if line.key == key])) for key in names
    ]
    whole.sort(key=lambda line: (-line.usd, line.key))
    return CostTrends(by="model", since=since, until=until, total=CostSums(**added(told)), lines=tuple(whole), days=tuple(told))


def added(lines) -> dict:
    return {
        name: sum((getattr(line, name) for line in lines), Decimal(0) if name.endswith("usd") else 0)
        for name in CostSums.model_fields
    }


def layers(figure) -> list[tuple[str, str, list[tuple[float, float, float]]]]:
    """Name, hatch and (place, bottom, top) of each layer of the stack."""
    found = []
    for layer in figure.axes[0].collections:
        assert isinstance(layer, PolyCollection)
        corners = [np.asarray(path.vertices) for path in layer.get_paths()]
        boxes = [
            (round(float(c[:, 0].min() + c[:, 0].max()) / 2, 6), float(c[:, 1].min()), float(c[:, 1].max())) for c in corners
        ]
        found.append((str(layer.get_label()), layer.get_hatch() or "", boxes))
    return found


def test_each_day_is_a_stack_of_what_was_well_spent_in_vain_and_unresolved():
    figure = cost_chart(costs({0: {"a": sums("3", "1", "0.25"), "b": sums("1")}, 29: {"a": sums("2")}}))
    found = layers(figure)
    assert [(name, hatch) for name, hatch, _ in found] == [("a", ""), ("a", VAIN.hatch), ("a", UNRESOLVED.hatch), ("b", "")]
    assert found[0][2] == [(0, 0, 2), (29, 0, 2)]
    assert [boxes for *_, boxes in found[1:]] == [[(29, 2, 2.75)], [(29, 2.75, 3)], [(29, 3, 4)]]
    told = words(figure)
    for line in ("a  5.0000 USD", "b  1.0000 USD", "of it in vain  0.7500 USD", "of it unresolved, at most  0.2500 USD"):
        assert line in told.splitlines()
    assert "6.0000 USD in 30 days, 0.2000 USD a day" in told
    assert "US dollars a day" in figure.axes[0].get_ylabel()
    assert figure.axes[0].get_ylim()[1] >= 4


def test_more_models_than_colours_share_the_last_and_sums_stay_whole():
    trends = costs({3: {f"model-{n}": sums(str(n + 1)) for n in range(9)}})
    names = parts(trends.lines)
    assert names == ["model-8", "model-7", "model-6", "model-5", "model-4", OTHERS]
    assert (
        sum(stack.well_usd for row in stacks(trends, Periods(trends.since, trends.until), names).values() for stack in row)
        == 45
    )
    assert f"{OTHERS}  10.0000 USD" in words(cost_chart(trends))


def test_what_nobody_knows_the_price_of_is_named_below():
    assert "What 2 calls cost nobody knows" in words(cost_chart(costs({0: {"a": sums("0", unpriced=2)}})))


@given(st.integers(1, 400), st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_every_day_has_a_place_among_its_periods_and_none_is_left_over(days, until):
    periods = Periods(until - timedelta(days=days - 1), until)
    places = [periods.place(periods.since + timedelta(days=n)) for n in range(days)]
    assert sorted(set(places)) == list(range(len(periods)))
    assert len(periods) <= 92
    assert periods.weekly == (days > 92)
    assert periods.named(10)[-1] == len(periods) - 1
    assert len(periods.named(10)) <= 10


def test_years_are_drawn_by_the_week_which_begins_on_monday():
    trends = costs({0: {"a": sums("1")}, 1: {"a": sums("2")}, 4: {"a": sums("4")}}, days=198)  # 26 November 2026 is a Thursday
    assert [top - bottom for _, bottom, top in layers(cost_chart(trends))[0][2]] == [4, 3]
    assert Periods(trends.since, trends.until).name(len(Periods(trends.since, trends.until)) - 1) == "23 Nov"


def quality(  # noqa: PLR0917  (a row of figures)
    target: str, day: date | None, scored: int, before: float | None, after: float | None, lines: int = 100, edited: int = 25
):
    told = {"target": target, "translations": max(1, scored), "lines": lines, "edited": edited, "edited_share": edited / lines}
    told |= {"scored": scored, "score_before": before, "score_after": after}
    return QualitySums(**told) if day is None else QualityDay(**told, day=day)


def test_scores_before_and_after_and_the_share_edited_are_drawn_by_target_and_day():
    until = date(2026, 11, 26)
    days = (
        quality("hi", until, 2, 60, 70),
        quality("hi", until - timedelta(days=2), 1, 80, 85, edited=50),
        quality("en", until, 0, None, None),
    )
    trends = QualityTrends(
        since=until - timedelta(days=6), until=until, days=days,
        targets=(quality("hi", None, 3, 66.7, 75, 200, 75), quality("en", None, 0, None, None)),
        times=(TimeDay(day=until, jobs=3, expected_s=100, took_s=150, ratio_p10=1, ratio_p50=1.5, ratio_p90=2.5),),
    )  # fmt: skip
    hi, edited, en, _, times = quality_chart(trends).axes
    drawn = {line.get_label(): points(line) for line in hi.lines}
    assert drawn["before"] == [(4, 80), (6, 60)]
    assert drawn["after"] == [(4, 85), (6, 70)]
    assert sorted((round(bar.get_x() + bar.get_width() / 2), bar.get_height()) for bar in rectangles(edited)) == [
        (4, 50),
        (6, 25),
    ]
    assert hi.get_ylim() == (50, 100)
    assert "hi: 66.7 → 75.0 over 3 translations" in hi.get_title(loc="left")
    assert "no scores" in [text.get_text() for text in en.texts]
    low, high = times.get_ylim()
    assert low < 1 / 2.5 < 2.5 < high
    assert [points(line) for line in times.lines if line.get_marker() == "D"] == [[(6, 1.5)]]


def test_a_weeks_scores_count_each_translation_once_and_its_edits_each_line():
    until = date(2026, 11, 26)
    days = [quality("hi", until, 1, 60, 70, 100, 100), quality("hi", until - timedelta(days=1), 3, 80, 90, 300, 0)]
    (mark,) = marks(days, Periods(until - timedelta(days=200), until))
    assert (mark.before, mark.after, mark.edited_share) == (75, 85, 0.25)


async def test_charts_are_drawn_in_a_thread_of_their_own_and_only_so_many_are_asked_for_at_once(monkeypatch):
    threads, go_on = [], threading.Event()

    def draw(report):
        threads.append(threading.current_thread())
        go_on.wait(20)
        return timeline(report)

    monkeypatch.setattr("setu_metrics.reports.timeline.timeline", draw)
    drawing = Drawing(most_waiting=3)
    try:
        asked = [asyncio.create_task(drawing.timeline(FILM)) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(ChartsBusy) as refused:
            await drawing.timeline(FILM)
        assert refused.value.retry_after_s
        go_on.set()
        assert {content[1:4] for content in await asyncio.gather(*asked)} == {b"PNG"}
        assert (await drawing.timeline(FILM))[1:4] == b"PNG"
    finally:
        drawing.close()
    assert len(set(threads)) == 1
    assert threads[0] is not threading.main_thread()


def test_what_draws_is_loaded_by_the_first_chart_and_not_before():
    code = "import sys, json, setu_metrics.main; print(json.dumps([name for name in sys.modules if name.startswith(('matplotlib', 'PIL'))]))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert json.loads(loaded.stdout) == []
