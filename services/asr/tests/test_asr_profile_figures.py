"""Each figure of a recording's sound, against sound whose figure is known."""

import math
from fractions import Fraction

import av
import numpy as np
import pytest

from setu_asr.domain.audio import RATE_HZ, Region
from setu_asr.domain.profile import wada
from setu_asr.domain.profile.levels import LevelMeter
from setu_asr.domain.profile.loudness import LoudnessMeter
from setu_asr.domain.profile.measure import SoundMeter
from setu_asr.domain.profile.music import MusicMeter
from setu_asr.domain.profile.spectra import SpectrumMeter
from setu_asr.domain.profile.syllables import SyllableMeter, syllables
from setu_asr.domain.profile.voicing import HOP, is_between, is_spoken, spoken, widened
from setu_asr.domain.profile.wada import WadaMeter

DICE = np.random.default_rng(7)


def tone(hz, duration_s, level=0.5):
    time_s = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    return (level * np.sin(2 * np.pi * hz * time_s)).astype(np.float32)


def noise(duration_s, level=0.1, below_hz=8000.0):
    spectrum = np.fft.rfft(DICE.standard_normal(int(duration_s * RATE_HZ)))
    spectrum[int(below_hz * duration_s) :] = 0
    wave = np.fft.irfft(spectrum)
    return (level * wave / np.sqrt(np.square(wave).mean())).astype(np.float32)


def silence(duration_s):
    return np.zeros(int(duration_s * RATE_HZ), np.float32)


def power_db(wave):
    return 10 * math.log10(float(np.square(wave.astype(np.float64)).mean()))


# Loudness


def loudness(wave, stretch_s=60.0):
    meter = LoudnessMeter()
    step = int(stretch_s * RATE_HZ)
    for start in range(0, len(wave), step):
        meter.add(wave[start : start + step])
    return meter.integrated_lufs()


def loudness_by_ffmpeg(wave):
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=RATE_HZ, format="flt", layout="mono", time_base=Fraction(1, RATE_HZ))
    meter = graph.add("ebur128", "metadata=1:framelog=quiet")
    graph.link_nodes(source, meter, graph.add("abuffersink")).configure()
    frame = av.AudioFrame.from_ndarray(wave[None, :], "flt", "mono")
    frame.sample_rate, frame.pts = RATE_HZ, 0
    graph.push(frame)
    graph.push(None)
    told = "nan"
    while True:
        try:
            told = graph.pull().metadata.get("lavfi.r128.I", told)
        except (BlockingIOError, EOFError, av.error.FFmpegError):
            return float(told)


def test_a_tone_has_the_loudness_that_the_recommendation_gives_it():
    # BS.1770-4: 997 Hz at full scale in one channel reads -3.01 LUFS.
    assert loudness(tone(997, 20, 1.0)) == pytest.approx(-3.01, abs=0.1)
    assert loudness(tone(997, 20, 10 ** (-20 / 20))) == pytest.approx(-23.01, abs=0.1)


def test_the_gates_are_those_of_ebu_tech_3341():
    # Test cases 3 and 4 of EBU Tech 3341, in mono: quiet parts fall behind one of the gates, and the loud part counts alone.
    def at(lufs, duration_s):
        return tone(1000, duration_s, 10 ** ((lufs + 3.01) / 20))

    assert loudness(np.concatenate((at(-36, 10), at(-23, 60), at(-36, 10)))) == pytest.approx(-23, abs=0.1)
    quiet = (at(-72, 10), at(-36, 10), at(-23, 60), at(-36, 10), at(-72, 10))
    assert loudness(np.concatenate(quiet)) == pytest.approx(-23, abs=0.1)


@pytest.mark.parametrize("kind", ["low", "high", "noise", "gaps"])
def test_loudness_is_what_ffmpeg_says(kind):
    wave = {
        "low": lambda: tone(50, 12, 0.3),
        "high": lambda: tone(5000, 12, 0.3),
        "noise": lambda: noise(12, 0.05),
        "gaps": lambda: np.concatenate([noise(2, level) for level in (0.1, 0.001, 0.03, 0.1, 0.00001, 0.2)]),
    }[kind]()
    assert loudness(wave) == pytest.approx(loudness_by_ffmpeg(wave), abs=0.15)


