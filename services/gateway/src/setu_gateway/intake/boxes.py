"""Where an MP4 has its index, as its boxes say. Source: ISO/IEC 14496-12, 4.2; QuickTime files are of the same boxes."""

import struct
import sys
from dataclasses import dataclass
from typing import IO, Final

_FIRST: Final = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"})
_HEADER: Final = struct.Struct(">I4s")
_LARGE: Final = struct.Struct(">Q")
_TO_THE_END: Final = 0
_LARGE_FOLLOWS: Final = 1
_MOST_BOXES: Final = 256


@dataclass(frozen=True)
class Index:
    """Where the index is, in bytes of the file.

    Args:
        start: where it begins; if that is where what was read ends, or beyond, it is there or later.
        stop: where it ends.
    """

    start: int
    stop: int

    def cut_at(self, seen_bytes: int) -> bool:
        """Whether so much of the file's beginning has some of the index and not all."""
        return self.start < seen_bytes < self.stop


def index_of(file: IO[bytes], seen_bytes: int, whole_bytes: int | None) -> Index | None:
    """Where the index of an MP4 is; None if it is no MP4, or not as it should be.

    Args:
        file: has the beginning; its position is not kept.
        seen_bytes: how much of it.
        whole_bytes: how large the recording is; None if that is not known.
    """
    end = sys.maxsize if whole_bytes is None else whole_bytes
    start = 0
    for _ in range(_MOST_BOXES):
        if start + _HEADER.size + _LARGE.size > seen_bytes:  # what comes here can't be told
            return Index(start, end) if 0 < start < end else None
        file.seek(start)
        size, name = _HEADER.unpack(file.read(_HEADER.size))
        if start == 0 and name not in _FIRST:
            return None
        if size == _LARGE_FOLLOWS:
            (size,) = _LARGE.unpack(file.read(_LARGE.size))
        stop = end if size == _TO_THE_END else start + size
        if name == b"moov":
            return Index(start, stop)
        if stop - start < _HEADER.size:
            return None
        start = stop
    return None
