"""Answers that are heard while they are written, through the real SDKs: however they are cut, and wherever they break."""

import asyncio
import itertools
import json
import math
from typing import Any

import pytest

from setu_common.cost import Usage
from setu_common.http import AnswerLate, RetryPolicy
from setu_common.llm import (
    Fallback,
    Finish,
    LlmContextTooLong,
    LlmOverloaded,
    LlmQuotaExhausted,
    LlmRateLimited,
    LlmRefusal,
    LlmRequestRefused,
    LlmUnavailable,
    streaming,
)
from setu_common.testing import AnthropicWire, Fault, FaultyWire, OpenAiWire, always
from setu_common.testing.dialects import events, json_answer
from testbed.streams import ASK, END, PATIENCE_S, START, STOP, USED, chunk, cutting, delta, listening, stream_of

TEXT = '{"lines": ["1|तुम ठीक हो?\\n", "2|Très bien, \\"merci\\" 😀👍🏽", "3|\\u0939\\ud83d\\ude00"]}'
CUTS = {"whole": 100_000, "bytes": 1, "sevens": 7}


@pytest.fixture(params=["openai", "anthropic"])
def kind(request):
    return request.param


def wire_of(kind, *args, **options) -> OpenAiWire | AnthropicWire:
    return (OpenAiWire if kind == "openai" else AnthropicWire)(*args, **options)


def telling(*parts, end="[DONE]") -> FaultyWire:
    """A server that answers every request with these events."""
    return FaultyWire(answer=lambda _: events([(part.get("type"), part) for part in parts], end))


@pytest.mark.parametrize("cut", sorted(CUTS))
async def test_however_it_is_cut_an_answer_is_what_it_would_have_been_at_once_and_is_heard_growing(kind, cut):
    heard: list[str] = []
    async with listening(kind, wire_of(kind, say=lambda _: TEXT, cut=cutting(CUTS[cut]))) as (provider, meter):
        at_once = await provider.chat(ASK, max_tokens=50)
        streamed = await provider.chat(ASK, max_tokens=50, heard=heard.append)
    assert streamed == at_once
    assert streamed.text == TEXT
    assert bool(streamed.tokens) is (kind == "openai")
    assert all(later.startswith(earlier) and later > earlier for earlier, later in itertools.pairwise(heard))
    assert heard[-1:] == ([] if cut == "whole" else [TEXT])  # nothing is to be won where all is there
    assert len(heard) > 5 or cut == "whole"
    assert [(call.usage, call.outcome) for call in meter.calls] == [(at_once.usage, "ok")] * 2


async def test_halves_of_a_character_that_come_apart_are_put_together(kind):
    heard: list[str] = []
    halves = [chunk("a \ud83d"), chunk("\ude00"), chunk(" b", "stop"), USED]
    if kind == "anthropic":
        halves = [START, delta("a \ud83d"), delta("\ude00"), delta(" b"), END, STOP]
    told = "".join(f"data: {json.dumps(each)}\r\n\r\n" for each in halves) + "data: [DONE]\n\n"
    wire = FaultyWire(answer=lambda _: stream_of(told), cut=cutting(1))
    async with listening(kind, wire) as (provider, _):
        assert (await provider.chat(ASK, max_tokens=9, heard=heard.append)).text == "a 😀 b"
    assert heard[-2:] == ["a 😀", "a 😀 b"]


async def test_probabilities_come_only_where_they_are_wanted():
    async with listening("openai", OpenAiWire()) as (provider, _):
        told = await provider.chat(ASK, max_tokens=9, heard=lambda _: None)
        assert told.confidence == pytest.approx(0.9)
        assert math.isclose(sum(each.length_bytes for each in told.tokens), len("HOW ARE YOU"))
        assert (await provider.chat(ASK, max_tokens=9, probabilities=False)).tokens == ()


