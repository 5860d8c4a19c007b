"""The breaker does what a model of it does, whatever happens in whatever order."""

import math
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, precondition, rule

from setu_common.http import Breaker, BreakerPolicy, CircuitOpen, Mode, State
from setu_common.http.breaker import Permit
from setu_common.testing import ManualTime

SLOW_S = 3.0
POLICY = BreakerPolicy(
    window_s=10.0,
    minimum=4,
    failure_rate=0.5,
    slow_s=SLOW_S,
    slow_rate=0.75,
    open_s=8.0,
    probe_s=5.0,
    abandoned_s=2.0,
)
OUTCOMES = st.sampled_from(["answered", "answered", "failed", "failed", "failed", "ignored", "abandoned"])
PAUSES_S = st.sampled_from([0.25, 1.0, 2.0, 3.0, 5.0, 8.0, 9.0, 10.0])


@dataclass
class Attempt:
    """What the model knows of a permit."""

    permit: Permit
    began: float
    era: int
    probe: bool


@dataclass
class Model:
    """The breaker as a list of what happened, evaluated from its beginning each time."""

    state: State = State.CLOSED
    mode: Mode = Mode.AUTO
    era: int = 0  # moves on whenever what is under way stops to matter
    open_until: float = 0.0
    probe_until: float | None = None
    ended: list[tuple[float, bool, bool]] = field(default_factory=list)

    def may_enter(self, now: float) -> str:
        if self.mode is not Mode.AUTO:
            return "yes" if self.mode is Mode.CLOSED else "no"
        if self.state is State.CLOSED:
            return "yes"
        if self.probe_until is not None:
            return "probe" if now >= self.probe_until else "no"
        return "probe" if now >= self.open_until else "no"

    def become(self, state: State, open_until: float = 0.0) -> None:
        self.state, self.open_until, self.probe_until = state, open_until, None
        self.era += 1
        self.ended.clear()

    def end(self, attempt: Attempt, outcome: str, now: float) -> None:
        if attempt.era != self.era or self.mode is not Mode.AUTO:
            return
        took = now - attempt.began
        if outcome == "abandoned":
            outcome = "failed" if took >= POLICY.abandoned_s else "ignored"
        if outcome == "ignored":
            if attempt.probe:
                self.probe_until = None
                self.era += 1
            return
        bad = outcome == "failed" or took >= SLOW_S
        if attempt.probe:
            if bad:
                self.become(State.OPEN, now + POLICY.open_s)
            else:
                self.become(State.CLOSED)
            return
        self.ended.append((now, outcome == "failed", took >= SLOW_S))
        if bad and self.has_seen_enough(now):
            self.become(State.OPEN, now + POLICY.open_s)

    def has_seen_enough(self, now: float) -> bool:
        recent = [each for each in self.ended if int(each[0]) > int(now) - 10]  # slots of a second, ten of them
        calls, failed, slow = len(recent), sum(each[1] for each in recent), sum(each[2] for each in recent)
        return calls >= POLICY.minimum and (failed >= calls * POLICY.failure_rate or slow >= calls * POLICY.slow_rate)


def run(coroutine: Coroutine[Any, Any, Permit]) -> Permit:
    """Run what never waits."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waited")


class BreakerMachine(RuleBasedStateMachine):
    attempts = Bundle("attempts")

    def __init__(self) -> None:
        super().__init__()
        self.time = ManualTime()
        self.breaker = Breaker("tmdb", POLICY, timing=self.time.timing)
        self.model = Model()
        self.probe: Attempt | None = None

    @rule(seconds=PAUSES_S)
    def time_passes(self, seconds):
        self.time.advance(seconds)

    @rule(target=attempts, count=st.integers(1, 6))
    def calls_come(self, count):
        return multiple(*[attempt for _ in range(count) if (attempt := self.begin()) is not None])

    @rule(seconds=PAUSES_S, outcomes=st.lists(OUTCOMES, min_size=1, max_size=6))
    def calls_come_after_a_while_and_end_at_once(self, seconds, outcomes):
        self.time.advance(seconds)
        for outcome in outcomes:
            if (attempt := self.begin()) is not None:
                self.end(attempt, outcome)

    @precondition(lambda self: self.probe is not None)
    @rule(outcome=OUTCOMES)
    def the_probe_ends(self, outcome):
        probe, self.probe = self.probe, None
        assert probe is not None
        self.end(probe, outcome)

    def begin(self) -> Attempt | None:
        expected = self.model.may_enter(self.time.now_s)
        assert self.breaker.refuses == (expected == "no")
        try:
            permit = run(self.breaker.enter())
        except CircuitOpen:
            assert expected == "no"
            return None
        assert expected != "no"
        assert permit.probe == (expected == "probe")
        if permit.probe:
            if self.model.state is State.OPEN:
                self.model.become(State.HALF_OPEN, self.model.open_until)
            self.model.era += 1
            self.model.probe_until = self.time.now_s + POLICY.probe_s
        attempt = Attempt(permit, self.time.now_s, self.model.era, permit.probe)
        if permit.probe:
            self.probe = attempt
        return attempt

    @rule(attempt=consumes(attempts), outcome=OUTCOMES)
    def a_call_ends(self, attempt, outcome):
        self.end(attempt, outcome)

    @rule(attempt=attempts, outcome=OUTCOMES)
    def a_call_that_ended_a_probe_or_a_period_is_told_of_twice(self, attempt, outcome):
        if attempt.era != self.model.era:
            self.end(attempt, outcome)

    @rule(attempts=st.lists(consumes(attempts), max_size=8), outcome=OUTCOMES)
    def calls_end_together(self, attempts, outcome):
        for attempt in attempts:
            self.end(attempt, outcome)

    def end(self, attempt: Attempt, outcome: str) -> None:
        tell = {
            "answered": self.breaker.succeeded,
            "failed": self.breaker.failed,
            "ignored": self.breaker.ignored,
            "abandoned": self.breaker.abandoned,
        }
        tell[outcome](attempt.permit)
        self.model.end(attempt, outcome, self.time.now_s)

    @rule(mode=st.sampled_from(Mode))
    def an_operator_orders(self, mode):
        self.breaker.force(mode)
        if mode is not self.model.mode:
            self.model.mode = mode
            self.model.become(*((State.OPEN, math.inf) if mode is Mode.OPEN else (State.CLOSED,)))

    @rule(seconds=st.sampled_from([-1.0, 0.0, 3.0, 20.0]))
    def another_process_opens(self, seconds):
        self.breaker.adopt_open(seconds)
        model, until = self.model, self.time.now_s + seconds
        if model.mode is not Mode.AUTO or seconds <= 0 or model.probe_until is not None:
            return
        if model.state is State.OPEN:
            model.open_until = max(model.open_until, until)
        else:
            model.become(State.OPEN, until)

    @rule()
    def another_process_closes(self):
        self.breaker.adopt_closed()
        if self.model.mode is Mode.AUTO and self.model.state is not State.CLOSED:
            self.model.become(State.CLOSED)

    @invariant()
    def both_agree(self):
        assert self.breaker.state is self.model.state
        assert self.breaker.mode is self.model.mode
        assert self.breaker.probing == (self.model.probe_until is not None)
        expected_s = None
        if self.model.state is State.OPEN and not math.isinf(self.model.open_until):
            expected_s = max(self.model.open_until - self.time.now_s, 0.0)
        assert self.breaker.open_for_s == expected_s


TestBreakerAgainstItsModel = BreakerMachine.TestCase
TestBreakerAgainstItsModel.settings = settings(max_examples=120, stateful_step_count=60, deadline=None)
