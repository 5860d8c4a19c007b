"""All that one process calls, by name, with the circuits that operators see and other processes share."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from setu_common.errors import NotFound
from setu_common.http.breaker import Alone, Breaker, Lease, Mode, Sharing
from setu_common.http.breaker_machine import State
from setu_common.http.dependency import Dependency
from setu_common.http.failures import Classifier, classify
from setu_common.http.observing import LogObserver, Observer
from setu_common.http.policy import Policy
from setu_common.http.timing import REAL, Timing

_NOBODY: Final = Alone()


@dataclass(frozen=True)
class Override:
    """What an operator wants of a circuit.

    Args:
        mode: who rules over it.
        at_ms: when that was said, milliseconds since 1970: of two the later one counts.
    """

    mode: Mode
    at_ms: int


@dataclass(frozen=True)
class Elsewhere:
    """A circuit as the last process that changed it left it.

    Args:
        state: where it stood.
        open_until: until when it was to be left alone, by this process's clock.
    """

    state: State
    open_until: float


@dataclass(frozen=True)
class BreakerStatus:
    """A circuit as this process sees it.

    Args:
        name: the dependency's.
        state: where it stands; of one that only others use, as they said last; None if none of them did.
        mode: who rules over it.
        open_for_s: seconds until the next probe.
        calls: attempts in the window; None if only other processes use it, as the next two.
        failed: how many of them failed.
        slow: how many of them were slow.
    """

    name: str
    state: State | None
    mode: Mode
    open_for_s: float | None = None
    calls: int | None = None
    failed: int | None = None
    slow: int | None = None


class Dependencies:
    """What a process calls. Make one per process, and keep it.

    Args:
        observers: told each attempt and each change; besides the log, which is.
        timing: clocks, pauses and chance.
    """

    def __init__(self, observers: Iterable[Observer] = (), *, timing: Timing = REAL) -> None:
        self.timing = timing
        self._observers: tuple[Observer, ...] = (LogObserver(), *observers)
        self._made: dict[str, Dependency] = {}
        self._overrides: dict[str, Override] = {}
        self._elsewhere: dict[str, Elsewhere | None] = {}
        self._sharing: Sharing = _NOBODY

    def dependency(self, name: str, policy: Policy | None = None, *, classify: Classifier = classify) -> Dependency:
        """The dependency of that name: made when first asked for, the same one from then on.

        Args:
            name: as in metrics and in ``/v1/breakers``: few, fixed, without anything of a request in them.
            policy: when it is made.
            classify: when it is made.
        """
        made = self._made.get(name)
        if made is None:
            whole = policy or Policy()
            breaker = Breaker(name, whole.breaker, timing=self.timing, observers=self._observers, sharing=_Current(self))
            made = Dependency(name, whole, breaker=breaker, classify=classify, timing=self.timing, observers=self._observers)
            self._made[name] = made
            if name in self._overrides:
                breaker.force(self._overrides[name].mode)
        return made

    @property
    def breakers(self) -> dict[str, Breaker]:
        """This process's circuits."""
        return {name: made.breaker for name, made in self._made.items()}

    @property
    def overrides(self) -> dict[str, Override]:
        """What operators want, as far as it is known here."""
        return dict(self._overrides)

    @property
    def sharing(self) -> Sharing:
        """The other processes; nobody, unless something was put here."""
        return self._sharing

    @sharing.setter
    def sharing(self, sharing: Sharing | None) -> None:
        self._sharing = sharing or _NOBODY

    async def announce(self) -> None:
        """Tell other processes now what this one calls, so that operators see it before it calls anything.

        They would hear of it within the second; but only while the event loop runs, which in a worker's child it does for operations alone.
        """
        await self._sharing.announce()

    def force(self, name: str, mode: Mode) -> BreakerStatus:
        """Do what an operator wants, here at once and in other processes as soon as they hear of it.

        Raises:
            NotFound: neither this process nor, as far as it knows, another has such a circuit.
        """
        if name not in self._made and name not in self._elsewhere and name not in self._overrides:
            raise NotFound(f"There is no circuit {name!r}. GET /v1/breakers lists those that exist.")
        self.take_override(name, Override(mode, int(self.timing.epoch() * 1000)))
        self.sharing.changed(name)
        return self.status(name)

    def take_override(self, name: str, override: Override) -> None:
        """Learn what an operator wants; what is older than what is known is passed over."""
        known = self._overrides.get(name)
        if known is not None and known.at_ms >= override.at_ms:
            return
        self._overrides[name] = override
        if name in self._made:
            self._made[name].breaker.force(override.mode)

    def learn(self, known: Mapping[str, Elsewhere | None]) -> None:
        """Learn which circuits there are in all processes, and how they stand; None: nobody can tell."""
        self._elsewhere.update(known)

    def status(self, name: str) -> BreakerStatus:
        """One circuit."""
        override = self._overrides.get(name)
        mode = override.mode if override else Mode.AUTO
        if name not in self._made:
            return self._status_elsewhere(name, mode)
        breaker = self._made[name].breaker
        calls, failed, slow = breaker.counts
        return BreakerStatus(name, breaker.state, mode, breaker.open_for_s, calls, failed, slow)

    def statuses(self) -> list[BreakerStatus]:
        """All circuits, by name."""
        return [self.status(name) for name in sorted({*self._made, *self._elsewhere, *self._overrides})]

    def _status_elsewhere(self, name: str, mode: Mode) -> BreakerStatus:
        if mode is not Mode.AUTO:
            return BreakerStatus(name, State.OPEN if mode is Mode.OPEN else State.CLOSED, mode)
        said = self._elsewhere.get(name)
        if said is None or said.state is not State.OPEN:
            return BreakerStatus(name, said.state if said is not None else None, mode)
        return BreakerStatus(name, said.state, mode, max(said.open_until - self.timing.monotonic(), 0.0))


class _Current:
    """Whatever sharing there is at the moment."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies

    @property
    def present(self) -> bool:
        return self._dependencies.sharing.present

    def changed(self, name: str) -> None:
        self._dependencies.sharing.changed(name)

    async def announce(self) -> None:
        await self._dependencies.sharing.announce()

    async def lease(self, name: str, limit_s: float) -> Lease:
        return await self._dependencies.sharing.lease(name, limit_s)
