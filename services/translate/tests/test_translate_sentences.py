"""Sentences over several segments: which belong together, and how a translation is laid back."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setu_common.contracts import Segment
from setu_translate.domain.scripts import letters
from setu_translate.domain.sentences import MOST_CHARACTERS, MOST_SEGMENTS, joined, laid_back, units


def segments_of(*texts: str, gap_s: float = 0.2, speakers: str = "") -> list[Segment]:
    return [
        Segment(
            index=place,
            start_s=place * (1 + gap_s),
            end_s=place * (1 + gap_s) + 1,
            text=text,
            speaker=speakers[place] if speakers else None,
        )
        for place, text in enumerate(texts)
    ]


def test_a_sentence_is_joined_up_to_its_end_and_no_further():
    segments = segments_of("When the rain had stopped", "we went outside.", "It was cold.", "“But then,", "she laughed.”")
    assert units(segments, "en") == [(0, 1), (2,), (3, 4)]


@pytest.mark.parametrize(
    ("end", "language"), [(".", "en"), ("?", "fr"), ("!»", "fr"), ("।", "hi"), ("。", "ja"), ("？」", "zh"), ("؟", "ar")]
)
def test_each_language_ends_sentences_its_own_way(end, language):
    assert units(segments_of("a", f"b{end}", "c", f"d{end}"), language) == [(0, 1), (2, 3)]


def test_pauses_speakers_and_what_has_no_letters_divide():
    assert units(segments_of("I think", "so.", gap_s=1.5), "en") == [(0,), (1,)]
    assert units(segments_of("I think", "so.", speakers="AB"), "en") == [(0,), (1,)]
    assert units(segments_of("I think", "so.", speakers="AA"), "en") == [(0, 1)]
    assert units(segments_of("I think", "♪", "so."), "en") == [(0,), (1,), (2,)]


def test_what_comes_to_no_end_is_not_taken_for_a_sentence():
    assert units(segments_of("well you know", "it was like", "that and then"), "en") == [(0,), (1,), (2,)]


def test_a_long_sentence_is_cut_behind_a_clause():
    segments = segments_of("If you come,", "and if he comes too,", "then we", "can all go", "together.")
    assert units(segments, "en") == [(0, 1), (2, 3, 4)]
    assert units(segments_of("a", "b", "c", "d", "e."), "en") == [(0, 1, 2), (3, 4)]
    assert units(segments_of("a" * 200, "b" * 200, "c" * 30, "d."), "en") == [(0,), (1, 2, 3)]


def test_joining_knows_which_languages_write_spaces():
    assert joined(["You see ", " it."], "en") == "You see it."
    assert joined(["もし雨が", "降ったら。"], "ja") == "もし雨が降ったら。"


@pytest.mark.parametrize(
    ("text", "sources", "language", "parts"),
    [
        ("When the rain stops, we will leave.", ["Quand la pluie cessera", "nous partirons."], "en", ("When the rain stops,", "we will leave.")),
        ("Yes. I never wanted to see her again.", ["Oui. Je ne voulais", "plus jamais la revoir."], "en", ("Yes. I never wanted", "to see her again.")),
        ("雨がやんだら、出かけましょう。", ["When the rain stops,", "let us go out."], "ja", ("雨がやんだら、", "出かけましょう。")),
        ("He said: “Go!” and left", ["Il a dit", "« Va ! »", "et partit"], "en", ("He said:", "“Go!”", "and left")),
    ],
)  # fmt: skip
def test_a_translation_is_cut_where_a_reader_would(text, sources, language, parts):
    assert laid_back(text, sources, language) == parts


def test_too_few_words_can_t_be_laid_back():
    assert laid_back("Leave!", ["Allez-vous", "en !"], "en") is None
    assert laid_back("Go … !", ["Allez", "vous-en !"], "en") is None
    assert laid_back("走", ["Go", "away"], "zh") is None
    assert laid_back("", ["a", "b"], "en") is None


def test_one_source_has_it_all():
    assert laid_back(" as it is ", ["x"], "en") == (" as it is ",)


texts = st.text(st.sampled_from("abcé हैं是の、。.,!?-“” …"), max_size=40)


@settings(max_examples=300, deadline=None)
@given(texts, st.lists(texts, min_size=2, max_size=MOST_SEGMENTS), st.sampled_from(["en", "hi", "zh", "ja"]))
def test_no_part_is_empty_and_no_letter_is_lost_or_moved(text, sources, language):
    parts = laid_back(text, sources, language)
    if parts is not None:
        assert len(parts) == len(sources)
        assert all(letters(part) for part in parts)
        assert "".join("".join(parts).split()) == "".join(text.split())


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(texts, st.sampled_from([0.0, 0.5, 2.0]), st.sampled_from([None, "A", "B"])), max_size=12),
    st.sampled_from(["en", "zh"]),
)
def test_units_are_all_segments_in_order_within_bounds_and_of_one_speaker(lines, language):
    segments, now_s = [], 0.0
    for place, (text, pause_s, speaker) in enumerate(lines):
        segments.append(Segment(index=place, start_s=now_s + pause_s, end_s=now_s + pause_s + 1, text=text, speaker=speaker))
        now_s += pause_s + 1
    found = units(segments, language)
    assert [place for unit in found for place in unit] == list(range(len(segments)))
    for unit in found:
        assert 1 <= len(unit) <= MOST_SEGMENTS
        assert len({segments[place].speaker for place in unit}) == 1
        if len(unit) > 1:
            assert sum(len(segments[place].text) for place in unit) <= MOST_CHARACTERS
            assert all(segments[one].end_s + 1 > segments[two].start_s for one, two in pairwise(unit))
