"""The signal-to-noise ratio by the distribution of amplitudes alone, for recordings in which speech never stops.

Clean speech is mostly near zero with few high peaks, and noise fills it up. How full it is tells the ratio.
Source: Kim & Stern, Robust Signal-to-Noise Ratio Estimation Based on Waveform Amplitude Distribution Analysis, Interspeech 2008.
"""

import math
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from setu_asr.domain.audio import RATE_HZ, Samples

SHAPE: Final = 0.4  # of the gamma distribution of speech amplitudes. Source: as above
LOWEST_DB: Final = -20
HIGHEST_DB: Final = 100
LEAST: Final = RATE_HZ  # samples, one second: from fewer nothing is told

_EULER: Final = 0.5772156649015329
_AMPLITUDES: Final = 4000
_LARGEST: Final = 40.0  # of the gamma variable: exp(-40) of it lies beyond
_FAR: Final = 12.0  # deviations of the noise beyond which it changes nothing but the second term of a series
_STEPS: Final = 2400
_TERMS: Final = 250  # of a Poisson distribution around 72 at most

Values = NDArray[np.float64]


class WadaMeter:
    """Takes speech piece by piece."""

    def __init__(self) -> None:
        self._count = 0
        self._amplitude = 0.0
        self._logarithm = 0.0

    def add(self, samples: Samples) -> None:
        """Take more: float32, shape (n_samples,), mono, -1..1. Samples of exactly nothing are left out."""
        size = np.abs(samples[samples != 0])
        self._count += len(size)
        self._amplitude += float(size.sum(dtype=np.float64))
        self._logarithm += float(np.log(size).sum(dtype=np.float64))

    def snr_db(self) -> float | None:
        """-20..100; None if there is less than a second."""
        if self._count < LEAST:
            return None
        fullness = math.log(self._amplitude / self._count) - self._logarithm / self._count
        return float(np.interp(fullness, table(), np.arange(LOWEST_DB, HIGHEST_DB + 1)))


@cache
def table() -> Values:
    """Ln E|z| - E ln|z| of gamma-distributed speech in Gaussian noise, at -20, -19 … 100 dB: shape (121,), rising."""
    return np.array([_fullness(snr_db) for snr_db in range(LOWEST_DB, HIGHEST_DB + 1)])


def _fullness(snr_db: float) -> float:
    """For noise of variance 1: the mean over all amplitudes of speech, each weighed by how often it is.

    The density of amplitudes has a pole at 0, so the mean is taken over t = g^SHAPE, by which g^(SHAPE-1) dg becomes dt / SHAPE.
    """
    scale = math.sqrt(10 ** (snr_db / 10) / (SHAPE * (SHAPE + 1)))
    t = (np.arange(_AMPLITUDES) + 0.5) * (_LARGEST**SHAPE / _AMPLITUDES)
    g = t ** (1 / SHAPE)
    weight = np.exp(-g)
    weight /= weight.sum()
    x = scale * g
    grid, amplitude, logarithm = _in_noise()
    far = np.maximum(x, _FAR)
    of_amplitude = np.where(x < _FAR, np.interp(x, grid, amplitude), far)
    of_logarithm = np.where(x < _FAR, np.interp(x, grid, logarithm), np.log(far) - 1 / (2 * far * far))
    return math.log(float((weight * of_amplitude).sum())) - float((weight * of_logarithm).sum())


@cache
def _in_noise() -> tuple[Values, Values, Values]:
    """For x = 0 … 12 and n of a standard normal distribution: x, E|x + n|, E ln|x + n|, each shape (2401,)."""
    x = np.linspace(0, _FAR, _STEPS + 1)
    erf = np.array([math.erf(value / math.sqrt(2)) for value in x.tolist()])
    amplitude = math.sqrt(2 / math.pi) * np.exp(-np.square(x) / 2) + x * erf
    # (x + n)² is chi-squared with 1 + 2j degrees of freedom, where j has a Poisson distribution around x²/2.
    half = np.square(x) / 2
    share, digamma = np.exp(-half), -_EULER - 2 * math.log(2)
    logarithm = share * digamma
    for j in range(1, _TERMS):
        share = share * half / j
        digamma += 1 / (j - 0.5)
        logarithm += share * digamma
    return x, amplitude, (logarithm + math.log(2)) / 2
