"""Decoded audio: 16 kHz, mono."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE_HZ: Final = 16_000
FRAME: Final = RATE_HZ // 10  # 100 ms: shorter than the pauses between words, longer than a period of any voice

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Region:
    """A stretch of a recording, from ``start`` up to and without ``end``, in samples."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """Samples in it."""
        return self.end - self.start

    @property
    def start_s(self) -> float:
        """Where it starts, seconds."""
        return self.start / RATE_HZ

    @property
    def duration_s(self) -> float:
        """How long it is, seconds."""
        return self.length / RATE_HZ


@dataclass(frozen=True)
class Recording:
    """A whole recording, or a stretch of one.

    Args:
        pcm: int16, shape (n_samples,), mono, 16 kHz; it may lie on disk (a memory map).
        since: with which of the recording's samples it begins: regions are the whole recording's.
    """

    pcm: NDArray[np.int16]
    since: int = 0

    @property
    def duration_s(self) -> float:
        """How long it is, seconds."""
        return len(self.pcm) / RATE_HZ

    def samples(self, region: Region) -> Samples:
        """A stretch of it in memory: float32, shape (n_samples,), mono, -1..1, 16 kHz."""
        return self.pcm[region.start - self.since : region.end - self.since].astype(np.float32) / np.float32(32768)

    def stretches(self, longest_s: float, search_s: float) -> Iterator[Region]:
        """Cut it into stretches of at most ``longest_s``, each at the quietest moment of its last ``search_s`` seconds."""
        start, longest = 0, int(longest_s * RATE_HZ)
        while start < len(self.pcm):
            end = start + longest
            if end >= len(self.pcm):
                end = len(self.pcm)
            else:
                search = int(search_s * RATE_HZ)
                end = end - search + quietest(self.samples(Region(end - search, end)))
            yield Region(start, end)
            start = end


def quietest(samples: Samples) -> int:
    """Find the quietest 100 ms.

    Args:
        samples: float32, shape (n_samples,), mono.

    Returns:
        The index of their middle; the first of equals; half the length if there are not 100 ms.
    """
    count = len(samples) // FRAME
    if count == 0:
        return len(samples) // 2
    energy = np.square(samples[: count * FRAME].reshape(count, FRAME)).sum(axis=1)
    return int(energy.argmin()) * FRAME + FRAME // 2