THOUGHT = {"choices": [{"index": 0, "delta": {"reasoning_content": "hm"}}]}
MUSING = {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}}
BROKEN = {"error": {"message": "no", "type": "server_error", "code": None}}
MIDWAY: dict[str, list[tuple[Any, ...]]] = {  # Any: JSON
    "openai": [
        ([chunk("half "), BROKEN], LlmUnavailable, None),
        ([BROKEN], LlmUnavailable, None),
        ([{"error": {"code": 429, "message": "slow down"}}], LlmRateLimited, "failed"),
        ([{"error": {"code": "rate_limit_exceeded"}}], LlmRateLimited, "failed"),
        ([chunk("half "), {"error": {"code": "rate_limit_exceeded"}}], LlmUnavailable, None),
        ([{"error": {"code": "insufficient_quota"}}], LlmQuotaExhausted, "failed"),
        ([{"error": {"type": "exceed_context_size_error", "code": 400}}], LlmContextTooLong, "failed"),
        ([chunk("half "), {"error": {"code": "content_filter"}}], LlmRefusal, None),
        ([chunk("half ", "content_filter"), USED], LlmRefusal, "failed"),
        ([{"error": "out of memory"}], LlmUnavailable, None),
        ([chunk(""), {"error": {"code": "rate_limit_exceeded"}}], LlmRateLimited, "failed"),
        ([THOUGHT, {"error": {"code": "rate_limit_exceeded"}}], LlmUnavailable, None),
        ([chunk("half ")], LlmUnavailable, None),
    ],
    "anthropic": [
        ([START, delta("half "), {"type": "error", "error": {"type": "overloaded_error"}}], LlmUnavailable, None),
        ([{"type": "error", "error": {"type": "overloaded_error"}}], LlmOverloaded, "failed"),
        ([{"type": "error", "error": {"type": "rate_limit_error"}}], LlmRateLimited, "failed"),
        ([{"type": "error", "error": {"type": "invalid_request_error"}}], LlmRequestRefused, "failed"),
        ([{"type": "error", "error": {"type": "api_error"}}], LlmUnavailable, None),
        ([START, delta("half "), {**END, "delta": {"stop_reason": "refusal"}}, STOP], LlmRefusal, "failed"),
        ([START, delta("half "), STOP], LlmUnavailable, None),
        ([START, delta("half ")], LlmUnavailable, None),
        ([{"type": "error", "error": None}], LlmUnavailable, None),
        ([START, {"type": "error", "error": {"type": "overloaded_error"}}], LlmOverloaded, "failed"),
        ([START, MUSING, {"type": "error", "error": {"type": "overloaded_error"}}], LlmUnavailable, None),
    ],
}


@pytest.mark.parametrize(("kind", "parts", "error", "outcome"), [(kind, *each) for kind in MIDWAY for each in MIDWAY[kind]])
async def test_half_an_answer_is_none_and_counts_at_its_bound_unless_it_was_refused_before_its_first_word(
    kind, parts, error, outcome
):
    wire = telling(*parts, end="[DONE]" if outcome or "choices" not in parts[-1] else None)
    async with listening(kind, wire) as (provider, meter):
        with pytest.raises(error) as raised:
            await provider.chat(ASK, max_tokens=9, heard=lambda _: None)
    assert type(raised.value) is error
    assert [call.outcome for call in meter.calls] == [outcome]


@pytest.mark.parametrize("said", ["data: {\n\n", "data: [1]\n\n", "data: null\n\n", ": nothing\n\n", "data: {}\n\n", ""])
async def test_events_that_are_none_are_no_answer(kind, said):
    async with listening(kind, FaultyWire(answer=lambda _: stream_of(said))) as (provider, meter):
        with pytest.raises(LlmUnavailable):
            await provider.chat(ASK, max_tokens=9, heard=lambda _: None)
    assert [call.outcome for call in meter.calls] == [None]


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("openai", [chunk("well", "stop")]),
        ("openai", [chunk("well", "stop", usage={}), {"usage": "much"}]),
        ("anthropic", [START, delta("well"), {**END, "usage": None}, STOP]),
        ("anthropic", [START, delta("well"), {**END, "usage": {"input_tokens": 3}}, STOP][:-1]),
    ],
)
async def test_who_does_not_say_what_a_stream_used_is_charged_the_bound_and_not_asked_to_stream_again(kind, parts):
    wire = telling(*parts)
    async with listening(kind, wire) as (provider, meter):
        for _ in range(3):
            told = await provider.chat(ASK, max_tokens=9, heard=lambda _: None)
            assert (told.text, told.finish) == ("well", Finish.STOP)
        assert [(call.outcome, call.usage) for call in meter.calls] == [(None, None)] * 3
        with pytest.raises(LlmUnavailable):  # it streams all the same
            await provider.chat(ASK, max_tokens=9, heard=lambda _: None)
        assert [bool(json.loads(each.body).get("stream")) for each in wire.received] == [True, True, True, False]


async def test_a_stream_that_ends_too_early_is_asked_for_again_at_once(kind):
    plan = lambda number: Fault.TRUNCATED if number == 0 else Fault.NONE  # noqa: E731
    heard: list[str] = []
    async with listening(kind, wire_of(kind, plan), retries=RetryPolicy()) as (provider, meter):
        assert (await provider.chat(ASK, max_tokens=9, heard=heard.append)).text == "HOW ARE YOU"
        assert [call.outcome for call in meter.calls] == [None, "ok"]


async def test_another_attempt_is_heard_from_its_beginning(kind):
    plan = lambda number: Fault.RESET if number == 0 else Fault.NONE  # noqa: E731
    heard: list[str] = []
    wire = wire_of(kind, plan, say=lambda _: "so many words " * 9, cut=cutting(100))
    async with listening(kind, wire, retries=RetryPolicy()) as (provider, _):
        told = await provider.chat(ASK, max_tokens=99, heard=heard.append)
    assert heard[0].startswith("so many words")  # half of it came together
    assert "so" in heard[1:]
    assert heard[-1] == told.text == "so many words " * 9


