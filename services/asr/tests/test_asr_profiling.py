"""Taking a recording's measure: the use case, with a real store, and voices and languages that the test tells."""

import asyncio
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from setu_asr.domain.audio import RATE_HZ, Region
from setu_asr.domain.profile.languages import spread, verdict
from setu_asr.domain.profile.voicing import HOP
from setu_asr.domain.wav import HEADER_BYTES
from setu_asr.engines import demuxer
from setu_asr.engines.pool import RecogniserPool
from setu_asr.errors import MediaTooLong, MediaTruncated, MediaWithoutAudio
from setu_asr.profiling import ProfilingService
from setu_common.contracts import AudioProfile, LanguageWindow, ProfileRequest, ProfileResult, Reference
from setu_common.errors import NotFound
from setu_common.models import Catalogue
from setu_common.sealed import watching
from setu_common.settings import ModelSettings
from setu_common.store import Store

LONGEST_S = 600.0


class Present(Catalogue):
    """A catalogue whose models are all there."""

    def ensure(self, name, on_progress=None):
        return self._settings.folder / name


class Polyglot:
    """A recogniser that tells one language after the other."""

    def __init__(self, *answers):
        self.answers = list(answers) or [("fr", 0.75)]
        self.asked: list[float] = []

    def detect_language(self, clips):
        [clip] = clips
        self.asked.append(len(clip) / RATE_HZ)
        return self.answers[min(len(self.asked), len(self.answers)) - 1]

    def recognise(self, clips, language, plan):
        raise AssertionError("a profile needs no words")


def loud_is_speech(samples):
    frames = samples[: len(samples) // HOP * HOP].reshape(-1, HOP)
    return (np.abs(frames).max(axis=1) > 0.05).astype(np.float32)


@dataclass(frozen=True)
class Lab:
    """The service and what is around it."""

    service: ProfilingService
    store: Store
    uploads: Store
    folder: Path
    scratch: Path
    recogniser: Any
    loaded: list[str]
    work: Any
    media: Any

    async def upload(self, path: Path) -> Reference:
        return await self.uploads.put("local", path.read_bytes(), "audio/wav")  # noqa: ASYNC240 small files

    async def profile(self, path: Path, language: str | None = None) -> ProfileResult:
        return await self.service.profile(ProfileRequest(media=await self.upload(path), language=language), self.work)

    def kept(self) -> list[Path]:
        return [path for path in (self.folder / "asr").rglob("*") if path.is_file()]


@pytest.fixture
def lab(store_settings, tmp_path, recognition, work, media):
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    recogniser, loaded = Polyglot(), []
    models = ModelSettings(folder=tmp_path / "models", offline=True)
    whole = Catalogue.load(models)

    def load(key, _folder):
        loaded.append(key.model)
        return recogniser

    store = Store(store_settings, "asr")
    service = ProfilingService(
        store=store,
        catalogue=Present({name: whole[name] for name in whole.names()}, models),
        pool=RecogniserPool(0, 1),
        engines=lambda _engine: load,
        voices=loud_is_speech,
        settings=recognition.model_copy(update={"scratch_folder": scratch, "max_duration_s": LONGEST_S}),
    )
    folder = Path(store_settings.url.removeprefix("file://"))
    return Lab(service, store, Store(store_settings, "gateway"), folder, scratch, recogniser, loaded, work, media)


def spoken(media, *parts_s):
    """Tones and silences in turn."""
    parts = [
        media.tone(part_s) if number % 2 == 0 else np.zeros((1, int(part_s * RATE_HZ)), np.float32)
        for number, part_s in enumerate(parts_s)
    ]
    return np.concatenate(parts, axis=1)


async def test_media_become_a_profile_and_the_sound_that_others_go_on_with(lab):
    path = lab.media.audio("a.m4a", "aac", samples=spoken(lab.media, 6.0, 4.0, 6.0))
    result = await lab.profile(path)
    profile = result.profile
    assert profile.duration_s == pytest.approx(16.0, abs=0.15)
    assert profile.track == "track 1 of 1: aac, mono"
    assert profile.speech_ratio == pytest.approx(12 / 16, abs=0.03)
    assert profile.loudness_lufs == pytest.approx(-12, abs=3)
    assert profile.peak_dbfs == pytest.approx(-4.4, abs=0.6)
    assert profile.clipping_ratio == 0
    assert (profile.language, profile.language_probability) == ("fr", 0.75)
    assert profile.speaker_count is None
    assert result.model_time_s >= 0
    async with lab.store.local_file(result.audio) as wav:
        with wave.open(str(wav)) as reader:
            assert reader.getparams()[:3] == (1, 2, RATE_HZ)
            assert reader.getnframes() / RATE_HZ == profile.duration_s
            pcm = np.frombuffer(reader.readframes(-1), np.int16)
    assert np.abs(pcm[RATE_HZ : 5 * RATE_HZ]).max() > 10_000
    assert np.abs(pcm[7 * RATE_HZ : 9 * RATE_HZ]).max() < 50
    assert list(lab.scratch.iterdir()) == []


async def test_the_kept_sound_is_opened_without_any_process(lab, monkeypatch):
    result = await lab.profile(lab.media.audio("a.mp3", "libmp3lame", rate_hz=44100))
    monkeypatch.setattr(watching, "command_of", lambda *_: ("/nowhere",))
    async with lab.store.local_file(result.audio) as wav:
        recording = demuxer.decode(wav, lab.scratch, 3600, lambda _share: None)
    assert recording.duration_s == result.profile.duration_s
    assert result.audio.bytes == HEADER_BYTES + 2 * len(recording.pcm)
    again = await lab.service.profile(ProfileRequest(media=result.audio), lab.work)
    assert again.audio.sha256 == result.audio.sha256
    assert without_track(again.profile) == without_track(result.profile)


def without_track(profile: AudioProfile) -> AudioProfile:
    return profile.model_copy(update={"track": ""})


async def test_progress_never_goes_back_and_ends_at_one(lab):
    await lab.profile(lab.media.audio("a.wav", "pcm_s16le", rate_hz=8000, duration_s=200.0))
    fractions = [fraction for fraction, _ in lab.work.reported]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    notes = list(dict.fromkeys(note for _, note in lab.work.reported))
    assert notes == ["reading the media", "measuring the sound", "loading whisper-base", "asking for the language", "measured"]


async def test_the_language_is_asked_for_at_places_that_lie_far_apart(lab):
    lab.recogniser.answers = [("hi", 0.9), ("en", 0.6), ("hi", 0.8), ("hi", 0.7), ("ur", 0.5)]
    result = await lab.profile(lab.media.audio("a.wav", "pcm_s16le", duration_s=LONGEST_S))
    windows = result.profile.languages
    assert [window.start_s for window in windows] == pytest.approx([60, 180, 300, 420, 540], abs=30)
    assert all(20 < asked_s <= 30 for asked_s in lab.recogniser.asked)
    assert (result.profile.language, result.profile.language_probability) == ("hi", pytest.approx(2.4 / 5, abs=0.02))


async def test_a_language_that_is_known_is_not_asked_for_and_no_model_is_loaded(lab):
    result = await lab.profile(lab.media.audio("a.wav", "pcm_s16le"), language="ta")
    assert (result.profile.language, result.profile.language_probability, result.profile.languages) == ("ta", 1.0, ())
    assert lab.loaded == []


async def test_a_recording_in_which_nobody_speaks_has_a_profile_and_loads_no_model(lab):
    result = await lab.profile(lab.media.audio("a.wav", "pcm_s16le", samples=np.zeros((1, 3 * RATE_HZ), np.float32)))
    profile = result.profile
    assert (profile.speech_ratio, profile.language, profile.language_probability, profile.languages) == (0.0, None, None, ())
    assert (profile.loudness_lufs, profile.peak_dbfs, profile.snr_db, profile.bandwidth_hz, profile.speech_rate_sps) == (
        None,
    ) * 5
    assert lab.loaded == []
    assert result.audio.bytes == HEADER_BYTES + 6 * RATE_HZ


async def test_a_moment_of_sound_has_a_profile(lab):
    result = await lab.profile(lab.media.audio("a.wav", "pcm_s16le", duration_s=0.01))
    assert result.profile.duration_s == pytest.approx(0.01, abs=0.001)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda media: media.video("film.mp4"), MediaWithoutAudio),
        (lambda media: media.bytes("cut.wav", media.audio("a.wav", "pcm_s16le").read_bytes()[:90_000]), MediaTruncated),
        (lambda media: media.audio("long.wav", "pcm_s16le", rate_hz=8000, duration_s=LONGEST_S + 1), MediaTooLong),
    ],
    ids=["pictures", "cut", "long"],
)
async def test_what_cannot_be_opened_is_said_here_and_leaves_nothing(lab, make, problem):
    with pytest.raises(problem):
        await lab.profile(make(lab.media))
    assert lab.kept() == list(lab.scratch.iterdir()) == []


