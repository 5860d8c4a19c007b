"""whisperx itself, on real speech: runs where the extra is installed; `make test-whisperx` installs it into a place of its own."""

import re
from pathlib import Path

import numpy as np
import pytest

from setu_asr.domain.audio import RATE_HZ, Recording, Samples
from setu_asr.engines.recogniser import Finisher, ModelKey
from setu_asr.settings import WhisperxSettings
from setu_common.contracts import AsrPlan
from setu_common.models import Catalogue
from setu_common.settings import ModelSettings

pytest.importorskip("whisperx", reason="the extra whisperx is not installed; make test-whisperx runs this")

pytestmark = [pytest.mark.models, pytest.mark.timeout(900), pytest.mark.filterwarnings("default")]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load(ModelSettings())


@pytest.fixture(scope="module")
def engine(catalogue):
    from setu_asr.engines.whisperx import WhisperX

    key = ModelKey("whisperx", "whisper-base", "int8")
    return WhisperX(key, catalogue.ensure("whisper-base"), "cpu", 1, WhisperxSettings(aligners_folder=None, hf_token=None))


def sound(path: Path) -> Samples:
    """A WAV file of 16 kHz, mono, 16 bits."""
    import wave

    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE_HZ, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float32) / np.float32(32768)


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def test_clips_are_recognised_in_one_batch_each_with_words_inside_it(engine, catalogue):
    french, english = sound(catalogue.sample("fr")), sound(catalogue.sample("en"))
    heard = engine.recognise([french, english[: 4 * RATE_HZ], french], "fr", AsrPlan(engine="whisperx", batch_size=4))
    said = [words("".join(each.text for each in clip)) for clip in heard]
    assert said[0][:3] == ["bonjour", "le", "monde"]
    assert said[2][:3] == said[0][:3]
    for clip, samples in zip(heard, (french, english[: 4 * RATE_HZ], french), strict=True):
        times_s = [time_s for each in clip for word in each.words for time_s in (word.start_s, word.end_s)]
        assert times_s == sorted(times_s)
        assert 0 <= times_s[0] <= times_s[-1] <= len(samples) / RATE_HZ
        assert [word for each in clip for word in words("".join(w.text for w in each.words))] == words(
            " ".join(each.text for each in clip)
        )
        assert all(each.avg_logprob is not None and each.avg_logprob < 0 for each in clip)


def test_the_language_is_told(engine, catalogue):
    language, probability = engine.detect_language([sound(catalogue.sample("pt"))])
    assert (language, probability > 0.5) == ("pt", True)


def test_silence_is_heard_as_nothing(engine):
    assert engine.recognise([np.zeros(5 * RATE_HZ, np.float32)], "fr", AsrPlan(engine="whisperx")) == [[]]


def test_what_is_not_here_is_noted_and_nothing_is_lost(engine, catalogue):
    french = sound(catalogue.sample("fr"))
    [heard] = engine.recognise([french], "fr", AsrPlan(engine="whisperx"))
    assert isinstance(engine, Finisher)
    recording = Recording((french * 32767).astype(np.int16))
    done = engine.finish(recording, heard, "fr", AsrPlan(engine="whisperx", align=True, diarise=True))
    assert done.heard == tuple(heard)
    assert ["SETU_ASR_WHISPERX_ALIGNERS_FOLDER" in note for note in done.notes] == [True, False]
    assert "SETU_ASR_WHISPERX_HF_TOKEN" in done.notes[1]
    assert len(engine.finish(recording, heard, "fr", AsrPlan(engine="whisperx")).notes) == 1
