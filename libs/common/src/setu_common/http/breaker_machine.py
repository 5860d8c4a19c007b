"""The circuit breaker's state machine: aiobreaker's. The only module that imports it.

aiobreaker decides which state follows which outcome. It is told outcomes, one at a time, as plain calls that return or raise, and is never
given the calls themselves: so it makes no difference whether what is guarded is a coroutine, a stream or a function, nothing that it
raises hides what a call raised, and what it should not count it is not told. Time, the window and the probes are ours (``breaker.py``).
"""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Final

from aiobreaker import CircuitBreaker, CircuitBreakerError, CircuitBreakerListener, CircuitBreakerState


class State(StrEnum):
    """States of a circuit."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


_STATES: Final = {
    CircuitBreakerState.CLOSED: State.CLOSED,
    CircuitBreakerState.OPEN: State.OPEN,
    CircuitBreakerState.HALF_OPEN: State.HALF_OPEN,
}
_LONG_AGO: Final = datetime(1970, 1, 1)  # noqa: DTZ001  (naive, as aiobreaker's own times are)


class Machine:
    """A circuit's states.

    Args:
        tripped: whether a closed circuit has seen enough; asked after a failure.
        changed: told each change, when it has happened: the state before and the state after.

    Attributes:
        state: where it stands.
    """

    def __init__(self, tripped: Callable[[], bool], changed: Callable[[State, State], None]) -> None:
        self.state = State.CLOSED
        self._tell = changed
        # One failure too many is what ``tripped`` says it is.
        self._machine = CircuitBreaker(fail_max=1, state_storage=_Storage(tripped), listeners=[_Listener(self._changed)])

    def succeeded(self) -> None:
        """Tell it a success: half-open it closes."""
        self._machine.call(_succeed)

    def failed(self) -> None:
        """Tell it a failure: half-open it opens; closed it opens if ``tripped``."""
        try:
            self._machine.call(_fail)
        except (_Told, CircuitBreakerError):
            return

    def open(self) -> None:
        """Open it."""
        if self.state is not State.OPEN:
            self._machine.open()

    def half_open(self) -> None:
        """Let a probe through."""
        if self.state is not State.HALF_OPEN:
            self._machine.half_open()

    def close(self) -> None:
        """Close it."""
        if self.state is not State.CLOSED:
            self._machine.close()

    def _changed(self, before: State, after: State) -> None:
        self.state = after  # aiobreaker's own tells of the change before it has stored it
        self._tell(before, after)


class _Told(Exception):
    """The failure that the machine is told."""


def _succeed() -> None:
    return


def _fail() -> None:
    raise _Told


class _Storage:
    """What aiobreaker keeps about a circuit (its ``CircuitBreakerStorage``, which has no types to inherit)."""

    name = "window"

    def __init__(self, tripped: Callable[[], bool]) -> None:
        self.state = CircuitBreakerState.CLOSED
        self._tripped = tripped

    @property
    def counter(self) -> int:
        """Compared with ``fail_max`` after each failure."""
        return int(self._tripped())

    def increment_counter(self) -> None:
        """Nothing: the window has counted."""

    def reset_counter(self) -> None:
        """Nothing: a success doesn't make failures undone."""

    @property
    def opened_at(self) -> datetime:
        """Long ago, always: aiobreaker mixes UTC and local time here, and when to probe is decided by a monotonic clock elsewhere."""
        return _LONG_AGO

    @opened_at.setter
    def opened_at(self, moment: datetime) -> None:
        """Nothing."""


class _Listener(CircuitBreakerListener):  # type: ignore[misc]  # aiobreaker has no types
    def __init__(self, changed: Callable[[State, State], None]) -> None:
        self._changed = changed

    def state_change(self, breaker: object, old: "_HasState", new: "_HasState") -> None:  # noqa: ARG002  aiobreaker's signature
        self._changed(_STATES[old.state], _STATES[new.state])


class _HasState:
    """A state object of aiobreaker's."""

    state: CircuitBreakerState
