"""Glances of a real model, the probe that is made of them, and the time that ways take. Slow: models are loaded."""

import numpy as np
import pytest

from setu_asr.calibration import CLIP_S, CLIPS, Stopwatch, likely, spoken_sound
from setu_asr.domain.audio import RATE_HZ, Recording, Region
from setu_asr.engines.demuxer import decode
from setu_asr.engines.faster_whisper import FasterWhisper
from setu_asr.engines.machine import this_machine
from setu_asr.engines.recogniser import Glancer, ModelKey
from setu_asr.probing import probe
from setu_common.models import Catalogue
from setu_common.settings import ModelSettings

pytestmark = [pytest.mark.models, pytest.mark.timeout(300)]

TINY = "whisper-tiny.en"


@pytest.fixture(scope="module")
def catalogue():
    return Catalogue.load(ModelSettings())


@pytest.fixture(scope="module")
def tiny(catalogue):
    return FasterWhisper(ModelKey("faster-whisper", TINY, "int8"), catalogue.ensure(TINY), "cpu", 1)


@pytest.fixture(scope="module")
def speech(catalogue):
    """The catalogue's English, float32, 16 kHz."""
    recording = decode(catalogue.sample("en"), None, 3600, lambda _share: None)
    return recording.samples(Region(0, len(recording.pcm)))


def words(text):
    return "".join(each for each in text.casefold() if each.isalnum() or each.isspace()).split()


def test_a_glance_hears_what_is_said_in_each_clip_whatever_their_lengths(tiny, speech):
    assert isinstance(tiny, Glancer)
    long, short = tiny.glance([speech, speech[: len(speech) // 3]], "en")
    found = words(long.text)
    assert {"quick", "brown", "fox", "dog"} <= set(found)
    assert 0 < len(words(short.text)) < len(found)
    for heard in (long, short):
        assert heard.avg_logprob is not None
        assert -1 < heard.avg_logprob < 0
        assert heard.no_speech_prob is not None
        assert 0 <= heard.no_speech_prob < 0.5
    assert (long.end_s, short.end_s) == pytest.approx((len(speech) / RATE_HZ, len(speech) // 3 / RATE_HZ))


def test_a_probe_tells_hard_speech_from_easy(tiny, speech):
    noise = np.random.default_rng(1).standard_normal(len(speech)) * np.sqrt(np.square(speech).mean()) * 1.5
    easy, hard = (
        probe(
            Recording((np.clip(sound, -1, 1) * 32767).astype(np.int16)),
            [Region(0, len(speech))],
            tiny,
            language="en",
            model=TINY,
            probe_s=24.0,
            twice=True,
        )
        for sound in (speech, speech + noise)
    )
    assert easy is not None
    assert hard is not None
    assert easy.mean_logprob is not None
    assert hard.mean_logprob is not None
    assert easy.mean_logprob > hard.mean_logprob + 0.1
    assert easy.agreement is not None
    assert easy.agreement > 0.7
    assert hard.agreement is None or hard.agreement < easy.agreement


def test_the_time_of_a_way_is_measured_on_the_sound_of_the_catalogue(catalogue, recognition):
    clips = spoken_sound(catalogue, recognition.scratch_folder)
    assert [len(clip) / RATE_HZ for clip in clips] == [CLIP_S] * CLIPS
    machine = this_machine("cpu", 1)
    asked = [way for way in likely(catalogue, recognition) if way.model == TINY][:1]
    assert asked, f"{TINY} is not in the models folder"

    def load(key, folder):
        return FasterWhisper(key, folder, "cpu", 1)

    [found] = Stopwatch(clips, catalogue, load, machine).measured(asked, lambda _way, why: pytest.fail(why))
    assert found.time_factor is not None
    assert 0 < found.time_factor < 5
