"""What is said of a job in words, and on its page."""

import itertools
import re
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setu_common.contracts.cost import StageCost
from setu_common.contracts.performance import Recommendation, TargetQuality
from setu_metrics.reports import wording
from setu_metrics.reports.explaining import explanation
from setu_metrics.reports.page import page_of
from setu_metrics.reports.spans import covered_s
from testbed.reported import FILM, OUTCOME, SLOW, attempt, job, sums


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 10)).map(lambda each: (each[0], each[0] + each[1])), max_size=8))
def test_covered_time_is_that_of_which_something_lasts(intervals):
    edges = sorted({edge for each in intervals for edge in each})
    inside = sum(b - a for a, b in itertools.pairwise(edges) if any(x <= a and b <= y for x, y in intervals))
    assert covered_s(intervals) == pytest.approx(inside)


def test_a_job_is_told_as_a_person_would_tell_it():
    advice = Recommendation(cause="queue_wait", stage="translations", setting="X", saves_s=12, detail="Start another worker.")
    told = explanation(
        FILM.model_copy(update={"performance": FILM.performance.model_copy(update={"recommendations": (advice,)})})
    )
    flat = " ".join(told.split())
    for sentence in (
        "The job succeeded, though not with all that was asked for.",
        "Its recording of 2 min 00 s took 1 min 58 s, 1.0 times as fast as it plays.",
        "Attempts worked 1 min 40 s in all, and took 50.0 s of processors.",
        "For 8.0 s all of it waited for a worker, 7% of its time.",
        "For 10.0 s, 8% of its time, it neither worked nor waited",
        "1 attempt of 4 gave nothing and took 15.0 s.",
        "It cost 1.5000 USD (12 calls, 0 of them spared).",
        "0.5000 USD of it were in vain",
        "What 2 calls cost nobody knows",
        "Into hi: 40 lines, 9 of them edited; its score went from 61.0 to 70.5 of 100.",
        "transcriptions took 60.0 s, 60% of it all.",
        "Start another worker. That would save 12.0 s at most.",
    ):
        assert sentence in flat
    assert max(map(len, told.splitlines())) <= 120
    row = next(line for line in told.splitlines() if line.startswith("transcriptions, attempt 2"))
    assert row.split("  ")[0] == "transcriptions, attempt 2"
    assert "45%" in row


def test_of_a_job_of_which_nothing_stands_out_or_is_known_that_is_told():
    assert "Nothing stands out" in explanation(job(attempt("profiles", 0, 0, 5)))
    told = explanation(job())
    assert "has not ended" in told
    assert "No attempt of it was measured" in told


class Seen(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_escaped_and_needs_nothing_beside_itself():
    bad = "<script>alert(1)</script>\"'&"
    costs_ = (StageCost(**sums("1"), stage=bad, target=bad, service=bad, provider=bad, model=bad, share=1),)
    outcome = OUTCOME.model_copy(
        update={"state": "failed", "problem": bad, "targets": (TargetQuality(target=bad, lines=1, edited=0),)}
    )
    held = SLOW.model_copy(update={"detail": bad})
    report = job(
        attempt(bad, 0, 0, 5, target=bad, model=bad, problem=bad, outcome="failed"),
        bottlenecks=(held,),
        costs=costs_,
        outcome=outcome,
    )
    page = page_of(report, b"\x89PNG")
    seen = Seen(page)
    assert seen.open == []
    assert {tag for tag, _ in seen.tags}.isdisjoint({"script", "link", "iframe"})
    assert page.count("alert(1)") == page.count("&lt;script&gt;alert(1)") > 8
    (image,) = (attributes for tag, attributes in seen.tags if tag == "img")
    assert image["src"] == "data:image/png;base64,iVBORw=="
    assert "Timeline of 1 attempt" in str(image["alt"])
    assert not re.search(r"""(src|href|url)\s*[=(]\s*["']?(https?:)?//""", page)
    assert "prefers-color-scheme:dark" in page
    assert "@media print" in page


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0.0 s"), (59.94, "59.9 s"), (59.96, "1 min 00 s"), (61, "1 min 01 s"), (3599.6, "1 h 00 min"), (7500, "2 h 05 min")],
)
def test_times_are_told_as_people_tell_them(seconds, told):
    assert wording.time(seconds) == told


@pytest.mark.parametrize(("usd", "told"), [("0", "0 USD"), ("0.00001", "under 0.0001 USD"), ("1234.5", "1,234.5000 USD")])
def test_amounts_are_told_to_a_hundredth_of_a_cent(usd, told):
    assert wording.usd(Decimal(usd)) == told