async def test_a_listener_that_fails_is_told_nothing_more_and_the_answer_stands(kind):
    heard: list[str] = []

    def fails(text):
        heard.append(text)
        raise KeyError(text)

    async with listening(kind, wire_of(kind, cut=cutting(100))) as (provider, meter):
        assert (await provider.chat(ASK, max_tokens=9, heard=fails)).text == "HOW ARE YOU"
    assert heard == ["HOW"]
    assert [call.outcome for call in meter.calls] == ["ok"]


async def test_an_answer_that_nobody_waits_for_any_more_is_hung_up_on(kind):
    begun, ended = asyncio.Event(), asyncio.Event()

    async def endless(body):
        try:
            yield body[: body.index(b"\n\n", 1000) + 2]
            while True:
                await asyncio.sleep(0)
                yield b": still here\n\n"
        finally:
            ended.set()

    async with listening(kind, wire_of(kind, say=lambda _: "so many words " * 500, cut=endless)) as (provider, meter):
        asking = asyncio.create_task(provider.chat(ASK, max_tokens=2000, heard=lambda _: begun.set()))
        await begun.wait()
        asking.cancel()
        await asyncio.wait((asking,))
        assert asking.cancelled()
        await asyncio.wait_for(ended.wait(), 5)
        assert [call.outcome for call in meter.calls] == [None]


async def test_a_listener_that_wants_a_pause_hears_together_what_came_meanwhile(kind):
    heard: list[str] = []

    def paused(text):
        heard.append(text)
        return streaming.LONGEST_PAUSE_S

    async with listening(kind, wire_of(kind, say=lambda _: "so many words " * 9, cut=cutting(100))) as (provider, _):
        told = await provider.chat(ASK, max_tokens=99, heard=paused)
    assert told.text == "so many words " * 9
    assert len(heard) <= 3


async def test_a_gap_is_no_longer_than_a_read_may_take(kind):
    wire = wire_of(kind, always(Fault.HALF_OPEN), say=lambda _: "so many words " * 9)
    heard: list[str] = []
    async with listening(kind, wire, timeout_s=1.0) as (provider, meter):
        with pytest.raises(AnswerLate):
            await provider.chat(ASK, max_tokens=99, heard=heard.append)
    assert heard
    assert [call.outcome for call in meter.calls] == [None]


@pytest.mark.parametrize("unknown", [{"stream"}, {"stream_options"}, {"stream", "stream_options", "logprobs"}])
async def test_a_server_that_does_not_know_streams_answers_at_once_and_is_not_asked_for_them_again(unknown):
    async with (
        listening("openai", OpenAiWire(unknown=unknown)) as (provider, _),
        listening("openai", OpenAiWire()) as (other, _),
    ):
        for _ in range(3):
            told = await Fallback([provider, other]).chat(ASK, max_tokens=9, heard=lambda _: None)
            assert (told.text, told.passed_over) == ("HOW ARE YOU", ())


async def test_what_a_server_does_not_have_of_streams_costs_one_request_each():
    wire = OpenAiWire(unknown={"stream"})
    async with listening("openai", wire) as (provider, _):
        for _ in range(2):
            await provider.chat(ASK, max_tokens=9, heard=lambda _: None)
    assert len(wire.received) == 3
    assert len(wire.asked) == 2


async def test_a_server_that_answers_a_request_for_a_stream_at_once_is_understood():
    message = {"role": "assistant", "content": "well"}
    choices = [{"index": 0, "message": message, "finish_reason": "length"}]
    whole = {"id": "c", "model": "m-1", "choices": choices, "usage": USED["usage"]}
    async with listening("openai", FaultyWire(answer=lambda _: json_answer(whole))) as (provider, meter):
        told = await provider.chat(ASK, max_tokens=9, heard=lambda _: None)
    assert (told.text, told.finish, told.usage) == ("well", Finish.LENGTH, Usage(input_tokens=3, output_tokens=2))
    assert [call.outcome for call in meter.calls] == ["ok"]


async def test_connections_are_kept_from_stream_to_stream(kind, monkeypatch):
    monkeypatch.setattr(streaming, "LINGER_S", PATIENCE_S)  # else one that a busy machine ends late is given up
    connections = set()
    wire = wire_of(kind)
    talk = wire.talk

    async def counted(reader, writer):
        connections.add(writer.get_extra_info("peername"))
        await talk(reader, writer)

    wire.talk = counted  # type: ignore[method-assign]  # who calls is counted
    async with listening(kind, wire) as (provider, _):
        for _ in range(4):
            await provider.chat(ASK, max_tokens=9, heard=lambda _: None)
    assert len(connections) == 1
