"""What the sound itself says about a stretch of time: how much of it is speech, and how loud it is."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from setu_asr.domain.audio import FRAME, RATE_HZ, Recording, Region

FLOOR_DB: Final = -100.0
_STRETCH: Final = 6000 * FRAME  # ten minutes


class Surroundings:
    """A recording's speech and loudness, by time.

    Args:
        speech: stretches of speech, in order, not overlapping.
        levels_db: loudness of each 100 ms, decibels below full scale; float32, shape (n_frames,).
    """

    def __init__(self, speech: Sequence[Region], levels_db: NDArray[np.float32]) -> None:
        self._starts = [region.start_s for region in speech]
        self._ends = [region.start_s + region.duration_s for region in speech]
        self._levels_db = levels_db
        spoken = np.zeros(len(levels_db), dtype=bool)
        for region in speech:
            spoken[region.start // FRAME : region.end // FRAME + 1] = True
        self.speech_db = float(np.median(levels_db[spoken])) if spoken.any() else FLOOR_DB

    @classmethod
    def of(cls, recording: Recording, speech: Sequence[Region]) -> "Surroundings":
        """Listen to a recording, ten minutes at a time."""
        starts = range(0, len(recording.pcm), _STRETCH)
        parts = [levels_db(recording.samples(Region(start, start + _STRETCH))) for start in starts]
        return cls(speech, np.concatenate(parts) if parts else np.zeros(0, np.float32))

    def speech_share(self, start_s: float, end_s: float) -> float:
        """How much of a time is speech, 0..1; of a moment, whether it is."""
        first, last = bisect_right(self._ends, start_s), bisect_left(self._starts, end_s)
        if end_s <= start_s:
            return 1.0 if first < len(self._starts) and self._starts[first] <= start_s else 0.0
        spoken_s = sum(
            max(0.0, min(self._ends[place], end_s) - max(self._starts[place], start_s)) for place in range(first, last)
        )
        return spoken_s / (end_s - start_s)

    def below_speech_db(self, start_s: float, end_s: float) -> float:
        """How far the loudest 100 ms of a time lie below the usual speech of this recording, decibels."""
        frames = self._levels_db[int(start_s * RATE_HZ) // FRAME : int(end_s * RATE_HZ) // FRAME + 1]
        return self.speech_db - (float(frames.max()) if len(frames) else FLOOR_DB)


def levels_db(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """The loudness of each 100 ms.

    Args:
        samples: float32, shape (n_samples,), mono, -1..1, 16 kHz.

    Returns:
        Decibels below full scale (root mean square), float32, shape (n_samples // 1600,); at least -100.
    """
    count = len(samples) // FRAME
    power = np.square(samples[: count * FRAME].reshape(count, FRAME)).mean(axis=1)
    return np.asarray(10 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 10))), dtype=np.float32)
