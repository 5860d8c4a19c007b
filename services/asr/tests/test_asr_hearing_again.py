"""What is doubtful is heard again one by one, and the better hearing is taken."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from setu_asr.domain.audio import RATE_HZ
from setu_asr.domain.doubt import better, odd_pace, to_hear_again
from setu_asr.domain.heard import Heard, HeardWord
from setu_asr.domain.hints import NO_HINTS, Hints
from setu_asr.engines.faster_whisper import FasterWhisper
from setu_common.contracts import AsrPlan

CLEAR = "The ferry leaves at nine and nobody is on the pier tonight."
ELSE = "A fairy lives in wine and somebody is in the beer all right."
LOOP = "I am sorry. " * 40


def heard(text, likely=0.9, logprob=-0.2):
    texts = text.split()
    words = tuple(HeardWord(number * 0.4, number * 0.4 + 0.4, f" {word}", likely) for number, word in enumerate(texts))
    return [Heard(0.0, 0.4 * len(texts), f" {text}", words, avg_logprob=logprob)] if texts else []


def test_what_went_astray_is_heard_again_and_of_the_rest_the_least_certain():
    clips = [heard(CLEAR), heard(LOOP), heard(CLEAR, 0.7), heard(CLEAR, 0.5), heard(CLEAR, logprob=-1.3), heard("")]
    assert to_hear_again(clips, [10.0] * 6, "en") == [1, 3, 4, 5]
    assert to_hear_again([heard(CLEAR)] * 8, [10.0] * 8, "en") == []


def test_uncertainty_alone_costs_one_clip_in_eight_at_most():
    assert len(to_hear_again([heard(CLEAR, 0.5)] * 16, [10.0] * 16, "en")) == 2


@pytest.mark.parametrize(
    ("text", "duration_s", "language", "odd"),
    [
        (CLEAR, 4.0, "en", False),
        (CLEAR, 1.0, "en", True),
        ("Yes.", 20.0, "en", True),
        ("Yes.", 3.0, "en", False),
        ("今日は天気がいいですね", 2.0, "ja", False),
        ("今日は天気がいいですね", 0.5, "ja", True),
        (CLEAR, 0.0, "en", True),
    ],
)
def test_paces_that_nobody_speaks_at_are_odd(text, duration_s, language, odd):
    assert odd_pace(heard(text), duration_s, language) is odd


def test_the_more_certain_of_two_hearings_is_better_unless_they_agree():
    assert better(heard(ELSE, 0.5), heard(CLEAR, 0.8), 5.0, "en")
    assert not better(heard(CLEAR, 0.8), heard(ELSE, 0.5), 5.0, "en")
    assert not better(heard(CLEAR, 0.8), heard(CLEAR, 0.9), 5.0, "en")
    assert better(heard(""), heard(CLEAR), 5.0, "en")
    assert not better(heard(CLEAR), heard(""), 5.0, "en")


def test_repetition_at_a_human_pace_is_not_given_up_for_a_hearing_that_leaves_it_out():
    repeated = heard("up and down " * 12)
    assert not better(repeated, heard("up and down"), 14.0, "en")
    assert better(heard(LOOP), heard(CLEAR), 5.0, "en")


@dataclass
class Whisper:
    """Stands for faster-whisper's model and pipeline: says what it is told to, by the way in which it is asked."""

    together: list[str]
    alone: str = ""
    halves: str = ""
    frames_per_second: int = 100
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def pipeline(self, audio, **options):
        count = len(options["clip_timestamps"])
        batch = self.together if not self.asked else [self.halves] * count
        self.asked.append(("together", options))
        return [self._segment(text, 3000 * number) for number, text in enumerate(batch)], None

    def transcribe(self, clip, **options):
        self.asked.append(("alone", options))
        return [self._segment(self.alone, 0)], None

    def _segment(self, text, seek):
        at_s = seek / 100
        words = [
            SimpleNamespace(start=at_s + number * 0.2, end=at_s + number * 0.2 + 0.2, word=f" {word}", probability=0.9)
            for number, word in enumerate(text.split())
        ]
        return SimpleNamespace(
            seek=seek,
            start=at_s,
            end=at_s + 9,
            text=text,
            words=words,
            avg_logprob=-0.3,
            no_speech_prob=0.1,
            compression_ratio=1.0,
        )


def engine(whisper):
    made = object.__new__(FasterWhisper)
    made._model = whisper
    made._pipeline = SimpleNamespace(transcribe=whisper.pipeline)
    return made


CLIPS = [np.zeros(10 * RATE_HZ, np.float32)] * 2


def texts(found):
    return [" ".join(stretch.text for stretch in stretches) for stretches in found]


def test_a_clip_that_went_astray_is_heard_alone_and_that_is_taken():
    whisper = Whisper([CLEAR * 2, LOOP], alone=ELSE * 2)
    assert texts(engine(whisper).recognise(CLIPS, "en", AsrPlan())) == [CLEAR * 2, ELSE * 2]
    assert [way for way, _ in whisper.asked] == ["together", "alone"]
    assert whisper.asked[1][1]["condition_on_previous_text"] is False
    assert whisper.asked[1][1]["temperature"] == 0.0


def test_where_that_goes_astray_too_it_is_heard_in_halves_whose_times_follow_each_other():
    whisper = Whisper([CLEAR * 2, LOOP], alone=LOOP, halves=CLEAR)
    found = engine(whisper).recognise(CLIPS, "en", AsrPlan())
    assert texts(found) == [CLEAR * 2, f"{CLEAR} {CLEAR}"]
    first, second = found[1]
    assert (first.start_s, 3.3 < second.start_s < 6.7) == (0.0, True)


def test_without_redecoding_everything_is_heard_once():
    whisper = Whisper([CLEAR, LOOP], alone=ELSE)
    assert texts(engine(whisper).recognise(CLIPS, "en", AsrPlan(redecode=False))) == [CLEAR, LOOP]
    assert [way for way, _ in whisper.asked] == ["together"]


def test_hints_reach_the_model_in_every_way_of_hearing():
    whisper = Whisper([CLEAR, LOOP], alone=LOOP, halves=LOOP)
    engine(whisper).recognise(CLIPS, "en", AsrPlan(beam_size=2), Hints("Helen Park", 0.4))
    assert {way for way, _ in whisper.asked} == {"together", "alone"}
    assert all(options["initial_prompt"] == "Helen Park" for _, options in whisper.asked)
    assert all(options["temperature"] == 0.4 for _, options in whisper.asked)
    assert all(options["beam_size"] == 2 for _, options in whisper.asked)
    whisper = Whisper([CLEAR, CLEAR])
    engine(whisper).recognise(CLIPS, "en", AsrPlan(), NO_HINTS)
    assert whisper.asked[0][1]["initial_prompt"] is None


def test_short_clips_can_not_be_written_on_for_ever():
    whisper = Whisper([CLEAR])
    engine(whisper).recognise([CLIPS[0][: 2 * RATE_HZ]], "en", AsrPlan())
    assert whisper.asked[0][1]["max_new_tokens"] == 90
    engine(whisper).recognise(CLIPS, "en", AsrPlan(redecode=False))
    assert whisper.asked[-1][1]["max_new_tokens"] is None
