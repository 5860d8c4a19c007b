"""What a handler sees of its operation, and what it may answer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel

from setu_common.contracts import OperationKind

P = ParamSpec("P")
T = TypeVar("T")


class Work(Protocol):
    """The operation at hand, as its handler sees it."""

    @property
    def operation_id(self) -> UUID:
        """The operation's id; stable over attempts, so good as a key for what the handler does elsewhere."""

    @property
    def tenant(self) -> str:
        """Whose work it is."""

    @property
    def job_id(self) -> UUID | None:
        """The job that it is part of, if any."""

    @property
    def attempt(self) -> int:
        """1 for the first attempt."""

    @property
    def cancelled(self) -> bool:
        """True once the work should stop. For threads to look at between steps; async code gets CancelledError."""

    def progress(self, fraction: float, note: str = "") -> None:
        """Say how far the work is (0..1). Cheap and safe from any thread; the heartbeat carries it."""

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run blocking code off the event loop. A thread that goes on after a cancellation costs the process its life."""


@dataclass(frozen=True)
class Park:
    """A handler's answer: not over; call me again in ``after_s`` seconds, or sooner if someone wakes the operation.

    Parking counts no attempt. Nor is it a turn of its tenant's if the operation has parts, unless it ``worked``, and did not only look at them.
    """

    after_s: float
    worked: bool = False


# Any, twice: a list of bound kinds mixes request and result types; each pair fits by construction.
Handler = Callable[[Any, Work], Awaitable[BaseModel | Park]]


@dataclass(frozen=True)
class Bound:
    """A kind of operation and the code that does it: async; gets the parsed request and the work at hand."""

    kind: OperationKind[Any, Any]
    handler: Handler
