"""A language model judges translations without knowing whose they are, and only what it surely said counts."""

import json
from collections.abc import Callable

import pytest

from setu_common.errors import DependencyUnavailable
from setu_common.http import Dependencies, Policy, RetryPolicy
from setu_common.http.timing import REAL
from setu_common.llm import LimitPolicy, Limits, LlmUnusable
from setu_common.llm.openai_provider import OpenAiProvider
from setu_common.testing import OpenAiWire, faulty_wire
from setu_common.testing.dialects import Asked, Oddity
from setu_common.testing.faulty import Fault, always
from setu_common.testing.metering import RecordingMeter
from setu_enhancer.domain.glossary import Entry, Glossary
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.scoring import Judgement
from setu_enhancer.judging import LlmJudge

HINDI = Pair("hi", "en")
NOTHING = Glossary(())
Verdicts = list[dict[str, object]]


def pairs_of(count: int) -> list[tuple[Line, str]]:
    """Lines with their drafts, then the same lines with their edits, as the editor gives them."""
    lines = [Line(index, index, index + 1.0, f"पंक्ति {index}", f"draft {index}") for index in range(count)]
    return [(line, line.draft) for line in lines] + [(line, f"edit {line.index}") for line in lines]


def told(asked: Asked) -> list[dict[str, str]]:
    """The translations that were asked about, in the order in which they were put."""
    request = json.loads(next(text for role, text in asked.messages if role == "user"))
    return [each for line in request["lines"] for each in line["translations"]]


def verdict(asked: dict[str, str], **figures: object) -> dict[str, object]:
    """An opinion that tells edits from drafts, so that a mix-up shows."""
    value = 90 if asked["text"].startswith("edit") else 40
    return {"id": asked["id"], "points": [value, value, value, value, 80]} | figures


def say(answer: Callable[[list[dict[str, str]]], Verdicts]) -> Callable[[Asked], str]:
    return lambda asked: json.dumps({"verdicts": answer(told(asked))})


async def judged(wire: OpenAiWire, pairs, glossary=NOTHING, *, meter: RecordingMeter | None = None, at_once: int = 4):
    """What a judge behind a wire says."""
    called = Dependencies().dependency("judge", Policy(attempt_s=5, retry=RetryPolicy(retries={})))
    async with OpenAiProvider(
        base_url=f"{wire.url}/v1",
        model="judge-model",
        api_key=None,
        billed_as="openai",
        dependency=called,
        limits=Limits("judge", LimitPolicy(), REAL),
        meter=meter or RecordingMeter(),
    ) as provider:
        return await LlmJudge(provider, per_request=10, at_once=at_once).judge(pairs, HINDI, glossary)


GOOD = Judgement(90, 90, 90, 90, 0.8)
POOR = Judgement(40, 40, 40, 40, 0.8)


async def test_each_text_gets_its_own_judgement_whatever_the_order_of_the_answer():
    async with faulty_wire(OpenAiWire(say=say(lambda texts: [verdict(each) for each in reversed(texts)]))) as wire:
        found = await judged(wire, pairs_of(12))
    assert found == [POOR] * 12 + [GOOD] * 12
    assert [len(told(asked)) for asked in wire.asked] == [10, 10, 4]


async def test_the_model_is_not_told_which_text_is_the_edit_and_always_asked_in_the_same_order():
    asked: list[list[list[dict[str, str]]]] = []
    for _ in range(2):
        async with faulty_wire(OpenAiWire(say=say(lambda texts: [verdict(each) for each in texts]))) as wire:
            await judged(wire, pairs_of(40), at_once=1)
        asked.append([told(each) for each in wire.asked])
    assert asked[0] == asked[1]
    texts = [each["text"] for request in asked[0] for each in request]
    firsts = [text for text, other in zip(texts[::2], texts[1::2], strict=True) if text.split()[1] == other.split()[1]]
    assert len(firsts) == 40
    assert 10 <= sum(text.startswith("edit") for text in firsts) <= 30
    assert all(each["id"] == f"t{place}" for request in asked[0] for place, each in enumerate(request, 1))


