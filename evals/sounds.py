"""Sound in which nobody says anything: noise, music, a crowd, humming. Synthesised; the same for the same seed."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evals.voices import RATE_HZ, Samples, resampled

Wave = NDArray[np.float64]
LEVEL: Final = 0.05  # root mean square
CHORDS: Final = ((220.0, 261.6, 329.6), (174.6, 220.0, 261.6), (196.0, 246.9, 293.7), (146.8, 220.0, 293.7))
SCALE_HZ: Final = (440.0, 493.9, 523.3, 587.3, 659.3, 784.0)
BEAT_S: Final = 0.5
VOWELS_HZ: Final = (
    (700.0, 1200.0, 2500.0),
    (350.0, 2000.0, 2800.0),
    (400.0, 800.0, 2600.0),
)  # a, e, o. Source: Peterson & Barney 1952


def silence(duration_s: float) -> Samples:
    """Nothing at all."""
    return np.zeros(int(duration_s * RATE_HZ), np.float32)


def white_noise(duration_s: float, seed: int = 1) -> Samples:
    """Equal power at every frequency."""
    return _levelled(np.random.default_rng(seed).standard_normal(int(duration_s * RATE_HZ)))


def pink_noise(duration_s: float, seed: int = 2) -> Samples:
    """Equal power in every octave, as rooms and streets have it."""
    return _levelled(_pink(int(duration_s * RATE_HZ), seed))


def music(duration_s: float, seed: int = 3) -> Samples:
    """Chords, a melody and drums at 120 beats a minute."""
    dice = np.random.default_rng(seed)
    wave = np.zeros(int(duration_s * RATE_HZ) + RATE_HZ * 3)
    for beat in range(int(duration_s / BEAT_S)):
        at = int(beat * BEAT_S * RATE_HZ)
        if beat % 4 == 0:
            for tone_hz in CHORDS[beat // 4 % len(CHORDS)]:
                _add(wave, at, 0.3 * _plucked(tone_hz, 2.0))
        if dice.random() < 0.7:  # noqa: PLR2004 most beats have a note
            _add(wave, at, 0.5 * _plucked(float(dice.choice(SCALE_HZ)), 0.6))
        _add(wave, at, _drum(dice, low=beat % 2 == 0))
    return _levelled(wave[: int(duration_s * RATE_HZ)])


def humming(duration_s: float, seed: int = 4) -> Samples:
    """A melody on vowels, as by somebody who hums to themselves: most like speech of all."""
    dice = np.random.default_rng(seed)
    wave = np.zeros(int(duration_s * RATE_HZ) + RATE_HZ * 3)
    at_s = 0.0
    while at_s < duration_s:
        length_s = float(dice.uniform(0.4, 1.2))
        _add(wave, int(at_s * RATE_HZ), _vowel(float(dice.choice(SCALE_HZ)) / 2, length_s, VOWELS_HZ[int(dice.integers(3))]))
        at_s += length_s + (float(dice.uniform(0.5, 2.0)) if dice.random() < 0.2 else 0.0)  # noqa: PLR2004 breaths
    return _levelled(wave[: int(duration_s * RATE_HZ)])


def crowd(duration_s: float, speech: Sequence[Samples], seed: int = 5) -> Samples:
    """Many voices at once, backwards and at other speeds: the sound of a crowd, in which no word can be made out."""
    dice = np.random.default_rng(seed)
    wave = np.zeros(int(duration_s * RATE_HZ))
    for number in range(10):
        one = resampled(speech[number % len(speech)][::-1], RATE_HZ, round(RATE_HZ * float(dice.uniform(0.8, 1.2))))
        wave += np.roll(np.resize(one, len(wave)), int(dice.integers(len(wave)))) * dice.uniform(0.6, 1.0)
    return _levelled(wave + _pink(len(wave), seed) * 0.3 * float(np.sqrt(np.square(wave).mean())))


def mixed(speech: Samples, background: Samples, snr_db: float) -> Samples:
    """Speech with a background so many decibels below it.

    Args:
        speech: float32, shape (n_samples,); its level is taken where it is not silent.
        background: at least as long.
        snr_db: speech above background.
    """
    loud = speech[np.abs(speech) > 1e-4]  # noqa: PLR2004 80 dB below full scale
    level = float(np.sqrt(np.square(loud).mean())) if len(loud) else LEVEL
    cut = background[: len(speech)]
    present = float(np.sqrt(np.square(cut).mean()))
    return np.asarray(np.clip(speech + cut * np.float32(level / max(present, 1e-9) * 10 ** (-snr_db / 20)), -1, 1), np.float32)


def _levelled(wave: Wave) -> Samples:
    present = float(np.sqrt(np.square(wave).mean()))
    return np.asarray(np.clip(wave * (LEVEL / max(present, 1e-9)), -1, 1), np.float32)


def _pink(count: int, seed: int) -> Wave:
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    frequency = np.arange(len(spectrum), dtype=np.float64)
    frequency[0] = 1.0
    wave = np.fft.irfft(spectrum / np.sqrt(frequency), count)
    return np.asarray(wave / np.sqrt(np.square(wave).mean()))


def _add(wave: Wave, at: int, sound: Wave) -> None:
    end = min(len(wave), at + len(sound))
    wave[at:end] += sound[: end - at]


def _times(length_s: float) -> Wave:
    return np.arange(int(length_s * RATE_HZ)) / RATE_HZ


def _plucked(tone_hz: float, length_s: float) -> Wave:
    time_s = _times(length_s)
    parts = (np.sin(2 * np.pi * tone_hz * part * time_s) * np.exp(-time_s * 2 * part) / part for part in range(1, 6))
    return np.asarray(sum(parts))


def _drum(dice: np.random.Generator, *, low: bool) -> Wave:
    time_s = _times(0.2)
    if low:
        return np.asarray(np.sin(2 * np.pi * 60 * time_s * (1 - time_s)) * np.exp(-time_s * 25))
    return np.asarray(dice.standard_normal(len(time_s)) * np.exp(-time_s * 40) * 0.4)


def _vowel(tone_hz: float, length_s: float, formants_hz: Sequence[float]) -> Wave:
    time_s = _times(length_s)
    phase = 2 * np.pi * (tone_hz * time_s + 0.02 * tone_hz * np.sin(2 * np.pi * 5.5 * time_s) / (2 * np.pi * 5.5))
    wave = np.zeros(len(time_s))
    for part in range(1, int(4000 / tone_hz)):
        strength = sum(1 / (1 + ((part * tone_hz - formant_hz) / 90) ** 2) for formant_hz in formants_hz)
        wave += np.sin(part * phase) * strength / part**0.5
    return np.asarray(wave * np.minimum(1, np.minimum(time_s, length_s - time_s) / 0.05))


STEADY: Final[dict[str, Callable[[float], Samples]]] = {
    "silence": silence,
    "white noise": white_noise,
    "pink noise": pink_noise,
    "music": music,
    "humming": humming,
}
