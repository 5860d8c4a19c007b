"""A loop that waits for nothing: its clock jumps to what would have been waited for."""

import asyncio
import selectors


class Jumping(selectors.DefaultSelector):
    """Waits for nothing: what would have been waited is only counted."""

    jumped_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(None if timeout is None else 0)
        if not ready and timeout:
            self.jumped_s += timeout
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    """The loop; give it to ``asyncio.Runner`` as its factory."""

    def __init__(self) -> None:
        self._jumping = Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return super().time() + self._jumping.jumped_s
