"""What follows recognition: speakers, times that nobody told, and notes of what is less than asked for."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from setu_asr.domain.audio import Recording
from setu_asr.domain.heard import Heard, HeardWord
from setu_asr.domain.segmentation import segments_of
from setu_asr.domain.speakers import Turn, by_speaker
from setu_asr.domain.spreading import spread
from setu_asr.engines.recogniser import Finished
from setu_asr.errors import UnusablePlan
from setu_asr.finishing import finished
from setu_asr.listening import Listened
from setu_asr.settings import RecognitionSettings, WhisperxSettings
from setu_asr.worker import Installed
from setu_common.contracts import AsrPlan


def said(*words: tuple[float, float, str]) -> Heard:
    heard = tuple(HeardWord(start_s, end_s, text, 0.9) for start_s, end_s, text in words)
    return Heard(heard[0].start_s, heard[-1].end_s, "".join(word.text for word in heard), heard)


HEARD = said((0.0, 0.5, " Oui"), (0.5, 1.0, " monsieur."), (1.1, 1.5, " Non"), (2.5, 3.0, " merci."))


def test_a_stretch_in_which_two_speak_is_parted_between_their_words():
    turns = [Turn(0.0, 1.05, "A"), Turn(1.05, 2.0, "B")]
    first, second = by_speaker([HEARD], turns)
    assert (first.speaker, first.text, first.start_s, first.end_s) == ("A", " Oui monsieur.", 0.0, 1.0)
    assert (second.speaker, second.text, second.start_s, second.end_s) == ("B", " Non merci.", 1.1, 3.0)


def test_words_before_the_first_turn_are_the_first_speakers():
    [only] = by_speaker([HEARD], [Turn(1.0, 3.0, "B")])
    assert (only.speaker, only.text) == ("B", HEARD.text)


def test_without_turns_nobody_is_named_and_nothing_lost():
    assert list(by_speaker([HEARD, replace(HEARD, words=())], [])) == [HEARD, replace(HEARD, words=())]


def test_speakers_come_into_the_transcript():
    segments = segments_of(by_speaker([HEARD], [Turn(0, 1.05, "A"), Turn(1.05, 3, "B")]), 3.0, "fr")
    assert [segment.speaker for segment in segments] == ["A", "B", "B"]


@given(st.text("ab çह你好 ", min_size=1, max_size=60), st.floats(0, 100), st.floats(0.1, 30))
def test_spread_words_are_the_text_in_order_and_inside_its_time(text, start_s, length_s):
    words = spread(text, start_s, start_s + length_s, 0.5)
    assert "".join(word.text for word in words).split() == text.split()
    times_s = [time_s for word in words for time_s in (word.start_s, word.end_s)]
    assert times_s == sorted(times_s)
    if words:
        assert times_s[0] == start_s
        assert times_s[-1] == pytest.approx(start_s + length_s)


def test_text_without_spaces_is_spread_letter_by_letter():
    assert len(spread("今日はいい天気ですねえそうですね", 0, 16, 0.5)) == 16
    assert len(spread("Donaudampfschifffahrtsgesellschaft", 0, 16, 0.5)) == 1


class Plain:
    """A recogniser that only recognises."""

    def detect_language(self, clips):
        return "fr", 1.0

    def recognise(self, clips, language, plan, hints=None):
        return [[] for _ in clips]


class Finishing(Plain):
    def finish(self, recording, heard, language, plan):
        return Finished(tuple(replace(each, speaker="A") for each in heard), ("finished",))


LISTENED = Listened((HEARD,), "fr", 1.0)
SILENCE = Recording(np.zeros(16000, np.int16))


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (AsrPlan(), []),
        (AsrPlan(align=True), ["no aligner"]),
        (AsrPlan(diarise=True), ["whisperx"]),
        (AsrPlan(align=True, diarise=True), ["no aligner", "whisperx"]),
    ],
)
def test_an_engine_that_cannot_finish_says_what_is_less_than_asked(plan, says):
    listened, notes = finished(Plain(), SILENCE, LISTENED, plan)
    assert listened == LISTENED
    assert [word in note for word, note in zip(says, notes, strict=True)] == [True] * len(says)


def test_an_engine_that_can_finish_does():
    listened, notes = finished(Finishing(), SILENCE, LISTENED, AsrPlan(diarise=True))
    assert ([each.speaker for each in listened.heard], notes) == (["A"], ("finished",))


def test_without_the_extra_the_answer_says_what_to_install(monkeypatch):
    monkeypatch.setattr("setu_asr.worker.find_spec", lambda _name: None)
    with pytest.raises(UnusablePlan, match=r"setu-asr\[whisperx\]"):
        Installed(RecognitionSettings(), whisperx=WhisperxSettings())("whisperx")
