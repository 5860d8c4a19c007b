"""A stack for as long as it is wanted: until a block ends, or until the process is told to stop."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from setu_cli.embedded.claiming import check_port, claim
from setu_cli.embedded.home import Home
from setu_cli.embedded.ports import free_port
from setu_cli.embedded.stack import Stack, embedded_stack
from setu_cli.embedded.state import StackState
from setu_cli.embedded.supervisor import TEND_EVERY_S, Supervisor

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Declare(Protocol):
    """A function of a module that says what a stack consists of."""

    __module__: str
    __qualname__: str

    def __call__(self, home: Home, *, gateway_port: int, environment: Mapping[str, str]) -> Stack:
        """The stack that keeps its things in ``home``."""
        ...


class Audience(Protocol):
    """Whoever wants to know what becomes of a stack."""

    def found(self, words: str) -> None:
        """Something was left by an earlier stack, and has been cleaned up."""

    def changed(self, state: StackState) -> None:
        """Something changed."""

    def ready(self, state: StackState) -> None:
        """Everything is ready."""

    def stopping(self) -> None:
        """It has been told to stop."""


@dataclass(frozen=True)
class StackRequest:
    """What is to run.

    Args:
        home: where everything is kept.
        port: the gateway's, on loopback; 0: a free one.
        environment: handed on to every process, see ``embedded_stack``.
        declare: what the stack consists of.
        tend_every_s: see ``Supervisor``.
    """

    home: Home
    port: int
    environment: Mapping[str, str] = field(repr=False)
    declare: Declare = embedded_stack
    tend_every_s: float = TEND_EVERY_S


@contextlib.asynccontextmanager
async def running_stack(request: StackRequest, audience: Audience) -> AsyncIterator[Supervisor]:
    """Run a stack for the time of a ``with`` block, which begins when everything is ready.

    Raises:
        StackRunning, PortInUse, ServerMissing: it can't be started, and what to do.
        StackFailed: something of it could not be started; nothing is left running.
    """
    claimed = claim(request.home)
    try:
        if claimed.found:
            audience.found(claimed.found)
        check_port(request.port)
        stack = request.declare(request.home, gateway_port=request.port or free_port(), environment=request.environment)
    except BaseException:
        claimed.lock.release()
        raise
    supervisor = Supervisor(stack, request.home, claimed.lock, audience.changed, tend_every_s=request.tend_every_s)
    async with supervisor.running() as state:
        audience.ready(state)
        yield supervisor


async def keep_up(request: StackRequest, audience: Audience) -> None:
    """Run a stack until this process is told to stop (SIGINT, SIGTERM, SIGHUP).

    Raises:
        StackFailed: it could not be kept up.
    """

    async def run() -> None:
        async with running_stack(request, audience) as supervisor:
            await supervisor.until_lost()

    await until_told(run(), audience.stopping)


async def until_told(work: Coroutine[None, None, None], on_stop: Callable[[], None]) -> bool:
    """Run ``work`` until it ends, or cancel it when this process is told to stop, and wait until it has cleaned up.

    Returns:
        Whether it was told to stop.
    """
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, told.set)
    working = asyncio.create_task(work)
    telling = asyncio.create_task(told.wait())
    try:
        await asyncio.wait({working, telling}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            on_stop()
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working
            return True
        working.result()
        return False
    finally:
        telling.cancel()
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)
