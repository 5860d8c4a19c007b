"""What a place for objects must be able to do. Paths are relative to its root, with slashes."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class StoredFile:
    """A file as a listing shows it."""

    path: str
    modified_at: datetime


class Sink(Protocol):
    """A file that grows under a temporary name. One call at a time, but ``discard`` may come while another was abandoned."""

    async def append(self, piece: memoryview) -> None:
        """Write a piece at the end, hashing it. The piece's memory is used again after the return."""

    async def publish(self, last: memoryview) -> str:
        """Write the last piece, which may be empty, and make all of it readable under its final name; return that path."""

    async def discard(self) -> None:
        """Remove what was written, if anything was. Never raises: what stays is swept later."""


class Backend(Protocol):
    """A place for objects.

    All methods raise ObjectMissing for what is not there, and DependencyUnavailable if the place can't be used.
    """

    def sink(self, incoming: str, final: Callable[[str], str], media_type: str) -> Sink:
        """Begin a file.

        Args:
            incoming: its temporary path.
            final: makes the final path of the SHA-256.
            media_type: what the content is.
        """

    async def read(self, path: str) -> bytes:
        """All of a file."""

    def stream(self, path: str, chunk_bytes: int, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        """A file, or its bytes from ``start`` to before ``stop``, in chunks of at least ``chunk_bytes``, but the last."""

    def file(self, path: str) -> AbstractAsyncContextManager[Path]:
        """A file of this machine with the same content, for as long as the block lasts."""

    async def delete(self, paths: Sequence[str]) -> None:
        """Remove files; those that are not there are no error."""

    async def folders(self, path: str) -> list[str]:
        """The names of the folders in a folder, which need not exist."""

    def files(self, path: str) -> AsyncIterator[list[StoredFile]]:
        """The files in a folder, which need not exist, in batches."""

    async def prune(self, path: str) -> None:
        """Remove a folder if it is empty."""

    async def check(self, path: str) -> None:
        """Return if files can be written below ``path``."""
