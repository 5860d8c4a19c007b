"""What was invented goes, with the figures that spoke against it; what was said stays, however often it was said."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from setu_asr.domain.audio import FRAME, RATE_HZ, Recording, Region
from setu_asr.domain.boilerplate import boilerplate, normal
from setu_asr.domain.guard import guard
from setu_asr.domain.heard import Heard, HeardWord
from setu_asr.domain.loops import Loop, loops
from setu_asr.domain.segmentation import phrased
from setu_asr.domain.surroundings import Surroundings, levels_db


def seconds(start_s, end_s):
    return Region(int(start_s * RATE_HZ), int(end_s * RATE_HZ))


def room(*speech, lasts_s=60.0):
    """A quiet room in which somebody speaks at those times."""
    levels = np.full(int(lasts_s * 10), -70.0, np.float32)
    for start_s, end_s in speech:
        levels[int(start_s * 10) : int(end_s * 10)] = -25.0
    return Surroundings([seconds(*each) for each in speech], levels)


def said(text, start_s=0.0, *, each_s=0.4, likely=0.9, **figures):
    words = tuple(
        HeardWord(start_s + number * each_s, start_s + (number + 1) * each_s, f" {word}", likely)
        for number, word in enumerate(text.split())
    )
    figures = {"avg_logprob": -0.2, "no_speech_prob": 0.05} | figures
    return Heard(start_s, words[-1].end_s, f" {text}", words, **figures)


def judged(*stretches, around, language="en"):
    return guard(phrased(stretches, language), around, language)


def texts(guarded):
    return [phrase.text.strip() for phrase in guarded.kept]


ROOM = room((0, 30))


def test_plain_speech_stays_as_it_is():
    guarded = judged(said("We cannot row to the island tonight."), around=ROOM)
    assert (texts(guarded), guarded.removed) == (["We cannot row to the island tonight."], ())


def test_a_phrase_where_the_room_is_quiet_is_taken_out_with_its_figures():
    guarded = judged(said("I said nothing", 40.0, no_speech_prob=0.3), around=ROOM)
    [removal] = guarded.removed
    assert (removal.reason, removal.text, removal.start_s) == ("silence", "I said nothing", 40.0)
    assert "speech in 0 % of the time" in removal.evidence
    assert "45 dB below" in removal.evidence


def test_a_loud_phrase_that_the_detector_missed_stays():
    loud = Surroundings([seconds(0, 30)], np.full(600, -25.0, np.float32))
    assert texts(judged(said("Wait for me", 40.0), around=loud)) == ["Wait for me"]


def test_whispers_own_rule_for_silence_holds_wherever_it_is():
    unheard = said("perhaps it rained", no_speech_prob=0.7, avg_logprob=-1.2)
    assert [removal.reason for removal in judged(unheard, around=ROOM).removed] == ["silence"]
    for one_sign in ({"no_speech_prob": 0.7}, {"avg_logprob": -1.2}):
        assert judged(said("perhaps it rained", **one_sign), around=ROOM).removed == ()


def test_improbable_words_are_a_guess_only_where_another_sign_agrees():
    assert [each.reason for each in judged(said("oh yeah", likely=0.1, avg_logprob=-1.6), around=ROOM).removed] == ["guess"]
    assert [each.reason for each in judged(said("oh yeah", likely=0.3, no_speech_prob=0.8), around=ROOM).removed] == ["guess"]
    assert [each.reason for each in judged(said("oh yeah", likely=0.3, avg_logprob=-1.1), around=ROOM).removed] == ["guess"]
    assert judged(said("oh yeah", likely=0.3), around=ROOM).removed == ()


def test_a_word_that_lasts_as_long_as_a_sentence_is_a_guess_where_little_speaks_for_speech():
    [removal] = judged(said("much.", each_s=15.0, no_speech_prob=0.77), around=ROOM).removed
    assert (removal.reason, removal.evidence[:13]) == ("guess", "15.0 s a word")
    assert judged(said("much.", each_s=15.0), around=ROOM).removed == ()


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "Thanks for watching!"),
        ("en", "Thank you."),
        ("fr", "Sous-titres réalisés par la communauté d'Amara.org"),
        ("es", "Subtítulos realizados por la comunidad"),
        ("pt", "Legendas pela comunidade Amara.org"),
        ("hi", "चैनल को सब्सक्राइब करें"),
        ("ru", "Субтитры сделал DimaTorzok"),
        ("ja", "ご視聴ありがとうございました"),
    ],
)
def test_lines_that_recognisers_end_videos_with_go_where_little_speaks_for_them(language, line):
    assert boilerplate(line, language)
    [removal] = judged(said(line, no_speech_prob=0.5), around=ROOM, language=language).removed
    assert removal.reason == "boilerplate"


def test_thanks_that_are_really_given_stay():
    assert texts(judged(said("Thank you.", likely=0.7), around=ROOM)) == ["Thank you."]
    assert texts(judged(said("Thanks for watching the dog today.", 2.0), around=ROOM)) == ["Thanks for watching the dog today."]


def test_credits_of_another_films_subtitles_go_even_amid_clear_speech():
    guarded = judged(said("Subtitles by the Amara.org community"), around=ROOM)
    assert [removal.reason for removal in guarded.removed] == ["boilerplate"]


def test_what_only_begins_like_such_a_line_is_none():
    assert not boilerplate("Thank you for the long letter that you wrote to my grandmother", "en")
    assert not boilerplate("You cannot be serious", "en")


@pytest.mark.parametrize(
    "text",
    [
        "No, no, no, no, you cannot put it there.",
        "Go, go, go, go, go!",
        "La la la la, la la la la.",
        "Row the boat home, row the boat home. Row the boat home before the night. Row the boat home, row the boat home.",
        "Up and down, up and down, up and down, up and down, up and down.",
    ],
)
def test_people_who_repeat_themselves_keep_every_word(text):
    guarded = judged(said(text, compression_ratio=3.0), around=ROOM)
    assert guarded.removed == ()
    assert " ".join(texts(guarded)) == text


def test_an_endless_loop_is_cut_to_what_was_said_once():
    guarded = judged(said("And then he left. " + "I am sorry. " * 20, each_s=0.35), around=ROOM)
    assert texts(guarded) == ["And then he left.", "I am sorry."]
    [removal] = guarded.removed
    assert removal.reason == "repetition"
    assert removal.text.count("I am sorry.") == 19
    assert "20 rounds of 3 words" in removal.evidence


def test_a_loop_whose_first_round_nobody_said_goes_as_a_whole():
    guarded = judged(said("I'm sorry, " * 40, each_s=0.3, likely=0.2, no_speech_prob=0.76), around=ROOM)
    assert guarded.kept == ()
    assert {removal.reason for removal in guarded.removed} == {"repetition"}


def test_a_round_that_was_begun_goes_with_its_loop():
    guarded = judged(said("that it's true " * 20 + "that it's"), around=ROOM)
    assert " ".join(texts(guarded)) == "that it's true"


def test_a_loop_runs_through_several_stretches():
    stretches = [said("see you " * 4, start_s) for start_s in (0.0, 3.2, 6.4)]
    guarded = judged(*stretches, around=ROOM)
    assert " ".join(texts(guarded)) == "see you"


def test_words_faster_than_anybody_speaks_are_a_loop_at_three_rounds():
    [removal] = judged(said("so it goes on so it goes on so it goes on", each_s=0.05), around=ROOM).removed
    assert removal.evidence.endswith("nobody speaks so fast")


def test_a_loop_in_silence_goes_though_it_is_short():
    guarded = judged(said("ha ha ha", 40.0), around=ROOM)
    assert guarded.kept == ()
    assert [removal.reason for removal in guarded.removed] == ["repetition"]


def test_text_without_words_is_judged_as_well():
    stretch = Heard(0.0, 20.0, "oh no " * 30, avg_logprob=-0.1, no_speech_prob=0.1)
    guarded = judged(stretch, around=ROOM)
    assert [phrase.text.split() for phrase in guarded.kept] == [["oh", "no"]]
    assert guarded.kept[0].words == ()


def test_loops_are_found_by_their_shortest_round():
    words = [HeardWord(0, 0, f" {word}", 1) for word in ["and", "a", "b", "a", "b", "a", "b", "end"]]
    assert loops(words) == [Loop(1, 2, 3)]
    assert loops(words[:5]) == []


@given(st.lists(st.sampled_from("abc"), max_size=40))
def test_loops_never_overlap_and_are_what_they_say(letters):
    found = loops([HeardWord(0, 0, letter, 1) for letter in letters])
    at = 0
    for loop in found:
        assert loop.start >= at
        once = letters[loop.start : loop.start + loop.length]
        assert letters[loop.start : loop.end] == once * loop.rounds
        assert loop.rounds >= 3
        at = loop.end


heard_words = st.builds(
    HeardWord,
    start_s=st.floats(0, 50),
    end_s=st.floats(0, 50),
    text=st.sampled_from([" no", " yes", " thank", " you", " Amara.org", " है"]),
    probability=st.floats(0, 1),
)
heard_stretches = st.builds(
    lambda words, **figures: Heard(
        words[0].start_s, words[-1].end_s, "".join(word.text for word in words), tuple(words), **figures
    ),
    st.lists(heard_words, min_size=1, max_size=30),
    avg_logprob=st.one_of(st.none(), st.floats(-3, 0)),
    no_speech_prob=st.one_of(st.none(), st.floats(0, 1)),
)


@given(st.lists(heard_stretches, max_size=6))
def test_every_word_is_either_kept_or_among_what_was_removed(stretches):
    phrases = phrased(stretches, "en")
    guarded = guard(phrases, ROOM, "en")
    before = sorted(word for phrase in phrases for word in phrase.text.split())
    kept = [word for phrase in guarded.kept for word in phrase.text.split()]
    removed = [word for removal in guarded.removed for word in removal.text.split()]
    assert sorted(kept + removed) == before
    assert all(removal.evidence for removal in guarded.removed)


def test_the_share_of_speech_and_the_level_are_those_of_the_time_asked_for():
    around = room((1.0, 2.0), (4.0, 5.0))
    assert around.speech_share(0.5, 2.5) == pytest.approx(0.5)
    assert around.speech_share(0.0, 6.0) == pytest.approx(2 / 6)
    assert (around.speech_share(1.5, 1.5), around.speech_share(3.0, 3.0)) == (1.0, 0.0)
    assert around.below_speech_db(1.2, 1.8) == pytest.approx(0.0)
    assert around.below_speech_db(2.5, 3.5) == pytest.approx(45.0)
    assert around.below_speech_db(90.0, 91.0) > 60


def test_levels_are_of_full_scale_and_a_recording_is_measured_whole():
    samples = np.concatenate([np.full(FRAME, 0.5, np.float32), np.zeros(FRAME, np.float32)])
    assert levels_db(samples).tolist() == pytest.approx([-6.02, -100.0], abs=0.01)
    recording = Recording((np.sin(np.arange(5 * RATE_HZ)) * 16384).astype(np.int16))
    around = Surroundings.of(recording, [seconds(0, 5)])
    assert around.speech_db == pytest.approx(-9.03, abs=0.1)


def test_comparison_knows_no_case_accents_stay_and_marks_go():
    assert normal(" Sous-Titres,  RÉALISÉS par l'équipe!") == "sous titres réalisés par léquipe"
    assert normal("हिन्दी।") == "हिन्दी"


def test_words_of_two_loops_that_overlap_are_removed_once():
    said = ["yes", "no", "no", "yes", "no", "yes", "no", "yes", "no", "no", "no", "yes"]
    words = tuple(HeardWord(start_s=0.0, end_s=0.0, text=f" {word}", probability=0.0) for word in said)
    phrases = phrased([Heard(0.0, 0.0, "".join(word.text for word in words), words)], "en")
    guarded = guard(phrases, ROOM, "en")
    kept = [word for phrase in guarded.kept for word in phrase.text.split()]
    removed = [word for passage in guarded.removed for word in passage.text.split()]
    assert sorted(kept + removed) == sorted(said)
