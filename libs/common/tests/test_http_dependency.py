"""One door: deadline around retries around the breaker."""

import asyncio
import email.utils
import time as real
from collections.abc import AsyncGenerator, Iterator

import pytest
from pydantic import SecretStr

from setu_common.contracts import Problem
from setu_common.errors import DeadlineExceeded, DependencyUnavailable, InvalidRequest, RemoteProblem, TooManyRequests
from setu_common.http import (
    RETRIES,
    AnswerLate,
    BreakerPolicy,
    CircuitOpen,
    Dependency,
    Failed,
    Failure,
    HttpCaller,
    Policy,
    RetryPolicy,
    State,
    classify,
    create_client,
    deadline_in,
    remaining_s,
)
from setu_common.testing import Fault, FaultyWire, ManualTime, always, faulty_wire, in_order

TIMES = {Failure.NETWORK: 3, Failure.TIMEOUT: 3, Failure.RATE_LIMITED: 5, Failure.SERVER: 3, Failure.OVERLOADED: 3}


class Wrong(Exception):
    """A failure of a kind."""

    def __init__(self, failure: Failure, retry_after_s: float | None = None) -> None:
        super().__init__(failure.value)
        self.verdict = Failed(failure, retry_after_s)


class Calls:
    """Fails as told, then answers."""

    def __init__(self, *errors: BaseException | None) -> None:
        self.made = 0
        self._errors: Iterator[BaseException | None] = iter(errors)

    async def __call__(self) -> str:
        self.made += 1
        error = next(self._errors, None)
        if error is not None:
            raise error
        return "well"


def judged(error: BaseException) -> Failed:
    return error.verdict if isinstance(error, Wrong) else classify(error)


def dependency_of(time: ManualTime, policy: Policy | None = None) -> Dependency:
    return Dependency("tmdb", policy or Policy(), classify=judged, timing=time.timing)


@pytest.fixture
def time() -> ManualTime:
    return ManualTime()


@pytest.mark.parametrize("failure", Failure)
async def test_each_kind_of_failure_has_its_number_of_repetitions(time, failure):
    calls = Calls(*[Wrong(failure) for _ in range(20)])
    with pytest.raises(Wrong) as raised:
        await dependency_of(time).call(calls, repeatable=True)
    assert raised.value.verdict.failure is failure
    assert calls.made == 1 + TIMES.get(failure, 0)
    assert len(time.slept) == calls.made - 1
    assert dict(RETRIES) == TIMES


async def test_what_may_do_harm_twice_is_done_once(time):
    calls = Calls(Wrong(Failure.NETWORK))
    with pytest.raises(Wrong):
        await dependency_of(time).call(calls, repeatable=False)
    assert calls.made == 1


async def test_pauses_are_drawn_from_zero_to_an_end_that_doubles_up_to_its_cap(time):
    policy = Policy(retry=RetryPolicy(retries={Failure.SERVER: 9}, budget_reserve=100))
    with pytest.raises(Wrong):
        await dependency_of(time, policy).call(Calls(*[Wrong(Failure.SERVER)] * 10), repeatable=True)
    assert time.slept == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    lowest = ManualTime(share=0.0)
    await dependency_of(lowest).call(Calls(Wrong(Failure.SERVER)), repeatable=True)
    assert lowest.slept == [0]


async def test_after_a_rate_limit_without_a_date_the_pause_is_longer(time):
    await dependency_of(time).call(Calls(Wrong(Failure.RATE_LIMITED), Wrong(Failure.RATE_LIMITED)), repeatable=True)
    assert time.slept == [4, 8]


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("failure", [Failure.RATE_LIMITED, Failure.OVERLOADED])
async def test_a_pause_that_was_asked_for_is_kept_to_within_a_tenth(share, failure):
    time = ManualTime(share=share)
    await dependency_of(time).call(Calls(Wrong(failure, 20.0)), repeatable=True)
    assert 20.0 <= time.slept[0] <= 22.0


