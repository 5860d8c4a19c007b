"""What requests cost that came to nothing is put down to the lines that they were about."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import nullcontext
from decimal import Decimal
from typing import Any

import pytest

from setu_common.contracts import Context, DraftLine, EnhancementRequest
from setu_common.cost import Usage
from setu_common.errors import SetuError
from setu_common.http import AnswerLate, RetryPolicy
from setu_common.llm import LlmNoAnswer, LlmRefusal, LlmUnavailable, Spent, spend, spending
from setu_common.store import Store
from setu_common.testing import FaultyWire
from setu_common.testing.faulty import Answer, Received
from setu_enhancer.domain.glossary import Glossary
from setu_enhancer.domain.lines import Line
from setu_enhancer.domain.prompts import read_prompts
from setu_enhancer.domain.thresholds import Thresholds
from setu_enhancer.editing import Editor
from setu_enhancer.editing.sharing import note_of_unknown, spent_usd
from setu_enhancer.judging import LlmJudge
from setu_enhancer.memory import NoMemory
from setu_enhancer.service import Desk, EnhancementService
from setu_enhancer.settings import EditingSettings
from testbed.editing import (
    DRAFTS,
    FIRST,
    HINDI,
    LINES,
    SIMPLE,
    USAGE,
    Model,
    cents,
    document_of,
    edit,
    ids_of,
    raising,
    translated,
)
from testbed.streams import END, START, STOP, delta, listening, stream_of

EACH = Decimal(USAGE.input_tokens + USAGE.output_tokens) / 10_000


def billed(error: SetuError, *used: Usage | None):
    """A model that fails when that was billed."""

    def say(document):
        for usage in used:
            spend(Spent("fake", "fake-model", usage))
        return raising(error)(document)

    return say


def total_usd(edits, indices=FIRST) -> Decimal | None:
    costs = [each.cost_usd for each in edits if each.line.index in indices]
    return None if None in costs else sum(costs, Decimal(0))


@pytest.mark.parametrize("error", [LlmRefusal("No."), LlmNoAnswer("Nothing.")])
async def test_a_refusal_is_paid_by_the_lines_that_were_refused(error):
    def declines(document):
        return billed(error, USAGE)(document) if 3 in ids_of(document) else translated(document)

    edits = await edit(Model(declines), selected=FIRST)
    assert total_usd(edits) == 3 * EACH  # all six, then three that are answered, and three that are refused once more
    assert all(each.cost_usd for each in edits[:6])
    assert edits[3].text == DRAFTS[3]


async def test_what_nobody_knows_is_left_out_of_costs_and_told_by_number_unless_it_is_free():
    with spending() as spent:
        edits = await edit(Model(billed(AnswerLate("Late."), None)), Model(name="second"), selected=FIRST)
    assert total_usd(edits) == EACH
    assert spent == [Spent("fake", "fake-model", None), Spent("second", "second-model", USAGE)]
    assert note_of_unknown(spent, cents).startswith("What a request used")
    assert note_of_unknown([*spent, *spent], cents).startswith("What 2 requests used")
    assert note_of_unknown(spent, lambda *_: Decimal(0)) == note_of_unknown(spent, lambda *_: None) == ""


def test_a_model_without_a_price_costs_what_nobody_knows_whether_it_tells_its_usage_or_not():
    told, untold = Spent("fake", "fake-model", USAGE), Spent("fake", "fake-model", None)
    assert spent_usd([told, untold], cents) == EACH
    assert spent_usd([told], lambda *_: None) is spent_usd([untold], lambda *_: None) is None
    assert spent_usd([untold], lambda *_: Decimal(0)) == 0


async def test_a_line_that_was_paid_for_says_whom():
    edits = await edit(Model(billed(AnswerLate("Late."), USAGE)), selected=FIRST)
    assert {(each.provider, each.model, each.text == each.line.draft) for each in edits[:6]} == {("fake", "fake-model", True)}
    assert total_usd(edits) == EACH


async def test_who_was_never_reached_is_not_paid():
    edits = await edit(Model(raising(LlmUnavailable("Away."))), selected=FIRST)
    assert total_usd(edits) == 0


async def test_what_is_lost_at_one_provider_is_paid_beside_the_answer_of_the_next():
    edits = await edit(Model(billed(AnswerLate("Late."), USAGE)), Model(name="second"), selected=FIRST)
    assert {each.provider for each in edits[:6]} == {"second"}
    assert total_usd(edits) == 2 * EACH


class Judging:
    """A judge's provider that fails when that was billed."""

    name = model = "judge"

    def __init__(self, error: SetuError) -> None:
        self._error = error

    async def chat_as(self, *_, **__):
        spend(Spent("judge", "judge", USAGE))
        raise self._error


