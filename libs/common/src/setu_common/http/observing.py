"""What calls tell whoever watches them. Neither the breaker nor the retries know who that is."""

from dataclasses import dataclass
from typing import Protocol

import structlog

from setu_common.http.breaker_machine import State
from setu_common.http.failures import Failure

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class BreakerChange:
    """A circuit's change of state.

    Args:
        breaker: its name.
        before: the state that it was in.
        after: the state that it is in.
        cause: ``failures``, ``probe``, ``shared`` (another process said so) or ``operator``.
        calls: attempts in the window before the change.
        failed: how many of them failed.
        slow: how many of them were slow.
    """

    breaker: str
    before: State
    after: State
    cause: str
    calls: int
    failed: int
    slow: int


class Observer(Protocol):
    """Told what happens, on the event loop: it must be quick and must not raise."""

    def breaker_made(self, breaker: str) -> None:
        """A circuit begins, closed."""

    def breaker_changed(self, change: BreakerChange) -> None:
        """A circuit changed its state."""

    def attempt_ended(self, dependency: str, failure: Failure | None, took_s: float) -> None:
        """An attempt was made, or refused by an open circuit; ``failure`` is None for a success."""

    def attempt_repeated(self, dependency: str, failure: Failure, pause_s: float) -> None:
        """A call will be made again after a pause."""


class LogObserver:
    """Says changes of circuits and repetitions in the log."""

    def breaker_made(self, breaker: str) -> None:
        """Not worth a line."""

    def breaker_changed(self, change: BreakerChange) -> None:
        """A warning when calls are refused from now on, a note when they aren't any more."""
        level = log.warning if change.after is State.OPEN else log.info
        level(
            "breaker.changed",
            breaker=change.breaker,
            before=change.before.value,
            after=change.after.value,
            cause=change.cause,
            calls=change.calls,
            failed=change.failed,
            slow=change.slow,
        )

    def attempt_ended(self, dependency: str, failure: Failure | None, took_s: float) -> None:
        """Not worth a line."""

    def attempt_repeated(self, dependency: str, failure: Failure, pause_s: float) -> None:
        """One line a repetition."""
        log.info("call.repeated", dependency=dependency, failure=failure.value, pause_s=round(pause_s, 3))
