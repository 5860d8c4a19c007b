"""Writing an object of unknown length: hashed on the way, kept aside until it is whole."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from setu_common.contracts import Reference

# Handing work to a thread costs some 50 µs: at this size that is little beside hashing, and two such pieces are still little memory.
PIECE_BYTES: Final = 1 << 20


class Sink(Protocol):
    """Where a writer's bytes go. One call at a time, but ``discard`` may come while another call was abandoned."""

    async def append(self, chunks: list[bytes]) -> None:
        """Write the chunks at the end, hashing them on the way."""

    async def publish(self) -> str:
        """Make what was written readable under its hash; return its path."""

    async def discard(self) -> None:
        """Remove what was written, if anything was."""


class Writer:
    """An object being written. Made by ``Store.writer``.

    One megabyte is collected while another is hashed and written, so the memory held is bounded and the caller can
    already receive what comes next.

    Attributes:
        bytes: how many were written so far.
        finished: whether ``finish`` succeeded.
    """

    def __init__(self, sink: Sink, refer: Callable[[str, int], Reference]) -> None:
        self.bytes = 0
        self.finished = False
        self._sink = sink
        self._refer = refer
        self._chunks: list[bytes] = []
        self._collected_bytes = 0
        self._under_way: asyncio.Task[None] | None = None

    async def write(self, chunk: bytes | memoryview) -> None:
        """Append a chunk. A memoryview's bytes are copied, since its owner may reuse them; bytes are not.

        Raises:
            DependencyUnavailable: if the store can't take it.
        """
        self._chunks.append(bytes(chunk))
        size_bytes = len(self._chunks[-1])
        self.bytes += size_bytes
        self._collected_bytes += size_bytes
        if self._collected_bytes >= PIECE_BYTES:
            await self._hand_over()

    async def finish(self) -> Reference:
        """Make the object readable and return the reference to it.

        Raises:
            DependencyUnavailable: if the store can't take it.
        """
        await self._hand_over()
        await self._settle()
        path = await self._sink.publish()
        self.finished = True
        return self._refer(path, self.bytes)

    async def discard(self) -> None:
        """Stop, and remove what was written."""
        self._chunks.clear()
        task, self._under_way = self._under_way, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
        await self._sink.discard()

    async def _hand_over(self) -> None:
        await self._settle()
        chunks, self._chunks, self._collected_bytes = self._chunks, [], 0
        self._under_way = asyncio.create_task(self._sink.append(chunks))

    async def _settle(self) -> None:
        task, self._under_way = self._under_way, None
        if task is not None:
            await task
