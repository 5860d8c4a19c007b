"""Clips: what the recogniser is given at a time."""

from collections.abc import Iterable, Iterator
from typing import Final

from setu_asr.domain.audio import RATE_HZ, Region

# Source: Whisper's encoder sees 30 s at a time (Radford et al. 2022, section 2.2).
CLIP_S: Final = 30.0
CLIP: Final = int(CLIP_S * RATE_HZ)


def pack(speech: Iterable[Region], longest: int = CLIP) -> Iterator[Region]:
    """Join neighbouring stretches of speech to clips as long as they may be, with the pauses between them.

    Whole sentences in their context are recognised better than scraps, and fewer clips are faster.

    Args:
        speech: in order, not overlapping.
        longest: samples that a clip may have.

    Yields:
        Clips in order, not overlapping, that cover all the speech.
    """
    open_clip: Region | None = None
    for stretch in speech:
        for piece in _pieces(stretch, longest):
            if open_clip is not None and piece.end - open_clip.start <= longest:
                open_clip = Region(open_clip.start, piece.end)
            else:
                if open_clip is not None:
                    yield open_clip
                open_clip = piece
    if open_clip is not None:
        yield open_clip


def _pieces(stretch: Region, longest: int) -> Iterator[Region]:
    count = max(1, -(-stretch.length // longest))
    for number in range(count):
        yield Region(stretch.start + stretch.length * number // count, stretch.start + stretch.length * (number + 1) // count)
