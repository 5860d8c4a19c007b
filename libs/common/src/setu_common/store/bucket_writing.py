"""Writing objects into an S3 bucket."""

import hashlib
from asyncio import to_thread
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import obstore
import structlog
from obstore.store import S3Store

from setu_common.errors import SetuError
from setu_common.store.bucket_failures import translated_bucket_errors

if TYPE_CHECKING:  # obstore has them for type checkers only
    from obstore import AsyncWritableFile, Attributes

log = structlog.get_logger(__name__)

PART_BYTES: Final = 5 << 20  # the least that S3 takes for a part
PARTS_AT_ONCE: Final = 1
# Source: Amazon S3, CopyObject: objects up to 5 GB; larger ones are sent again instead.
COPY_LIMIT_BYTES: Final = 5 * 1000**3


class BucketSink:
    """An object under a temporary name, sent in parts, that is copied to its own name when it is whole; a small one has that at once.

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
        self._attributes: Attributes = {"Content-Type": media_type}
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
        if self._file is None:
            return await self._put(bytes(last))
        await self.append(last)
        path = self._final(self._digest.hexdigest())
        with translated_bucket_errors():
            file, self._file = self._opened(), None
            await file.close()
            self._stored = True
            if self._bytes <= COPY_LIMIT_BYTES:
                await obstore.copy_async(self._objects, self._incoming, path)
            else:
                await self._send_again(path)
        await self.discard()
        return path

    async def discard(self) -> None:
        """Remove what was written.

        obstore has no word for giving an upload up. So one that was begun is finished, in its temporary place, and that object removed;
        where a part is missing finishing fails, and then it gives the upload up itself.
        """
        file, self._file = self._file, None
        try:
            with translated_bucket_errors():
                if file is not None and self._bytes >= PART_BYTES:  # of less nothing was sent yet
                    await file.close()
                    self._stored = True
                if self._stored:
                    await obstore.delete_async(self._objects, self._incoming)
                    self._stored = False
        except SetuError as error:
            log.warning("store.leftover", reason=error.detail)

    async def _put(self, content: bytes) -> str:
        """Send all there is as one request, which S3 takes whole or not at all."""
        await to_thread(self._digest.update, content)
        path = self._final(self._digest.hexdigest())
        with translated_bucket_errors():
            await obstore.put_async(self._objects, path, content, attributes=self._attributes, use_multipart=False)
        return path

    def _opened(self) -> "AsyncWritableFile":
        if self._file is None:
            self._file = self._open(self._incoming)
        return self._file

    def _open(self, path: str) -> "AsyncWritableFile":
        return obstore.open_writer_async(
            self._objects,
            path,
            attributes=self._attributes,
            buffer_size=PART_BYTES,
            max_concurrency=PARTS_AT_ONCE,
        )

    async def _send_again(self, path: str) -> None:
        target = self._open(path)
        result = await obstore.get_async(self._objects, self._incoming)
        async for chunk in result.stream(min_chunk_size=PART_BYTES):
            await target.write(bytes(chunk))
        await target.close()
