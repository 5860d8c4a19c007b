"""Streams that end oddly, do not end, or say odd things, through the real SDKs: what is whole stands, what can't be true counts for nothing."""

import asyncio
import itertools
import json
import math

import pytest

from setu_common.cost import Usage
from setu_common.http import RetryPolicy
from setu_common.llm import LlmInvalidOutput, LlmOverloaded, LlmUnavailable
from setu_common.llm.streaming import CHARACTERS_PER_TOKEN
from setu_common.testing import FaultyWire
from setu_common.testing.dialects import json_answer
from setu_common.testing.faulty import Answer
from testbed.streams import ASK, END, PATIENCE_S, START, STOP, USED, chunk, cutting, delta, listening, stream_of

WHOLE = {
    "openai": [chunk("well "), chunk("said", "stop"), USED],
    "anthropic": [START, delta("well "), delta("said"), END],
}
BILLED = Usage(input_tokens=3, output_tokens=2)


def told(*parts):
    """Events, as they are sent."""
    return "".join(f"data: {json.dumps(each)}\n\n" for each in parts)


async def says(kind, *parts, cut=None, **options):
    """What is heard, what is answered, and what the meter is told, of a server that answers so."""
    heard: list[str] = []
    options = {"heard": heard.append, **options}
    async with listening(kind, FaultyWire(answer=lambda _: stream_of(told(*parts) + LAST), cut=cut or cutting(100_000))) as (
        provider,
        meter,
    ):
        answer = await provider.chat(ASK, max_tokens=9, **options)
    return heard, answer, [(call.outcome, call.usage) for call in meter.calls]


LAST = ": nothing\n\n"


async def broken(body):
    yield body[: -len(LAST)]
    raise ConnectionResetError


async def held_open(body):
    yield body[: -len(LAST)]
    await asyncio.Event().wait()


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
@pytest.mark.parametrize("cut", [broken, held_open])
async def test_an_answer_that_is_whole_stands_however_its_stream_ends(kind, cut):
    _, answer, calls = await says(kind, *WHOLE[kind], cut=cut)
    assert (answer.text, answer.usage) == ("well said", BILLED)
    assert calls == [("ok", BILLED)]


@pytest.mark.parametrize(
    ("kind", "late"),
    [
        ("openai", {"error": {"code": 500}}),
        ("openai", [1]),
        ("anthropic", {"type": "error", "error": {"type": "overloaded_error"}}),
    ],
)
async def test_what_goes_wrong_behind_an_answer_that_is_whole_is_nobodys_loss(kind, late):
    _, answer, calls = await says(kind, *WHOLE[kind], late)
    assert (answer.text, calls) == ("well said", [("ok", BILLED)])


