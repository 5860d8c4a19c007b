"""What Prometheus is told of calls and circuits. Needs the extra ``service``.

| metric | labels | |
|---|---|---|
| ``setu_breaker_state`` | breaker, state | 1 for the state that it is in, else 0 |
| ``setu_breaker_changes_total`` | breaker, state, cause | changes into a state |
| ``setu_call_attempts_total`` | dependency, outcome | ``ok``, or the kind of failure |
| ``setu_call_repeats_total`` | dependency, failure | attempts that were made again |
| ``setu_call_seconds`` | dependency | how long attempts took |

Names of dependencies are few and fixed by the code; past ``MOST_NAMES`` they are all counted as ``other``, whatever goes wrong. Of a
worker's children, a circuit's state is 1 if one of them that lives has it.
"""

from typing import Final

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

from setu_common.http.breaker_machine import State
from setu_common.http.failures import Failure
from setu_common.http.observing import BreakerChange

MOST_NAMES: Final = 64
_BUCKETS: Final = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class PrometheusObserver:
    """Counts what it is told. One per registry.

    Args:
        registry: where the metrics are found.
    """

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._state = Gauge(
            "setu_breaker_state",
            "1 for the circuit's state",
            ("breaker", "state"),
            registry=registry,
            multiprocess_mode="livemax",
        )
        self._changes = Counter(
            "setu_breaker_changes", "Changes of circuits into a state", ("breaker", "state", "cause"), registry=registry
        )
        self._attempts = Counter("setu_call_attempts", "Attempts by outcome", ("dependency", "outcome"), registry=registry)
        self._repeats = Counter("setu_call_repeats", "Attempts made again", ("dependency", "failure"), registry=registry)
        self._seconds = Histogram(
            "setu_call_seconds", "Seconds that attempts took", ("dependency",), buckets=_BUCKETS, registry=registry
        )
        self._names: set[str] = set()
        self._outcomes: dict[tuple[str, Failure | None], Counter] = {}
        self._durations: dict[str, Histogram] = {}

    def breaker_made(self, breaker: str) -> None:
        """A circuit begins, closed."""
        self._show(self._bounded(breaker), State.CLOSED)

    def breaker_changed(self, change: BreakerChange) -> None:
        """A circuit changed its state."""
        name = self._bounded(change.breaker)
        self._show(name, change.after)
        self._changes.labels(name, change.after.value, change.cause).inc()

    def attempt_ended(self, dependency: str, failure: Failure | None, took_s: float) -> None:
        """An attempt was made, or refused by an open circuit."""
        counter = self._outcomes.get((dependency, failure))
        if counter is None:
            counter = self._attempts.labels(self._bounded(dependency), failure.value if failure else "ok")
            if dependency in self._names:
                self._outcomes[dependency, failure] = counter
        counter.inc()
        if failure is not Failure.CIRCUIT_OPEN:
            self._duration(dependency).observe(took_s)

    def attempt_repeated(self, dependency: str, failure: Failure, pause_s: float) -> None:  # noqa: ARG002  the Protocol's signature
        """A call will be made again."""
        self._repeats.labels(self._bounded(dependency), failure.value).inc()

    def _duration(self, dependency: str) -> Histogram:
        histogram = self._durations.get(dependency)
        if histogram is None:
            histogram = self._seconds.labels(self._bounded(dependency))
            if dependency in self._names:
                self._durations[dependency] = histogram
        return histogram

    def _show(self, name: str, state: State) -> None:
        for each in State:
            self._state.labels(name, each.value).set(each is state)

    def _bounded(self, name: str) -> str:
        if name not in self._names and len(self._names) < MOST_NAMES:
            self._names.add(name)
        return name if name in self._names else "other"
