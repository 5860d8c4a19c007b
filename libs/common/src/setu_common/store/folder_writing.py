"""Writing objects into a folder: whole or not at all, fast, and still there after a power cut."""

import errno
import fcntl
import hashlib
import os
import threading
from asyncio import gather, to_thread
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog

from setu_common.errors import DependencyUnavailable
from setu_common.store.writing import PIECE_BYTES

log = structlog.get_logger(__name__)

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
RETRY_AFTER_S: Final = 30.0


@contextmanager
def translated_os_errors() -> Iterator[None]:
    """Turn a failing disk into an error that a caller can be told.

    Raises:
        DependencyUnavailable: if the disk is full, or can't be used.
    """
    try:
        yield
    except OSError as error:
        raise DependencyUnavailable(
            "The store is full. Free some space on it, then try again."
            if error.errno in FULL
            else "The store's folder can't be used. Check that it exists and may be written, then try again.",
            retry_after_s=RETRY_AFTER_S,
        ) from error


class FolderSink:
    """A file that is there under its final name when it is whole, or not at all.

    What comes in one piece has its final name from the start: nobody looks for that name before ``publish`` returns it, and what a
    power cut leaves of it is swept like any object that nothing refers to. It is one write that returns when the disk has it
    (O_SYNC), and one wait for its name. Measured against writing it under another name, syncing it and renaming it, that is half
    the trips to the disk.

    What comes in several is written under a temporary name, past the page cache: the disk takes a piece while it is hashed and the
    caller receives the next one, and at the end there is little left to wait for. Written through the cache, all of it must be
    waited for then; and measured, that took more of the processor's time and halved the speed of an upload.

    The steps that touch the file run in threads under one lock, so one whose caller went away ends before the next begins.

    Args:
        root: the store's folder.
        incoming: the temporary name, relative to the root.
        final: makes the final path, relative to the root, of the SHA-256.
        durable: whether to wait for the disk before the object counts as written.
    """

    def __init__(self, root: Path, incoming: str, final: Callable[[str], str], *, durable: bool) -> None:
        self._root = root
        self._incoming = incoming
        self._final = final
        self._durable = durable
        self._lock = threading.Lock()
        self._digest = hashlib.sha256()
        self._file: int | None = None
        self._lies_at: Path | None = None
        self._past_cache = False
        self._discarded = False

    async def append(self, piece: memoryview) -> None:
        """Write a piece at the end, while it is hashed in another thread."""
        await gather(to_thread(self._write_piece, piece), to_thread(self._digest.update, piece))

    async def publish(self, last: memoryview) -> str:
        """Write the last piece and make all of it readable under its final name, in one trip to a thread; return that path."""
        return await to_thread(self._publish, last)

    async def discard(self) -> None:
        """Remove what was written, if anything was."""
        await to_thread(self._discard)

    def _write_piece(self, piece: memoryview) -> None:
        with self._lock, translated_os_errors():
            if self._discarded:
                return
            if self._file is None:
                self._file = self._created(self._incoming)
                self._past_cache = set_past_cache(self._file, on=True)
            self._write(self._file, piece)

    def _publish(self, last: memoryview) -> str:
        self._digest.update(last)
        path = self._final(self._digest.hexdigest())
        with self._lock, translated_os_errors():
            if self._discarded:
                return path
            if self._file is None:
                self._file = self._created(path, os.O_SYNC if self._durable else 0)
                self._write(self._file, last)
                self._close()
            else:
                self._write(self._file, last)
                if self._durable:
                    os.fsync(self._file)
                self._close()
                self._rename(path)
            if self._durable:
                sync_folder((self._root / path).parent)
        return path

    def _discard(self) -> None:
        with self._lock:
            self._discarded = True
            try:
                self._close()
                if self._lies_at is not None:
                    self._lies_at.unlink(missing_ok=True)
            except OSError as error:
                log.warning("store.leftover", reason=str(error))

    def _created(self, path: str, flags: int = 0) -> int:
        whole = self._root / path
        flags |= os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            file = os.open(whole, flags, 0o640)
        except FileNotFoundError:
            make_folders(whole.parent, durable=self._durable)
            file = os.open(whole, flags, 0o640)
        self._lies_at = whole
        return file

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    def _write(self, file: int, piece: memoryview) -> None:
        while piece:
            if (
                self._past_cache and len(piece) != PIECE_BYTES
            ):  # the last piece, or the rest of a short write: not in whole blocks
                self._past_cache = set_past_cache(file, on=False)
            try:
                written = os.write(file, piece)
            except OSError as error:
                if error.errno != errno.EINVAL or not self._past_cache:
                    raise
                self._past_cache = set_past_cache(file, on=False)  # a file system that promised what it can't do
                continue
            piece = piece[written:]

    def _rename(self, path: str) -> None:
        target = self._root / path
        make_folders(target.parent, durable=self._durable)
        (self._root / self._incoming).rename(target)
        self._lies_at = target


def set_past_cache(file: int, *, on: bool) -> bool:
    """Have a file written past the page cache or through it; return which it is now, since not every file system can."""
    flags = fcntl.fcntl(file, fcntl.F_GETFL)
    try:
        fcntl.fcntl(file, fcntl.F_SETFL, flags | os.O_DIRECT if on else flags & ~os.O_DIRECT)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return False
    return on


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