async def test_media_that_is_not_in_the_store_is_not_found(lab):
    reference = await lab.upload(lab.media.audio("a.wav", "pcm_s16le", duration_s=1.0))
    await lab.store.delete(reference.uri)
    with pytest.raises(NotFound):
        await lab.service.profile(ProfileRequest(media=reference), lab.work)


@pytest.mark.parametrize(
    "note", ["reading the media", "measuring the sound", "loading whisper-base", "asking for the language"]
)
async def test_a_cancellation_is_heeded_at_every_step_and_leaves_nothing(lab, note):
    lab.work.when_reported = lambda _fraction, said: lab.work.stop.set() if said == note else None
    with pytest.raises(asyncio.CancelledError):
        await lab.profile(lab.media.audio("a.wav", "pcm_s16le", rate_hz=8000, duration_s=95.0))
    assert len(lab.recogniser.asked) <= 1
    assert lab.kept() == list(lab.scratch.iterdir()) == []


def test_windows_are_all_there_are_or_evenly_among_them():
    clips = [Region(number, number + 1) for number in range(12)]
    assert [clip.start for clip in spread(clips)] == [1, 3, 6, 8, 10]
    assert spread(clips[:4]) == clips[:4]
    assert spread([]) == []


def test_longer_windows_count_for_more_and_equal_ones_are_decided_the_same_way_each_time():
    def window(language, probability, duration_s):
        return LanguageWindow(start_s=0, end_s=duration_s, language=language, probability=probability)

    assert verdict([window("en", 0.75, 2.0), window("hi", 0.5, 6.0)]) == ("hi", 0.375)
    assert verdict([window("en", 0.5, 2.0), window("hi", 0.5, 2.0)]) == ("hi", 0.25)
    assert verdict([]) is None
