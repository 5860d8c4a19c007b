"""Corrected subtitles of the spoken language against what was heard."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setu_common.contracts import EditedCue, Segment, Transcript
from setu_optimizer.domain.observing.correcting import Errors, corrected, disagreement, errors_between
from setu_optimizer.domain.observing.tokens import tokens


def heard(*texts: str, language: str = "en", seconds: float = 3.0) -> Transcript:
    """A transcript with a segment of three seconds for each text."""
    segments = tuple(
        Segment(index=index, start_s=index * seconds, end_s=(index + 1) * seconds - 0.2, text=text)
        for index, text in enumerate(texts)
    )
    return Transcript(
        language=language,
        language_probability=1,
        duration_s=len(texts) * seconds,
        segments=segments,
        engine="faster-whisper",
        model="whisper-base",
    )


def cue(at: float, text: str, seconds: float = 2.8) -> EditedCue:
    return EditedCue(start_s=at, end_s=at + seconds, text=text)


def test_substitutions_deletions_and_insertions_are_counted_over_the_corrected_words():
    found = corrected(
        heard("the cat sat on the mat", "and the the dog ran", "we left early"),
        [cue(0, "The cat sat on a mat."), cue(3, "And the dog ran!"), cue(6, "We left very early.")],
    )
    assert [each.errors for each in found.stretches] == [Errors(1, 0, 0, 6), Errors(0, 0, 1, 4), Errors(0, 1, 0, 4)]
    assert found.errors == Errors(1, 1, 1, 14)
    assert found.errors.rate == pytest.approx(3 / 14)
    assert (found.whole, found.segment_count, found.changed_count) == (True, 3, 3)


def test_case_signs_and_line_breaks_are_no_errors():
    found = corrected(heard("well i don't know"), [cue(0, "— Well,\nI don’t know…")])
    assert found.errors == Errors(words=4)
    assert found.changed_count == 0


def test_a_vowel_sign_in_devanagari_is_an_error_and_a_nukta_is_not():
    assert corrected(heard("राज की किताब", language="hi"), [cue(0, "राज का किताब")]).errors == Errors(1, 0, 0, 3)
    assert corrected(heard("ज़रा सुनो", language="hi"), [cue(0, "जरा सुनो।")]).errors == Errors(words=2)
    assert corrected(heard("हिन्दी", language="hi"), [cue(0, "हिंदी")]).errors == Errors(words=1)


def test_languages_without_spaces_are_counted_by_character():
    assert corrected(heard("今日は雨です", language="ja"), [cue(0, "今日は晴れです。")]).errors == Errors(1, 1, 0, 7)


def test_cues_that_were_cut_anew_are_compared_with_all_that_was_said_in_their_time():
    transcript = heard("one two three", "four five six", "seven eight")
    joined = corrected(
        transcript, [EditedCue(start_s=0, end_s=5.8, text="one two three\nfour nine six"), cue(6, "seven eight")]
    )
    assert [each.segments for each in joined.stretches] == [(0, 1), (2,)]
    assert joined.errors == Errors(1, 0, 0, 8)
    split = corrected(heard("one two three four five six"), [cue(0, "one two three", 1.4), cue(1.4, "four five six", 1.4)])
    assert split.errors == Errors(words=6)


def test_what_is_missing_of_a_whole_correction_was_taken_out_and_what_nobody_heard_was_missed():
    transcript = heard(*(f"this is line number {each}" for each in range(10)), "thank you for watching")
    cues = [cue(3 * each, f"This is line number {each}.") for each in range(10)]
    found = corrected(transcript, [*cues, cue(60, "And one more thing.")])
    assert found.whole
    assert found.errors == Errors(0, 4, 4, 54)
    assert (found.fitting, found.changed_count) == (10, 1)


def test_of_a_correction_in_parts_only_what_was_sent_back_counts():
    transcript = heard(*(f"this is line number {each}" for each in range(10)))
    found = corrected(transcript, [cue(6, "This is line number too.")])
    assert not found.whole
    assert found.covered_ratio == pytest.approx(0.1)
    assert found.errors == Errors(1, 0, 0, 5)
    assert found.segment_count == 1


def test_a_cue_a_little_off_belongs_to_the_nearest_segment_and_one_far_off_to_none():
    transcript = heard("hello there")
    assert corrected(transcript, [cue(3.1, "hello there", 0.5)]).errors == Errors(words=2)
    far = corrected(transcript, [cue(40, "hello there")])
    assert (far.fitting, far.covered_ratio) == (0, 0)


def test_a_recording_in_which_nothing_was_heard_is_all_errors_if_somebody_spoke():
    found = corrected(heard(), [cue(0, "I did speak.")])
    assert found.whole
    assert found.errors.rate == 1


def test_another_recordings_subtitles_are_noticed():
    lines = [f"alpha{each} beta{each} gamma{each} delta{each}" for each in range(10)]
    others = [f"one{each} two{each} three{each} four{each}" for each in range(10)]
    assert corrected(heard(*lines), [cue(3 * at, text) for at, text in enumerate(others)]).foreign
    assert not corrected(heard(*lines), [cue(3 * at, text) for at, text in enumerate(lines)]).foreign


def test_two_hearings_are_compared_up_to_a_time():
    one, other = heard("a b c d", "e f g h"), heard("a b x d", "never heard at all")
    assert disagreement(one, other, until_s=3) == pytest.approx(0.25)
    assert (disagreement(one, other, until_s=60) or 0) > 0.5
    assert disagreement(heard(), heard(), until_s=60) is None


@given(st.lists(st.sampled_from("abcde"), max_size=12), st.lists(st.sampled_from("abcde"), max_size=12))
def test_errors_are_those_of_the_shortest_way(said, heard_tokens):
    found = errors_between(said, heard_tokens)
    assert found.substitutions + found.deletions + found.insertions == _distance(said, heard_tokens)
    assert len(said) - found.deletions + found.insertions == len(heard_tokens)
    assert found.words == len(said)


def _distance(one: list[str], other: list[str]) -> int:
    row = list(range(len(other) + 1))
    for at, first in enumerate(one, 1):
        row, before = [at], row
        for place, second in enumerate(other, 1):
            row.append(min(before[place] + 1, row[-1] + 1, before[place - 1] + (first != second)))
    return row[-1]


@given(st.randoms(use_true_random=False), st.integers(1, 30))
def test_whatever_cues_come_every_word_is_counted_once(chance: random.Random, count: int):
    transcript = heard(*(" ".join(chance.choices("abc", k=chance.randint(0, 4))) for _ in range(count)))
    cues = [
        cue(chance.uniform(0, 3 * count), " ".join(chance.choices("abc", k=chance.randint(0, 4))), chance.uniform(0, 6))
        for _ in range(chance.randint(0, 30))
    ]
    found = corrected(transcript, cues)
    assert found.errors.words == sum(len(tokens(each.text, "en")) for each in cues)
    assert sorted(at for each in found.stretches for at in each.cues) == list(range(len(cues)))
    segments = [index for each in found.stretches for index in each.segments]
    assert len(segments) == len(set(segments))
    if found.whole:
        assert len(segments) == count