@pytest.mark.parametrize("size", [1, 100_000])
async def test_a_mark_of_the_order_of_bytes_is_no_part_of_the_first_event(size):
    body = "\ufeff" + told(*WHOLE["openai"])
    async with listening("openai", FaultyWire(answer=lambda _: stream_of(body), cut=cutting(size))) as (provider, _):
        assert (await provider.chat(ASK, max_tokens=9, heard=lambda _: None)).text == "well said"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("openai", told(chunk("many words " * 100))),
        ("openai", "data: " + "x" * 60_000),
        ("openai", told({"choices": []}) * 100),
        ("anthropic", told(START, delta("many words " * 10))),
    ],
    ids=["words", "a line", "nothing", "more words"],
)
async def test_an_answer_that_does_not_end_is_broken_off_counts_at_its_bound_and_is_not_asked_for_again(kind, text):
    heard = [""]
    wire = FaultyWire(answer=lambda _: stream_of(text * (12_000_000 // len(text))), cut=cutting(100_000))
    async with listening(kind, wire, retries=RetryPolicy()) as (provider, meter):
        with pytest.raises(LlmInvalidOutput) as raised:
            await provider.chat(ASK, max_tokens=9, heard=heard.append)
    assert raised.value.context["cut_off"] is True
    assert [call.outcome for call in meter.calls] == [None]
    assert len(heard[-1]) <= CHARACTERS_PER_TOKEN * (9 + 4000)


async def test_one_stream_that_ends_too_early_is_no_reason_not_to_stream():
    plans = itertools.cycle([[chunk("half ")], [chunk("half ")], WHOLE["openai"]])
    wire = FaultyWire(answer=lambda _: stream_of(told(*next(plans))))
    async with listening("openai", wire) as (provider, _):
        for _ in range(2):
            for _ in range(2):
                with pytest.raises(LlmUnavailable):
                    await provider.chat(ASK, max_tokens=9, heard=lambda _: None)
            await provider.chat(ASK, max_tokens=9, heard=lambda _: None)
    assert all(json.loads(each.body).get("stream") for each in wire.received)


NOUGHT = {"choices": [], "usage": {"prompt_tokens": 0, "completion_tokens": 0, "prompt_tokens_details": None}}


async def test_zeros_that_come_last_take_nothing_back():
    _, answer, calls = await says("openai", *WHOLE["openai"], NOUGHT)
    assert (answer.usage, calls) == (BILLED, [("ok", BILLED)])
    _, answer, calls = await says(
        "anthropic", *WHOLE["anthropic"], {**END, "usage": {"input_tokens": 0, "output_tokens": 0}}, STOP
    )
    assert (answer.usage, calls) == (BILLED, [("ok", BILLED)])


REFUSED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
READ = {"input_tokens": 3, "cache_read_input_tokens": 4, "output_tokens": 1}


@pytest.mark.parametrize(
    ("begins", "counted"),
    [
        (
            [{**START, "message": {**START["message"], "usage": READ}}],
            Usage(input_tokens=3, cache_read_tokens=4, output_tokens=1),
        ),
        ([{**START, "message": {**START["message"], "usage": {**READ, "input_tokens": 10**30}}}], None),
        ([{**START, "message": {**START["message"], "usage": {"input_tokens": "three"}}}], Usage()),
        ([{**START, "message": {}}], Usage()),
        ([], Usage()),
    ],
)
async def test_what_was_read_is_billed_though_an_error_comes_in_place_of_the_first_word(begins, counted):
    wire = FaultyWire(answer=lambda _: stream_of(told(*begins, REFUSED)))
    async with listening("anthropic", wire) as (provider, meter):
        with pytest.raises(LlmOverloaded):
            await provider.chat(ASK, max_tokens=9, heard=lambda _: None)
    assert [(call.outcome, call.usage) for call in meter.calls] == [("failed" if counted is not None else None, counted)]


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": 0, "completion_tokens": 0},
        {"prompt_tokens": 3, "completion_tokens": 0},
        {"prompt_tokens": 3, "completion_tokens": 10**30},
        {"prompt_tokens": 10**30, "completion_tokens": 2},
        {"prompt_tokens": 3, "completion_tokens": math.inf},
        {"prompt_tokens": -3, "completion_tokens": -2},
    ],
)
async def test_figures_that_cannot_be_true_are_none_and_the_answer_counts_at_its_bound(usage):
    _, answer, calls = await says("openai", chunk("well", "stop"), {"choices": [], "usage": usage})
    assert (answer.text, answer.usage, calls) == ("well", Usage(), [(None, None)])
    whole = {"choices": [{"message": {"content": "well"}, "finish_reason": "stop"}], "usage": usage}
    async with listening("openai", FaultyWire(answer=lambda _: json_answer(whole))) as (provider, meter):
        answer = await provider.chat(ASK, max_tokens=9)
    assert (answer.text, answer.usage, [call.usage for call in meter.calls]) == ("well", Usage(), [None])


@pytest.mark.parametrize("gives", ["soon", math.nan, math.inf, -1.0, 10**400, [1]])
async def test_what_a_listener_gives_back_is_a_pause_or_nothing(gives):
    heard: list[str] = []

    def listener(text):
        heard.append(text)
        return gives

    async with asyncio.timeout(PATIENCE_S):
        _, answer, _ = await says("openai", *WHOLE["openai"], cut=cutting(60), heard=listener)
    assert heard
    assert answer.text == "well said"


async def test_pauses_do_not_add_up_where_each_piece_comes_by_itself():
    words = [chunk(f"{number} ") for number in range(100)]
    heard: list[str] = []

    def listener(text):
        heard.append(text)
        return 60.0

    pieces = [each.encode() for each in (*map(told, words), told(*WHOLE["openai"]))]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in (*pieces, b""))
    reply = Answer(chunks, 200, "text/event-stream", {"Transfer-Encoding": "chunked"})
    async with (
        listening("openai", FaultyWire(answer=lambda _: reply, cut=cutting(1000))) as (provider, _),
    ):
        answer = await provider.chat(ASK, max_tokens=200, heard=listener)
    assert answer.text.endswith("99 well said")
    assert len(heard) <= len(words) / 4  # one a pause would be as many as there are words


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
async def test_half_a_character_that_stays_alone_can_be_written_down_all_the_same(kind):
    parts = [chunk("a \ud83d"), chunk(" b \ude00 c \ud83d", "stop"), USED]
    if kind == "anthropic":
        parts = [START, delta("a \ud83d"), delta(" b \ude00 c \ud83d"), END]
    heard, answer, _ = await says(kind, *parts, cut=cutting(20))
    assert answer.text == "a \ufffd b \ufffd c \ufffd"
    assert all(answer.text.startswith(each) for each in heard)
    at_once = {"model": "m", "choices": [{"message": {"content": "a \ud83d"}, "finish_reason": "stop"}]}
    if kind == "anthropic":
        at_once = {**START["message"], "content": [{"type": "text", "text": "a \ud83d"}], "stop_reason": "end_turn"}
    async with listening(kind, FaultyWire(answer=lambda _: Answer(json.dumps(at_once).encode()))) as (provider, _):
        assert (await provider.chat(ASK, max_tokens=9)).text == "a \ufffd"
