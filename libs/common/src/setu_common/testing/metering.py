"""A meter that keeps what it is told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from setu_common.cost import Call, Outcome, Usage


class RecordedCall:
    """One call.

    Attributes:
        provider: as the meter was told.
        model: likewise.
        bound: the most that it may use.
        usage: what it used; None as long as nobody said.
        outcome: likewise.
    """

    def __init__(self, provider: str, model: str, bound: Usage) -> None:
        self.provider = provider
        self.model = model
        self.bound = bound
        self.usage: Usage | None = None
        self.outcome: Outcome | None = None

    def settle(self, usage: Usage, *, outcome: Outcome = "ok") -> None:
        """See ``Call``.

        Raises:
            AssertionError: it was settled before.
        """
        if self.outcome is not None:
            raise AssertionError("a call was settled twice")
        self.usage, self.outcome = usage, outcome

    def holds(self, usage: Usage) -> bool:
        """Whether a usage is within the bound: input of all kinds together, and output."""
        return _read(usage) <= _read(self.bound) and usage.output_tokens <= self.bound.output_tokens


class RecordingMeter:
    """A ``Meter`` that keeps its calls.

    Attributes:
        calls: in the order in which they began.
    """

    def __init__(self) -> None:
        self.calls: list[RecordedCall] = []

    @asynccontextmanager
    async def call(self, provider: str, model: str, bound: Usage) -> AsyncIterator[Call]:
        """See ``Meter``."""
        made = RecordedCall(provider, model, bound)
        self.calls.append(made)
        yield made


def _read(usage: Usage) -> int:
    return usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens + usage.cache_write_1h_tokens
