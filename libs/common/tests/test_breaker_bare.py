"""What the bare library gets wrong, and ours doesn't: each fault is shown on both, so that a mended library is noticed."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any, Protocol

import pytest
from aiobreaker import CircuitBreaker, CircuitBreakerError, CircuitBreakerState
from aiobreaker.storage.redis import CircuitRedisStorage

from setu_common.http import (
    Breaker,
    BreakerPolicy,
    CircuitOpen,
    Dependencies,
    Dependency,
    Failed,
    Failure,
    Policy,
    State,
    breaker_redis,
)
from setu_common.http.breaker_redis import SharedBreakers
from setu_common.testing import ManualTime

ABANDONED_S = 5.0
FAILURES = 4  # what opens either circuit
NOBODY = "redis://127.0.0.1:1/0"


class Broken(Exception):
    """The other side's failure."""


class Ours(Exception):
    """The caller's own."""


class Circuit(Protocol):
    """What both have in common."""

    time: ManualTime

    async def run(self, attempt: Callable[[], Awaitable[object]]) -> object: ...

    def follow(self, stream: Callable[[], AsyncIterator[int]]) -> AsyncIterator[int]: ...

    def state(self) -> str: ...

    def pause_is_over(self) -> None: ...


class Bare:
    """aiobreaker, used as its documentation says."""

    def __init__(self) -> None:
        self.time = ManualTime()
        self.breaker = CircuitBreaker(fail_max=FAILURES, timeout_duration=timedelta(seconds=60), exclude=[Ours])

    async def run(self, attempt):
        return await self.breaker.call_async(attempt)

    def follow(self, stream):
        return self.breaker.call(stream)

    def state(self) -> str:
        return self.breaker.current_state.name.lower().replace("_", "-")

    def pause_is_over(self) -> None:
        self.breaker.timeout_duration = timedelta(seconds=-1)


class Wrapped:
    """Ours."""

    def __init__(self) -> None:
        self.time = ManualTime()
        policy = Policy(breaker=BreakerPolicy(minimum=FAILURES, failure_rate=0.5, open_s=60.0, abandoned_s=ABANDONED_S))
        self.dependency = Dependency("tmdb", policy, classify=verdict, timing=self.time.timing)

    async def run(self, attempt):
        return await self.dependency.call(attempt, repeatable=False)

    def follow(self, stream):
        return self.dependency.stream(stream)

    def state(self) -> str:
        return self.dependency.breaker.state.value

    def pause_is_over(self) -> None:
        self.time.advance(61)


def verdict(error: BaseException) -> Failed:
    return Failed(Failure.SERVER if isinstance(error, Broken) else Failure.REFUSED)


@pytest.fixture(params=[Bare, Wrapped], ids=["bare", "ours"])
def circuit(request) -> Circuit:
    return request.param()


def is_bare(circuit: Circuit) -> bool:
    return isinstance(circuit, Bare)


async def broken() -> None:
    raise Broken("503")


async def well() -> str:
    return "well"


async def our_mistake() -> None:
    raise Ours("400")


async def outcome(circuit: Circuit, attempt: Callable[[], Awaitable[object]]) -> Any:  # Any: what it answered, or raised
    try:
        return await circuit.run(attempt)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is looked at)
        return error


async def trip(circuit: Circuit) -> None:
    for _ in range(FAILURES):
        await outcome(circuit, broken)
    assert circuit.state() == "open"


async def test_half_open_lets_one_probe_through(circuit):
    await trip(circuit)
    circuit.pause_is_over()
    released, through = asyncio.Event(), 0

    async def probe() -> None:
        nonlocal through
        through += 1
        await released.wait()

    callers = [asyncio.create_task(outcome(circuit, probe)) for _ in range(20)]
    await asyncio.sleep(0)
    released.set()
    await asyncio.gather(*callers)
    assert through == (20 if is_bare(circuit) else 1)


async def test_a_coroutine_function_that_is_called_plainly_counts():
    bare = CircuitBreaker(fail_max=1)
    for _ in range(3):
        with pytest.raises(Broken):
            await bare.call(broken)
    assert bare.current_state is CircuitBreakerState.CLOSED  # three failures, none of them noticed
    ours = Wrapped()
    for _ in range(FAILURES):
        with pytest.raises(Broken):
            await ours.run(broken)
    assert ours.state() == "open"


async def test_a_stream_that_breaks_in_the_middle_is_a_failure(circuit):
    async def stream() -> AsyncIterator[int]:
        yield 1
        raise Broken("reset")

    for _ in range(FAILURES):
        with pytest.raises(Broken):
            async for _item in circuit.follow(stream):
                pass
    assert circuit.state() == ("closed" if is_bare(circuit) else "open")


@pytest.fixture(params=["Asia/Kolkata", "America/New_York"])
def local_time(request, monkeypatch):
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


