"""How many requests at once and in a minute; time is moved by hand."""

import asyncio
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from setu_common.errors import DeadlineExceeded
from setu_common.http import Dependencies, deadline_in
from setu_common.llm import LimitPolicy, Limits, Message
from setu_common.llm.limits import TokenBucket
from setu_common.llm.openai_provider import OpenAiProvider
from setu_common.testing import Fault, ManualTime, OpenAiWire, RecordingMeter, Reply, faulty_wire, in_order


@pytest.fixture
def time():
    return ManualTime()


async def test_no_more_than_allowed_are_under_way_at_once(time):
    limits = Limits("p", LimitPolicy(at_once=3), time.timing)
    inside, most, gate = 0, 0, asyncio.Event()

    async def call():
        nonlocal inside, most
        async with limits.place(1):
            inside += 1
            most = max(most, inside)
            await gate.wait()
            inside -= 1

    calls = [asyncio.create_task(call()) for _ in range(10)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*calls)
    assert most == 3


async def test_what_is_more_than_a_minute_allows_waits_for_its_turn(time):
    limits = Limits("p", LimitPolicy(at_once=9, requests_per_minute=60), time.timing)
    for _ in range(60):
        async with limits.place(1):
            pass
    assert time.slept == []
    for _ in range(3):
        async with limits.place(1):
            pass
    assert time.slept == pytest.approx([1.0, 1.0, 1.0])


async def test_tokens_are_limited_as_requests_are_and_a_call_larger_than_a_minutes_worth_passes(time):
    limits = Limits("p", LimitPolicy(tokens_per_minute=600), time.timing)
    async with limits.place(1000):
        assert time.slept == []
    async with limits.place(100):  # 400 are owed, and 100 wanted
        assert time.slept == pytest.approx([50.0])


async def test_an_estimate_is_corrected_by_what_was_used(time):
    limits = Limits("p", LimitPolicy(tokens_per_minute=600), time.timing)
    async with limits.place(600):
        limits.take(tokens=60 - 600)
    async with limits.place(540):
        assert time.slept == []


async def test_whoever_would_come_too_late_is_told_at_once_and_takes_nothing(time):
    limits = Limits("p", LimitPolicy(requests_per_minute=1), time.timing)
    async with limits.place(1):
        pass
    with deadline_in(30.0, time.timing), pytest.raises(DeadlineExceeded, match="turn at p"):
        async with limits.place(1):
            pytest.fail("it must not get in")
    assert time.slept == []
    async with limits.place(1):
        assert time.slept == pytest.approx([60.0])


async def test_a_place_is_not_waited_for_past_the_deadline(time):
    limits = Limits("p", LimitPolicy(at_once=1), time.timing)
    async with limits.place(1):
        with deadline_in(0.01, time.timing), pytest.raises(DeadlineExceeded):
            async with limits.place(1):
                pytest.fail("it must not get in")
    async with limits.place(1):
        pass


async def test_who_leaves_while_waiting_gives_back_what_it_took():
    time = ManualTime()
    held = asyncio.Event()

    async def hold(seconds):
        await held.wait()

    timing = time.timing
    slow = type(timing)(timing.monotonic, timing.epoch, hold, timing.uniform)
    limits = Limits("p", LimitPolicy(at_once=9, requests_per_minute=1), slow)
    async with limits.place(1):
        pass

    async def call():
        async with limits.place(1):
            pytest.fail("it must not get in")

    waiting = asyncio.create_task(call())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    bucket = limits._requests
    assert bucket is not None
    assert bucket.wait_s(1) == pytest.approx(60.0)


@given(st.lists(st.tuples(st.floats(0, 20), st.floats(1, 50)), max_size=60))
def test_a_bucket_never_lets_more_through_than_it_held_and_what_flowed_in(steps):
    time = ManualTime()
    bucket = TokenBucket(60.0, time.timing)
    taken = 0.0
    for pause_s, amount in steps:
        time.advance(pause_s + bucket.wait_s(amount))
        time.advance(bucket.wait_s(amount))
        bucket.take(amount)
        taken += amount
        assert taken <= 60.0 + time.now_s + 1e-6


async def test_attempts_made_again_count_and_true_usage_replaces_the_estimate():
    time = ManualTime(share=0.0)
    wire = OpenAiWire(in_order(Fault.SERVER_ERROR, Fault.SERVER_ERROR), say=lambda _: Reply("yes"))
    async with faulty_wire(wire):
        limits = Limits("p", LimitPolicy(requests_per_minute=10, tokens_per_minute=100_000), time.timing)
        provider = OpenAiProvider(
            base_url=f"{wire.url}/v1",
            model="m",
            api_key=SecretStr("k"),
            billed_as="openai",
            dependency=Dependencies(timing=time.timing).dependency("p"),
            limits=limits,
            meter=RecordingMeter(),
        )
        async with provider:
            await provider.chat([Message("user", "hello")], max_tokens=9)
        assert limits._requests is not None
        assert limits._tokens is not None
        assert limits._requests._level == pytest.approx(7.0)
        # two failed attempts at their estimate, which has room for thoughts, and one as it was
        assert 2 * 4000 < 100_000 - limits._tokens._level < 2.5 * 4000
        assert wire.bill.total.output_tokens == 1


async def test_an_answers_time_begins_when_its_turn_has_come_and_a_bound_deadline_before():
    time = ManualTime()
    time.advance(monotonic())  # whichever clock a deadline is read from, it is the same hour
    async with faulty_wire(OpenAiWire(say=lambda _: Reply("yes"))) as wire:
        provider = OpenAiProvider(
            base_url=f"{wire.url}/v1",
            model="m",
            api_key=SecretStr("k"),
            billed_as="openai",
            dependency=Dependencies(timing=time.timing).dependency("p"),
            limits=Limits("p", LimitPolicy(requests_per_minute=1), time.timing),
            meter=RecordingMeter(),
        )
        async with provider:
            await provider.chat([Message("user", "hello")], max_tokens=9, timeout_s=30)
            chatted = await provider.chat([Message("user", "hello")], max_tokens=9, timeout_s=30)
            completed = await provider.complete("hello", max_tokens=9, timeout_s=30)
            assert (chatted.text, completed.text) == ("yes", "yes")
            assert time.slept == pytest.approx([60.0, 60.0])
            with deadline_in(30.0, time.timing), pytest.raises(DeadlineExceeded, match="turn at p"):
                await provider.chat([Message("user", "hello")], max_tokens=9, timeout_s=30)
