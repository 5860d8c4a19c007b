"""The spectrum of speech and of what lies between: bandwidth, and the signal-to-noise ratio."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from setu_asr.domain.audio import RATE_HZ, Samples
from setu_asr.domain.profile.voicing import HOP, Mask

Spectrum = NDArray[np.float64]

LOWEST_HZ: Final = 60.0  # below are no voices, but hum, steps and wind
ENERGY_SHARE: Final = 0.99
LEAST: Final = 31  # frames, one second: from fewer nothing is told
SILENT: Final = (1 / 32768) ** 2  # mean square of a frame in which nothing but the last bit moves
_WINDOW: Final = np.hanning(HOP + 1)[:-1].astype(np.float32)
_BINS: Final = HOP // 2 + 1
_BIN_HZ: Final = RATE_HZ / HOP
_LOWEST: Final = math.ceil(LOWEST_HZ / _BIN_HZ)
# Vowels outweigh all else by so much that 99 % of speech as it is lies below 2.4 kHz even where a telephone let 3.4 kHz through.
# With high tones raised by 6 dB an octave, as recognisers do first, the limit of the channel shows: measured at 1.5 to 8 kHz within 200 Hz.
_RAISED: Final = np.square(np.abs(1 - 0.97 * np.exp(-2j * np.pi * np.arange(_BINS) / HOP)))


class _MeanSpectrum:
    """The mean power of many frames."""

    def __init__(self) -> None:
        self.frames = 0
        self._sum: Spectrum = np.zeros(_BINS)

    def add(self, frames: Samples) -> None:
        """Take more: float32, shape (n_frames, 512)."""
        power = np.square(np.abs(np.fft.rfft(frames * _WINDOW, axis=1)))
        self._sum += power.sum(axis=0, dtype=np.float64)
        self.frames += len(frames)

    def power(self) -> Spectrum:
        """Shape (257,), a bin for every 31.25 Hz; zero below `LOWEST_HZ`."""
        mean = self._sum / max(1, self.frames)
        mean[:_LOWEST] = 0
        return mean


class SpectrumMeter:
    """Takes a recording stretch by stretch, and keeps two mean spectra: of speech, and of what is surely none."""

    def __init__(self) -> None:
        self._speech = _MeanSpectrum()
        self._between = _MeanSpectrum()

    def add(self, samples: Samples, speech: Mask, between: Mask) -> None:
        """Take the next stretch.

        Args:
            samples: float32, shape (n_samples,), mono, -1..1, 16 kHz.
            speech: which of its frames are speech: bool, shape (n_frames,).
            between: which are surely none, likewise.
        """
        count = len(samples) // HOP
        frames = samples[: count * HOP].reshape(count, HOP)
        noisy = np.square(frames).mean(axis=1) >= SILENT  # digital silence is no noise of the recording's
        self._speech.add(frames[speech[:count]])
        self._between.add(frames[between[:count] & noisy])

    def snr_db(self) -> float | None:
        """Speech to what is between it; None if there is less than a second of either, or if nothing stands out."""
        if min(self._speech.frames, self._between.frames) < LEAST:
            return None
        noise = float(self._between.power().sum())
        speech = float(self._speech.power().sum()) - noise
        return 10 * math.log10(speech / noise) if speech > 0 < noise else None

    def bandwidth_hz(self) -> float | None:
        """Below it lies 99 % of the energy of speech, high tones raised and noise taken off; None if there is less than a second of it."""
        if self._speech.frames < LEAST:
            return None
        speech = np.maximum(self._speech.power() - self._between.power(), 0) * _RAISED
        total = float(speech.sum())
        if total <= 0:
            return None
        return float(np.searchsorted(np.cumsum(speech), ENERGY_SHARE * total)) * _BIN_HZ
