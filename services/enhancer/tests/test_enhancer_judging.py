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
from setu_enhancer.judging import BY_PART, OF_EDITS, LlmJudge
from testbed.editing import Model

HINDI = Pair("hi", "en")
NOTHING = Glossary(())
Told = list[str]


def pairs_of(count: int) -> list[tuple[Line, str]]:
    """Lines with their drafts, then the same lines with their edits, as the editor gives them."""
    lines = [Line(index, index, index + 1.0, f"पंक्ति {index}", f"draft {index}") for index in range(count)]
    return [(line, line.draft) for line in lines] + [(line, f"edit {line.index}") for line in lines]


def told(asked: Asked) -> list[Told]:
    """The lines that were asked about, each its key, what is said, and its translations in the order in which they were put."""
    return json.loads(next(text for role, text in asked.messages if role == "user"))["lines"]


def texts_of(asked: Asked) -> Told:
    return [text for _, _, *texts in told(asked) for text in texts]


def verdict(line: Told) -> str:
    """An opinion that tells edits from drafts, so that a mix-up shows."""
    key, _, *texts = line
    return key + "".join("9" if text.startswith("edit") else "4" for text in texts) + "8"


def verdicts(lines: list[Told]) -> list[str]:
    return [verdict(each) for each in lines]


def say(answer: Callable[[list[Told]], list[str]] = verdicts) -> Callable[[Asked], str]:
    return lambda asked: json.dumps({"verdicts": answer(told(asked))})


async def judged(wire: OpenAiWire, pairs, glossary=NOTHING, *, meter: RecordingMeter | None = None, **settings):
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
        return await LlmJudge(provider, **{"per_request": 10} | settings).judge(pairs, HINDI, glossary)


GOOD = Judgement(95, 95, 95, 95, 0.85)
POOR = Judgement(45, 45, 45, 45, 0.85)


async def test_each_text_gets_its_own_judgement_whatever_the_order_of_the_answer():
    async with faulty_wire(OpenAiWire(say=say(lambda lines: verdicts(lines[::-1])))) as wire:
        found = await judged(wire, pairs_of(12))
    assert found == [POOR] * 12 + [GOOD] * 12
    assert sorted(len(texts_of(asked)) for asked in wire.asked) == [4, 10, 10]


async def test_the_model_is_not_told_which_text_is_the_edit_and_always_asked_in_the_same_order():
    asked: list[list[list[Told]]] = []
    for _ in range(2):
        async with faulty_wire(OpenAiWire(say=say())) as wire:
            await judged(wire, pairs_of(40), at_once=1)
        asked.append([told(each) for each in wire.asked])
    assert asked[0] == asked[1]
    lines = [line for request in asked[0] for line in request]
    assert len(lines) == 40
    assert all({each.split()[1] for each in texts} == {said.split()[1]} and len(texts) == 2 for _, said, *texts in lines)
    assert 10 <= sum(first.startswith("edit") for _, _, first, _ in lines) <= 30
    assert {"".join(key for key, *_ in request) for request in asked[0]} == {"abcde"}


async def test_both_texts_of_a_line_stand_side_by_side_with_its_names():
    glossary = Glossary([Entry(("राज",), "Raj", (), "name", "caller")])
    line = Line(7, 0, 1, "राज आया।", "King came.")
    async with faulty_wire(OpenAiWire(say=say())) as wire:
        await judged(wire, [(line, "King came."), (line, "Raj came.")], glossary)
    request = json.loads(wire.asked[0].messages[1][1])
    assert [line[:2] for line in request["lines"]] == [["a", "राज आया।"]]
    assert set(request["lines"][0][2:]) == {"King came.", "Raj came."}
    assert request["names"] == [["राज", "Raj"]]
    assert "Hindi to English" in wire.asked[0].messages[0][1]


async def test_who_asks_for_the_parts_of_a_score_gets_a_grade_for_each_part_of_each_text():
    def by_part(lines: list[Told]) -> list[str]:
        return [
            f"{key} {' '.join('9702' if text.startswith('edit') else '4356' for text in texts)} 3" for key, _, *texts in lines
        ]

    async with faulty_wire(OpenAiWire(say=say(by_part))) as wire:
        found = await judged(wire, pairs_of(4), form=BY_PART)
    assert found == [Judgement(45, 35, 55, 65, 0.35)] * 4 + [Judgement(95, 75, 5, 25, 0.35)] * 4


async def test_what_is_asked_otherwise_is_stamped_otherwise():
    with_model = [LlmJudge(Model(name=name), form) for name in ("one", "other") for form in (OF_EDITS, BY_PART)]
    assert len({judge.stamp for judge in with_model}) == len(with_model)
    assert LlmJudge(Model(name="one")).stamp == with_model[0].stamp


async def test_there_are_never_more_lines_in_a_request_than_keys():
    async with faulty_wire(OpenAiWire(say=say())) as wire:
        assert await judged(wire, pairs_of(60), per_request=500) == [POOR] * 60 + [GOOD] * 60
    assert sorted(len(told(asked)) for asked in wire.asked) == [8, 26, 26]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: verdicts(lines[:1] + lines[2:]),
        lambda lines: ["z" + each[1:] if each[0] == "b" else each for each in verdicts(lines)],
        lambda lines: [each + "9" if each[0] == "b" else each for each in verdicts(lines)],
        lambda lines: [each[:-1] if each[0] == "b" else each for each in verdicts(lines)],
        lambda lines: [each.replace("4", "10") if each[0] == "b" else each for each in verdicts(lines)],
        lambda lines: [each.replace("8", "८") if each[0] == "b" else each for each in verdicts(lines)],
        lambda lines: [*verdicts(lines), "b118"],
    ],
    ids=[
        "left out",
        "unknown key",
        "a digit too many",
        "a digit missing",
        "more than a digit",
        "digits of a script",
        "two opinions",
    ],
)
async def test_a_line_whose_verdict_is_no_good_has_none_for_either_text(spoil):
    async with faulty_wire(OpenAiWire(say=say(spoil))) as wire:
        found = await judged(wire, pairs_of(3))
    assert found == [POOR, None, POOR, GOOD, None, GOOD]


@pytest.mark.parametrize("odd", [Oddity.REFUSAL, Oddity.NOT_JSON, Oddity.EMPTY])
async def test_a_model_that_does_not_judge_costs_the_judgements_of_its_request_only(odd):
    def odd_first(number: int) -> Oddity:
        return odd if number in (0, 1) else Oddity.NONE  # twice, since the form is asked for again

    async with faulty_wire(OpenAiWire(say=say(), odd=odd_first)) as wire:
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
    async with faulty_wire(OpenAiWire(say=say())) as wire:
        await judged(wire, pairs_of(12), meter=meter)
    assert len(meter.calls) == 3
    assert all(call.model == "judge-model" and call.usage is not None and call.holds(call.usage) for call in meter.calls)


async def test_nobody_is_asked_about_nothing():
    async with faulty_wire(OpenAiWire()) as wire:
        assert await judged(wire, []) == []
        assert wire.asked == []
