"""What is done while a model is waited for: what is known before its answer comes need not be worked out after it has come."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Final

HEAD_START_S: Final = 0.02
"""How long nothing is begun, seconds: by then a request is on its way, and hardly a model has answered."""

Piece = Callable[[], object]
Add = Callable[[Piece], None]
"""Takes one more piece."""


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
        """Do pieces of work while the body waits, and those that are added meanwhile; what it has not waited for is left undone.

        Raises:
            Exception: whatever a piece raised, once the body is through.
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
        if work is not None and not work.cancelled():
            work.result()

    async def _do(self, waiting: deque[Piece], more: asyncio.Event) -> None:
        await asyncio.sleep(self._head_start_s)
        while await more.wait():
            async with self._turn:
                waiting.popleft()()
                await asyncio.sleep(0)
            if not waiting:
                more.clear()
