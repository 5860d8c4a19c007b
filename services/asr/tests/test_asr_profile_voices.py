"""The figures of rooms and voices, against sound whose truth is known."""

import numpy as np
import pytest

from setu_asr.domain.audio import RATE_HZ
from setu_asr.domain.profile.dynamics import DynamicsMeter
from setu_asr.domain.profile.measure import SoundMeter
from setu_asr.domain.profile.pitch import PitchMeter
from setu_asr.domain.profile.reverberation import ReverberationMeter, decay_times_s
from setu_asr.domain.profile.voicing import HOP


def noise(duration_s, level=0.1, seed=7):
    return np.asarray(np.random.default_rng(seed).standard_normal(int(duration_s * RATE_HZ)) * level, np.float32)


def harmonics(pitch_hz, duration_s):
    """A buzz, as of vocal cords: harmonics that get weaker. ``pitch_hz``: a number, or one for each sample."""
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(pitch_hz, int(duration_s * RATE_HZ))) / RATE_HZ
    return np.asarray(sum(np.sin(part * phase) / part for part in range(1, 9)) * 0.1, np.float32)


def everywhere(samples):
    return np.ones(len(samples) // HOP, np.bool_)


# Rooms


def bursts(count=40):
    """Short noises and silence in turn: a voice without any room."""
    parts = []
    for number in range(count):
        burst = noise(0.2, seed=number) * np.hanning(int(0.2 * RATE_HZ))
        parts += [burst, np.zeros(int((0.5 + 0.02 * (number % 7)) * RATE_HZ))]
    return np.concatenate(parts)


def in_a_room(dry, t60_s):
    """With the tail of a room whose sound falls by 60 dB in that time."""
    time_s = np.arange(int(1.2 * t60_s * RATE_HZ)) / RATE_HZ
    tail = np.random.default_rng(3).standard_normal(len(time_s)) * 10 ** (-3 * time_s / t60_s)
    tail /= np.sqrt(np.square(tail).sum())
    tail[0] = 1.0
    size = 1 << (len(dry) + len(tail)).bit_length()
    return np.fft.irfft(np.fft.rfft(dry, size) * np.fft.rfft(tail, size))[: len(dry)]


def reverberation_s(wave):
    meter = ReverberationMeter()
    for start in range(0, len(wave), 10 * RATE_HZ):
        meter.add(wave[start : start + 10 * RATE_HZ].astype(np.float32))
    return meter.reverberation_s()


@pytest.mark.parametrize("t60_s", [0.2, 0.4, 0.7, 1.0, 1.5])
def test_a_room_rings_as_long_as_its_sound_takes_to_fall(t60_s):
    assert reverberation_s(in_a_room(bursts(), t60_s)) == pytest.approx(t60_s, rel=0.1)


def test_noise_that_is_there_all_the_time_makes_a_room_a_little_longer_at_most():
    wet = in_a_room(bursts(), 0.4)
    behind = noise(len(wet) / RATE_HZ, level=0.1 * float(np.sqrt(np.square(wet).mean())), seed=9)
    assert reverberation_s(wet + behind[: len(wet)]) == pytest.approx(0.4, rel=0.25)


def test_where_nothing_falls_freely_no_room_is_told():
    assert reverberation_s(noise(20)) is None
    assert reverberation_s(np.zeros(20 * RATE_HZ)) is None
    assert reverberation_s(in_a_room(bursts(3), 0.4)) is None
    assert len(decay_times_s(noise(0.05))) == 0


def test_hum_that_never_fades_does_not_hide_the_room():
    wet = in_a_room(bursts(), 0.4)
    hum = 0.02 * np.sin(2 * np.pi * 50 * np.arange(len(wet)) / RATE_HZ)
    assert reverberation_s(wet + hum) == pytest.approx(0.4, rel=0.25)


# Voices


def pitch(wave, speech=None):
    meter = PitchMeter()
    meter.add(wave, everywhere(wave) if speech is None else speech)
    return meter


@pytest.mark.parametrize("pitch_hz", [80.0, 110.0, 147.0, 220.0, 311.0, 440.0])
def test_a_voice_is_as_high_as_its_first_harmonic(pitch_hz):
    meter = pitch(harmonics(pitch_hz, 3.0))
    assert 12 * np.log2(meter.pitch_hz() / pitch_hz) == pytest.approx(0, abs=0.25)
    assert meter.spread_st() <= 0.25


def test_a_voice_without_its_first_harmonic_is_as_high_as_with_it():
    time_s = np.arange(3 * RATE_HZ) / RATE_HZ
    telephone = sum(np.sin(2 * np.pi * 120 * part * time_s) / part for part in range(3, 12)) * 0.1
    assert pitch(np.asarray(telephone, np.float32)).pitch_hz() == pytest.approx(120, rel=0.02)


def test_a_voice_that_goes_up_and_down_has_its_middle_and_its_spread():
    time_s = np.arange(8 * RATE_HZ) / RATE_HZ
    meter = pitch(harmonics(150 * 2 ** (6 / 12 * np.sin(2 * np.pi * 0.5 * time_s)), 8.0))
    assert meter.pitch_hz() == pytest.approx(150, rel=0.03)
    # Of a sine's values a tenth lies above its 0.951-fold.
    assert meter.spread_st() == pytest.approx(6 * 0.951, abs=0.6)


def test_a_voice_in_noise_is_as_high_as_without():
    wave = harmonics(180.0, 4.0)
    loud = noise(4.0, level=float(np.sqrt(np.square(wave).mean())) * 10 ** (-10 / 20))
    assert pitch(wave + loud).pitch_hz() == pytest.approx(180, rel=0.02)


def test_noise_and_silence_have_no_pitch_and_who_is_no_speaker_is_not_counted():
    assert pitch(noise(5)).pitch_hz() is None
    assert pitch(np.zeros(3 * RATE_HZ, np.float32)).spread_st() is None
    assert pitch(harmonics(120.0, 0.4)).pitch_hz() is None
    two = np.concatenate((harmonics(100.0, 3.0), harmonics(300.0, 6.0)))
    assert pitch(two, np.arange(len(two) // HOP) * HOP < 3 * RATE_HZ).pitch_hz() == pytest.approx(100, rel=0.02)


def test_the_level_of_speech_spreads_as_far_as_it_is_loud_and_soft():
    loud, soft = noise(4, 0.1), noise(4, 0.01)
    meter = DynamicsMeter()
    for part in (loud, soft):
        meter.add(part, everywhere(part))
    assert meter.spread_db() == pytest.approx(10, abs=0.1)
    steady = DynamicsMeter()
    steady.add(loud, everywhere(loud))
    assert steady.spread_db() == pytest.approx(0, abs=0.5)


def test_silence_of_a_file_and_what_is_no_speech_are_not_levels_of_it():
    meter = DynamicsMeter()
    wave = np.concatenate((noise(2), np.zeros(2 * RATE_HZ, np.float32), noise(2, 0.0005)))
    meter.add(wave, np.arange(len(wave) // HOP) * HOP < 4 * RATE_HZ)
    assert meter.spread_db() == pytest.approx(0, abs=0.5)
    assert DynamicsMeter().spread_db() is None


# Together


def test_stretches_give_the_same_figures_as_the_whole():
    wave = in_a_room(
        np.concatenate([harmonics(140.0, 0.3) if number % 2 else np.zeros(RATE_HZ // 2) for number in range(80)]), 0.5
    )
    pcm = (wave / np.abs(wave).max() * 20000).astype(np.int16)
    pcm = pcm[: len(pcm) // (4 * HOP) * 4 * HOP]
    probabilities = np.ones(len(pcm) // HOP, np.float32)
    whole, parts = SoundMeter(0.5), SoundMeter(0.5)
    whole.add(pcm, probabilities)
    for number in range(4):
        quarter = len(probabilities) // 4
        frames = slice(number * quarter, (number + 1) * quarter)
        parts.add(pcm[frames.start * HOP : frames.stop * HOP], probabilities[frames])
    one, other = whole.figures(), parts.figures()
    assert one.reverberation_s is not None
    assert one.reverberation_s == pytest.approx(0.5, rel=0.15)
    assert other.reverberation_s == pytest.approx(one.reverberation_s, rel=0.1)
    assert one.pitch_hz == pytest.approx(140, rel=0.03)
    assert one.pitch_spread_st == pytest.approx(0, abs=0.5)
    assert other.pitch_hz == pytest.approx(one.pitch_hz, rel=0.01)
    assert other.energy_spread_db == pytest.approx(one.energy_spread_db, abs=0.3)


def test_where_nobody_speaks_nobody_has_a_room_or_a_pitch():
    meter = SoundMeter(0.5)
    wave = in_a_room(bursts(), 0.5)
    pcm = (wave / np.abs(wave).max() * 20000).astype(np.int16)
    meter.add(pcm, np.zeros(len(pcm) // HOP, np.float32))
    sound = meter.figures()
    assert (sound.reverberation_s, sound.pitch_hz, sound.pitch_spread_st, sound.energy_spread_db) == (None,) * 4
