"""The fake of OpenAI is one to its own SDK."""

from typing import Any

import pytest
from openai import APIConnectionError, AsyncOpenAI, AuthenticationError, InternalServerError, RateLimitError

from setu_common.cost import Usage
from setu_common.testing import Fault, Oddity, OpenAiWire, Reply, always, faulty_wire, in_order
from setu_common.testing.dialects import sample


def client_of(wire: OpenAiWire) -> Any:  # Any: what is tested is what comes, not how the SDK types it
    return AsyncOpenAI(base_url=f"{wire.url}/v1", api_key="any", max_retries=0)


async def ask(client, **options):
    messages = [{"role": "user", "content": "two words"}]
    return await client.chat.completions.create(model="m", messages=messages, **options)


async def keep(pieces, stream):
    async for each in stream:
        pieces.append(each)


async def test_a_stream_says_piece_by_piece_what_an_answer_says_at_once_and_costs_the_same():
    async with (
        faulty_wire(OpenAiWire(say=lambda _: Reply("three little words", thoughts=4))) as wire,
        client_of(wire) as client,
    ):
        whole = await ask(client)
        stream = await ask(client, stream=True, stream_options={"include_usage": True})
        chunks = [chunk async for chunk in stream]
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content == "three little words"
    assert chunks[-1].usage == whole.usage
    assert whole.usage.completion_tokens_details.reasoning_tokens == 4
    assert [charge.usage for charge in wire.bill.charges] == [Usage(input_tokens=2, output_tokens=7, reasoning_tokens=4)] * 2


async def test_a_stream_that_breaks_off_is_on_the_bill():
    async with (
        faulty_wire(OpenAiWire(always(Fault.RESET), say=lambda _: "so many words " * 8 + "so many words")) as wire,
        client_of(wire) as client,
    ):
        pieces: list[Any] = []
        stream = await ask(client, stream=True)
        with pytest.raises(Exception) as raised:  # noqa: PT011  the SDK lets the HTTP library's own error through
            await keep(pieces, stream)
    assert type(raised.value).__name__ in ("ReadError", "APIConnectionError")
    (charge,) = wire.bill.charges
    assert charge.broken_off
    assert charge.usage.output_tokens == 27
    assert len(pieces) < 27


async def test_structured_output_parses_as_the_sdk_does_it():
    from pydantic import BaseModel

    class Cast(BaseModel):
        names: list[str]
        year: int | None

    async with faulty_wire(OpenAiWire()) as wire, client_of(wire) as client:
        messages = [{"role": "user", "content": "who"}]
        told = await client.chat.completions.parse(model="m", messages=messages, response_format=Cast)
    assert told.choices[0].message.parsed == Cast(names=["text"], year=1)


async def test_completions_stop_where_they_are_told_and_tell_probabilities():
    async with faulty_wire(OpenAiWire(say=lambda _: "a b c\nd")) as wire, client_of(wire) as client:
        told = await client.completions.create(model="m", prompt="go on", stop=["\n"], logprobs=1)
        short = await client.completions.create(model="m", prompt="go on", max_tokens=2)
    assert told.choices[0].text == "a b c"
    assert told.choices[0].logprobs.tokens == ["a", " b", " c"]
    assert (short.choices[0].text, short.choices[0].finish_reason) == ("a b", "length")


async def test_a_recording_is_billed_by_its_length():
    async with faulty_wire(OpenAiWire(audio_s=90.0)) as wire, client_of(wire) as client:
        told = await client.audio.transcriptions.create(
            file=("a.wav", b"RIFF", "audio/wav"), model="whisper-1", response_format="verbose_json"
        )
    assert (told.duration, told.segments[0].end) == (90.0, 90.0)
    assert wire.bill.total == Usage(audio_s=90.0)


@pytest.mark.parametrize(
    ("fault", "error", "code"),
    [
        (Fault.RATE_LIMITED, RateLimitError, "rate_limit_exceeded"),
        (Fault.QUOTA, RateLimitError, "insufficient_quota"),
        (Fault.SERVER_ERROR, InternalServerError, None),
        (Fault.SILENT, APIConnectionError, None),
    ],
)
async def test_a_fault_is_the_error_that_the_sdk_knows_and_costs_nothing(fault, error, code):
    async with faulty_wire(OpenAiWire(always(fault), retry_after="3")) as wire, client_of(wire) as client:
        with pytest.raises(error) as raised:
            await ask(client, timeout=0.2 if fault is Fault.SILENT else 60)
    assert getattr(raised.value, "code", None) == code
    assert wire.bill.charges == []
    if fault is Fault.RATE_LIMITED:
        assert raised.value.response.headers["retry-after"] == "3"


async def test_what_came_in_order_is_on_the_bill_in_order():
    async with faulty_wire(OpenAiWire(in_order(Fault.NONE, Fault.SERVER_ERROR))) as wire, client_of(wire) as client:
        await ask(client)
        with pytest.raises(InternalServerError):
            await ask(client)
        await ask(client)
    assert [charge.number for charge in wire.bill.charges] == [0, 2]


async def test_odd_answers_are_those_of_the_api():
    odd = [Oddity.UNAUTHORIZED, Oddity.EMPTY, Oddity.REFUSAL]
    async with faulty_wire(OpenAiWire(odd=lambda number: odd[number])) as wire, client_of(wire) as client:
        with pytest.raises(AuthenticationError):
            await ask(client)
        assert (await ask(client)).choices == []
        message = (await ask(client)).choices[0].message
        assert message.content is None
        assert message.refusal


def test_a_sample_is_of_the_schema():
    from pydantic import BaseModel

    class Inner(BaseModel):
        kind: str

    class Outer(BaseModel):
        inner: Inner
        many: list[Inner]
        share: float
        sure: bool

    told = sample(Outer.model_json_schema())
    assert Outer.model_validate(told).many == [Inner(kind="text")]
