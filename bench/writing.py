"""A language model's server in a process of its own: none of its time is counted here, and who asks it has a processor to himself."""

import asyncio
import multiprocessing
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from bench.dialogue import say
from setu_common.starting import settle
from setu_common.testing import Asked, OpenAiWire, faulty_wire
from setu_common.testing.dialects import pieces

PAUSE_S = 0.008


class Writing:
    """Writes word by word, as a model does."""

    def __init__(self) -> None:
        self._said = ""

    def wire(self) -> OpenAiWire:
        """The server; run it with ``faulty_wire``."""
        return OpenAiWire(say=self._say, cut=self._cut)

    def _say(self, asked: Asked) -> str:
        self._said = say(asked)
        return self._said

    async def _cut(self, body: bytes) -> AsyncIterator[bytes]:
        """A stream event by event, but for its end, which comes at once; else nothing for as long, then the whole."""
        words = len(pieces(self._said)) + 1  # before them it is said who speaks
        now = asyncio.get_running_loop().time
        began_s = now()
        events = body.split(b"\n\n") if body.startswith(b"data:") else []
        for place in range(words):
            if events:
                yield events[place] + b"\n\n"
            await asyncio.sleep(began_s + (place + 1) * PAUSE_S - now())  # at its own pace, however long a word took
        yield b"\n\n".join(events[words:]) or body


@contextmanager
def apart(*, writes: bool = False) -> Iterator[str]:
    """A server that makes edits as a good model does, at once or, if it ``writes``, word by word; its URL."""
    spawned = multiprocessing.get_context("spawn")
    here, there = spawned.Pipe()
    process = spawned.Process(target=serve, args=(there, writes), daemon=True)
    process.start()
    there.close()
    try:
        yield here.recv()
    finally:
        here.close()
        process.join()


def serve(asker: Connection, writes: bool) -> None:  # noqa: FBT001  handed over by position
    """Serve until who asked for it hangs up."""

    async def serving() -> None:
        async with faulty_wire(Writing().wire() if writes else OpenAiWire(say=say)) as wire:
            settle()
            asker.send(wire.url)
            hung_up = asyncio.Event()
            asyncio.get_running_loop().add_reader(asker.fileno(), hung_up.set)
            await hung_up.wait()

    asyncio.run(serving())
