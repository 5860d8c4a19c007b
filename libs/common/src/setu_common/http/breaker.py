"""The circuit breaker: when a dependency fails too often, it is left alone for a while, then tried with one call.

The states are aiobreaker's (``breaker_machine.py``). What is decided here: which attempts count and for how long (a window with a rate and a
minimum), when a probe is due, that there is one at a time, and that outcomes of an earlier period say nothing about this one.
All of it is local and takes microseconds; only the attempt that would be the probe asks ``Sharing`` whether another process probes already.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from setu_common.http.breaker_machine import Machine, State
from setu_common.http.failures import CircuitOpen
from setu_common.http.observing import BreakerChange, Observer
from setu_common.http.policy import BreakerPolicy
from setu_common.http.timing import REAL, Timing
from setu_common.http.window import Window

PROBE_TRIES: Final = 3  # how often a permit is looked for again when others changed the state meanwhile
REFUSED_RETRY_S: Final = 1.0  # when to come back while a probe is under way


class Mode(StrEnum):
    """Who rules over a circuit."""

    AUTO = "auto"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Lease:
    """The answer to who wants to probe.

    Args:
        granted: whether this process may.
        wait_s: when it may ask again, seconds.
    """

    granted: bool
    wait_s: float = 0.0


class Sharing(Protocol):
    """What breakers of one name in several processes know of each other."""

    @property
    def present(self) -> bool:
        """Whether the others can be told now."""

    def changed(self, name: str) -> None:
        """The state changed here; whatever comes of it must not take time."""

    async def announce(self) -> None:
        """Tell the others now which circuits there are here, and hear what they say."""

    async def lease(self, name: str, limit_s: float) -> Lease:
        """Ask for the one probe; answers in a fraction of a second, granted when there is nobody to ask."""


class Alone:
    """No other process."""

    @property
    def present(self) -> bool:
        """There is nobody."""
        return False

    def changed(self, name: str) -> None:
        """Nobody to tell."""

    async def announce(self) -> None:
        """Nobody to tell."""

    async def lease(self, name: str, limit_s: float) -> Lease:  # noqa: ARG002  the Protocol's signature
        """Always granted."""
        return Lease(granted=True)


@dataclass(slots=True)
class Permit:
    """That an attempt may be made. It is given back with its outcome, once.

    Args:
        period: in which period of the breaker it was given.
        began: when, by the breaker's clock.
        probe: whether the circuit waits for its outcome.
    """

    period: int
    began: float
    probe: bool = False


class Breaker:
    """One circuit, in one process. For one event loop, not for several threads.

    Args:
        name: the dependency's.
        policy: when it opens, and for how long.
        timing: the clock.
        observers: told each change.
        sharing: the other processes.
    """

    def __init__(
        self,
        name: str,
        policy: BreakerPolicy | None = None,
        *,
        timing: Timing = REAL,
        observers: Iterable[Observer] = (),
        sharing: Sharing | None = None,
    ) -> None:
        self.name = name
        self.policy = policy or BreakerPolicy()
        self.sharing: Sharing = sharing or Alone()
        self._now = timing.monotonic
        self._observers = tuple(observers)
        self._window = Window(self.policy.window_s)
        self._machine = Machine(self._tripped, self._changed)
        self._slow_s = math.inf if self.policy.slow_s is None else self.policy.slow_s
        self._mode = Mode.AUTO
        self._closed = True  # the state is closed and nobody rules over it: what each call looks at
        self._period = 0
        self._open_until = 0.0
        self._probing_until: float | None = None
        self._leasing = False
        self._cause = "failures"
        for observer in self._observers:
            observer.breaker_made(name)

    @property
    def state(self) -> State:
        """Where it stands."""
        return self._machine.state

    @property
    def mode(self) -> Mode:
        """Who rules over it."""
        return self._mode

    @property
    def refuses(self) -> bool:
        """Whether an attempt that began now would be refused."""
        return not self._closed and self._mode is not Mode.CLOSED and not self._probe_due(self._now())

    @property
    def probing(self) -> bool:
        """Whether a probe is under way here."""
        return self._probing_until is not None

    @property
    def open_for_s(self) -> float | None:
        """Seconds until a probe may be made; None unless it is open, or while an operator keeps it open."""
        if self.state is not State.OPEN or math.isinf(self._open_until):
            return None
        return max(self._open_until - self._now(), 0.0)

    @property
    def counts(self) -> tuple[int, int, int]:
        """Attempts in the window, how many of them failed, how many were slow."""
        self._window.expire(self._now())
        return self._window.calls, self._window.failed, self._window.slow

    async def enter(self) -> Permit:
        """Ask to make an attempt.

        Raises:
            CircuitOpen: it may not be made now.
        """
        if self._closed:
            return Permit(self._period, self._now())
        return await self._enter_with_care()

    def succeeded(self, permit: Permit) -> None:
        """An attempt was answered."""
        self._ended(permit, failed=False)

    def failed(self, permit: Permit) -> None:
        """An attempt failed, and it is the other side's failure."""
        self._ended(permit, failed=True)

    def ignored(self, permit: Permit) -> None:
        """An attempt ended in a way that says nothing about the other side. A probe's turn goes to the next attempt."""
        if permit.period == self._period and permit.probe:
            self._probing_until = None
            self._next_period()
            self.sharing.changed(self.name)

    def abandoned(self, permit: Permit) -> None:
        """An attempt was cancelled by whoever waited for it: a timeout of theirs if they waited for long, else nothing."""
        if self._now() - permit.began >= self.policy.abandoned_s:
            self._ended(permit, failed=True)
        else:
            self.ignored(permit)

    def progressed(self, permit: Permit) -> Permit:
        """A stream's first item is there: that answers a probe. What becomes of the rest counts in the period that begins."""
        if not permit.probe:
            return permit
        self.succeeded(permit)
        return Permit(self._period, permit.began)

    def force(self, mode: Mode) -> None:
        """Open it, close it, or let it rule itself again, beginning closed with nothing counted."""
        if mode is self._mode:
            return
        self._mode, self._cause = mode, "operator"
        self._probing_until = None
        if mode is Mode.OPEN:
            self._machine.open()
            self._open_until = math.inf
        else:
            self._machine.close()
            self._window.clear()
        self._next_period()

    def adopt_open(self, for_s: float) -> None:
        """Another process opened its circuit, for so many more seconds."""
        if self._mode is not Mode.AUTO or for_s <= 0:
            return
        until = self._now() + for_s
        if self._probing_until is not None:  # this process's own probe will tell
            return
        if self.state is State.OPEN:
            self._open_until = max(self._open_until, until)
            return
        self._cause = "shared"
        self._machine.open()
        self._open_until = until

    def adopt_closed(self) -> None:
        """Another process's probe was answered."""
        if self._mode is Mode.AUTO and self.state is not State.CLOSED:
            self._cause = "shared"
            self._machine.close()

    async def _enter_with_care(self) -> Permit:
        for _ in range(PROBE_TRIES):
            if self._closed or self._mode is Mode.CLOSED:
                return Permit(self._period, self._now())
            if not self._probe_due(self._now()):
                break
            if await self._leased():
                return self._probe()
        raise self._refusal()

    async def _leased(self) -> bool:
        """Ask for the probe. Whoever comes meanwhile is refused."""
        period = self._period
        self._leasing = True
        lease = None
        try:
            lease = await self.sharing.lease(self.name, self.policy.probe_s)
        finally:
            self._leasing = False
            if lease is None or (lease.granted and self._period != period):
                self.sharing.changed(self.name)  # which gives back what may have been granted
        if self._period != period:  # a hint or an operator came first
            return False
        if not lease.granted:
            self._open_until = max(self._open_until, self._now() + lease.wait_s)
        return lease.granted

    def _probe_due(self, now: float) -> bool:
        if self._mode is not Mode.AUTO or self._leasing:
            return False
        if self._probing_until is not None:
            return now >= self._probing_until  # its permit was lost
        return now >= self._open_until

    def _probe(self) -> Permit:
        now = self._now()
        self._cause = "probe"
        self._machine.half_open()
        self._next_period()  # after a lost permit the state is half open already
        self._probing_until = now + self.policy.probe_s
        return Permit(self._period, now, probe=True)

    def _refusal(self) -> CircuitOpen:
        if self._mode is Mode.OPEN:
            return CircuitOpen(f"An operator has shut {self.name} off. It is used again once the circuit is put back to auto.")
        retry_after_s = max(self._open_until - self._now(), 0.0) or REFUSED_RETRY_S
        return CircuitOpen(
            f"{self.name} failed too often lately and is left alone. Try again in {retry_after_s:.1f} s.",
            retry_after_s=retry_after_s,
        )

    def _ended(self, permit: Permit, *, failed: bool) -> None:
        if permit.period != self._period or self._mode is not Mode.AUTO:
            return
        now = self._now()
        slow = now - permit.began >= self._slow_s
        self._window.add(now, failed=failed, slow=slow)
        if failed or slow:
            self._cause = "probe" if permit.probe else "failures"
            self._machine.failed()
        elif permit.probe:
            self._cause = "probe"
            self._machine.succeeded()

    def _tripped(self) -> bool:
        window, policy = self._window, self.policy
        return window.calls >= policy.minimum and (
            window.failed >= policy.failure_rate * window.calls or window.slow >= policy.slow_rate * window.calls
        )

    def _next_period(self) -> None:
        self._period += 1
        self._closed = self._mode is Mode.AUTO and self.state is State.CLOSED

    def _changed(self, before: State, after: State) -> None:
        calls, failed, slow = self.counts
        self._next_period()
        self._probing_until = None
        if after is State.OPEN:
            self._open_until = self._now() + self.policy.open_s
        if after is not State.HALF_OPEN:
            self._window.clear()
        change = BreakerChange(self.name, before, after, self._cause, calls, failed, slow)
        for observer in self._observers:
            observer.breaker_changed(change)
        if self._cause != "shared":
            self.sharing.changed(self.name)