def test_loudness_does_not_depend_on_how_the_recording_comes_in():
    wave = noise(30, 0.1) * np.linspace(0.01, 1, 30 * RATE_HZ, dtype=np.float32)
    assert loudness(wave, 0.37) == pytest.approx(loudness(wave), abs=1e-6)


def test_silence_and_a_click_have_no_loudness():
    assert loudness(silence(5)) is None
    assert loudness(tone(1000, 0.3)) is None
    assert LoudnessMeter().integrated_lufs() is None


# Levels


def test_peaks_and_runs_at_the_rails_are_counted_in_both_directions():
    meter = LevelMeter()
    pcm = (tone(200, 1, 1.0).clip(-0.5, 0.5) * 2 * 32767).astype(np.int16)
    meter.add(pcm)
    assert meter.peak_dbfs == pytest.approx(0.0, abs=0.01)
    # A sine is beyond 0.9 of half its height for 70 % of the time.
    assert meter.clipping_ratio == pytest.approx(0.70, abs=0.03)


def test_a_loud_recording_that_only_touches_the_rails_is_not_clipped():
    wave = noise(20)
    meter = LevelMeter()
    meter.add((wave / np.abs(wave).max() * 32767).astype(np.int16))
    assert meter.peak_dbfs == pytest.approx(0.0, abs=0.01)
    assert meter.clipping_ratio < 0.0001


def test_clipping_shows_through_a_filter_that_makes_flat_tops_wavy():
    # All above 2 kHz is taken off, as channels and lossy codecs do it.
    wave = np.clip(noise(20, 0.6, 500.0), -1, 1)
    spectrum = np.fft.rfft(wave)
    spectrum[2000 * 20 :] = 0
    meter = LevelMeter()
    meter.add((np.fft.irfft(spectrum) * 32767).clip(-32768, 32767).astype(np.int16))
    assert meter.clipping_ratio == pytest.approx(float((np.abs(wave) >= 1).mean()), rel=0.5)


def test_the_lowest_sample_has_a_size_too():
    meter = LevelMeter()
    meter.add(np.array([-32768, 5, 5], np.int16))
    assert meter.peak_dbfs == 0.0
    assert LevelMeter().peak_dbfs is None
    assert LevelMeter().clipping_ratio == 0.0


# Speech and what is between


def test_stretches_of_speech_begin_high_go_on_lower_and_outlast_short_pauses():
    quiet, maybe, loud = [0.05], [0.4], [0.9]
    probabilities = np.array(maybe * 3 + loud * 4 + maybe * 6 + quiet * 4 + maybe * 3 + quiet * 6 + maybe * 9, np.float32)
    assert spoken(probabilities, 0.5) == [Region(3 * HOP, 20 * HOP)]
    assert spoken(probabilities, 0.3) == [Region(0, 20 * HOP), Region(26 * HOP, 35 * HOP)]
    assert spoken(np.zeros(0, np.float32), 0.5) == []
    assert is_spoken([Region(3 * HOP, 5 * HOP)], 6).tolist() == [False, False, False, True, True, False]


def test_what_is_between_keeps_away_from_speech():
    probabilities = np.array([0.01] * 20 + [0.9] + [0.01] * 10 + [0.2] + [0.01] * 3, np.float32)
    assert np.flatnonzero(is_between(probabilities)).tolist() == [*range(12), 29, 30, 32, 33, 34]
    assert is_between(np.zeros(0, np.float32)).tolist() == []


def test_stretches_are_widened_within_the_recording_and_joined_where_they_meet():
    speech = [Region(100, 2000), Region(3000, 4000), Region(20000, 21000)]
    assert list(widened(speech, 0.05, 21500)) == [Region(0, 4800), Region(19200, 21500)]
    assert list(widened([], 0.05, 21500)) == []