@pytest.mark.parametrize("error", [LlmRefusal("No."), AnswerLate("Late.")])
async def test_a_judge_that_says_nothing_is_paid_all_the_same(error):
    told = []
    asked: Any = Judging(error)
    judge = LlmJudge(asked)
    pairs = [(Line(0, 0, 1, "राज आया।", "King came."), "Raj came.")]
    with pytest.raises(AnswerLate) if isinstance(error, AnswerLate) else nullcontext():
        assert await judge.judge_billed(pairs, HINDI, Glossary(()), lambda *of: told.append(of)) == [None]
    assert told == [(pairs, [Spent("judge", "judge", USAGE)], "No." if isinstance(error, LlmRefusal) else "")]


class Unwinding:
    """A judge's provider: of one of two requests the first answer was billed when the other fails, and its end takes a while."""

    name = model = "judge"

    def __init__(self) -> None:
        self.asked = 0
        self.billed = asyncio.Event()

    async def chat_as(self, *_, **__):
        self.asked += 1
        if self.asked == 2:
            await self.billed.wait()
            raise AnswerLate("Late.")
        spend(Spent("judge", "judge", USAGE))
        self.billed.set()
        try:
            await asyncio.Event().wait()
        finally:
            for _turn in range(10):
                await asyncio.sleep(0)


async def test_what_a_judgement_cost_that_another_ended_is_told_before_that_is():
    told: list[Sequence[Spent]] = []
    asked: Any = Unwinding()
    pairs = [(Line(number, 0, 1, "राज आया।", "King came."), "Raj came.") for number in range(2)]
    with pytest.raises(AnswerLate):
        await LlmJudge(asked, per_request=1).judge_billed(
            pairs, HINDI, Glossary(()), lambda _, spent, *__: told.append([*spent])
        )
    assert sum(len(spent) for spent in told) == 1


class Work:
    """What a handler is given, as far as editing needs it."""

    tenant = "acme"

    def progress(self, fraction: float, note: str = "") -> None:
        pass

    async def in_thread(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)


class Nobody:
    async def of(self, context: Context) -> tuple[tuple[str, ...], str]:
        return (), ""


async def test_the_answer_tells_what_is_no_part_of_its_cost(store_settings):
    late: Any = Model(billed(AnswerLate("Late."), None))
    second: Any = Model(name="second")
    work: Any = Work()
    casting: Any = Nobody()
    desk = Desk(
        editor=lambda memory: Editor(
            (late, second), prompts=read_prompts(), instruments=SIMPLE, memory=memory, settings=EditingSettings(), price=cents
        ),
        memory=lambda _work: NoMemory(),
        prompts=read_prompts(),
        thresholds=Thresholds(),
        casting=casting,
        price=cents,
    )
    lines = tuple(
        DraftLine(index=line.index, start_s=line.start_s, end_s=line.end_s, source=line.source, draft=line.draft)
        for line in LINES[:6]
    )
    request = EnhancementRequest(source_language="hi", target_language="en", lines=lines, mode="all")
    result = await EnhancementService(Store(store_settings, "enhancer"), desk).enhance(request, work)
    assert result.cost_usd == EACH
    assert [note for note in result.notes if note.startswith("What a request used")]


async def test_an_attempt_that_was_billed_and_failed_is_paid_beside_the_one_that_answered():
    begun = {**START, "message": {**START["message"], "usage": {"input_tokens": 700, "output_tokens": 1}}}
    busy = {"type": "error", "error": {"type": "overloaded_error"}}

    def answer(received: Received) -> Answer:
        said = translated(document_of(json.loads(received.body)["messages"][-1]["content"][0]["text"]))
        events = (begun, busy) if received.number == 0 else (begun, delta(said), END, STOP)
        return stream_of("".join(f"data: {json.dumps(each)}\n\n" for each in events))

    async with listening("anthropic", FaultyWire(answer=answer), retries=RetryPolicy()) as (provider, meter):
        edits = await edit(provider, selected=FIRST)
    assert [call.outcome for call in meter.calls] == ["failed", "ok"]
    paid = sum((cents("", "", call.usage) for call in meter.calls if call.usage is not None), Decimal(0))
    assert total_usd(edits) == paid > Decimal("0.14")