async def test_a_pause_that_ends_after_the_deadline_is_not_begun(time):
    calls = Calls(Wrong(Failure.RATE_LIMITED, 7.0))
    with pytest.raises(Wrong):
        await dependency_of(time).call(calls, repeatable=True, timeout_s=7.0)
    assert (calls.made, time.slept) == (1, [])
    with deadline_in(7.0, time.timing), pytest.raises(Wrong):
        await dependency_of(time).call(Calls(Wrong(Failure.RATE_LIMITED, 7.0)), repeatable=True, timeout_s=70.0)
    assert time.slept == []


async def test_who_asks_for_a_longer_pause_than_anybody_waits_is_left_alone(time):
    with pytest.raises(Wrong):
        await dependency_of(time).call(Calls(Wrong(Failure.RATE_LIMITED, 61.0)), repeatable=True)
    assert time.slept == []


async def test_an_answer_that_says_what_is_wrong_is_not_asked_for_twice(time):
    problem = Problem(title="No", status=503, detail="Away.", code="not-ready", retryable=True)
    calls = Calls(RemoteProblem(problem))
    with pytest.raises(RemoteProblem):
        await dependency_of(time).call(calls, repeatable=True)
    assert calls.made == 1


async def test_repetitions_have_a_budget_that_calls_pay_into(time):
    closed = BreakerPolicy(minimum=10**6)
    policy = Policy(retry=RetryPolicy(budget_reserve=6, budget_ratio=0.25, budget_trickle_per_s=0), breaker=closed)
    dependency = dependency_of(time, policy)
    calls = Calls(*[Wrong(Failure.NETWORK)] * 10_000)
    for _ in range(400):
        with pytest.raises(Wrong):
            await dependency.call(calls, repeatable=True)
    assert (
        calls.made == 400 + 6 + 100 - 1
    )  # the reserve is full at first, so the first call pays in nothing; a quarter token stays
    assert dependency.budget.tokens < 1


async def test_an_empty_budget_fills_with_time_even_if_nobody_calls(time):
    policy = Policy(retry=RetryPolicy(budget_reserve=2, budget_ratio=0, budget_trickle_per_s=0.5))
    dependency = dependency_of(time, policy)
    for _ in range(2):
        assert dependency.budget.take()
    assert not dependency.budget.take()
    time.advance(2.0)
    assert dependency.budget.take()
    time.advance(1000.0)
    assert [dependency.budget.take() for _ in range(3)] == [True, True, False]


async def test_an_open_circuit_ends_a_call_at_once_and_repetitions_too(time):
    policy = Policy(breaker=BreakerPolicy(minimum=2, open_s=10.0))
    dependency = dependency_of(time, policy)
    calls = Calls(*[Wrong(Failure.NETWORK)] * 10)
    with pytest.raises(Wrong):  # what went wrong, not that the circuit is open
        await dependency.call(calls, repeatable=True)
    assert (calls.made, dependency.breaker.state) == (2, State.OPEN)
    slept = len(time.slept)
    with pytest.raises(CircuitOpen, match=r"tmdb failed too often") as raised:
        await dependency.call(calls, repeatable=True)
    assert (calls.made, len(time.slept)) == (2, slept)
    assert raised.value.retry_after_s == 10.0


async def test_a_circuit_that_opens_during_a_pause_leaves_the_error_that_came_before(time):
    policy = Policy(breaker=BreakerPolicy(minimum=3, open_s=1000.0))
    dependency = dependency_of(time, policy)

    async def others_fail(seconds: float) -> None:
        for _ in range(2):
            dependency.breaker.failed(await dependency.breaker.enter())

    dependency._timing = type(time.timing)(time.timing.monotonic, time.timing.epoch, others_fail)
    cause = ValueError("at the bottom")
    error = Wrong(Failure.NETWORK)
    error.__cause__ = cause
    with pytest.raises(Wrong) as raised:
        await dependency.call(Calls(error), repeatable=True)
    assert raised.value is error
    assert raised.value.__cause__ is cause


