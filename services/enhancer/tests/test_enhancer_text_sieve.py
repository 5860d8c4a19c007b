"""A pattern behind a sieve finds what it finds without one."""

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from setu_enhancer.domain.guards.manners import _COMMENTS
from setu_enhancer.domain.lexicon import denials
from setu_enhancer.domain.scoring.markers import MARKERS
from setu_enhancer.domain.text.numbers import read
from setu_enhancer.domain.text.numerals import NUMERALS
from setu_enhancer.domain.text.reckoning import Reading, rewritten, tokens
from setu_enhancer.domain.text.sieve import Either, Sieve, Sieves, alternatives
from setu_enhancer.domain.words import plain

PATTERNS = [
    *(pattern for markers in MARKERS.values() for marker in markers for pattern in marker.patterns),
    *(pattern for pattern, _ in _COMMENTS),
    *(cue.said for cues in (*denials.UNSAID.values(), *denials.CUES.values()) for cue in cues),
    *(pattern for patterns in (denials.REFUSED, denials.NEARLY) for pattern in patterns.values()),
    *(re.compile(pattern) for numerals in NUMERALS.values() for pattern, _ in numerals.rewritten),
]
EDITS = tomllib.loads((Path(__file__).parent / "data" / "edits.toml").read_text(encoding="utf-8"))
TEXTS = sorted({plain(value) for edit in next(iter(EDITS.values())) for value in edit.values() if isinstance(value, str)})
ODD = (
    "he have become sad.", "Note: (literally: the idiom)", "there is two of them", "quarter past three, an hour and 30 minutes", "why you are going?",
    "it is hardly allowed; he forbade it", "नहीं तो मना कर दो", "jab tak koi baat nahi", "twenty-twenty", '"text": {}', "1) hello", "an one",
)  # fmt: skip


def test_every_pattern_of_the_rules_finds_behind_a_sieve_what_it_finds_by_itself():
    sieves = Sieves(PATTERNS)
    single = [Sieve(pattern) for pattern in PATTERNS]
    met = 0
    for text in (*TEXTS, *ODD):
        tried = set(sieves.among(text))
        for at, pattern in enumerate(PATTERNS):
            found = pattern.search(text) is not None
            met += found
            assert not found or at in tried, (pattern.pattern, text)
            assert (single[at].search(text) is not None) is found
    assert met > len(TEXTS) / 10  # that nothing is found everywhere would tell nothing


def test_hardly_any_pattern_is_tried():
    sieves = Sieves(pattern for marker in MARKERS["en"] for pattern in marker.patterns)
    tried = sum(len(sieves.among(text)) for text in TEXTS)
    assert tried < len(TEXTS) * len(sieves.patterns) / 10


@pytest.mark.parametrize(
    "pattern",
    [
        "a(?:b|cd)+e?f", "(?:one|two)-(?:three)?four", "[ab]c(?=d)", "x{2,3}y", "(?:^|b) no", "(?<=q)uit|stop", r"(\w)\1 then",
        "(?:ab|)c", "a?b?", "don't(?! you)", "(?i:NO)pe", "end$", "[^a]bc", "(?:a|b)(?:c|d)(?:e|f)ing",
    ],
)  # fmt: skip
@given(text=st.text(alphabet="abcdefxyqunostp-? 'NOhrgi", max_size=30))
def test_a_sieve_never_hides_a_match(pattern, text):
    compiled = re.compile(pattern)
    found = compiled.search(text)
    behind = Sieve(compiled).search(text)
    assert (behind and behind.span()) == (found and found.span())
    assert Sieve(compiled).sub("_", text) == compiled.sub("_", text)
    assert Either(pattern).finds(text) is (found is not None) or r"\1" in pattern


def test_letters_that_stand_there_are_not_hidden_either():
    for pattern, text in (
        ("(?:one|two)-(?:three)?four", "a two-four"),
        ("a(?:b|cd)+e?f", "xacdcdf"),
        ("(?<=q)uit|stop", "quit"),
    ):
        assert Sieve(re.compile(pattern)).search(text)


def test_alternatives_are_parted_outside_of_groups_and_classes_only():
    assert alternatives(r"a|b(?:c|d)|[|)]x|\|y|\(z") == ["a", "b(?:c|d)", "[|)]x", r"\|y", r"\(z"]


@example(text="a'k", language="en")
@given(text=st.text(alphabet="0123456789 .,:-aknohur½३h'!?", max_size=16), language=st.sampled_from(sorted(NUMERALS)))
def test_a_lone_number_is_read_as_the_whole_reading_reads_it(text, language):
    numerals = NUMERALS[language]
    reading = Reading(tokens(rewritten(text, language, numerals), language), numerals)
    reading.run()
    found = read(text, language)
    assert (found.said, found.possible, found.runs) == (reading.said, reading.possible, tuple(reading.runs()))


@pytest.mark.parametrize("text", ["come to", "to come", "be to", "e to", "e  to", "me too"])
def test_letters_on_both_sides_of_a_space_are_found_whatever_stands_before_them(text):
    pattern = re.compile("e to")
    assert (Sieve(pattern).search(text) is None) is (pattern.search(text) is None)
