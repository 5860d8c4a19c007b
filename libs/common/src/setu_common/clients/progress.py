"""A file that tells how far it has been read."""

from collections.abc import Callable
from typing import IO, cast


class ReadProgress:
    """A binary file for reading, with a callback of the position after each read.

    Args:
        content: the file.
        on_read: told the position, bytes.
    """

    def __init__(self, content: IO[bytes], on_read: Callable[[int], None]) -> None:
        self._content = content
        self._on_read = on_read

    def read(self, size: int = -1) -> bytes:
        """As a file's."""
        chunk = self._content.read(size)
        self._on_read(self._content.tell())
        return chunk

    def seek(self, offset: int, whence: int = 0) -> int:
        """As a file's."""
        return self._content.seek(offset, whence)

    def tell(self) -> int:
        """As a file's."""
        return self._content.tell()

    def fileno(self) -> int:
        """As a file's."""
        return self._content.fileno()


def with_progress(content: IO[bytes], on_read: Callable[[int], None]) -> IO[bytes]:
    """``content``, telling ``on_read`` how far it has been read."""
    return cast("IO[bytes]", ReadProgress(content, on_read))  # the part of a file's methods that sending one needs
