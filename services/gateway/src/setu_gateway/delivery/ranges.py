"""Which part of a file a request asks for, by its headers ``Range`` and ``If-Range``.

Source: RFC 9110, sections 13.1.5 and 14. Of several ranges at once none is honoured: the whole file is the answer then, as it is to what
can't be read, and to what asks for a part of a file that has changed meanwhile.
"""

import re
from dataclasses import dataclass
from typing import Final

from setu_gateway.delivery.refusals import RangeUnsatisfiable

_ONE_RANGE: Final = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """Some bytes of a file.

    Args:
        start: the first.
        stop: the one behind the last.
        size_bytes: how large the whole file is.
    """

    start: int
    stop: int
    size_bytes: int

    @property
    def content_range(self) -> str:
        """As the answer's header says it."""
        return f"bytes {self.start}-{self.stop - 1}/{self.size_bytes}"


def part_of(asked: str | None, if_range: str | None, etag: str, size_bytes: int) -> Part | None:
    """The part that is asked for; None: all of it.

    Args:
        asked: the header ``Range``.
        if_range: the header ``If-Range``; what is not this file's own ETag, a date among it, is that of another file.
        etag: the file's, strong, with its quotes.
        size_bytes: how large it is.

    Raises:
        RangeUnsatisfiable: it has no such part.
    """
    found = _ONE_RANGE.fullmatch(asked or "")
    if found is None or (if_range is not None and if_range.strip() != etag):
        return None
    first, last = found.groups()
    if not first and not last:
        return None
    if not first:
        start, stop = max(0, size_bytes - int(last)), size_bytes
    else:
        start, stop = int(first), min(size_bytes, int(last) + 1) if last else size_bytes
        if last and int(last) < start:
            return None
    if start >= size_bytes or stop <= start:
        raise RangeUnsatisfiable(f"The file has {size_bytes} bytes; ask for some of those.", size_bytes=size_bytes)
    return Part(start, stop, size_bytes)
