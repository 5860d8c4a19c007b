"""Writing objects into an S3 bucket."""

import hashlib
import os
from asyncio import to_thread
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import S3Store

from setu_common.errors import DependencyUnavailable, SetuError
from setu_common.store.names import missing

if TYPE_CHECKING:  # obstore has it for type checkers only
    from obstore import AsyncWritableFile

log = structlog.get_logger(__name__)

PART_BYTES: Final = 5 << 20  # the least that S3 takes for a part
PARTS_AT_ONCE: Final = 1
# Source: Amazon S3, CopyObject: objects up to 5 GB; larger ones are sent again instead.
COPY_LIMIT_BYTES: Final = 5 * 1000**3
RETRY_AFTER_S: Final = 5.0


@contextmanager
def translated_bucket_errors(reading: str | None = None) -> Iterator[None]:
    """Turn obstore's errors into ours.

    Args:
        reading: the object that is read, if one is.

    Raises:
        ObjectMissing: if there is no such object.
        DependencyUnavailable: if the bucket doesn't answer or refuses.
        RuntimeError: if this process can't use obstore.
    """
    RUNTIME.enter()
    try:
        yield
    except (BaseError, OSError) as error:
        if reading is not None and isinstance(error, FileNotFoundError):
            raise missing(reading) from error
        raise DependencyUnavailable(
            "The object store does not answer or refuses. Check its address and credentials, or try again in a moment.",
            retry_after_s=RETRY_AFTER_S,
        ) from error


class Runtime:
    """Which process obstore works in.

    Its threads start at the first use and do not come along when the process forks: a child of a process that
    had used it would wait for ever. So such a child is told.
    """

    def __init__(self) -> None:
        self._process_id: int | None = None

    def enter(self) -> None:
        """Note that obstore is about to be used.

        Raises:
            RuntimeError: if this process was forked from one that had used it.
        """
        process_id = os.getpid()
        if self._process_id is None:
            self._process_id = process_id
        elif self._process_id != process_id:
            raise RuntimeError("This process was forked after its parent had used an S3 store. Fork first, or spawn.")


RUNTIME: Final = Runtime()  # one for the process, as obstore's own is


class BucketSink:
    """An object under a temporary name, sent in parts, that is copied to its own name when it is whole.

    Args:
        objects: the bucket.
        incoming: the temporary name.
        final: makes the final path of the SHA-256.
        media_type: what the bucket is told the object is.
    """

    def __init__(self, objects: S3Store, incoming: str, final: Callable[[str], str], media_type: str) -> None:
        self._objects = objects
        self._incoming = incoming
        self._final = final
        self._media_type = media_type
        self._digest = hashlib.sha256()
        self._bytes = 0
        self._file: AsyncWritableFile | None = None
        self._stored = False

    async def append(self, piece: memoryview) -> None:
        """Send a piece, hashing it."""
        content = bytes(piece)  # obstore sends it later, when the piece's memory holds something else
        await to_thread(self._digest.update, content)
        self._bytes += len(content)
        with translated_bucket_errors():
            await self._opened().write(content)

    async def publish(self, last: memoryview) -> str:
        """Write the last piece and make all of it readable under its final name; return that path."""
        await self.append(last)
        path = self._final(self._digest.hexdigest())
        with translated_bucket_errors():
            await self._opened().close()
            self._file = None
            self._stored = True
            if self._bytes <= COPY_LIMIT_BYTES:
                await obstore.copy_async(self._objects, self._incoming, path)
            else:
                await self._send_again(path)
        await self.discard()
        return path

    async def discard(self) -> None:
        """Remove what was written; parts that were sent are left to the bucket's rule for unfinished uploads."""
        self._file = None
        if not self._stored:
            return
        try:
            with translated_bucket_errors():
                await obstore.delete_async(self._objects, self._incoming)
            self._stored = False
        except SetuError as error:
            log.warning("store.leftover", reason=error.detail)

    def _opened(self) -> "AsyncWritableFile":
        if self._file is None:
            self._file = self._open(self._incoming)
        return self._file

    def _open(self, path: str) -> "AsyncWritableFile":
        return obstore.open_writer_async(
            self._objects,
            path,
            attributes={"Content-Type": self._media_type},
            buffer_size=PART_BYTES,
            max_concurrency=PARTS_AT_ONCE,
        )

    async def _send_again(self, path: str) -> None:
        target = self._open(path)
        result = await obstore.get_async(self._objects, self._incoming)
        async for chunk in result.stream(min_chunk_size=PART_BYTES):
            await target.write(bytes(chunk))
        await target.close()
