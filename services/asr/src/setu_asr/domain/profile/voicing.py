"""From a detector's probabilities of speech to stretches of speech, and to what lies between them."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from setu_asr.domain.audio import RATE_HZ, Region

HOP: Final = 512  # samples that one probability is for: 32 ms. Source: Silero VAD
STILL_BELOW: Final = 0.15  # a stretch that has begun goes on down to so much less. Source: Silero's default
PAUSE: Final = 5  # frames below that which end it: 160 ms
SURELY_NOT: Final = 0.15
MAYBE: Final = 0.35
APART: Final = 8  # frames between speech and what is surely none: rooms ring for a quarter of a second

Probabilities = NDArray[np.float32]
Mask = NDArray[np.bool_]


def spoken(probabilities: Probabilities, threshold: float) -> list[Region]:
    """Stretches of speech, without anything around them.

    Args:
        probabilities: float32, shape (n_frames,), 0..1, one for each 512 samples.
        threshold: a stretch begins above it, 0..1.

    Returns:
        In order, not overlapping, in samples.
    """
    found: list[Region] = []
    start, last = -1, -1
    # Only frames that are above the lower bound can open or prolong a stretch, so the others need not be looked at.
    for frame in np.flatnonzero(probabilities >= max(threshold - STILL_BELOW, 0.01)).tolist():
        if start >= 0 and frame - last > PAUSE:
            found.append(Region(start * HOP, (last + 1) * HOP))
            start = -1
        if start < 0:
            if probabilities[frame] < threshold:
                continue
            start = frame
        last = frame
    if start >= 0:
        found.append(Region(start * HOP, (last + 1) * HOP))
    return found


def is_spoken(regions: list[Region], frames: int) -> Mask:
    """Which frames lie in these stretches: bool, shape (frames,)."""
    mask = np.zeros(frames, np.bool_)
    for region in regions:
        mask[region.start // HOP : region.end // HOP] = True
    return mask


def is_between(probabilities: Probabilities) -> Mask:
    """Which frames are surely no speech, and far enough from any: bool, shape (n_frames,)."""
    if len(probabilities) == 0:
        return np.zeros(0, np.bool_)
    maybe = np.pad(probabilities >= MAYBE, APART)
    near = np.lib.stride_tricks.sliding_window_view(maybe, 2 * APART + 1).any(axis=1)
    return np.asarray((probabilities < SURELY_NOT) & ~near, np.bool_)


def widened(regions: list[Region], by_s: float, samples: int) -> Iterator[Region]:
    """The same stretches with some sound around them, joined where they meet; words begin softly.

    Args:
        regions: in order, not overlapping.
        by_s: how much on each side, seconds.
        samples: of the recording.
    """
    by = int(by_s * RATE_HZ)
    joined: Region | None = None
    for region in regions:
        wide = Region(max(0, region.start - by), min(samples, region.end + by))
        if joined is not None and wide.start <= joined.end:
            joined = Region(joined.start, wide.end)
        else:
            if joined is not None:
                yield joined
            joined = wide
    if joined is not None:
        yield joined
