"""Whoever reads names may fail, hold little, be told more later, or answer in a form of its own."""

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from setu_common.cost import Usage
from setu_common.errors import DeadlineExceeded, SetuError
from setu_common.llm import (
    Answer,
    LlmContextTooLong,
    LlmInvalidOutput,
    LlmModelUnknown,
    LlmNoAnswer,
    LlmQuotaExhausted,
    LlmRequestRefused,
    LlmUnauthorized,
    LlmUnavailable,
    Spent,
    spend,
)
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.prompting import count
from setu_enhancer.memory import NoMemory
from setu_enhancer.reading import TOKENS_PER_LINE, TOKENS_PER_REQUEST, LlmReader, Read
from testbed.editing import HINDI


class Says:
    """A reader's provider that says of some lines what a test wants, and remembers how many it was asked for each time."""

    name = model = "says"

    def __init__(self, *answers: Callable[[list[str]], list[str]]) -> None:
        self.asked: list[int] = []
        self.most: list[int] = []
        self._answers = list(answers)

    async def chat_as(self, schema, messages, *, max_tokens: int, **_):
        self.most.append(max_tokens)
        lines = list(json.loads(messages[-1].text)["lines"].values())
        self.asked.append(len(lines))
        await asyncio.sleep(0)
        answer = self._answers[min(len(self.asked), len(self._answers)) - 1]
        names = answer(lines)
        spend(Spent(self.name, self.model, Usage(input_tokens=len(lines))))
        return Answer(schema(names=names), "", self.name, self.model, Usage(input_tokens=len(lines)))


def fails(error: SetuError, *used: Usage | None) -> Callable[[list[str]], list[str]]:
    def answer(_lines: list[str]) -> list[str]:
        for usage in used:
            spend(Spent("says", "says", usage))
        raise error

    return answer


def finds(lines: list[str]) -> list[str]:
    return ["राज|Raj|m|" + ",".join(map(str, range(1, len(lines) + 1)))]


def film(size: int, said: str = "राज {} बजे आया।") -> list[Line]:
    return [Line(index, index * 3.0, index * 3.0 + 2.0, said.format(index), "") for index in range(size)]


async def read_by(says: Any, lines, *, pair: Pair = HINDI, progress=None, price=lambda *_: Decimal(1), **settings) -> Read:
    """What comes of reading with a provider, one request at a time; each costs a dollar."""
    return await LlmReader(says, price, at_once=1, **settings).read(lines, pair, (), NoMemory(), progress)


@pytest.mark.parametrize(
    ("error", "asked"),
    [
        (LlmQuotaExhausted("no money"), 2),
        (LlmUnauthorized("no key"), 2),
        (LlmModelUnknown("no model"), 2),
        (LlmRequestRefused("not so"), 2),
        (LlmUnavailable("broken"), 4),
        (LlmInvalidOutput("no form"), 4),
        (LlmNoAnswer("nothing"), 4),
    ],
)
async def test_who_can_not_answer_is_asked_no_more_and_what_was_read_by_then_stands(error, asked):
    told: list[float] = []
    says = Says(finds, fails(error))
    read = await read_by(says, film(40), per_request=2, progress=told.append)
    assert says.asked == [2] * asked
    assert [len(names) for names in read.readings.lines.values()] == [1, 1]
    assert read.why == f"Names of 38 lines were not read: {error.detail}"
    assert told == sorted(told)
    assert (len(told), told[-1]) == (20, 1.0)


async def test_failures_that_are_not_in_a_row_end_nothing():
    lost = fails(LlmUnavailable("broken"))
    says = Says(lost, lost, finds, lost, lost, finds)
    read = await read_by(says, film(12), per_request=2)
    assert (len(says.asked), len(read.readings.lines)) == (6, 4)


