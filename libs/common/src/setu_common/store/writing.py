"""Writing an object of unknown length: hashed on the way, kept aside until it is whole."""

import asyncio
import mmap
from collections.abc import Callable
from typing import Final

from setu_common.contracts import Reference
from setu_common.store.backend import Sink

# Handing a piece to a thread costs some 50 µs, and a wait for the interpreter that is longer the busier the event loop: pieces of 1 MB took a
# quarter longer to upload.
PIECE_BYTES: Final = 4 << 20
# What an object begins in, since most are small: taken from memory that the process has, where a piece costs 50 µs to map and touch.
_FIRST_BYTES: Final = 1 << 16


class Writer:
    """An object being written. Made by ``Store.writer``.

    One piece of four megabytes is filled while another is hashed and written. So the memory held is these two, and the caller
    can already receive what comes next.

    Attributes:
        bytes: how many were written so far.
        finished: whether ``finish`` succeeded.
    """

    def __init__(self, sink: Sink, refer: Callable[[str, int], Reference]) -> None:
        self.bytes = 0
        self.finished = False
        self._sink = sink
        self._refer = refer
        self._filling = memoryview(bytearray(_FIRST_BYTES))
        self._filled_bytes = 0
        self._spare: memoryview | None = None
        self._under_way: asyncio.Task[None] | None = None

    async def write(self, chunk: bytes | memoryview) -> None:
        """Append a chunk of any size. It is copied: its memory may be used again at once.

        Raises:
            DependencyUnavailable: if the store can't take it.
        """
        rest = memoryview(chunk).cast("B")
        while rest:
            taken = rest[: PIECE_BYTES - self._filled_bytes]
            end = self._filled_bytes + len(taken)
            if end > len(self._filling):
                first, self._filling = self._filling, _piece()
                self._filling[: self._filled_bytes] = first[: self._filled_bytes]
            self._filling[self._filled_bytes : end] = taken
            self._filled_bytes = end
            self.bytes += len(taken)
            rest = rest[len(taken) :]
            if end == PIECE_BYTES:
                await self._hand_over()

    async def finish(self) -> Reference:
        """Make the object readable and return the reference to it.

        Raises:
            DependencyUnavailable: if the store can't take it.
        """
        await self._settle()
        path = await self._sink.publish(self._filling[: self._filled_bytes])
        self.finished = True
        return self._refer(path, self.bytes)

    async def discard(self) -> None:
        """Stop, and remove what was written."""
        task, self._under_way = self._under_way, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
        await self._sink.discard()

    async def _hand_over(self) -> None:
        await self._settle()
        piece = self._filling[: self._filled_bytes]
        self._filling, self._spare = self._spare or _piece(), self._filling
        self._filled_bytes = 0
        self._under_way = asyncio.create_task(self._sink.append(piece))

    async def _settle(self) -> None:
        task, self._under_way = self._under_way, None
        if task is not None:
            await task


def _piece() -> memoryview:
    # Mapped memory lies at a page's start, as writing past the page cache demands, and is nobody's before it is touched.
    return memoryview(mmap.mmap(-1, PIECE_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
