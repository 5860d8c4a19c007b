"""The fake of Anthropic is one to its own SDK."""

from typing import Any

import pytest
from anthropic import APIConnectionError, AsyncAnthropic, AuthenticationError, OverloadedError, RateLimitError

from setu_common.cost import Usage
from setu_common.testing import AnthropicWire, Fault, Oddity, Reply, always, faulty_wire

ASK = [{"role": "user", "content": "two words"}]
TOOL = {
    "name": "judge",
    "description": "Judge it.",
    "input_schema": {"type": "object", "properties": {"good": {"type": "boolean"}}, "required": ["good"]},
}


def client_of(wire: AnthropicWire) -> Any:  # Any: what is tested is what comes, not how the SDK types it
    return AsyncAnthropic(base_url=wire.url, api_key="any", max_retries=0)


async def ask(client, **options):
    return await client.messages.create(model="m", max_tokens=20, messages=ASK, **options)


async def keep(pieces, stream):
    async for each in stream:
        pieces.append(each)


async def test_a_stream_says_piece_by_piece_what_an_answer_says_at_once_and_costs_the_same():
    wire = AnthropicWire(say=lambda _: Reply("three little words", thoughts=4))
    async with faulty_wire(wire), client_of(wire) as client:
        whole = await ask(client)
        async with client.messages.stream(model="m", max_tokens=20, messages=ASK) as stream:
            pieces = [piece async for piece in stream.text_stream]
            last = await stream.get_final_message()
    assert pieces == ["three", " little", " words"]
    assert last.content[0].text == whole.content[0].text == "three little words"
    assert (last.usage.output_tokens, last.stop_reason) == (7, "end_turn") == (whole.usage.output_tokens, whole.stop_reason)
    assert whole.usage.output_tokens_details.thinking_tokens == 4
    assert [charge.usage for charge in wire.bill.charges] == [Usage(input_tokens=2, output_tokens=7, reasoning_tokens=4)] * 2


async def test_a_stream_that_breaks_off_is_on_the_bill():
    async with faulty_wire(AnthropicWire(always(Fault.RESET), say=lambda _: "words " * 15)) as wire, client_of(wire) as client:
        pieces: list[Any] = []
        stream = await ask(client, stream=True)
        with pytest.raises(Exception) as raised:  # noqa: PT011  the SDK lets the HTTP library's own error through
            await keep(pieces, stream)
    assert type(raised.value).__name__ in ("ReadError", "APIConnectionError")
    (charge,) = wire.bill.charges
    assert charge.broken_off
    assert len([each for each in pieces if each.type == "content_block_delta"]) < charge.usage.output_tokens


async def test_a_tool_that_must_be_used_is_used_whole_or_streamed():
    async with faulty_wire(AnthropicWire()) as wire, client_of(wire) as client:
        choice = {"type": "tool", "name": "judge"}
        whole = await ask(client, tools=[TOOL], tool_choice=choice)
        async with client.messages.stream(model="m", max_tokens=20, messages=ASK, tools=[TOOL], tool_choice=choice) as stream:
            last = await stream.get_final_message()
    assert whole.stop_reason == last.stop_reason == "tool_use"
    assert whole.content[0].input == last.content[0].input == {"good": True}


async def test_what_is_marked_is_written_to_the_cache_once_and_read_from_it_afterwards():
    async with faulty_wire(AnthropicWire()) as wire, client_of(wire) as client:
        for ttl, written in (("5m", "cache_write_tokens"), ("1h", "cache_write_1h_tokens")):
            system = [{"type": "text", "text": f"four words of {ttl}", "cache_control": {"type": "ephemeral", "ttl": ttl}}]
            first, second = await ask(client, system=system), await ask(client, system=system)
            assert (first.usage.cache_creation_input_tokens, first.usage.cache_read_input_tokens) == (4, 0)
            assert (second.usage.cache_creation_input_tokens, second.usage.cache_read_input_tokens) == (0, 4)
            assert getattr(wire.bill.charges[-2].usage, written) == 4


@pytest.mark.parametrize(
    ("fault", "error", "kind"),
    [
        (Fault.RATE_LIMITED, RateLimitError, "rate_limit_error"),
        (Fault.OVERLOADED, OverloadedError, "overloaded_error"),
        (Fault.SILENT, APIConnectionError, None),
    ],
)
async def test_a_fault_is_the_error_that_the_sdk_knows_and_costs_nothing(fault, error, kind):
    async with faulty_wire(AnthropicWire(always(fault))) as wire, client_of(wire) as client:
        with pytest.raises(error) as raised:
            await ask(client, timeout=0.2 if fault is Fault.SILENT else 60)
    assert getattr(raised.value, "type", None) == kind
    assert wire.bill.charges == []


async def test_odd_answers_are_those_of_the_api():
    odd = [Oddity.UNAUTHORIZED, Oddity.EMPTY, Oddity.REFUSAL]
    async with faulty_wire(AnthropicWire(odd=lambda number: odd[number])) as wire, client_of(wire) as client:
        with pytest.raises(AuthenticationError):
            await ask(client)
        assert (await ask(client)).content == []
        assert (await ask(client)).stop_reason == "refusal"