async def test_both_texts_of_a_line_stand_side_by_side_with_its_names():
    glossary = Glossary([Entry(("राज",), "Raj", (), "name", "caller")])
    line = Line(7, 0, 1, "राज आया।", "King came.")
    async with faulty_wire(OpenAiWire(say=say(lambda texts: [verdict(each) for each in texts]))) as wire:
        await judged(wire, [(line, "King came."), (line, "Raj came.")], glossary)
    request = json.loads(wire.asked[0].messages[1][1])
    assert [each["source"] for each in request["lines"]] == ["राज आया।"]
    assert {each["text"] for each in request["lines"][0]["translations"]} == {"King came.", "Raj came."}
    assert request["glossary"] == [{"source": ["राज"], "target": "Raj"}]
    assert "Hindi into English" in wire.asked[0].messages[0][1]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda texts: [verdict(each) for each in texts if each["text"] != "edit 1"],
        lambda texts: [verdict(each, id="t99") if each["text"] == "edit 1" else verdict(each) for each in texts],
        lambda texts: [
            verdict(each, points=[140, 90, 90, 90, 80]) if each["text"] == "edit 1" else verdict(each) for each in texts
        ],
        lambda texts: [verdict(each, points=[90, 90, 90, 90]) if each["text"] == "edit 1" else verdict(each) for each in texts],
        lambda texts: (
            [verdict(each) for each in texts]
            + [verdict(each, points=[90, 1, 90, 90, 80]) for each in texts if each["text"] == "edit 1"]
        ),
    ],
    ids=["left out", "unknown id", "figure out of bounds", "a figure missing", "two opinions"],
)
async def test_a_line_one_of_whose_verdicts_is_no_good_has_none_at_all(spoil):
    async with faulty_wire(OpenAiWire(say=say(spoil))) as wire:
        found = await judged(wire, pairs_of(3))
    assert found == [POOR, None, POOR, GOOD, None, GOOD]


@pytest.mark.parametrize("odd", [Oddity.REFUSAL, Oddity.NOT_JSON, Oddity.EMPTY])
async def test_a_model_that_does_not_judge_costs_the_judgements_of_its_request_only(odd):
    def odd_first(number: int) -> Oddity:
        return odd if number in (0, 1) else Oddity.NONE  # twice, since the form is asked for again

    async with faulty_wire(OpenAiWire(say=say(lambda texts: [verdict(each) for each in texts]), odd=odd_first)) as wire:
        found = await judged(wire, pairs_of(12), at_once=1)
    given = [judgement for judgement in found if judgement is not None]
    assert 0 < len(given) < len(found)
    assert all(found[place] == POOR and found[place + 12] == GOOD for place in range(12) if found[place] is not None)


async def test_who_does_not_answer_at_all_is_told():
    async with faulty_wire(OpenAiWire(always(Fault.SERVER_ERROR))) as wire:
        with pytest.raises(DependencyUnavailable):
            await judged(wire, pairs_of(12))
    async with faulty_wire(OpenAiWire(odd=lambda _: Oddity.UNAUTHORIZED)) as wire:
        with pytest.raises(LlmUnusable):
            await judged(wire, pairs_of(12))


async def test_each_request_is_metered_within_its_bound():
    meter = RecordingMeter()
    async with faulty_wire(OpenAiWire(say=say(lambda texts: [verdict(each) for each in texts]))) as wire:
        await judged(wire, pairs_of(12), meter=meter)
    assert len(meter.calls) == 3
    assert all(call.model == "judge-model" and call.usage is not None and call.holds(call.usage) for call in meter.calls)


async def test_nobody_is_asked_about_nothing():
    async with faulty_wire(OpenAiWire()) as wire:
        assert await judged(wire, []) == []
        assert wire.asked == []
