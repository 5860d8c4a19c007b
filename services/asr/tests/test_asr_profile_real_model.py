"""The profile of real speech, by the models that the worker has. Slow: a model is loaded."""

import numpy as np
import pytest

from setu_asr.domain.audio import RATE_HZ, Region
from setu_asr.engines.demuxer import decode
from setu_asr.settings import read_settings
from setu_asr.worker import handlers
from setu_common.contracts import PROFILES, TRANSCRIPTIONS, ProfileRequest, ProfileResult, Transcription, TranscriptionRequest
from setu_common.models import Catalogue
from setu_common.settings import ModelSettings
from setu_common.store import Store

pytestmark = [pytest.mark.models, pytest.mark.timeout(300)]

CHORD_HZ = (220.0, 277.2, 329.6, 440.0, 554.4, 659.3)


def spoken(*languages):
    """All samples of these languages, float32, 16 kHz, with a second of a quiet room between."""
    room = np.random.default_rng(1).standard_normal(RATE_HZ).astype(np.float32) * np.float32(0.0003)
    parts = []
    for language in languages:
        recording = decode(Catalogue.load(ModelSettings()).sample(language), None, 3600, lambda _share: None)
        parts += [room, recording.samples(Region(0, len(recording.pcm)))]
    return np.concatenate((*parts, room))


async def test_speech_is_measured_and_what_was_kept_of_it_is_transcribed(store_settings, work, monkeypatch, media):
    monkeypatch.setenv("SETU_STORE_URL", store_settings.url)
    speech = spoken(*["fr"] * 5, "pt")
    store = Store(store_settings, "gateway")
    media_file = media.audio("speech.flac", "flac", samples=speech[None, :])
    reference = await store.put("local", media_file.read_bytes(), "audio/flac")
    async with handlers(read_settings()) as every:
        bound = {each.kind.name: each.handler for each in every}
        result = await bound[PROFILES.name](ProfileRequest(media=reference), work)
        assert isinstance(result, ProfileResult)
        transcription = await bound[TRANSCRIPTIONS.name](TranscriptionRequest(media=result.audio), work)
        assert isinstance(transcription, Transcription)
    profile = result.profile
    assert (profile.language, len(profile.languages)) == ("fr", 2)
    assert profile.language_probability is not None
    assert profile.language_probability > 0.5
    assert 0.6 < profile.speech_ratio < 1
    assert profile.music_ratio < 0.2
    assert profile.snr_db is not None
    assert profile.snr_db > 20
    assert profile.speech_rate_sps is not None
    assert 3 < profile.speech_rate_sps < 7
    assert result.model_time_s > 0
    assert transcription.duration_s == profile.duration_s
    assert transcription.segment_count > 3


async def test_noise_and_music_show_in_the_figures(store_settings, work, monkeypatch, media):
    monkeypatch.setenv("SETU_STORE_URL", store_settings.url)
    speech = spoken("fr", "it")
    time_s = np.arange(len(speech)) / RATE_HZ
    level = float(np.sqrt(np.square(speech).mean()))
    chord = np.asarray(sum(np.sin(2 * np.pi * hz * time_s) for hz in CHORD_HZ)) * level * 0.1
    noise = np.random.default_rng(2).standard_normal(len(speech)) * level * 0.3
    store, profiles = Store(store_settings, "gateway"), {}
    async with handlers(read_settings()) as every:
        handler = {each.kind.name: each.handler for each in every}[PROFILES.name]
        for name, sound in {"plain": speech, "music": speech + chord, "noise": speech + noise}.items():
            path = media.audio(f"{name}.wav", "pcm_s16le", samples=np.asarray(sound, np.float32)[None, :])
            reference = await store.put("local", path.read_bytes(), "audio/wav")
            result = await handler(ProfileRequest(media=reference, language="fr"), work)
            assert isinstance(result, ProfileResult)
            profiles[name] = result.profile
    assert profiles["music"].music_ratio > 0.8
    assert profiles["noise"].music_ratio < 0.2
    # The noise is 10.5 dB below the whole, and the whole has pauses.
    plain_db, noisy_db = profiles["plain"].snr_db, profiles["noise"].snr_db
    assert noisy_db == pytest.approx(10.5 - 10 * np.log10(profiles["plain"].speech_ratio), abs=2)
    assert plain_db is not None
    assert noisy_db is not None
    assert plain_db > noisy_db + 8
