"""The probe: which pieces of a recording are heard, what two hearings say, and what becomes of a profile when it can't be had."""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from setu_asr.domain.audio import RATE_HZ, Recording, Region
from setu_asr.domain.heard import Heard
from setu_asr.domain.hints import NO_HINTS
from setu_asr.domain.probe import FASTER, PIECE_S, SHARE, SHORTEST_S, faster, places, told
from setu_asr.engines.pool import RecogniserPool
from setu_asr.engines.recogniser import ModelKey
from setu_asr.errors import UnusablePlan
from setu_asr.probing import Prober, probe
from setu_asr.profiling import ProfilingService
from setu_common.contracts import ProfileRequest
from setu_common.cost import Attribution, attributed
from setu_common.errors import DependencyUnavailable
from setu_common.models import Catalogue
from setu_common.settings import ModelSettings
from setu_common.store import Store
from setu_common.testing import RecordingMeter


class Ear:
    """Hears the same in all clips as they are, and something else in the others, which are shorter."""

    def __init__(self, as_it_is: str = "all is quiet at sea", changed: str = "all is quiet at sea") -> None:
        self.texts = (as_it_is, changed)
        self.clips_s: list[float] = []
        self.languages: list[str] = []
        self.problem: Exception | None = None

    def detect_language(self, clips):
        return "en", 0.9

    def recognise(self, clips, language, plan, hints=NO_HINTS):
        raise AssertionError("a probe takes a glance and no more")

    def glance(self, clips, language):
        if self.problem is not None:
            raise self.problem
        self.clips_s = [len(clip) / RATE_HZ for clip in clips]
        self.languages.append(language)
        half = len(clips) // 2
        return [heard(self.texts[number >= half], 1.0 + number) for number in range(len(clips))]


class Here(Catalogue):
    """A catalogue of which some models lie in the folder."""

    here: tuple[str, ...] = ()

    def has(self, name):
        return name in self.here

    def ensure(self, name, on_progress=None):
        assert name in self.here, "a model is fetched for the probe"
        return Path("/models") / name


def catalogue(*here: str) -> Here:
    whole = Catalogue.load(ModelSettings(folder=Path("/nowhere"), offline=True))
    found = Here({name: whole[name] for name in whole.names()}, ModelSettings(folder=Path("/nowhere"), offline=True))
    found.here = here
    return found


def heard(text: str, duration_s: float, avg_logprob: float = -0.2, compression_ratio: float = 1.2) -> Heard:
    return Heard(0.0, duration_s, text, avg_logprob=avg_logprob, no_speech_prob=0.1, compression_ratio=compression_ratio)


def seconds(*pairs: tuple[float, float]) -> list[Region]:
    return [Region(int(start_s * RATE_HZ), int(end_s * RATE_HZ)) for start_s, end_s in pairs]


def test_a_long_recording_is_heard_at_places_far_apart_for_as_long_as_the_settings_say():
    speech = seconds(*((at, at + 7.0) for at in range(0, 1200, 8)))
    found = places(speech, 24.0)
    assert len(found) == 3
    assert [place.start_s for place in found] == pytest.approx([200, 600, 1000], abs=20)
    assert all(SHORTEST_S <= place.duration_s <= PIECE_S for place in found)
    assert len(places(speech, 48.0)) == 6


def test_of_a_short_recording_a_small_share_is_heard_and_one_piece_at_least():
    speech = seconds(*((at, at + 7.0) for at in range(0, 120, 8)))
    share_s = SHARE * sum(region.duration_s for region in speech)
    assert sum(place.duration_s for place in places(speech, 60.0)) <= share_s
    assert len(places(seconds((3.0, 9.0)), 24.0)) == 1


def test_where_nobody_says_more_than_a_syllable_nothing_is_heard():
    assert places([], 24.0) == []
    assert places(seconds((1.0, 1.5)), 24.0) == []
    recording = Recording(np.zeros(3 * RATE_HZ, np.int16))
    assert probe(recording, [], Ear(), language="en", model="m", probe_s=24.0) is None


def test_changed_sound_is_the_same_tone_a_little_higher_and_shorter():
    time_s = np.arange(2 * RATE_HZ) / RATE_HZ
    changed = faster(np.sin(2 * np.pi * 400 * time_s).astype(np.float32))
    assert len(changed) == int(2 * RATE_HZ / FASTER)
    peak_hz = np.abs(np.fft.rfft(changed)).argmax() * RATE_HZ / len(changed)
    assert peak_hz == pytest.approx(400 * FASTER, abs=1)
    assert changed.dtype == np.float32