async def test_what_answers_cost_that_can_not_be_used_is_put_down_to_their_lines():
    formless, late = fails(LlmInvalidOutput("no form"), Usage(), Usage()), fails(LlmUnavailable("broken"), None)
    says = Says(finds, formless, finds, late, finds, fails(LlmUnavailable("broken")))
    read = await read_by(says, film(12), per_request=2)
    half = Decimal("0.5")
    assert read.costs_usd == {**dict.fromkeys((0, 1, 4, 5, 8, 9), half), 2: 2 * half, 3: 2 * half}


async def test_no_request_outlives_a_reading_that_ends():
    ended = []

    class Slow(Says):
        async def chat_as(self, schema, messages, **_):
            self.asked.append(1)
            if len(self.asked) == 2:
                raise DeadlineExceeded("late")
            try:
                await asyncio.sleep(60)
            finally:
                await asyncio.sleep(0.01)
                ended.append(True)

    slow: Any = Slow()
    with pytest.raises(DeadlineExceeded):
        await LlmReader(slow, lambda *_: None, per_request=1).read(film(2), HINDI, (), NoMemory())
    assert ended == [True]


async def test_long_lines_are_asked_for_a_few_at_a_time():
    says = Says(finds)
    lines = film(30, "राज {} " + "मैं घर जा रहा हूँ " * 100)
    read = await read_by(says, lines)
    assert len(read.readings.lines) == sum(says.asked) == 30
    assert 1 < max(says.asked) <= TOKENS_PER_REQUEST // count(lines[0].source) < 30
    assert min(says.most) > TOKENS_PER_LINE * 30
    short = Says(finds)
    await read_by(short, film(161))
    assert short.asked == [160, 1]


async def test_what_is_too_long_for_a_model_is_asked_for_in_halves():
    def holds_three(lines: list[str]) -> list[str]:
        if len(lines) > 3:
            raise LlmContextTooLong("too long")
        return finds(lines)

    says = Says(holds_three)
    read = await read_by(says, film(8))
    assert says.asked == [8, 4, 2, 2, 4, 2, 2]
    assert (len(read.readings.lines), read.why, len(read.costs_usd)) == (8, "", 8)
    holds_nothing = Says(fails(LlmContextTooLong("too long")))
    read = await read_by(holds_nothing, film(640))
    assert len(holds_nothing.asked) < 20
    assert read.why == "Names of 640 lines were not read: too long"


@pytest.mark.parametrize("target", ["ru", "uk", "ja", "zh", "ar", "ur", "ko", "el", "th"])
async def test_names_are_not_read_for_letters_whose_sound_is_not_known(target):
    says = Says(finds)
    read = await read_by(says, film(2), pair=Pair("hi", target))
    assert (says.asked, read.readings.lines) == ([], {})
    assert read.why.startswith("Names were not read: ")


@pytest.mark.parametrize("target", ["en", "fr", "mr", "ta", "bn", "pa", "sr"])
async def test_names_are_read_for_letters_whose_sound_is_known(target):
    says = Says(finds)
    assert (await read_by(says, film(2), pair=Pair("hi", target))).readings.lines
    assert says.asked == [2]


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("किरण|Kiran|F|1", {0: "female"}),
        ("किरण|Kiran|Female|1", {0: "female"}),
        ("किरण|Kiran|M.|1", {0: "male"}),
        ("किरण|Kiran|-|1", {0: None}),
        ("| किरण|Kiran|f|1 |", {0: "female"}),
        ("किरण|Kiran|f|1-3", {0: "female", 1: "female", 2: "female"}),
        ("किरण|Kiran|f|1 – 2", {0: "female", 1: "female"}),
        ("किरण|Kiran|f|3-1", {0: "female", 1: "female", 2: "female"}),
        ("किरण|Kiran|f|2-9", {1: "female", 2: "female"}),
        (f"किरण|Kiran|f|1-{'9' * 5000}", {}),
    ],
)
async def test_an_answer_is_read_as_models_write_it(told, found):
    read = await read_by(Says(lambda _lines: [told]), film(3, "किरण {} बजे आई।"))
    named = {place: names[0].gender for place, names in enumerate(read.readings.lines.values()) if names}
    assert named == found
