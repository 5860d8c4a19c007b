"""What calls do on a wire that fails: ``python -m bench resilience``. The SDK as it comes, and bare, stand beside the layer."""

import asyncio
import contextlib
import email.utils
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import structlog
from openai import AsyncOpenAI

from bench.figures import Figure, judged
from bench.resilience_openai import ask, classify_openai, http_client, openai_wire, sdk
from bench.resilience_sharing import sharing
from bench.resilience_stalls import HUNG, ended_in_time, stalls
from setu_common.http import Dependencies, Dependency, Policy, RetryPolicy, State
from setu_common.testing import Answer, Fault, FaultyWire, always, faulty_wire, in_order, some

TRANSIENT = (Fault.RESET, Fault.SERVER_ERROR, Fault.OVERLOADED, Fault.RATE_LIMITED)
CALLS = 2000
SEEDS = 3
AT_ONCE = 25
SHORT = Policy(retry=RetryPolicy(base_s=0.02, cap_s=0.5))  # for thousands of calls; everything else as it comes
OUTAGE_S = 15.0
SETTLED_S = 10.0
CALLERS = 20
EVERY_S = 0.1
OPEN_S = 1.0
DEADLINE_S = 1.0
HOLDS_UP = {
    Fault.SILENT: "accepts and says nothing",
    Fault.DRIP: "sends a byte a second",
    Fault.HALF_OPEN: "is gone without having closed its connections",
}

STATUSES = (400, 401, 403, 404, 409, 413, 422)
REFUSED = b'{"error": {"message": "no"}}'
WONT_GET_BETTER: dict[str, tuple[int, str, Callable[[], FaultyWire]]] = {
    "4xx": (
        140,
        f"{', '.join(map(str, STATUSES))} in turn",
        lambda: FaultyWire(answer=lambda received: Answer(REFUSED, STATUSES[received.number % len(STATUSES)])),
    ),
    "quota": (20, "429 with a quota that is used up", lambda: openai_wire(always(Fault.QUOTA))),
}

Call = Callable[[], Awaitable[object]]


