"""How fast somebody speaks, by counting syllables: each is a hill of loudness between two dips.

Source: de Jong & Wempe, Praat script to detect syllable nuclei and measure speech rate automatically, Behavior Research Methods 41 (2009).
Here loudness is that of the band in which vowels are, and there is no check of voicing.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from setu_asr.domain.audio import RATE_HZ, Region, Samples

Values = NDArray[np.float64]

HOP: Final = RATE_HZ // 100  # 10 ms
WINDOW: Final = 400  # 25 ms
LOWEST_HZ: Final = 300.0
HIGHEST_HZ: Final = 3000.0
SMOOTH: Final = 5  # frames
DIP_DB: Final = 2.0  # Source: as above
BELOW_MEDIAN_DB: Final = 10.0  # of its stretch of speech: smaller hills are consonants and breath
LEAST_S: Final = 3.0  # from less speech nothing is told
FLOOR: Final = 1e-7

_WINDOW: Final = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
_BINS: Final = slice(int(LOWEST_HZ * WINDOW / RATE_HZ), int(HIGHEST_HZ * WINDOW / RATE_HZ) + 1)
_SMOOTHING: Final = np.hanning(SMOOTH + 2)[1:-1] / np.hanning(SMOOTH + 2).sum()


class SyllableMeter:
    """Takes speech stretch by stretch, and counts its syllables."""

    def __init__(self) -> None:
        self._syllables = 0
        self._speech_s = 0.0

    def add(self, samples: Samples, speech: list[Region]) -> None:
        """Take the next stretch of a recording.

        Args:
            samples: float32, shape (n_samples,), mono, -1..1, 16 kHz.
            speech: where in it somebody speaks, in order.
        """
        for region in speech:
            self._speech_s += region.duration_s
            self._syllables += syllables(samples[region.start : region.end])

    @property
    def rate_sps(self) -> float | None:
        """Syllables a second of speech; None if there is too little speech."""
        return self._syllables / self._speech_s if self._speech_s >= LEAST_S else None


def syllables(samples: Samples) -> int:
    """How many syllables are in a stretch of speech: float32, shape (n_samples,), mono, -1..1, 16 kHz."""
    if len(samples) < WINDOW + SMOOTH * HOP:
        return 0
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]
    power = np.square(np.abs(np.fft.rfft(frames * _WINDOW, axis=1)))[:, _BINS].sum(axis=1)
    smooth = np.convolve(np.log10(power + FLOOR) * 10, _SMOOTHING, "valid")
    return _hills(smooth, float(np.median(smooth)) - BELOW_MEDIAN_DB)


def _hills(level_db: Values, least_db: float) -> int:
    """How many hills rise by `DIP_DB` from the dips on both their sides, and above ``least_db``."""
    turns = np.flatnonzero(np.diff(np.sign(np.diff(level_db)))) + 1
    count, low, high = 0, float(level_db[0]), -np.inf
    for value in (*level_db[turns].tolist(), float(level_db[-1]), -np.inf):
        if value > high and value - low >= DIP_DB:
            high = value
        elif high - value >= DIP_DB:
            count += high >= least_db
            low, high = value, -np.inf
        elif high == -np.inf:
            low = min(low, value)
    return count
