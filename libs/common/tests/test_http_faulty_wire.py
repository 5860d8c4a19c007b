"""The wire fails as it is told, and only then."""

import asyncio
import time

import pytest

from setu_common.errors import DependencyUnavailable
from setu_common.http import Dependency, HttpCaller, Policy, RetryPolicy, create_client
from setu_common.testing import Answer, Fault, FaultyWire, always, faulty_wire, in_order, some

ONCE = Policy(attempt_s=None, retry=RetryPolicy(retries={}))


async def asked(wire: FaultyWire, timeout_s: float = 5.0, **options):
    async with create_client(wire.url, service_token=None, timeout_s=timeout_s) as client:
        return await HttpCaller(client, dependency=Dependency("wire", ONCE)).call("POST", "/v1/things?x=1", **options)


async def test_a_wire_without_faults_answers_and_tells_what_it_was_asked():
    async with faulty_wire(FaultyWire(answer=lambda received: Answer(received.body))) as wire:
        assert (await asked(wire, json={"a": 1}, headers={"Setu-Tenant": "t"})).json() == {"a": 1}
    (received,) = wire.received
    assert (received.method, received.path, received.fault) == ("POST", "/v1/things?x=1", Fault.NONE)
    assert (received.headers["setu-tenant"], received.body) == ("t", b'{"a":1}')


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault.RATE_LIMITED, 429),
        (Fault.QUOTA, 429),
        (Fault.BAD_REQUEST, 400),
        (Fault.SERVER_ERROR, 500),
        (Fault.OVERLOADED, 529),
    ],
)
async def test_a_refusal_comes_with_its_status(fault, status):
    async with faulty_wire(FaultyWire(always(fault), retry_after="7")) as wire:
        with pytest.raises(DependencyUnavailable) as raised:
            await asked(wire)
    assert raised.value.context == {"status": status}
    assert raised.value.retry_after_s == (7 if fault is Fault.RATE_LIMITED else None)


@pytest.mark.parametrize(
    ("fault", "body"),
    [(Fault.TRUNCATED, '{"answer"'), (Fault.EMPTY, ""), (Fault.HTML, "<!doctype html><h1>Please sign in</h1>")],
)
async def test_an_answer_that_is_none_looks_like_success(fault, body):
    async with faulty_wire(FaultyWire(always(fault))) as wire:
        assert (await asked(wire)).text == body


@pytest.mark.parametrize("fault", [Fault.SILENT, Fault.HALF_OPEN, Fault.DRIP])
async def test_who_waits_for_it_waits_until_the_time_is_up(fault):
    async with faulty_wire(FaultyWire(always(fault), drip_s=0.02, answer=lambda _: Answer(b"." * 1000))) as wire:
        began = time.monotonic()
        with pytest.raises(DependencyUnavailable, match=r"within 1 s|in time"):
            await asked(wire, timeout_s=1.0)
    assert time.monotonic() - began >= 1.0
    assert len(wire.received) == 1


async def test_a_reset_breaks_off_in_the_middle_of_the_body():
    async with faulty_wire(FaultyWire(always(Fault.RESET))) as wire:
        with pytest.raises(DependencyUnavailable, match=r"does not answer \(ReadError\)"):
            await asked(wire)


async def test_a_late_answer_is_an_answer():
    async with faulty_wire(FaultyWire(in_order(Fault.LATENCY), latency_s=0.05)) as wire:
        began = asyncio.get_running_loop().time()
        assert (await asked(wire)).json() == {"answer": "well"}
    assert asyncio.get_running_loop().time() - began >= 0.05


def test_the_same_seed_gives_the_same_faults_and_another_seed_others():
    faults = (Fault.RESET, Fault.SERVER_ERROR)
    first, again, other = (some(0.2, faults, seed) for seed in (1, 1, 2))
    drawn = [first(number) for number in range(2000)]
    assert drawn == [again(number) for number in range(2000)]
    assert drawn != [other(number) for number in range(2000)]
    assert 340 <= 2000 - drawn.count(Fault.NONE) <= 460
    assert set(drawn) == {Fault.NONE, *faults}
