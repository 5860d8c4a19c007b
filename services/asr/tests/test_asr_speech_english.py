"""The translate task's engine, on a pipeline that answers what it is told to."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from setu_asr.domain.audio import RATE_HZ
from setu_asr.domain.english import is_english_text
from setu_asr.engines.speech_english import in_english
from setu_common.contracts import AsrPlan


@dataclass(frozen=True)
class Told:
    start: float
    end: float
    text: str
    avg_logprob: float = -0.4
    no_speech_prob: float = 0.1
    compression_ratio: float = 1.0


@dataclass
class Pipeline:
    """First answers without time tokens, then with them; by clip."""

    plain: list[list[Told]]
    timed: list[list[Told]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def transcribe(self, audio, **options):
        self.asked.append({"seconds": len(audio) / RATE_HZ, **options})
        answers = self.plain if options["without_timestamps"] else self.timed
        assert len(answers) == len(options["clip_timestamps"])
        return iter([told for each in answers for told in each]), None


def clips(*durations_s: float) -> list[np.ndarray]:
    return [np.zeros(int(duration_s * RATE_HZ), np.float32) for duration_s in durations_s]


def texts(pipeline: Pipeline, *durations_s: float) -> list[str | None]:
    return [heard.text if heard else None for heard in in_english(pipeline, clips(*durations_s), "fr", AsrPlan(beam_size=3))]


def test_the_task_is_to_translate_and_each_clip_gets_its_own_text():
    pipeline = Pipeline([[Told(0, 2, " Good day,"), Told(2, 4, " all.")], [Told(30, 33, " Goodbye.")], [Told(60, 61, "Yes")]])
    assert texts(pipeline, 4, 3, 1) == ["Good day, all.", "Goodbye.", "Yes"]
    [asked] = pipeline.asked
    assert (asked["task"], asked["language"], asked["beam_size"], asked["seconds"]) == ("translate", "fr", 3, 90)
    assert asked["clip_timestamps"][1] == {"start": 30.0, "end": 33.0}


def test_times_are_those_of_the_clip():
    pipeline = Pipeline([[Told(0, 2, "One")], [Told(30.5, 32, "Two")]])
    heard = in_english(pipeline, clips(2, 3), "fr", AsrPlan())[1]
    assert heard is not None
    assert (heard.start_s, heard.end_s) == (0.5, 2.0)


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ([], [Told(0, 1, "Late.")], "Late."),
        ([Told(0, 1, "…")], [], None),
        ([Told(0, 1, "no " * 60)], [Told(0, 1, "No.")], "No."),
        ([Told(0, 1, "no " * 60)], [Told(0, 1, "yes " * 60)], None),
        ([Told(0, 1, "Unsure.", -1.2)], [Told(0, 1, "Surer.", -1.1)], "Surer."),
        ([Told(0, 1, "Unsure.", -1.2)], [Told(0, 1, "Worse.", -1.3)], "Unsure."),
        ([Told(0, 1, "Unsure.", -1.2)], [], "Unsure."),
    ],
)
def test_what_is_doubtful_is_heard_once_more_and_the_better_one_kept(first, second, told):
    pipeline = Pipeline(
        [[Told(0, 1, "Fine.")], [Told(each.start + 30, each.end + 30, each.text, each.avg_logprob) for each in first]]
    )
    pipeline.timed = [second]
    assert texts(pipeline, 1, 1) == ["Fine.", told]
    assert [len(asked["clip_timestamps"]) for asked in pipeline.asked] == [2, 1]


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("Good day.", True),
        ("1, 2, 3", True),
        ("Naïve café", True),
        ("Raj says नमस्ते", True),
        ("नमस्ते", False),
        ("…", False),
        ("", False),
    ],
)
def test_english_is_written_in_latin_letters(text, english):
    assert is_english_text(text) is english
