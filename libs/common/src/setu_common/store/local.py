"""Writing objects into a folder: whole or not at all, and still there after a power cut."""

import errno
import hashlib
import os
import threading
from asyncio import to_thread
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from setu_common.errors import DependencyUnavailable

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
MOST_CHUNKS_A_CALL: Final = 512  # below IOV_MAX, which is 1024
RETRY_AFTER_S: Final = 30.0


@contextmanager
def translated_os_errors() -> Iterator[None]:
    """Turn a failing disk into an error that a caller can be told.

    Raises:
        DependencyUnavailable: if the disk is full, or can't be written.
    """
    try:
        yield
    except OSError as error:
        full = error.errno in FULL
        raise DependencyUnavailable(
            "The store is full. Free some space on it, then try again."
            if full
            else "The store's folder can't be used. Check that it exists and may be written, then try again.",
            retry_after_s=RETRY_AFTER_S,
        ) from error


class FolderSink:
    """A file under a temporary name that is renamed when it is whole.

    Each step runs in a thread under one lock, so a step whose caller went away ends before the next begins.

    Args:
        root: the store's folder.
        incoming: the temporary name, relative to the root.
        final: makes the final path, relative to the root, of the SHA-256.
        durable: whether to wait for the disk before the object counts as written.
    """

    def __init__(self, root: Path, incoming: str, final: Callable[[str], str], *, durable: bool) -> None:
        self._root = root
        self._incoming = root / incoming
        self._final = final
        self._durable = durable
        self._lock = threading.Lock()
        self._digest = hashlib.sha256()
        self._file: int | None = None
        self._discarded = False

    async def append(self, chunks: list[bytes]) -> None:
        """Write the chunks at the end, hashing them on the way."""
        await to_thread(self._append, chunks)

    async def publish(self) -> str:
        """Make what was written readable under its hash; return its path."""
        return await to_thread(self._publish)

    async def discard(self) -> None:
        """Remove what was written, if anything was."""
        await to_thread(self._discard)

    def _append(self, chunks: list[bytes]) -> None:
        with self._lock, translated_os_errors():
            if self._discarded:
                return
            file = self._opened()
            for start in range(0, len(chunks), MOST_CHUNKS_A_CALL):
                write_all(file, chunks[start : start + MOST_CHUNKS_A_CALL])
            for chunk in chunks:
                self._digest.update(chunk)

    def _publish(self) -> str:
        with self._lock, translated_os_errors():
            file = self._opened()
            if self._durable:
                os.fsync(file)
            os.close(file)
            self._file = None
            path = self._final(self._digest.hexdigest())
            target = self._root / path
            self._rename(target)
            if self._durable:
                sync_folder(target.parent)
            return path

    def _discard(self) -> None:
        with self._lock, translated_os_errors():
            self._discarded = True
            if self._file is not None:
                os.close(self._file)
                self._file = None
            self._incoming.unlink(missing_ok=True)

    def _opened(self) -> int:
        if self._file is None:
            make_folders(self._incoming.parent, durable=self._durable)
            self._file = os.open(self._incoming, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        return self._file

    def _rename(self, target: Path) -> None:
        # A sweep may remove the folder that it has just emptied, between the two steps; it will not do so twice in a row.
        for _ in range(3):
            make_folders(target.parent, durable=self._durable)
            try:
                self._incoming.rename(target)
            except FileNotFoundError:
                if not self._incoming.exists():
                    raise
            else:
                return
        raise FileNotFoundError(errno.ENOENT, "the folder vanished again and again", str(target.parent))


def write_all(file: int, chunks: list[bytes]) -> None:
    """Write the chunks in full, however little the kernel takes at a time."""
    remaining: list[bytes | memoryview] = [chunk for chunk in chunks if chunk]
    while remaining:
        written = os.writev(file, remaining)
        while remaining and written >= len(remaining[0]):
            written -= len(remaining.pop(0))
        if written:
            remaining[0] = memoryview(remaining[0])[written:]


def make_folders(folder: Path, *, durable: bool) -> None:
    """Create a folder and those above it that are missing; durable ones survive a power cut."""
    if folder.is_dir():
        return
    make_folders(folder.parent, durable=durable)
    folder.mkdir(exist_ok=True, mode=0o750)
    if durable:
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