def halves(wave):
    """The spectra of a recording whose first half is speech."""
    frames = len(wave) // HOP
    speech = np.arange(frames) < frames // 2
    meter = SpectrumMeter()
    meter.add(wave, speech, np.arange(frames) > frames // 2)
    return meter


@pytest.mark.parametrize("snr_db", [-5.0, 0.0, 10.0, 30.0])
def test_the_noise_under_speech_is_taken_off_before_the_two_are_compared(snr_db):
    background = noise(20, 0.02)
    wave = background + np.concatenate((noise(10, 0.02 * 10 ** (snr_db / 20)), silence(10)))
    assert halves(wave).snr_db() == pytest.approx(snr_db, abs=0.5)


def test_hum_and_digital_silence_are_no_noise_between_speech():
    wave = np.concatenate((noise(10, 0.1), noise(5, 0.001), silence(5))) + tone(25, 20, 0.001)
    wave[15 * RATE_HZ :] = 0
    assert halves(wave).snr_db() == pytest.approx(40, abs=0.5)
    assert halves(np.concatenate((noise(10, 0.1), silence(10)))).snr_db() is None
    assert halves(noise(10, 0.1)[: RATE_HZ // 2]).snr_db() is None


@pytest.mark.parametrize("limit_hz", [1500.0, 3400.0, 7000.0])
def test_bandwidth_is_where_the_channel_ends_and_noise_does_not_widen_it(limit_hz):
    speech = np.concatenate((noise(10, 0.1, limit_hz), silence(10)))
    assert halves(speech).bandwidth_hz() == pytest.approx(limit_hz, abs=100)
    assert halves(speech + noise(20, 0.005)).bandwidth_hz() == pytest.approx(limit_hz, abs=300)
    assert SpectrumMeter().bandwidth_hz() is None


# Speech without pauses


@pytest.mark.parametrize(
    ("snr_db", "published"), [(-20, 0.4097), (0, 0.4622), (20, 0.9565), (40, 1.3606), (60, 1.5339), (100, 1.6320)]
)
def test_the_table_is_that_of_the_paper(snr_db, published):
    # The values that the authors' program was published with; they drew them at random, hence the tolerance.
    assert wada.table()[snr_db + 20] == pytest.approx(published, abs=0.006)


def gamma_speech(count):
    return DICE.gamma(wada.SHAPE, 1, count) * DICE.choice((-1, 1), count)


@pytest.mark.parametrize("snr_db", [-5.0, 0.0, 7.5, 20.0, 40.0])
def test_speech_that_is_distributed_as_the_paper_says_gets_its_ratio(snr_db):
    speech = gamma_speech(2_000_000)
    speech /= np.sqrt(np.square(speech).mean())
    wave = ((speech + 10 ** (-snr_db / 20) * DICE.standard_normal(len(speech))) * 0.01).astype(np.float32)
    meter = WadaMeter()
    for piece in np.array_split(wave, 5):
        meter.add(piece)
    assert meter.snr_db() == pytest.approx(snr_db, abs=0.3)


def test_the_table_rises_and_too_little_speech_tells_nothing():
    assert (np.diff(wada.table()) > 0).all()
    meter = WadaMeter()
    meter.add(np.concatenate((silence(5), noise(0.5))))
    assert meter.snr_db() is None


# Music


def music_ratio(wave):
    meter = MusicMeter()
    meter.add(wave)
    return meter.ratio


def gliding(duration_s):
    """A voice without words: the harmonics of a tone that never holds still."""
    time_s = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    pitch_hz = 150 + 45 * np.sin(2 * np.pi * 1.9 * time_s) + 25 * np.sin(2 * np.pi * 0.7 * time_s)
    phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ
    return np.asarray(sum(np.sin(part * phase) / part for part in range(1, 20)) * 0.1, np.float32)


def test_chords_are_music_and_noise_silence_and_gliding_voices_are_not():
    chords = sum(tone(hz, 30, 0.05) for hz in (220, 277.2, 329.6, 440, 554.4, 659.3))
    assert music_ratio(chords) == 1.0
    assert music_ratio(gliding(30)) < 0.1
    assert music_ratio(noise(30)) == 0.0
    assert music_ratio(silence(30)) == 0.0
    half = np.concatenate((chords[: 15 * RATE_HZ], noise(15, 0.05)))
    assert music_ratio(half) == pytest.approx(0.5, abs=0.1)


def test_music_is_found_under_a_voice():
    chords = sum(tone(hz, 30, 0.02) for hz in (220, 277.2, 329.6, 440, 554.4, 659.3))
    assert music_ratio(gliding(30) + chords) > 0.9


def test_mains_hum_is_no_music_and_a_moment_is_not_judged():
    assert music_ratio(tone(50, 10) + tone(100, 10)) == 0.0
    assert music_ratio(tone(440, 1.0)) == 0.0
    assert MusicMeter().ratio == 0.0


# Syllables


def babble(rate_sps, duration_s):
    """A vowel that swells and fades so many times a second."""
    time_s = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    hills = np.square(np.sin(np.pi * rate_sps * time_s))
    return (
        hills * sum(np.sin(2 * np.pi * 120 * part * time_s) / part for part in range(1, 25)) * 0.1 + noise(duration_s, 0.0005)
    ).astype(np.float32)


@pytest.mark.parametrize("rate_sps", [2.0, 4.0, 6.5])
def test_each_hill_of_loudness_is_a_syllable(rate_sps):
    wave = babble(rate_sps, 10)
    meter = SyllableMeter()
    meter.add(wave, [Region(0, len(wave))])
    assert meter.rate_sps == pytest.approx(rate_sps, rel=0.08)


def test_ripples_and_whispers_are_no_syllables():
    time_s = np.arange(5 * RATE_HZ) / RATE_HZ
    steady = sum(np.sin(2 * np.pi * 120 * part * time_s) / part for part in range(1, 25)) * 0.1
    assert syllables((steady * (1 + 0.05 * np.sin(2 * np.pi * 5 * time_s))).astype(np.float32)) <= 1
    soft = babble(4, 5)
    soft[3 * RATE_HZ :] *= 0.01
    assert syllables(soft) == pytest.approx(12, abs=1)
    assert syllables(tone(300, 0.02)) == 0


def test_a_word_or_two_have_no_rate():
    meter = SyllableMeter()
    meter.add(babble(4, 2), [Region(0, 2 * RATE_HZ)])
    assert meter.rate_sps is None


# Together


def test_a_recording_is_measured_stretch_by_stretch():
    meter = SoundMeter(0.5)
    for _ in range(3):
        wave = np.concatenate((babble(4, 8), silence(4))) + noise(12, 0.001)
        frames = len(wave) // HOP
        meter.add((wave * 32767).astype(np.int16), (np.arange(frames) < 8 * RATE_HZ // HOP).astype(np.float32))
    sound = meter.figures()
    assert sound.speech_ratio == pytest.approx(8 / 12, abs=0.01)
    assert sound.snr_db == pytest.approx(power_db(babble(4, 8)) - power_db(noise(8, 0.001)), abs=1.0)
    assert sound.speech_rate_sps == pytest.approx(4.0, rel=0.1)
    assert [round(region.start_s) for region in meter.speech()] == [0, 12, 24]
    assert sound.loudness_lufs is not None
    assert sound.bandwidth_hz is not None


def test_where_nothing_lies_between_the_ratio_comes_from_amplitudes_and_noise_has_no_syllables():
    meter = SoundMeter(0.5)
    wave = (gamma_speech(20 * RATE_HZ) * 0.01).clip(-1, 1)
    wave += np.sqrt(np.square(wave).mean()) * DICE.standard_normal(len(wave))
    meter.add((wave.clip(-1, 1) * 32767).astype(np.int16), np.ones(len(wave) // HOP, np.float32))
    sound = meter.figures()
    assert sound.snr_db == pytest.approx(0.0, abs=1.0)
    assert sound.speech_rate_sps is None


def test_nothing_and_silence_have_no_figures():
    meter = SoundMeter(0.5)
    meter.add(np.zeros(5 * RATE_HZ, np.int16), np.zeros(5 * RATE_HZ // HOP, np.float32))
    for sound in (meter.figures(), SoundMeter(0.5).figures()):
        assert (sound.loudness_lufs, sound.peak_dbfs, sound.bandwidth_hz, sound.snr_db, sound.speech_rate_sps) == (None,) * 5
        assert sound.speech_ratio == sound.music_ratio == sound.clipping_ratio == 0.0
    assert meter.speech() == []
