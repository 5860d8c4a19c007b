"""Names put right before anybody is asked; what is remembered of lines wherever they are said; opinions that are paid for once."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from setu_common.contracts import Reason
from setu_common.llm import Spent
from setu_enhancer.domain.glossary import Glossary
from setu_enhancer.domain.guards import Breach
from setu_enhancer.domain.lines import Line
from setu_enhancer.domain.scoring import Judgement
from setu_enhancer.editing import Instruments
from testbed.editing import (
    ASKED,
    DRAFTS,
    ENGLISH,
    FIRST,
    HINDI,
    LINES,
    NAMED,
    SIMPLE,
    USAGE,
    Kept,
    Model,
    asked_in,
    better,
    edit,
    guard,
    ids_of,
    points,
    reply_of,
    scorer,
    shown_in,
    texts_of,
    translated,
    with_texts,
)

IDIOM = (Reason(kind="idiom"),)


async def test_a_line_that_rules_mend_wholly_is_sent_to_nobody_and_costs_nothing():
    model = Model()
    edits = await edit(model, selected={0: NAMED, 2: IDIOM})
    assert model.ids == [[2]]
    assert (edits[0].text, edits[0].provider, edits[0].model) == (ENGLISH[0], "rules", "names")
    assert (edits[0].cost_usd, edits[0].requests, edits[0].cached, edits[0].reasons) == (Decimal(0), 0, False, NAMED)
    assert points(edits[0]) == (50, 90)
    assert edits[0].line == LINES[0]
    assert shown_in(model.asked[0])[LINES[0].source] == ENGLISH[0]


async def test_a_line_with_another_reason_is_asked_about_as_rules_left_it_and_a_model_has_to_beat_that():
    both = {0: (*NAMED, *IDIOM)}
    model = Model(with_texts(l0="So, Raj, where were you?"))
    edits = await edit(model, selected=both)
    asked = asked_in(model.asked[0])[0]
    assert (asked["draft"], asked["why"]) == (ENGLISH[0], "idiom")
    assert (edits[0].text, edits[0].provider, edits[0].requests) == (ENGLISH[0], "rules", 1)
    assert edits[0].cost_usd == Decimal("0.1")  # of what was asked in vain

    liked = Instruments(guard, by_length, better)
    edits = await edit(model, selected=both, instruments=liked)
    assert (edits[0].text, edits[0].provider) == ("So, Raj, where were you?", "fake")
    assert points(edits[0]) == (len(LINES[0].draft), len("So, Raj, where were you?"))
    assert (edits[0].line, edits[0].reasons) == (LINES[0], both[0])


async def test_what_rules_make_has_to_pass_the_gate_as_any_edit_has():
    strict = replace(SIMPLE, guard=lambda line, edit, *_, **__: () if edit == line.draft else (Breach("layout", "it is new"),))
    worse = replace(SIMPLE, scorer=by_length)
    for instruments in (strict, worse):
        model = Model()
        edits = await edit(model, selected={0: NAMED}, instruments=instruments)
        assert model.ids[0] == [0]
        assert edits[0].provider == "fake"


async def test_what_is_wrong_with_the_draft_as_well_is_not_held_against_rules():
    lines = [replace(LINES[0], draft="King, where were you at 7?")]
    edits = await edit(lines=lines, selected={0: NAMED}, instruments=replace(SIMPLE, scorer=named_is_better))
    assert edits[0].text == "Raj, where were you at 7?"  # the number is still wrong


async def test_a_name_may_be_longer_than_the_word_that_stood_for_it_and_have_nothing_in_common_with_it():
    def slow(line: Line, edit: str, *_: object, **__: object) -> tuple[Breach, ...]:
        return () if edit == line.draft else (Breach("reading-speed", "too long"), Breach("meaning", "nothing in common"))

    for selected, provider in ((NAMED, "rules"), (IDIOM, "")):
        edits = await edit(selected={0: selected}, instruments=replace(SIMPLE, guard=slow))
        assert edits[0].provider == provider


def named_is_better(line, text, pair, glossary, *, judgement=None, mean_logprob=None, neighbours=()):
    return score_of(90 if "Raj" in text else 50)


async def test_rules_do_their_part_without_any_model():
    edits = await edit(selected={0: NAMED, 2: IDIOM})
    assert texts_of(edits) == [ENGLISH[0], *DRAFTS[1:]]


async def test_a_line_that_is_said_again_elsewhere_takes_its_edit_with_it_where_the_reason_lies_in_itself():
    memory, film = Kept(), elsewhere(2, 7)
    await edit(Model(), memory=memory, selected={2: IDIOM, 7: ASKED})
    model = Model(lambda document: reply_of(dict.fromkeys(ids_of(document), ENGLISH[7])))
    edits = await edit(model, memory=memory, lines=film, selected={2: IDIOM, 7: ASKED}, instruments=FREE)
    assert model.ids == [[7]]
    assert (edits[2].text, edits[2].cached, edits[2].cost_usd) == (ENGLISH[2], True, Decimal(0))


async def test_what_was_not_kept_where_it_was_said_is_not_taken_elsewhere():
    memory = Kept()
    await edit(Model(with_texts(l2="Oh dad!")), memory=memory, selected={2: IDIOM})
    model = Model()
    await edit(model, memory=memory, lines=elsewhere(2), selected={2: IDIOM})
    assert model.ids == [[2]]


async def test_an_edit_that_can_not_be_read_in_its_time_elsewhere_is_made_anew():
    memory = Kept()
    await edit(Model(), memory=memory, selected={2: IDIOM})
    film = tuple(replace(line, end_s=line.start_s + 1.0) if line.index == 2 else line for line in elsewhere(2))
    model = Model()
    await edit(model, memory=memory, lines=film, selected={2: IDIOM})
    assert model.ids[0] == [2]


def elsewhere(*kept: int) -> tuple[Line, ...]:
    """The film with other lines around some of its own."""
    return tuple(
        line if line.index in kept else replace(line, source="दरवाज़ा बंद करो।", draft="Close the door.") for line in LINES
    )


def score_of(total: float):
    return scorer(LINES[0], "", HINDI, Glossary()).model_copy(update={"total": float(total)})


def by_length(line, text, pair, glossary, *, judgement=None, mean_logprob=None, neighbours=()):
    return score_of(len(text))


def new_is_better(line, text, pair, glossary, *, judgement=None, mean_logprob=None, neighbours=()):
    return score_of(0 if text in DRAFTS else 90)


FREE = Instruments(lambda *_, **__: (), new_is_better, better)


class PricedJudge:
    """A judge that likes what is English, and tells what each text costs."""

    stamp = "judge@1"

    def __init__(self):
        self.asked = []

    async def judge(self, pairs, pair, glossary):
        raise AssertionError("it is asked so that it tells what it costs")

    async def judge_billed(self, pairs, pair, glossary, billed):
        self.asked.append([line.index for line, _ in pairs])
        billed(pairs, [Spent("judges", "j-1", USAGE)])
        found = [100.0 if text == ENGLISH[line.index] else 0.0 for line, text in pairs]
        return [Judgement(each, each, each, each, 0.9) for each in found]


def judged(line, text, pair, glossary, *, judgement=None, mean_logprob=None, neighbours=()):
    plain = score_of(50)
    return (
        plain if judgement is None else plain.model_copy(update={"total": judgement.accuracy, "methods": ("signals", "judge")})
    )


async def test_what_a_judge_costs_is_put_down_to_the_lines_that_it_judged():
    judge = PricedJudge()
    edits = await edit(Model(), selected={2: ASKED, 3: ASKED, 4: ASKED}, instruments=Instruments(guard, judged, better, judge))
    assert judge.asked == [[2, 3, 2, 3]]  # of the other one the draft came back
    costs = [Fraction(each.cost_usd) for each in edits if each.cost_usd]
    assert sum(costs) == Fraction(2, 10)  # one request for edits, one for opinions
    assert 0 < costs[2] < Fraction(5, 100) < min(costs[:2])


async def test_opinions_are_remembered_beside_the_edits_until_another_judge_is_asked():
    memory, judge = Kept(), PricedJudge()
    instruments = Instruments(guard, judged, better, judge)
    first = await edit(Model(), memory=memory, selected=FIRST, instruments=instruments)
    second = await edit(Model(), memory=memory, selected=FIRST, instruments=instruments)
    assert len(judge.asked) == 1
    assert [points(each) for each in second[:6]] == [points(each) for each in first[:6]]
    assert {each.cost_usd for each in second} == {Decimal(0)}
    judge.stamp = "judge@2"
    third = await edit(Model(), memory=memory, selected=FIRST, instruments=instruments)
    assert len(judge.asked) == 2
    assert sum((each.cost_usd or 0 for each in third), Decimal(0)) == Decimal("0.1")
    await edit(Model(), memory=memory, selected=FIRST, instruments=instruments)
    assert len(judge.asked) == 2


async def test_rules_are_not_judged_by_anybody_who_costs_something():
    judge = PricedJudge()
    edits = await edit(Model(translated), selected={0: NAMED}, instruments=replace(SIMPLE, judge=judge))
    assert (edits[0].text, judge.asked) == (ENGLISH[0], [])
