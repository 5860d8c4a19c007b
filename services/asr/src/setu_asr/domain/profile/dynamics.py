"""How much the level of speech goes up and down."""

import math

import numpy as np

from setu_asr.domain.audio import Samples
from setu_asr.domain.profile.spectra import LEAST, SILENT
from setu_asr.domain.profile.voicing import HOP, Mask


class DynamicsMeter:
    """Takes a recording stretch by stretch, and keeps the mean and the mean square of its level in speech."""

    def __init__(self) -> None:
        self._frames = 0
        self._sum_db = 0.0
        self._squares_db = 0.0

    def add(self, samples: Samples, speech: Mask) -> None:
        """Take the next stretch.

        Args:
            samples: float32, shape (n_samples,), mono, -1..1, 16 kHz.
            speech: which of its frames of 512 samples are speech: bool, shape (n_frames,).
        """
        count = min(len(samples) // HOP, len(speech))
        power = np.square(samples[: count * HOP].reshape(count, HOP)[speech[:count]]).mean(axis=1, dtype=np.float64)
        level_db = 10 * np.log10(power[power >= SILENT])
        self._frames += len(level_db)
        self._sum_db += float(level_db.sum())
        self._squares_db += float(np.square(level_db).sum())

    def spread_db(self) -> float | None:
        """The standard deviation of the level over frames of 32 ms; None if there is less than a second of speech."""
        if self._frames < LEAST:
            return None
        mean_db = self._sum_db / self._frames
        return math.sqrt(max(0.0, self._squares_db / self._frames - mean_db**2))
