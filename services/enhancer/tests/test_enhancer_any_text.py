"""Texts made of nothing but what numbers are said with, in any order, or of nothing but space: nothing that looks at a line breaks or stands still on them."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setu_common.contracts import Context
from setu_enhancer.domain.glossary import glossary
from setu_enhancer.domain.guards import breaches
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.scoring import score
from setu_enhancer.domain.selection import select
from setu_enhancer.domain.text.numbers import below_zero, read
from setu_enhancer.domain.text.numerals import NUMERALS
from setu_enhancer.domain.thresholds import Thresholds

LANGUAGES = sorted(NUMERALS)
WORDS = {
    language: sorted({*known.vocabulary, *known.joints, *known.ors, *known.before_hour}) for language, known in NUMERALS.items()
}
POINTS = {language: sorted(known.point) for language, known in NUMERALS.items()}
WRITTEN = (
    "99.5",
    "1,5",
    "2.0",
    "½",
    "3½",
    "3:30",
    "15/08/1947",
    "10k",
    "07",
    "१५",
    "-",
    ",",
    "%",
    "and a half",
    "half",
    "7" * 31,
    f"1{'0' * 40}",
)


def heaps(language):
    """Words for numbers, points, and numbers in digits of every kind."""
    each = st.one_of(*map(st.sampled_from, (WORDS[language], WRITTEN, POINTS[language])))
    return st.lists(each, min_size=1, max_size=8).map(" ".join)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(LANGUAGES).flatmap(lambda language: st.tuples(heaps(language), st.just(language))))
def test_any_heap_of_numbers_can_be_read(made):
    found = read(*made)
    assert all(value.is_finite() for value in (*found.said, *found.possible))
    assert all(value < 0 for value in below_zero(*made))


@settings(max_examples=200, deadline=None)
@given(
    st.tuples(st.sampled_from(LANGUAGES), st.sampled_from(LANGUAGES)).flatmap(
        lambda pair: st.tuples(st.just(Pair(*pair)), heaps(pair[0]), heaps(pair[1]), heaps(pair[1]))
    )
)
def test_any_heap_of_numbers_can_be_chosen_guarded_and_scored(made):
    pair, source, draft, edit = made
    line = Line(0, 0.0, 3.0, source, draft)
    terms = glossary(Context(), [line], pair)
    assert set(select([line], pair, terms, Thresholds(), "all")) <= {0}
    assert all(breach.detail for breach in breaches(line, edit, pair, terms, characters_per_s=20.0))
    assert all(0 <= score(line, text, pair, terms, neighbours=(edit,)).total <= 100 for text in (draft, edit))


LONG = 2000
FAR_LESS_THAN_MINUTES_S = 2.0


@pytest.mark.parametrize("unit", [" ", "\n", "\t", "\n ", "\u00a0"], ids=ascii)
@pytest.mark.parametrize("made", ["He{}", "{}went", "1{}x", "Note{}x", "-{}x"])
def test_a_run_of_white_space_is_no_work(unit, made):
    long = made.format(unit * LONG)
    pair, source = Pair("hi", "en"), "वह दो किताबें नहीं लाया, क्या?"

    def look(draft, text):
        line = Line(0, 0.0, 4.0, source, draft)
        breaches(line, text, pair, glossary(Context(), [line], pair), characters_per_s=20.0)
        score(line, text, pair, glossary(Context(), [line], pair))

    look("He went.", "He goes.")  # dictionaries are read at the first look
    began_s = time.process_time()
    look("He went.", long)
    look(long, "He went.")
    assert time.process_time() - began_s < FAR_LESS_THAN_MINUTES_S
