"""Answers that say what is wrong and break off while they do so, through the real SDKs: a failure like any other, and tried again."""

import json

import pytest

from setu_common.http import RetryPolicy
from setu_common.llm import LlmUnavailable
from setu_common.testing import Fault, FaultyWire, always, in_order
from setu_common.testing.faulty import Answer, Received
from testbed.streams import ASK, END, START, STOP, USED, chunk, delta, listening, stream_of

GOING = b'{"error": {"message": "The server is going away; try again later."}}'
WHOLE = {"openai": (chunk("well"), chunk(None, "stop"), USED), "anthropic": (START, delta("well"), END, STOP)}


@pytest.fixture(params=["openai", "anthropic"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.mark.parametrize("status", [400, 401, 429, 500, 503])
async def test_an_error_that_breaks_off_is_an_outage_and_the_next_answer_counts(kind, status):
    def answer(received: Received) -> Answer:
        whole = "".join(f"data: {json.dumps(each)}\n\n" for each in WHOLE[kind])
        return Answer(GOING, status) if received.number == 0 else stream_of(whole)

    wire = FaultyWire(in_order(Fault.RESET), answer=answer)
    async with listening(kind, wire, retries=RetryPolicy()) as (provider, _):
        said = await provider.chat(ASK, max_tokens=9, heard=lambda _text: None)
    assert (said.text, len(wire.received)) == ("well", 2)


async def test_errors_that_always_break_off_end_in_an_error_of_ours(kind):
    wire = FaultyWire(always(Fault.RESET), answer=lambda _: Answer(GOING, 500))
    async with listening(kind, wire) as (provider, _):
        with pytest.raises(LlmUnavailable):
            await provider.chat(ASK, max_tokens=9, heard=lambda _text: None)
