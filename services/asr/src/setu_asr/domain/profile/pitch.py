"""How high a voice is, and how much it moves: by the autocorrelation of its sound.

Source: Boersma, Accurate short-term analysis of the fundamental frequency, IFA Proceedings 17 (1993): the autocorrelation of a windowed
frame, divided by the window's own.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from setu_asr.domain.audio import RATE_HZ, Samples
from setu_asr.domain.profile.voicing import HOP, Mask

Values = NDArray[np.float64]

LOWEST_HZ: Final = 60.0
HIGHEST_HZ: Final = 500.0
DOWN: Final = 4  # what is voiced shows below 2 kHz
FRAME: Final = 2 * HOP // DOWN  # 64 ms: four periods of the lowest voice
VOICED: Final = 0.5  # of the autocorrelation at one period. Source: as above, 0.45 for clean speech
NEARLY: Final = (
    0.9  # of the highest peak: an earlier one that is nearly as high is the period, and the highest a multiple of it
)
LEAST: Final = 31  # frames, one second: from fewer nothing is told
SPREAD: Final = (0.1, 0.9)

_RATE_HZ: Final = RATE_HZ / DOWN
_SHORTEST, _LONGEST = int(_RATE_HZ / HIGHEST_HZ), int(_RATE_HZ / LOWEST_HZ) + 1
_FFT: Final = 1 << (2 * FRAME - 1).bit_length()
_WINDOW: Final = np.hanning(FRAME + 2)[1:-1].astype(np.float32)
_OF_WINDOW: Final = np.fft.irfft(np.square(np.abs(np.fft.rfft(_WINDOW, _FFT))))[: _LONGEST + 2]
_STEPS_ST: Final = 0.25  # semitones; pitch is kept as counts of these
_BINS: Final = int(12 * np.log2(HIGHEST_HZ / LOWEST_HZ) / _STEPS_ST) + 1


class PitchMeter:
    """Takes a recording stretch by stretch, and counts how often each pitch is spoken at."""

    def __init__(self) -> None:
        self._counts = np.zeros(_BINS, np.int64)

    def add(self, samples: Samples, speech: Mask) -> None:
        """Take the next stretch.

        Args:
            samples: float32, shape (n_samples,), mono, -1..1, 16 kHz.
            speech: which of its frames of 512 samples are speech: bool, shape (n_frames,).
        """
        count = min(len(samples) // HOP, len(speech))
        low = samples[: count * HOP].reshape(-1, DOWN).mean(axis=1)
        if len(low) < FRAME:
            return
        frames = np.lib.stride_tricks.sliding_window_view(low, FRAME)[:: HOP // DOWN]
        spoken = speech[: count - 1] & speech[1:count]
        found_hz = pitches_hz(frames[spoken])
        bins = np.round(12 * np.log2(found_hz / LOWEST_HZ) / _STEPS_ST).astype(np.int64)
        self._counts += np.bincount(np.clip(bins, 0, _BINS - 1), minlength=_BINS)

    def pitch_hz(self) -> float | None:
        """The median; None where less than a second is voiced."""
        middle = self._quantile(0.5)
        return None if middle is None else LOWEST_HZ * 2 ** (middle * _STEPS_ST / 12)

    def spread_st(self) -> float | None:
        """Half of what lies between its 10th and 90th percentile, semitones; None where less than a second is voiced."""
        low, high = (self._quantile(share) for share in SPREAD)
        return None if low is None or high is None else (high - low) * _STEPS_ST / 2

    def _quantile(self, share: float) -> float | None:
        count = int(self._counts.sum())
        if count < LEAST:
            return None
        return float(np.searchsorted(np.cumsum(self._counts), share * count))


def pitches_hz(frames: Samples) -> Values:
    """The pitch of each frame that is voiced: float64, shape (n_voiced,).

    Args:
        frames: float32, shape (n_frames, 256), -1..1, 4 kHz.
    """
    if len(frames) == 0:
        return np.zeros(0)
    centred = (frames - frames.mean(axis=1, keepdims=True)) * _WINDOW
    power = np.square(np.abs(np.fft.rfft(centred, _FFT, axis=1)))
    like = np.fft.irfft(power, axis=1)[:, : _LONGEST + 2] / _OF_WINDOW
    like = like[like[:, 0] > 0]
    like /= like[:, :1]
    inner = like[:, _SHORTEST : _LONGEST + 1]
    peaks = (inner > like[:, _SHORTEST - 1 : _LONGEST]) & (inner >= like[:, _SHORTEST + 1 : _LONGEST + 2])
    heights = np.where(peaks, inner, 0.0)
    highest = heights.max(axis=1)
    voiced = highest > VOICED
    at = (heights >= NEARLY * highest[:, None])[voiced].argmax(axis=1) + _SHORTEST
    rows = like[voiced]
    before, here, after = (rows[np.arange(len(at)), at + shift] for shift in (-1, 0, 1))
    bend = before - 2 * here + after
    return np.asarray(_RATE_HZ / (at + np.where(bend < 0, (before - after) / (2 * np.minimum(bend, -1e-12)), 0.0)), np.float64)
