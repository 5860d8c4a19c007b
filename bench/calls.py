"""What the layer costs that every outgoing call goes through: ``python -m bench calls``.

Beside it stand aiobreaker and tenacity stacked as their documentation says.
"""

import asyncio
import itertools
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping

from aiobreaker import CircuitBreaker
from prometheus_client import CollectorRegistry
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from bench.figures import Figure, judged
from setu_common.http import Dependencies, create_client
from setu_common.http.metrics import PrometheusObserver
from setu_common.testing import FaultyWire, faulty_wire

ROUNDS = 9
EMPTY_CALLS = 2000
REAL_CALLS = 300
GOAL_US = 25.0

Attempt = Callable[[], Awaitable[object]]


def measure() -> list[Figure]:
    """The layer's own time, around nothing and around real calls."""
    return asyncio.run(all_figures())


async def all_figures() -> list[Figure]:
    async def nothing() -> None:
        return

    empty = await medians(ways_around(nothing), EMPTY_CALLS)
    async with faulty_wire(FaultyWire()) as wire, create_client(wire.url, service_token=None) as client:
        real = await medians(ways_around(lambda: client.get("/x")), REAL_CALLS)
    figures = []
    for what, rounds, how in (
        ("around_nothing", empty, f"a coroutine that does nothing, {EMPTY_CALLS} calls a round"),
        ("around_a_call", real, f"GET of a server in the same thread over a kept connection, {REAL_CALLS} calls a round"),
    ):
        whole = statistics.median(each["bare"] for each in rounds)
        beside = statistics.median(each["stacked"] for each in rounds) * 1e6
        told = (
            f"median of what a call takes more through the layer (deadline, timeout, breaker, retries, log and Prometheus) than just before or "
            f"after without it; processor time, since the layer never waits and others use this machine; {how}; {ROUNDS} rounds; the call itself "
            f"takes {whole * 1e6:.0f} µs, and aiobreaker in tenacity adds {beside:.1f} µs"
        )
        added = [each["layer"] * 1e6 for each in rounds]
        figures.append(judged(f"layer_{what}", added, unit="µs", goal=GOAL_US, better="less", how=told))
        over = [each["stacked"] / each["layer"] for each in rounds]
        told = f"what aiobreaker in tenacity adds over what the layer adds, in the same rounds; {how}"
        figures.append(judged(f"stacked_over_layer_{what}", over, unit="times", goal=1.0, better="more", how=told))
    return figures


def ways_around(attempt: Attempt) -> dict[str, Attempt]:
    """The call as it is, through the layer, and through both libraries."""
    dependency = Dependencies([PrometheusObserver(CollectorRegistry())]).dependency("bench")
    breaker = CircuitBreaker(fail_max=5)
    retrying = AsyncRetrying(
        stop=stop_after_attempt(4),
        wait=wait_random_exponential(multiplier=1, max=60),
        retry=retry_if_exception_type(ConnectionError),
        reraise=True,
    )
    return {
        "bare": attempt,
        "layer": lambda: dependency.call(attempt, repeatable=True, timeout_s=30.0),
        "stacked": lambda: retrying(breaker.call_async, attempt),
    }


async def medians(
    ways: Mapping[str, Attempt], calls: int, clock: Callable[[], float] = time.thread_time
) -> list[dict[str, float]]:
    """By round: the median time of a bare call, and of what each other way takes more than the bare call of its turn, seconds.

    The ways take turns, each as often behind each other one as behind the rest. Time is the processor's unless another clock is given.
    """
    orders = itertools.cycle(itertools.permutations(ways))
    rounds = []
    for number in range(-1, ROUNDS):  # the first one warms up
        took: dict[str, list[float]] = {name: [] for name in ways}
        for order in itertools.islice(orders, calls):
            for name in order:
                began = clock()
                await ways[name]()
                took[name].append(clock() - began)
        if number >= 0:
            bare = took.pop("bare")
            more = {name: [one - other for one, other in zip(times, bare, strict=True)] for name, times in took.items()}
            rounds.append({"bare": statistics.median(bare), **{name: statistics.median(each) for name, each in more.items()}})
    return rounds
