"""Pieces of a recording: some of its clips, whole batches of them, that are heard without regard to the others.

A recording is cut where clips are cut anyway, so nothing is heard twice and there is no seam; and it is always heard piece by piece, so
it makes no difference who hears them.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from setu_asr.domain.audio import Region
from setu_asr.domain.clips import CLIP_S


@dataclass(frozen=True)
class Piece:
    """Consecutive clips; whether there are none behind them."""

    clips: tuple[Region, ...]
    last: bool


def clips_a_piece(piece_s: float, batch_size: int) -> int:
    """How many clips as long as they may be have so much sound, rounded up to whole batches."""
    return batch_size * max(1, math.ceil(piece_s / (CLIP_S * batch_size)))


def cut(clips: Iterable[Region], count: int) -> Iterator[Piece]:
    """Clips in pieces of ``count``, the last of what is left. Each comes as soon as it is known whether it is the last."""
    piece: list[Region] = []
    for clip in clips:
        if len(piece) == count:
            yield Piece(tuple(piece), last=False)
            piece = []
        piece.append(clip)
    if piece:
        yield Piece(tuple(piece), last=True)


def around(clips: Sequence[Region], speech: Iterable[Region]) -> tuple[Region, ...]:
    """The stretches of speech that clips were cut around, whole."""
    return tuple(stretch for stretch in speech if stretch.end > clips[0].start and stretch.start < clips[-1].end)