def test_pieces_count_by_their_length_and_the_worst_is_told_beside_the_mean():
    first = [heard("one two", 6.0, avg_logprob=-0.2), heard("three four five", 2.0, avg_logprob=-1.0, compression_ratio=2.9)]
    said = told("m", [6.0, 2.0], first, first, 0.5)
    assert (said.heard_s, said.took_s, said.model) == (8.0, 0.5, "m")
    assert said.mean_logprob == pytest.approx((-0.2 * 6 - 1.0 * 2) / 8)
    assert said.low_logprob == -1.0
    assert said.compression_ratio == 2.9
    assert said.no_speech_prob == pytest.approx(0.1)
    assert said.words_per_s == 5 / 8
    assert said.agreement == 1.0


def test_two_hearings_agree_by_the_words_that_both_have_whatever_their_case_and_commas():
    one, other = [heard("The sea, is calm.", 3.0)], [heard("the sea was calm tonight", 3.0)]
    assert told("m", [3.0], one, other, 0.1).agreement == pytest.approx(2 * 3 / 9)
    assert told("m", [3.0], one, [heard("", 3.0)], 0.1).agreement == 0.0
    assert told("m", [3.0], [heard("...", 3.0)], [heard("", 3.0)], 0.1).agreement is None


def test_words_of_one_piece_do_not_stand_for_those_of_another():
    one, other = [heard("north", 2.0), heard("south", 2.0)], [heard("south", 2.0), heard("north", 2.0)]
    assert told("m", [2.0, 2.0], one, other, 0.1).agreement == 0.0


def test_pieces_are_heard_once_unless_both_hearings_are_to_be_compared():
    recording = Recording((np.random.default_rng(1).standard_normal(200 * RATE_HZ) * 3000).astype(np.int16))
    ear = Ear("the sea is calm", "the sea is old")
    said = probe(recording, seconds((0.0, 200.0)), ear, language="en", model="m", probe_s=16.0)
    assert said is not None
    assert ear.clips_s == pytest.approx([8.0, 8.0], abs=0.01)
    assert (said.agreement, said.mean_logprob is None) == (None, False)


def test_each_piece_is_heard_as_it_is_and_changed():
    recording = Recording((np.random.default_rng(1).standard_normal(200 * RATE_HZ) * 3000).astype(np.int16))
    ear = Ear("the sea is calm", "the sea is old")
    said = probe(recording, seconds((0.0, 200.0)), ear, language="en", model="m", probe_s=16.0, twice=True)
    assert said is not None
    assert ear.clips_s == pytest.approx([8.0, 8.0, 8.0 / FASTER, 8.0 / FASTER], abs=0.01)
    assert said.agreement == pytest.approx(0.75)
    assert said.heard_s == pytest.approx(16.0, abs=0.1)


# Which model, and whether


def prober(settings, ear, *here: str, engine=None) -> Prober:
    engines = engine or (lambda _engine: lambda _key, _folder: ear)
    return Prober(catalogue=catalogue(*here), pool=RecogniserPool(0, 1), engines=engines, settings=settings)


@pytest.mark.parametrize(
    ("here", "language", "model"),
    [
        (("whisper-base", "whisper-tiny.en", "whisper-small"), "en", "whisper-tiny.en"),
        (("whisper-base", "whisper-tiny.en", "whisper-small"), "fr", "whisper-base"),
        (("whisper-small",), "en", "whisper-small"),
        (("whisper-tiny.en",), "hi", None),
        ((), "en", None),
    ],
)
def test_the_smallest_model_that_is_here_and_knows_the_language_is_asked(recognition, here, language, model):
    assert prober(recognition, Ear(), *here).model_for(language) == model


def test_a_model_of_the_settings_is_asked_if_it_is_here_and_knows_the_language(recognition):
    named = recognition.model_copy(update={"probe_model": "whisper-base"})
    assert prober(named, Ear(), "whisper-base", "whisper-tiny.en").model_for("en") == "whisper-base"
    assert prober(named, Ear(), "whisper-tiny.en").model_for("en") is None


# In a profile