async def test_how_long_it_stays_open_is_told_alike_in_all_time_zones(local_time):
    bare = Bare()
    for _ in range(FAILURES):
        refusal = await outcome(bare, broken)
    refusal = await outcome(bare, well) if isinstance(refusal, CircuitBreakerError) else refusal
    if local_time == "Asia/Kolkata":  # east of Greenwich it seems over at once, and asking how long it takes raises
        assert refusal.reopen_time is None
        with pytest.raises(TypeError):
            _ = refusal.time_remaining
    else:
        assert refusal.time_remaining > timedelta(hours=3)
    ours = Wrapped()
    await trip(ours)
    ours.time.advance(20)
    refused = await outcome(ours, well)
    assert isinstance(refused, CircuitOpen)
    assert refused.retry_after_s == pytest.approx(40)


async def test_redis_that_is_away_hinders_nobody_from_starting():
    redis = pytest.importorskip("redis")
    with pytest.raises(redis.exceptions.ConnectionError):
        CircuitRedisStorage(CircuitBreakerState.CLOSED, redis.Redis.from_url(NOBODY))
    dependencies = Dependencies()
    async with SharedBreakers(dependencies, NOBODY, "x:") as shared:
        assert await dependencies.dependency("tmdb").call(well, repeatable=False) == "well"
        assert not shared.present


async def test_redis_may_decode_what_it_answers(redis_settings, monkeypatch):
    monkeypatch.setattr(breaker_redis, "EXCHANGE_LIMIT_S", 30.0)  # a busy machine may need more than the usual 2 s
    redis = pytest.importorskip("redis")
    with redis.Redis.from_url(redis_settings.url, decode_responses=True) as client:
        storage = CircuitRedisStorage(CircuitBreakerState.CLOSED, client, namespace=redis_settings.key_prefix)
        with pytest.raises(AttributeError):
            _ = storage.state
    dependencies = Dependencies()
    async with SharedBreakers(dependencies, redis_settings.url, redis_settings.key_prefix) as shared:
        assert shared.present  # its client decodes


async def test_a_callers_mistake_neither_closes_a_circuit_nor_undoes_failures(circuit):
    for _ in range(FAILURES - 1):
        await outcome(circuit, broken)
    await outcome(circuit, our_mistake)
    await outcome(circuit, broken)
    assert circuit.state() == ("closed" if is_bare(circuit) else "open")
    if is_bare(circuit):
        await trip(circuit)
    circuit.pause_is_over()
    await outcome(circuit, our_mistake)
    assert circuit.state() == ("closed" if is_bare(circuit) else "half-open")
    assert await outcome(circuit, well) == "well"
    assert circuit.state() == "closed"


async def test_the_call_that_opens_it_raises_what_went_wrong(circuit):
    errors = [await outcome(circuit, broken) for _ in range(FAILURES)]
    assert isinstance(errors[-1], CircuitBreakerError if is_bare(circuit) else Broken)
    circuit.pause_is_over()
    assert isinstance(await outcome(circuit, broken), CircuitBreakerError if is_bare(circuit) else Broken)


async def test_four_of_five_that_fail_for_ever_open_it(circuit):
    for number in range(100):
        await outcome(circuit, well if number % 4 == 3 else broken)
    # With a limit of four in a row, three failures and a success go on for ever.
    assert circuit.state() == ("closed" if is_bare(circuit) else "open")


async def test_a_wait_that_a_caller_ends_is_a_timeout_if_it_was_long_and_nothing_if_it_was_short(circuit):
    async def hangs(seconds: float) -> None:
        circuit.time.advance(seconds)
        await asyncio.Event().wait()

    async def given_up(seconds: float) -> None:
        task = asyncio.create_task(circuit.run(lambda: hangs(seconds)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    for _ in range(10 * FAILURES):
        await given_up(ABANDONED_S / 2)
    assert circuit.state() == "closed"
    for _ in range(FAILURES):
        await given_up(ABANDONED_S)
    assert circuit.state() == ("closed" if is_bare(circuit) else "open")


async def test_stragglers_of_an_earlier_period_change_nothing(circuit):
    released = asyncio.Event()

    async def late() -> None:
        await released.wait()
        raise Broken("late")

    stragglers = [asyncio.create_task(outcome(circuit, late)) for _ in range(FAILURES)]
    await asyncio.sleep(0)
    await trip(circuit)
    opened_at = circuit.breaker._state_storage.opened_at if is_bare(circuit) else circuit.dependency.breaker.open_for_s
    released.set()
    await asyncio.gather(*stragglers)
    if is_bare(circuit):
        assert circuit.breaker._state_storage.opened_at > opened_at  # the pause begins anew
    else:
        assert circuit.dependency.breaker.open_for_s == opened_at


def test_ours_is_typed_and_its_states_are_all_there():
    assert Breaker("x").state is State.CLOSED
    assert {state.name for state in CircuitBreakerState} == {state.name for state in State}
