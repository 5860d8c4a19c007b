"""Providers' wires beside tests that have no event loop."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from setu_common.testing.faulty import faulty_wire
from setu_common.testing.openai_wire import OpenAiWire


@contextmanager
def serving(wire: OpenAiWire) -> Iterator[OpenAiWire]:
    """A wire that answers for the time of the block, in a thread of its own."""
    up, over = threading.Event(), threading.Event()

    async def serve() -> None:
        async with faulty_wire(wire):
            up.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    up.wait()
    try:
        yield wire
    finally:
        over.set()
        thread.join()
