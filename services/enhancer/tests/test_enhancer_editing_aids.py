"""What editors have besides chat models: memory, a price, a judge, a base model."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

import pytest

from setu_common.contracts import Context, Reason
from setu_common.cost import BudgetExhausted
from setu_common.http import CircuitOpen
from setu_enhancer.auditing.report import audit_of, result_of
from setu_enhancer.domain.glossary import Glossary
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.prompting import prompt_of
from setu_enhancer.domain.prompts import read_prompts
from setu_enhancer.domain.scoring import Judgement
from setu_enhancer.editing import Editor, Instruments
from setu_enhancer.editing.sharing import SMALLEST_USD, shares
from setu_enhancer.memory import NoMemory, Remembered
from setu_enhancer.settings import EditingSettings
from testbed.editing import (
    ASKED,
    DRAFTS,
    ENGLISH,
    FIRST,
    HINDI,
    LINES,
    NAMES,
    SIMPLE,
    Kept,
    Model,
    asked_in,
    better,
    cents,
    edit,
    guard,
    in_turn,
    raising,
    scorer,
    texts_of,
    translated,
    with_texts,
)


async def test_each_line_bears_its_share_of_what_its_requests_cost():
    model = Model(in_turn(with_texts(l3="I had 50."), translated))
    edits = await edit(model, selected=FIRST)
    costs = [Fraction(each.cost_usd) for each in edits if each.cost_usd is not None]
    assert sum(costs) == Fraction(2, 10)
    assert costs[3] > Fraction(1, 10)
    assert 0 < costs[4] < Fraction(2, 100)


async def test_a_model_without_a_price_costs_nobody_knows_what():
    edits = await edit(Model(), selected={0: ASKED}, price=lambda *_: None)
    assert edits[0].cost_usd is None
    assert edits[1].cost_usd == 0


@pytest.mark.parametrize("weights", [[1], [0, 0], [3, 3, 3], [7, 1, 0, 11, 13, 1], [1] * 50])
@pytest.mark.parametrize("cost", ["0", "0.000000", "0E-12", "0.1", "0.00012345678", "0.0000025"])
def test_shares_are_exactly_the_whole_and_written_as_plain_figures(cost, weights):
    parts = [part for part in shares(Decimal(cost), weights) if part is not None]
    assert sum(parts) == Decimal(cost)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Decimal(cost) * (weight or not sum(weights)) / (sum(weights) or len(weights))) < 2 * SMALLEST_USD
    assert all(re.fullmatch(r"0|0\.\d*[1-9]", str(part)) for part in parts)


async def test_a_line_of_a_free_request_costs_0_and_what_several_paid_is_told_without_an_exponent():
    edits = await edit(Model(), selected=FIRST, price=lambda *_: Decimal("0.000000000000"))
    audit = audit_of(edits, HINDI, Glossary(()), "p", {})
    assert {line.model_dump(mode="json")["cost_usd"] for line in audit.lines} == {"0"}
    assert result_of(audit, edits, chosen=len(FIRST)).model_dump(mode="json")["cost_usd"] == "0"


async def test_the_same_film_again_is_asked_of_nobody_and_costs_nothing():
    memory, model = Kept(), Model(with_texts(l3="I had 50.", l2="Oh dad!"))
    first = await edit(model, memory=memory)
    asked = len(model.asked)
    second = await edit(model, memory=memory)
    assert len(model.asked) == asked
    assert texts_of(second) == texts_of(first)
    assert [each.rejected for each in second] == [each.rejected for each in first]
    assert all(each.cached and each.cost_usd == 0 for each in second)


async def test_what_editors_look_for_is_told_to_be_edits():
    told: list[bool] = []

    class Asked(Kept):
        async def exact(self, keys: Sequence[str], *, of_edits: bool = False) -> Mapping[str, Remembered]:
            told.append(of_edits)
            return await super().exact(keys, of_edits=of_edits)

    await edit(Model(), memory=Asked(), selected=FIRST)
    assert told == [True]


async def test_another_name_in_the_glossary_another_neighbour_or_another_model_makes_edits_anew():
    memory = Kept()
    await edit(Model(), memory=memory, selected=FIRST)
    assert len(memory.made) == 6
    other = Model(name="other")
    await edit(other, memory=memory, selected=FIRST)
    assert other.ids == [list(range(6))]
    changed = (Line(0, 0.0, 3.0, LINES[0].source, "Raj, where have you been?"), *LINES[1:])
    model = Model()
    await edit(model, memory=memory, selected=FIRST, lines=changed)
    assert model.ids == [[0, 1, 2, 3, 4]]  # the last one is too far away to see it


async def test_edits_of_like_lines_are_shown_as_examples():
    memory, model = Kept(), Model()
    await edit(model, memory=memory, selected={0: ASKED})
    await edit(model, memory=memory, selected={5: ASKED})
    assert asked_in(model.asked[1])[5]["like"] == [[LINES[0].source, ENGLISH[0]]]


async def test_what_nobody_answered_is_not_remembered():
    memory = Kept()
    await edit(Model(raising(BudgetExhausted("Used up."))), memory=memory)
    assert memory.made == {}
    await edit(Model(raising(CircuitOpen("Open."))), Model(name="other"), memory=memory, parallel=1)
    model = Model()
    await edit(model, memory=memory)
    assert sorted(model.ids) == [list(range(6)), list(range(6, 15))]  # who stood in is not taken for who should have


async def test_what_nobody_could_be_asked_to_mend_is_asked_for_another_time():
    memory = Kept()
    await edit(Model(in_turn(with_texts(l3="I had 50."), raising(BudgetExhausted("Used up.")))), memory=memory, selected=FIRST)
    assert len(memory.made) == 5
    model = Model()
    edits = await edit(model, memory=memory, selected=FIRST)
    assert model.ids == [[3]]
    assert texts_of(edits)[:6] == list(ENGLISH.values())[:6]


async def test_a_remembered_edit_passes_the_guards_again():
    memory = Kept()
    await edit(Model(), memory=memory, selected=FIRST)
    strict = Instruments(lambda line, edit, *_, **__: guard(line, edit + " 9", *_, **__), scorer, better)
    edits = await edit(Model(), memory=memory, selected=FIRST, instruments=strict)
    assert texts_of(edits) == DRAFTS


class Judge:
    """A judge that likes what a test says."""

    def __init__(self, likes):
        self.likes, self.asked = likes, []

    async def judge(self, pairs, pair, glossary):
        self.asked.append(pairs)
        if isinstance(self.likes, Exception):
            raise self.likes
        found = [100.0 if self.likes(line, text) else 0.0 for line, text in pairs]
        return [Judgement(each, each, each, each, 0.9) for each in found]


def judged_scorer(line, text, pair, glossary, *, judgement=None, mean_logprob=None, neighbours=()):
    score = scorer(line, text, pair, glossary)
    return (
        score if judgement is None else score.model_copy(update={"total": judgement.accuracy, "methods": ("signals", "judge")})
    )


async def test_a_judge_hears_of_draft_and_edit_together_and_of_nothing_that_the_guards_refuse():
    judge = Judge(lambda line, text: text == line.draft)
    edits = await edit(
        Model(with_texts(l3="I had 50.")),
        selected=FIRST,
        instruments=Instruments(guard, judged_scorer, better, judge),
    )
    assert texts_of(edits) == DRAFTS
    ((*pairs,),) = judge.asked
    assert [line.index for line, _ in pairs] == [0, 1, 2, 5] * 2
    assert edits[0].after is not None
    assert edits[0].after.methods == ("signals", "judge")


async def test_without_its_judge_the_rules_decide_and_the_answer_says_so():
    judge = Judge(BudgetExhausted("It is used up."))
    edits = await edit(Model(), instruments=Instruments(guard, judged_scorer, better, judge), parallel=1)
    assert texts_of(edits) == list(ENGLISH.values())
    assert edits.notes == ("Scored without judge: It is used up.",)
    assert len(judge.asked) == 1


async def test_a_base_model_is_asked_for_one_line_at_a_time_and_only_for_what_it_can_do():
    base = Model(name="base", goes_on=lambda _prompt: " Don't worry, I'm here.\n")
    selected = {7: (Reason(kind="idiom"),), 3: (Reason(kind="number"),), 4: ASKED}
    edits = await edit(base, selected=selected, completing=["base"])
    assert edits[7].text == ENGLISH[7]
    assert len(base.prompts) == 1
    assert texts_of(edits)[:7] == DRAFTS[:7]
    assert edits.notes == ("2 lines have reasons that the models at hand can do nothing about, or got no answer.",)


FAILURES = ["", "Vikram didn't come home last night.", "राज कहाँ", "x" * 200, "Raj, the train to Delhi left."]


@pytest.mark.parametrize("said", FAILURES)
async def test_a_base_model_that_fails_is_tried_once_more_without_the_draft_and_then_the_draft_stays(said):
    base = Model(name="base", goes_on=lambda _prompt: said)
    idiom = {2: (Reason(kind="idiom"),)}
    edits = await edit(base, selected=idiom, completing=["base"])
    assert ["Draft:" in prompt for prompt in base.prompts] == [True, False]
    assert edits[2].text == LINES[2].draft
    assert edits[2].rejected


async def test_a_base_model_is_left_alone_with_languages_that_its_prompt_has_no_examples_of():
    base = Model(name="base", goes_on=lambda _prompt: "Rosa, where were you?")
    lines = [Line(0, 0.0, 3.0, "Rosa, ¿dónde estabas?", "Pink, where were you?")]
    idiom = {0: (Reason(kind="idiom"),)}
    edits = await edit(base, lines=lines, selected=idiom, completing=["base"], pair=Pair("es", "en"))
    assert base.prompts == []
    assert edits[0].text == lines[0].draft


async def test_a_base_model_comes_last():
    chat = Model(with_texts(l7="5 tensions!", l3="I had 50."))
    base = Model(name="base", goes_on=lambda _prompt: ENGLISH[7])
    edits = await edit(chat, base, selected={**FIRST, 7: (Reason(kind="idiom"),)}, completing=["base"])
    assert (edits[7].text, edits[7].provider) == (ENGLISH[7], "base")
    assert edits[3].text == LINES[3].draft
    assert len(base.prompts) == 1


async def test_what_is_told_of_windows_beforehand_is_what_is_asked():
    model = Model()
    editor = Editor(
        [model], prompts=read_prompts(), instruments=SIMPLE, memory=NoMemory(), settings=EditingSettings(), price=cents
    )
    film = editor.film(LINES, HINDI, Glossary(NAMES), Context(), characters_per_s=20.0)
    chosen = {line.index: ASKED for line in LINES}
    windows = editor.windows(film, chosen)
    await editor.edit(LINES, chosen, HINDI, Glossary(NAMES), Context(), characters_per_s=20.0)
    told = [prompt_of(window, read_prompts().for_pair(HINDI)).user for window in windows]
    assert sorted(told) == sorted(messages[1].text for messages in model.messages)
