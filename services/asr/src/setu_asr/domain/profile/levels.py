"""How high the wave goes, and how often it is cut off there."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

FULL_SCALE: Final = 32768
# Resampling and lossy codecs leave flat tops wavy, so all that stays near the rails counts. Of speech clipped at 44.1 kHz in 25 % of its
# samples, 24 % show in WAV, 18 % in MP3, 13 % in AAC; at 0.999 of full scale it would be a third, and next to nothing in the latter two.
# Of speech and music that just reach the rails, none does; a pure tone as loud as that is taken for clipped.
# Source: measured (evals/profile.py).
RAIL: Final = 29491  # 0.9 of full scale
RUN: Final = 3  # fewer samples in a row are the tip of a loud wave


class LevelMeter:
    """Takes a recording stretch by stretch. Stretches meet at quiet moments, so no run at the rails crosses from one to the next."""

    def __init__(self) -> None:
        self._samples = 0
        self._clipped = 0
        self._peak = 0

    def add(self, pcm: NDArray[np.int16]) -> None:
        """Take the next stretch: int16, shape (n_samples,), mono."""
        if len(pcm) == 0:
            return
        self._samples += len(pcm)
        self._peak = max(self._peak, int(pcm.max()), -int(pcm.min()))
        if self._peak >= RAIL:
            self._clipped += at_the_rails(pcm)

    @property
    def peak_dbfs(self) -> float | None:
        """The highest sample, decibels below full scale; None in digital silence."""
        return 20 * math.log10(self._peak / FULL_SCALE) if self._peak else None

    @property
    def clipping_ratio(self) -> float:
        """Share of samples at the rails, in runs, 0..1."""
        return self._clipped / self._samples if self._samples else 0.0


def at_the_rails(pcm: NDArray[np.int16]) -> int:
    """How many samples lie at one of the rails together with their neighbours: int16, shape (n_samples,)."""
    return sum(_in_runs(rail) for rail in (pcm >= RAIL, pcm <= -RAIL))


def _in_runs(there: NDArray[np.bool_]) -> int:
    if not there.any():
        return 0
    edges = np.diff(np.concatenate(([False], there, [False])).astype(np.int8))
    lengths = np.flatnonzero(edges < 0) - np.flatnonzero(edges > 0)
    return int(lengths[lengths >= RUN].sum())
