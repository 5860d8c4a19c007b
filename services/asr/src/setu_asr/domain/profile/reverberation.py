"""How long a room rings: the steady decays of level in a recording, of which a room allows none to be faster than its own.

Source: free decays as Ratnam et al., Blind estimation of reverberation time, J. Acoust. Soc. Am. 114 (2003), and Löllmann et al., An improved
algorithm for blind reverberation time estimation, IWAENC 2010, look for them; here by runs of falling level and a straight line through each.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from setu_asr.domain.audio import RATE_HZ, Samples

Values = NDArray[np.float64]

STEP: Final = 128  # 8 ms
SMOOTH: Final = 9  # steps
DROP_DB: Final = 12.0  # a shorter fall is the dip between two syllables
STEPS: Final = 8
MIDDLE: Final = 0.2  # of the fall is left out at either end: the voice that still fades, and the noise that it fades into
LEAST: Final = 8  # falls; from fewer nothing is told
QUANTILE: Final = 0.25  # falls slower than the room's are of the voice; a few seem faster than it by chance
FLOOR: Final = 1e-11  # mean square of a step in which only the last bit moves

# What is kept: how often each decay time came, in bins of 4 %.
FASTEST_S: Final = 0.03
_BIN: Final = 1.04
_BINS: Final = 160  # up to 15 s

_SMOOTHING: Final = np.hanning(SMOOTH + 2)[1:-1] / np.hanning(SMOOTH + 2).sum()


class ReverberationMeter:
    """Takes a recording stretch by stretch, and counts decays by how fast they are."""

    def __init__(self) -> None:
        self._counts = np.zeros(_BINS, np.int64)

    def add(self, samples: Samples) -> None:
        """Take the next stretch: float32, shape (n_samples,), mono, -1..1, 16 kHz."""
        times_s = decay_times_s(samples)
        bins = np.log(np.maximum(times_s, FASTEST_S) / FASTEST_S) / np.log(_BIN)
        self._counts += np.bincount(np.minimum(bins.astype(np.int64), _BINS - 1), minlength=_BINS)

    def reverberation_s(self) -> float | None:
        """How long sound takes to fall by 60 dB, seconds; None where level falls freely too seldom.

        Real speech in rooms of 0.2 to 1.2 s: within 10 % in silence, up to 20 % too long in noise 20 dB below. Without any room it has
        0.1 s. Source: measured (evals/profile.py).
        """
        count = int(self._counts.sum())
        if count < LEAST:
            return None
        at = int(np.searchsorted(np.cumsum(self._counts), QUANTILE * count))
        return float(FASTEST_S * _BIN ** (at + 0.5))


def decay_times_s(samples: Samples) -> Values:
    """The time of a fall by 60 dB, seconds, that each steady fall of level in a stretch of sound comes to.

    Args:
        samples: float32, shape (n_samples,), mono, -1..1, 16 kHz.
    """
    count = (len(samples) - 1) // STEP
    if count < STEPS + SMOOTH:
        return np.zeros(0)
    high = np.diff(samples[: count * STEP + 1]).reshape(count, STEP)  # takes hum away, which rings for ever
    level_db = np.convolve(10 * np.log10(np.square(high).mean(axis=1, dtype=np.float64) + FLOOR), _SMOOTHING, "valid")
    edges = np.diff(np.concatenate(([False], np.diff(level_db) < 0, [False])).astype(np.int8))
    begins, ends = np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)
    long = (ends - begins >= STEPS) & (level_db[begins] - level_db[ends] >= DROP_DB)
    slopes = [_slope(level_db[begin : end + 1]) for begin, end in zip(begins[long], ends[long], strict=True)]
    return np.array([60 / -slope * STEP / RATE_HZ for slope in slopes if slope < 0])


def _slope(level_db: Values) -> float:
    """Of the straight line through the middle of a fall, dB a step; 0 where it has no middle."""
    margin = MIDDLE * (level_db[0] - level_db[-1])
    at = np.flatnonzero((level_db <= level_db[0] - margin) & (level_db >= level_db[-1] + margin))
    if len(at) < 3:  # noqa: PLR2004  two points make any line
        return 0.0
    off = at - at.mean()
    return float((off * level_db[at]).sum() / np.square(off).sum())