@pytest.mark.parametrize("failure", [Failure.RATE_LIMITED, Failure.QUOTA, Failure.REFUSED, Failure.OTHER])
async def test_busy_refusing_and_mistaken_are_not_down(time, failure):
    dependency = dependency_of(time, Policy(breaker=BreakerPolicy(minimum=1)))
    for _ in range(20):
        with pytest.raises(Wrong):
            await dependency.call(Calls(Wrong(failure)), repeatable=False)
    assert dependency.breaker.state is State.CLOSED
    assert dependency.breaker.counts == (0, 0, 0)


async def test_an_attempt_that_takes_too_long_is_late_and_counts_as_a_timeout():
    dependency = Dependency("tmdb", Policy(attempt_s=0.02, retry=RetryPolicy(retries={})))
    with pytest.raises(AnswerLate, match=r"tmdb did not answer within 0\.02 s"):
        await dependency.call(asyncio.Event().wait, repeatable=True)
    assert dependency.breaker.counts == (1, 1, 0)


async def test_each_attempt_has_the_time_that_is_left_and_no_more_than_its_own(time):
    dependency = dependency_of(time, Policy(attempt_s=5.0))
    seen = []

    async def attempt() -> None:
        left_s = remaining_s(time.timing)
        seen.append(left_s)
        time.advance(4.0)
        raise Wrong(Failure.NETWORK)

    with pytest.raises(Wrong):
        await dependency.call(attempt, repeatable=True, timeout_s=9.0)
    assert seen == [5.0, 4.0]  # 9 − 4 − 1 of pause; after it no time is left for another pause
    assert remaining_s(time.timing) is None


async def test_a_call_whose_deadline_is_over_is_not_made(time):
    calls = Calls()
    with deadline_in(1.0, time.timing):
        time.advance(1.0)
        with pytest.raises(DeadlineExceeded):
            await dependency_of(time).call(calls, repeatable=True)
    assert calls.made == 0


async def test_a_deadline_only_moves_closer(time):
    with deadline_in(5.0, time.timing):
        with deadline_in(60.0, time.timing):
            assert remaining_s(time.timing) == 5.0
        with deadline_in(2.0, time.timing):
            assert remaining_s(time.timing) == 2.0
        assert remaining_s(time.timing) == 5.0


async def test_slow_answers_open_a_circuit_as_failures_do(time):
    dependency = dependency_of(time, Policy(breaker=BreakerPolicy(minimum=5, slow_s=2.0, slow_rate=0.8)))

    async def slow() -> None:
        time.advance(2.0)

    for _ in range(5):
        assert dependency.breaker.state is State.CLOSED
        await dependency.call(slow, repeatable=True)
    assert dependency.breaker.state is State.OPEN


async def items(*outcomes: int | Exception) -> AsyncGenerator[int]:
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
        yield outcome


async def test_a_stream_that_ends_well_counts_once_and_one_that_breaks_off_is_a_failure(time):
    dependency = dependency_of(time)
    assert [item async for item in dependency.stream(lambda: items(1, 2, 3))] == [1, 2, 3]
    assert dependency.breaker.counts == (1, 0, 0)
    stream = dependency.stream(lambda: items(1, Wrong(Failure.NETWORK)))
    assert await anext(stream) == 1
    with pytest.raises(Wrong):
        await anext(stream)
    assert dependency.breaker.counts == (2, 1, 0)


async def test_a_reader_who_leaves_a_stream_says_nothing_about_it(time):
    dependency = dependency_of(time)
    stream = dependency.stream(lambda: items(1, 2, 3))
    assert await anext(stream) == 1
    await stream.aclose()
    assert dependency.breaker.counts == (0, 0, 0)


