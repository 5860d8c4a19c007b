"""How much of a recording has music in it: tones that hold still, where voices glide.

The measure is *continuous frequency activation*: how long, in a block of two and a half seconds, the same frequencies stand out from
their neighbours. It was made for music under speech on television, and takes a hummed melody for music too; drums alone, which have no
tones, it misses.
Source: Seyerlehner, Pohle, Schedl, Widmer: Automatic Music Detection in Television Productions, DAFx 2007.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from setu_asr.domain.audio import RATE_HZ, Samples

Values = NDArray[np.float64]

WINDOW: Final = 2048  # 128 ms: 7.8 Hz to a bin
HOP: Final = 512
BLOCK: Final = 80  # frames: 2.6 s
SHORTEST: Final = 40  # frames that a shorter recording must have
NEIGHBOURS: Final = 10  # bins on each side that a tone is compared with
STANDS_OUT: Final = 0.8  # of log10 power, 8 dB. Source: measured on speech, crowds, noise and music (evals/profile.py)
MUSICAL: Final = 1.24  # Source: as above, section 3
PEAKS: Final = 5
LOWEST_HZ: Final = 130.0  # below is the hum of mains
HIGHEST_HZ: Final = 6000.0
FLOOR: Final = 1e-6  # power of a bin in which only the last bit moves

_WINDOW: Final = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
_BINS: Final = slice(int(LOWEST_HZ * WINDOW / RATE_HZ), int(HIGHEST_HZ * WINDOW / RATE_HZ))


class MusicMeter:
    """Takes a recording stretch by stretch, and counts the blocks that have music in them."""

    def __init__(self) -> None:
        self._blocks = 0
        self._musical = 0

    def add(self, samples: Samples) -> None:
        """Take the next stretch: float32, shape (n_samples,), mono, -1..1, 16 kHz."""
        if len(samples) < WINDOW:
            return
        frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]
        if len(frames) < SHORTEST:
            return
        for start in range(0, max(1, len(frames) - BLOCK + 1), BLOCK // 2):
            self._blocks += 1
            self._musical += steadiness(frames[start : start + BLOCK]) > MUSICAL

    @property
    def ratio(self) -> float:
        """Share of the recording with music in it, 0..1; 0 if it is shorter than a second and a half."""
        return self._musical / self._blocks if self._blocks else 0.0


def steadiness(frames: Samples) -> float:
    """How much the five steadiest tones hold still, 0..5.

    Args:
        frames: float32, shape (n_frames, 2048), -1..1, one every 512 samples.
    """
    level = np.log10(np.square(np.abs(np.fft.rfft(frames * _WINDOW, axis=1))) + FLOOR)
    width = 2 * NEIGHBOURS + 1
    sums = np.cumsum(np.pad(level, ((0, 0), (NEIGHBOURS + 1, NEIGHBOURS)), mode="edge"), axis=1, dtype=np.float64)
    stands_out = level - (sums[:, width:] - sums[:, :-width]) / width > STANDS_OUT
    return float(np.sort(_peaks(stands_out[:, _BINS].mean(axis=0)))[-PEAKS:].sum())


def _peaks(activation: Values) -> Values:
    """How far each local maximum rises above the higher of the minima beside it."""
    # Both ends count as minima; a plateau counts once.
    line = np.concatenate(([0.0], activation[np.concatenate(([True], np.diff(activation) != 0))], [0.0]))
    rises = np.diff(line) > 0
    tops = np.flatnonzero(rises[:-1] & ~rises[1:]) + 1
    lows = np.concatenate(([0], np.flatnonzero(~rises[:-1] & rises[1:]) + 1, [len(line) - 1]))
    after = np.searchsorted(lows, tops)
    return np.asarray(line[tops] - np.maximum(line[lows[after - 1]], line[lows[after]]))