def measure() -> list[Figure]:
    """All figures; some 3 minutes."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    return [*asyncio.run(all_figures()), *stalls(), *sharing()]


async def all_figures() -> list[Figure]:
    figures = []
    for measured in (transient(0.2, 0.05), transient(0.1, 0.01), outage(), recovery(), hanging(), pauses(), refusals()):
        figures += await measured
    return figures


@dataclass
class Tally:
    """What became of calls."""

    calls: int = 0
    failures: int = 0


async def made(call: Call, count: int) -> Tally:
    """Make calls, some at once."""
    tally, numbers = Tally(), iter(range(count))

    async def caller() -> None:
        for _ in numbers:
            tally.calls += 1
            try:
                await call()
            except Exception:  # noqa: BLE001  whatever it is, the call failed
                tally.failures += 1

    await asyncio.gather(*[caller() for _ in range(AT_ONCE)])
    return tally


def alone(client: AsyncOpenAI) -> Call:
    """A call by the SDK."""
    return lambda: ask(client)


def within(dependency: Dependency, client: AsyncOpenAI, timeout_s: float = 60.0, *, repeatable: bool = True) -> Call:
    """A call by the SDK through the layer."""
    return lambda: dependency.call(alone(client), repeatable=repeatable, timeout_s=timeout_s)


def layer(policy: Policy, name: str = "openai") -> Dependency:
    return Dependencies().dependency(name, policy, classify=classify_openai)


async def transient(share: float, goal: float) -> list[Figure]:
    """Some answers fail for a moment."""
    rounds: dict[str, list[tuple[float, float]]] = {"bare": [], "sdk": [], "layer": []}
    for name, seeds in (("bare", 1), ("sdk", 1), ("layer", SEEDS)):
        for seed in range(seeds):
            wire = openai_wire(some(share, TRANSIENT, seed), retry_after="0.02")
            async with faulty_wire(wire), http_client(wire.url) as http:
                client = sdk(http, retries=name == "sdk")
                tally = await made(within(layer(SHORT), client) if name == "layer" else alone(client), CALLS)
            rounds[name].append((tally.failures / tally.calls, len(wire.received) / tally.calls))
    faults = f"{CALLS} calls a round, {AT_ONCE} at once, {share:.0%} of requests meet a reset, 500, 529 or 429; {SEEDS} seeds"
    failed = ", ".join(f"{name} {statistics.median(each[0] for each in found):.2%}" for name, found in rounds.items())
    ((bare, _),) = rounds["bare"]
    ratios = [ours / bare for ours, _ in rounds["layer"]]
    how = (
        f"failed calls with the layer over failed calls of the SDK without retries (sdk: with its own two); {faults}; the layer's pauses from "
        f"0.02 s instead of 1 s; failed: {failed}"
    )
    label = f"{share * 100:.0f}"
    figures = [judged(f"failures_at_{label}_percent", ratios, unit="of bare", goal=goal, better="less", how=how)]
    sent = statistics.median(each[1] for each in rounds["sdk"])
    how = f"requests that reached the wire per call, {faults}; the SDK with its own two retries sends {sent:.3f}"
    upstream = [each[1] for each in rounds["layer"]]
    figures.append(judged(f"requests_per_call_at_{label}_percent", upstream, unit="requests", goal=1.3, better="less", how=how))
    return figures


async def outage() -> list[Figure]:
    """Every answer fails for a while; the SDK and the layer at the same time, on a wire each."""
    theirs, ours = openai_wire(always(Fault.SERVER_ERROR)), openai_wire(always(Fault.SERVER_ERROR))
    dependency = layer(Policy())
    async with faulty_wire(theirs), faulty_wire(ours), http_client(theirs.url) as http, http_client(ours.url) as other:
        by_itself, through = alone(sdk(http, retries=True)), within(dependency, sdk(other, retries=False), 30.0)
        began = time.monotonic()
        refused: list[float] = []
        late = {"sdk": 0, "layer": 0}

        async def caller(name: str, call: Call) -> None:
            while (now := time.monotonic()) - began < OUTAGE_S:
                is_open = name == "layer" and dependency.breaker.refuses
                late[name] += now - began >= SETTLED_S
                with contextlib.suppress(Exception):
                    await call()
                if is_open:
                    refused.append((time.monotonic() - now) * 1000)
                await asyncio.sleep(EVERY_S)

        loop_began = asyncio.get_running_loop().time()
        await asyncio.gather(
            *[caller("sdk", by_itself) for _ in range(CALLERS)], *[caller("layer", through) for _ in range(CALLERS)]
        )
    sent = {
        name: sum(loop_began + SETTLED_S <= each.at_s < loop_began + OUTAGE_S for each in wire.received)
        for name, wire in (("sdk", theirs), ("layer", ours))
    }
    how = (
        f"requests per call from the {SETTLED_S:.0f}th to the {OUTAGE_S:.0f}th second of an outage, {CALLERS} callers, policies as they come; "
        f"{sent['layer']} requests for {late['layer']} calls; the SDK sends {sent['sdk'] / max(late['sdk'], 1):.1f} per call"
    )
    fast = (
        f"time until the error of {len(refused)} calls that found the circuit open; 99 % within {statistics.quantiles(refused, n=100)[-1]:.2f} ms; "
        "all callers and both wires share a thread"
    )
    return [
        judged(
            "requests_per_call_in_an_outage", [sent["layer"] / late["layer"]], unit="requests", goal=1.1, better="less", how=how
        ),
        judged("refusal", refused, unit="ms", goal=5.0, better="less", how=fast),
    ]


async def recovery() -> list[Figure]:
    """The other side comes back."""
    rounds: list[float] = []
    policy = replace(SHORT, breaker=replace(SHORT.breaker, open_s=OPEN_S))
    for number in range(5):
        wire = openai_wire(always(Fault.SERVER_ERROR))
        dependency = layer(policy)
        async with faulty_wire(wire), http_client(wire.url) as http:
            call = within(dependency, sdk(http, retries=False), repeatable=False)
            await called_until(State.OPEN, dependency, call)
            await asyncio.sleep(OPEN_S * number / 5)  # anywhere in the interval
            wire.plan = always(Fault.NONE)
            began = time.monotonic()
            await called_until(State.CLOSED, dependency, call)
            rounds.append((time.monotonic() - began) / OPEN_S)
    how = f"from the moment that answers are good again until the circuit is closed, in pauses of {OPEN_S:g} s (by itself 10 s); calls every 5 ms; 5 moments"
    return [judged("recovery", rounds, unit="probe intervals", goal=1.05, better="less", how=how)]


async def called_until(state: State, dependency: Dependency, call: Call) -> None:
    while dependency.breaker.state is not state:
        with contextlib.suppress(Exception):
            await call()
        await asyncio.sleep(0.005)


async def hanging() -> list[Figure]:
    """The other side does not end what it began."""
    figures = []
    for fault, what in HOLDS_UP.items():
        wire = openai_wire(always(fault))
        dependency = layer(Policy(), fault.value)
        async with faulty_wire(wire), http_client(wire.url) as http:
            call = within(dependency, sdk(http, retries=False), DEADLINE_S)
            ended = [asyncio.create_task(ended_after(call)) for _ in range(HUNG)]
            done, hung = await asyncio.wait(ended, timeout=DEADLINE_S + 30)
            late_s = [task.result() - DEADLINE_S for task in done]
            for task in hung:
                task.cancel()
        how = f"calls to a server that {what}, all at once; the SDK by itself waits 600 s, three times"
        figures.append(ended_in_time(fault.value.replace("-", "_"), late_s, DEADLINE_S, how))
    return figures


async def ended_after(call: Call) -> float:
    """How long a call took to end, well or not, seconds."""
    began = time.monotonic()
    with contextlib.suppress(Exception):
        await call()
    return time.monotonic() - began


async def pauses() -> list[Figure]:
    """The other side says when to come back."""
    ratios = await asyncio.gather(*[pause_over_asked(asked_s) for asked_s in (1.0, 2.0, 3.0, None)])
    how = "time between the request that was answered 429 and the next one over what Retry-After asked for: 1, 2, 3 s, and a date 4 s ahead"
    return [
        judged("retry_after_longest", [max(ratios)], unit="of asked", goal=1.1, better="less", how=how),
        judged("retry_after_shortest", [min(ratios)], unit="of asked", goal=0.9, better="more", how=how),
    ]


async def pause_over_asked(asked_s: float | None) -> float:
    """How long the layer paused before it asked again over how long it was told to; None: by a date that is 4 s ahead."""
    header = email.utils.formatdate(time.time() + 4, usegmt=True) if asked_s is None else f"{asked_s:g}"
    wire = openai_wire(in_order(Fault.RATE_LIMITED), retry_after=header)
    async with faulty_wire(wire), http_client(wire.url) as http:
        call = within(layer(Policy()), sdk(http, retries=False))
        until_s = email.utils.parsedate_to_datetime(header).timestamp() - time.time() if asked_s is None else asked_s
        await call()
    first, second = wire.received
    return (second.at_s - first.at_s) / until_s


async def refusals() -> list[Figure]:
    """What won't get better is not asked for again."""
    figures = []
    for name, (calls, what, wire) in WONT_GET_BETTER.items():
        ours, theirs = await sent_for(wire(), calls, retries=False), await sent_for(wire(), calls, retries=True)
        how = f"requests per call, {calls} calls that are answered {what}; the SDK by itself sends {theirs / calls:g}"
        figures.append(judged(f"requests_per_{name}", [ours / calls], unit="requests", goal=1.0, better="less", how=how))
    return figures


async def sent_for(wire: FaultyWire, calls: int, *, retries: bool) -> int:
    """Requests that so many calls became: of the SDK with its own retries, or without them through the layer."""
    async with faulty_wire(wire), http_client(wire.url) as http:
        client = sdk(http, retries=retries)
        await made(alone(client) if retries else within(layer(Policy()), client), calls)
    return len(wire.received)
