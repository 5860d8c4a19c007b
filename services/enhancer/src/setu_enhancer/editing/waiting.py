"""What is done while a model is waited for: what is known before its answer comes need not be worked out after it has come."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Final

import structlog

HEAD_START_S: Final = 0.02
"""How long nothing is begun, seconds: by then a request is on its way, and hardly a model has answered."""

Piece = Callable[[], object]
Add = Callable[[Piece], None]
"""Takes one more piece."""

log = structlog.get_logger()


class Meanwhile:
    """Does work piece by piece while others are waited for.

    Nobody who comes back from waiting waits for more than one piece: of all that is to be done meanwhile one piece is done at a time, and
    between two of them it is everybody else's turn.

    Args:
        head_start_s: how long those who are to be waited for are left alone first, seconds.
    """

    def __init__(self, head_start_s: float = HEAD_START_S) -> None:
        self._head_start_s = head_start_s
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def doing(self, pieces: Iterable[Piece]) -> AsyncIterator[Add]:
        """Do pieces of work while the body waits, and those that are added meanwhile.

        What it has not waited for is left undone, and so is a piece that fails: whoever needs it later will be told so then.
        """
        waiting, more = deque[Piece](), asyncio.Event()
        work: asyncio.Task[None] | None = None

        def add(piece: Piece) -> None:
            nonlocal work
            waiting.append(piece)
            more.set()
            work = work or asyncio.create_task(self._do(waiting, more))

        for piece in pieces:
            add(piece)
        try:
            yield add
        finally:
            if work is not None:
                work.cancel()
                await asyncio.wait((work,))

    async def _do(self, waiting: deque[Piece], more: asyncio.Event) -> None:
        await asyncio.sleep(self._head_start_s)
        while await more.wait():
            async with self._turn:
                _try(waiting.popleft())
                await asyncio.sleep(0)
            if not waiting:
                more.clear()


def _try(piece: Piece) -> None:
    try:
        piece()
    except Exception as error:  # noqa: BLE001  nobody asked for it yet
        log.warning("edit.meanwhile_failed", error=type(error).__name__)