async def test_the_first_item_of_a_stream_answers_a_probe_and_the_rest_still_counts(time):
    dependency = dependency_of(time, Policy(breaker=BreakerPolicy(minimum=1, open_s=10.0)))
    with pytest.raises(Wrong):
        await dependency.call(Calls(Wrong(Failure.SERVER)), repeatable=False)
    time.advance(10.0)
    stream = dependency.stream(lambda: items(1, Wrong(Failure.NETWORK)))
    assert await anext(stream) == 1
    assert str(dependency.breaker.state) == "closed"
    with pytest.raises(Wrong):
        await anext(stream)
    assert str(dependency.breaker.state) == "open"


async def test_a_silent_stream_is_late():
    async def silent() -> AsyncGenerator[int]:
        yield 1
        await asyncio.Event().wait()

    dependency = Dependency("tmdb")
    stream = dependency.stream(silent, silence_s=0.02)
    assert await anext(stream) == 1
    with pytest.raises(AnswerLate, match=r"within 0\.02 s"):
        await anext(stream)
    assert dependency.breaker.counts == (1, 1, 0)


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (TimeoutError(), Failure.TIMEOUT),
        (ConnectionResetError(), Failure.NETWORK),
        (DependencyUnavailable("away"), Failure.NETWORK),
        (DependencyUnavailable("broken", status=502), Failure.SERVER),
        (DependencyUnavailable("late", status=504), Failure.TIMEOUT),
        (DependencyUnavailable("busy", status=429), Failure.RATE_LIMITED),
        (DependencyUnavailable("full", status=529), Failure.OVERLOADED),
        (DependencyUnavailable("a page of HTML", status=200), Failure.SERVER),
        (DependencyUnavailable("no", status=403), Failure.REFUSED),
        (AnswerLate("late"), Failure.TIMEOUT),
        (CircuitOpen("open"), Failure.CIRCUIT_OPEN),
        (TooManyRequests("slower"), Failure.RATE_LIMITED),
        (InvalidRequest("no"), Failure.OTHER),
        (FileNotFoundError(), Failure.OTHER),
        (KeyError(), Failure.OTHER),
    ],
)
def test_errors_are_told_apart(error, failure):
    assert classify(error).failure is failure


async def test_over_the_wire_transient_faults_are_overcome_and_refusals_are_final(time):
    transient = (Fault.RESET, Fault.SERVER_ERROR, Fault.OVERLOADED)
    async with faulty_wire(FaultyWire(in_order(*transient))) as wire, create_client(wire.url, service_token=None) as client:
        caller = HttpCaller(client, dependency=dependency_of(time))
        assert (await caller.call("GET", "/x")).json() == {"answer": "well"}
        assert len(wire.received) == 4
        wire.plan = always(Fault.BAD_REQUEST)
        with pytest.raises(DependencyUnavailable):
            await caller.call("GET", "/x")
    assert len(wire.received) == 5


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_over_the_wire_retry_after_is_kept_to_in_both_forms(form):
    date = form == "date"
    time = ManualTime(epoch_s=real.time())
    header = email.utils.formatdate(real.time() + 30, usegmt=True) if date else "30"
    wire = FaultyWire(in_order(Fault.RATE_LIMITED), retry_after=header)
    async with faulty_wire(wire), create_client(wire.url, service_token=None) as client:
        await HttpCaller(client, dependency=dependency_of(time)).call("GET", "/x", timeout_s=120)
    (pause_s,) = time.slept
    assert 27 <= pause_s <= 33


async def test_services_inside_are_told_the_deadline_and_others_are_not():
    async with faulty_wire(FaultyWire()) as wire:
        for token in (SecretStr("0123456789abcdef"), None):
            async with create_client(wire.url, service_token=token) as client:
                await HttpCaller(client).call("GET", "/x", timeout_s=20)
    inside, outside = wire.received
    assert "setu-deadline" not in outside.headers
    assert 0 < float(inside.headers["setu-deadline"]) - real.time() <= 20
    assert len(inside.headers["setu-deadline"].partition(".")[2]) == 3
