"""Writing objects into an S3 bucket, and what a bucket's errors mean."""

import hashlib
from asyncio import to_thread
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import obstore
from obstore.exceptions import BaseError, NotFoundError

from setu_common.errors import DependencyUnavailable
from setu_common.store.names import missing

if TYPE_CHECKING:  # obstore has these for type checkers only
    from obstore import AsyncWritableFile
    from obstore.store import ObjectStore

PART_BYTES: Final = 5 << 20  # the least that S3 takes for a part
PARTS_AT_ONCE: Final = 2
# Source: Amazon S3, CopyObject: objects up to 5 GB; larger ones are sent again instead.
COPY_LIMIT_BYTES: Final = 5 * 1000**3
RETRY_AFTER_S: Final = 5.0


@contextmanager
def translated_store_errors(path: str = "") -> Iterator[None]:
    """Turn obstore's errors into ours.

    Raises:
        ObjectMissing: if there is no such object.
        DependencyUnavailable: if the store doesn't answer or refuses.
    """
    try:
        yield
    except (NotFoundError, FileNotFoundError) as error:
        raise missing(path) from error
    except (BaseError, OSError) as error:
        raise DependencyUnavailable(
            "The object store does not answer. Try again in a moment.", retry_after_s=RETRY_AFTER_S
        ) from error


class BucketSink:
    """An object under a temporary name, sent in parts, that is copied to its own name when it is whole.

    Args:
        bucket: the store.
        incoming: the temporary name.
        final: makes the final path of the SHA-256.
        media_type: what the bucket is told the object is.
    """

    def __init__(self, bucket: "ObjectStore", incoming: str, final: Callable[[str], str], media_type: str) -> None:
        self._bucket = bucket
        self._incoming = incoming
        self._final = final
        self._media_type = media_type
        self._digest = hashlib.sha256()
        self._bytes = 0
        self._file: AsyncWritableFile | None = None
        self._stored = False

    async def append(self, chunks: list[bytes]) -> None:
        """Send the chunks, hashing them on the way."""
        await to_thread(self._hash, chunks)
        with translated_store_errors(self._incoming):
            file = self._opened(self._incoming)
            for chunk in chunks:
                await file.write(chunk)

    async def publish(self) -> str:
        """Make what was written readable under its hash; return its path."""
        path = self._final(self._digest.hexdigest())
        with translated_store_errors(self._incoming):
            await self._opened(self._incoming).close()
            self._stored = True
            if self._bytes < COPY_LIMIT_BYTES:
                await obstore.copy_async(self._bucket, self._incoming, path)
            else:
                await self._send_again(path)
            await obstore.delete_async(self._bucket, self._incoming)
        return path

    async def discard(self) -> None:
        """Remove what was written; parts that were sent are left to the bucket's rule for unfinished uploads."""
        self._file = None
        if self._stored:
            with translated_store_errors(self._incoming):
                await obstore.delete_async(self._bucket, self._incoming)

    def _hash(self, chunks: list[bytes]) -> None:
        for chunk in chunks:
            self._digest.update(chunk)
            self._bytes += len(chunk)

    def _opened(self, path: str) -> "AsyncWritableFile":
        if self._file is None:
            self._file = self._writer(path)
        return self._file

    def _writer(self, path: str) -> "AsyncWritableFile":
        return obstore.open_writer_async(
            self._bucket,
            path,
            attributes={"Content-Type": self._media_type},
            buffer_size=PART_BYTES,
            max_concurrency=PARTS_AT_ONCE,
        )

    async def _send_again(self, path: str) -> None:
        target = self._writer(path)
        result = await obstore.get_async(self._bucket, self._incoming)
        async for chunk in result.stream(min_chunk_size=PART_BYTES):
            await target.write(chunk)
        await target.close()
