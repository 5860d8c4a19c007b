"""What those who call something that costs do beside it: say what it may use before, and what it used after.

    async with meter.call("openai", "gpt-5-mini", Usage(input_tokens=900, output_tokens=400)) as call:
        completion = await client.chat.completions.create(...)
        call.settle(usage_of_openai(completion.usage))

One ``call`` is one request on the wire: retries go around it, so each of them is billed and recorded by itself.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, Literal, Protocol
from uuid import UUID

from setu_common.cost.usage import Usage
from setu_common.errors import SetuError

Outcome = Literal["ok", "failed", "aborted", "cached"]
"""What became of a call. ``failed``: no answer that could be used. ``aborted``: it ended in the middle of its answer. ``cached``: the
answer lay here already, and nobody was called."""


class BudgetExhausted(SetuError):
    """What a budget has left does not suffice for the call. Do the work without it."""

    code = "budget-exhausted"
    title = "The budget is used up"
    status = 402


class PriceUnknown(BudgetExhausted):
    """No budget can be kept with a model that has no price, whatever it has left. Do the work without it; more money does not help."""

    code = "price-unknown"
    title = "The model has no price"


class Call(Protocol):
    """A call under way."""

    def settle(self, usage: Usage, *, outcome: Outcome = "ok") -> None:
        """Say what the provider bills for it.

        Once for each call: also for one that failed, with what it used, or with ``Usage()`` where the provider surely bills nothing (it
        refused, or was never reached). A call that is left unsettled, since its answer broke off or did not come, stays
        *unresolved*: nobody knows whether it was billed, so it counts at its bound.
        """


class Meter(Protocol):
    """Records what is spent, and holds it within budgets."""

    def call(self, provider: str, model: str, bound: Usage) -> AbstractAsyncContextManager[Call]:
        """Go around one paid call. It is on record before the block begins, and settled when the block has ended.

        Args:
            provider: as genai-prices names it, such as ``openai`` or ``anthropic``; or ``own`` for what is computed here.
            model: as the provider names it.
            bound: the most that the call can use.

        Raises:
            BudgetExhausted: it could cost more than is left; it must not be made.
            PriceUnknown: likewise, since nobody knows what it could cost.
            DependencyUnavailable: it can't be put on record, so it must not be made.
        """


@dataclass(frozen=True)
class Attribution:
    """Whom calls are put down to.

    Args:
        tenant: who pays.
        service: who calls.
        job_id: the job that they are part of, if any.
        stage: what is being done: the kind of operation, or the route.
        target: the language that it is done for, or empty.
        operation_id: the operation that they are part of, if any.
        attempt: which attempt at it; 1 for the first.
    """

    tenant: str
    service: str
    job_id: UUID | None = None
    stage: str = ""
    target: str = ""
    operation_id: UUID | None = None
    attempt: int = 1


_ATTRIBUTION: Final[ContextVar[Attribution | None]] = ContextVar("setu_attribution", default=None)


def attribution() -> Attribution | None:
    """Whom calls are put down to here; None where nobody has said."""
    return _ATTRIBUTION.get()


@contextmanager
def attributed(to: Attribution) -> Iterator[None]:
    """Put the calls of a block, and of the tasks and threads that begin in it, down to somebody."""
    token = _ATTRIBUTION.set(to)
    try:
        yield
    finally:
        _ATTRIBUTION.reset(token)


class Unmetered:
    """A ``Meter`` that records nothing: for what costs nothing, and for clients that are used without Setu's database."""

    @asynccontextmanager
    async def call(self, provider: str, model: str, bound: Usage) -> AsyncIterator[Call]:  # noqa: ARG002  see Meter
        """See ``Meter``."""
        yield _Unrecorded()


class _Unrecorded:
    def settle(self, usage: Usage, *, outcome: Outcome = "ok") -> None:
        """See ``Call``."""