def all_speech(samples):
    return np.ones(len(samples) // 512, np.float32)


async def profiled(store_settings, recognition, work, media, asked, *, language="en", meter=None):
    service = ProfilingService(
        store=Store(store_settings, "asr"),
        catalogue=catalogue("whisper-base", "whisper-tiny.en"),
        pool=RecogniserPool(0, 1),
        engines=lambda _engine: lambda _key, _folder: Ear(),
        voices=all_speech,
        settings=recognition,
        prober=asked,
        meter=meter,
    )
    path = media.audio("a.wav", "pcm_s16le", duration_s=20.0)
    reference = await Store(store_settings, "gateway").put("local", path.read_bytes(), "audio/wav")
    return await service.profile(ProfileRequest(media=reference, language=language), work)


async def test_a_profile_brings_what_its_probe_heard(store_settings, recognition, work, media):
    ear, twice = Ear(), recognition.model_copy(update={"probe_twice": True})
    result = await profiled(store_settings, recognition, work, media, prober(twice, ear, "whisper-tiny.en"))
    assert result.probe is not None
    assert (result.probe.model, result.probe.agreement) == ("whisper-tiny.en", 1.0)
    assert ear.languages == ["en"]
    assert result.model_time_s >= result.probe.took_s
    fractions = [fraction for fraction, _ in work.reported]
    assert fractions == sorted(fractions)
    assert "probing" in [note for _, note in work.reported]


async def test_the_probe_is_of_the_language_that_was_found(store_settings, recognition, work, media):
    ear = Ear()
    asked = prober(recognition, ear, "whisper-tiny.en", "whisper-base")
    result = await profiled(store_settings, recognition, work, media, asked, language=None)
    assert result.profile.language == "en"
    assert ear.languages == ["en"]


@pytest.mark.parametrize(
    "problem", [RuntimeError("no room"), UnusablePlan("not here"), MemoryError(), DependencyUnavailable("away")]
)
async def test_a_probe_that_fails_costs_the_probe_and_not_the_profile(store_settings, recognition, work, media, problem):
    ear = Ear()
    ear.problem = problem
    result = await profiled(store_settings, recognition, work, media, prober(recognition, ear, "whisper-tiny.en"))
    assert result.probe is None
    assert result.profile.speech_ratio == 1.0


async def test_a_probe_that_is_switched_off_or_has_no_model_hears_nothing(store_settings, recognition, work, media):
    ear = Ear()
    off = recognition.model_copy(update={"probe": False})
    for asked in (prober(off, ear, "whisper-tiny.en"), prober(recognition, ear), None):
        assert (await profiled(store_settings, recognition, work, media, asked)).probe is None
    assert ear.languages == []


async def test_a_cancellation_ends_the_work_and_not_only_the_probe(store_settings, recognition, work, media):
    work.when_reported = lambda _fraction, said: work.stop.set() if said == "probing" else None
    with pytest.raises(asyncio.CancelledError):
        await profiled(store_settings, recognition, work, media, prober(recognition, Ear(), "whisper-tiny.en"))


@pytest.mark.parametrize("problem", [None, RuntimeError("no room")])
async def test_what_a_probe_takes_is_put_down_to_its_own_model_even_where_it_fails(
    store_settings, recognition, work, media, problem
):
    ear, meter = Ear(), RecordingMeter()
    ear.problem = problem
    to = Attribution("local", "asr", None, "profiles", "", work.operation_id, 1)
    with attributed(to):
        asked = prober(recognition, ear, "whisper-tiny.en")
        await profiled(store_settings, recognition, work, media, asked, meter=meter)
    assert [call.model for call in meter.calls] == ["whisper-base", "whisper-tiny.en"]
    assert [call.outcome for call in meter.calls] == ["ok", "ok"]


def test_small_models_are_kept_beside_the_others_and_make_no_room_for_any():
    pool = RecogniserPool(3600.0, 1, beside=("tiny",))
    keys = [ModelKey("e", name, "int8") for name in ("large", "tiny", "base")]
    for key in keys:
        with pool.lease(key, SimpleNamespace):
            pass
    assert [key.model for key in pool.loaded()] == ["tiny", "base"]
    with pool.lease(keys[1], SimpleNamespace):
        pass
    assert sorted(key.model for key in pool.loaded()) == ["base", "tiny"]
    pool.close()
