"""What is told with the scores of texts: what they were found without, and why."""

from dataclasses import replace
from typing import Any

import pytest

from setu_common.contracts import Context, QualityReport, QualityRequest
from setu_common.errors import SetuError
from setu_common.llm import Answer, LlmRefusal, LlmUnavailable, Spent, spend
from setu_common.llm.errors import LlmInvalidOutput
from setu_common.store import Store
from setu_enhancer.domain.thresholds import Thresholds
from setu_enhancer.judging import BY_PART, LlmJudge, Verdicts
from setu_enhancer.service import Desk, EnhancementService
from testbed.editing import FIRST, LINES, SIMPLE, USAGE, Model, cents, edit


class Nobody:
    """No movie database."""

    async def of(self, context: Context) -> tuple[tuple[str, ...], str]:
        return (), ""


class Work:
    """What a handler is given, as far as scoring needs it."""

    async def in_thread(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)


@pytest.fixture
def scored(store_settings):
    """Score lines with what is at hand."""

    async def told(*texts: str, judge: Any = None, fluency: Any = None, price: Any = cents) -> QualityReport:
        nothing: Any = None
        casting: Any = Nobody()
        work: Any = Work()
        desk = Desk(
            editor=nothing,
            memory=nothing,
            prompts=nothing,
            thresholds=Thresholds(),
            casting=casting,
            price=price,
            judge=judge,
            fluency=fluency,
        )
        lines = [{"source": LINES[0].source, "text": text} for text in texts]
        asked = {"source_language": "hi", "target_language": "en", "lines": lines, "judge": judge is not None}
        return await EnhancementService(Store(store_settings, "enhancer"), desk).scores(
            QualityRequest.model_validate(asked), work
        )

    return told


class Probable:
    """Tells the probability of texts of so many bytes."""

    longest_bytes = 30

    async def mean_logprobs(self, texts, language):
        return [-3.0 if len(text) <= self.longest_bytes else None for text in texts]


async def test_texts_that_are_too_long_for_a_probability_are_told_by_number(scored):
    report = await scored("Raj, where were you?", "Raj, where were you? " * 9, fluency=Probable())
    assert [each.methods for each in report.scores] == [("signals", "logprob"), ("signals",)]
    assert report.notes == ("1 of 2 lines were scored without probabilities, which are told of texts of 30 bytes at most.",)
    assert (await scored("Raj, where were you?", fluency=Probable())).notes == ()


class Grading:
    """A judge's provider that is billed for what it says of each request in turn, or does not say."""

    name, model = "judge", "judge-model"

    def __init__(self, *says: list[str] | SetuError) -> None:
        self._says = iter(says)

    async def chat_as(self, *_, **__):
        spend(Spent(self.name, self.model, USAGE))
        said = next(self._says)
        if isinstance(said, SetuError):
            raise said
        return Answer(Verdicts(verdicts=said), "", self.name, self.model, USAGE)


def judging(*says: list[str] | SetuError) -> LlmJudge:
    provider: Any = Grading(*says)
    return LlmJudge(provider, BY_PART, per_request=2, at_once=1)


COST = cents("", "", USAGE)
TEXTS = ("Raj, where were you?", "King, where were you?", "Raj, where are you?")


async def test_who_judged_and_what_that_cost_is_told(scored):
    report = await scored(*TEXTS, judge=judging(["a99998", "b55558"], ["a88888"]))
    assert [each.methods for each in report.scores] == [("signals", "judge")] * 3
    assert (report.cost_usd, report.provider, report.model, report.notes) == (2 * COST, "judge", "judge-model", ())
    assert (await scored(*TEXTS)).cost_usd == 0
    assert (await scored(*TEXTS, judge=judging(["a99998", "b55558"], ["a88888"]), price=lambda *_: None)).cost_usd is None


async def test_a_judge_that_keeps_to_no_form_is_told_with_what_it_cost(scored):
    report = await scored(*TEXTS, judge=judging(LlmInvalidOutput("It has no form."), LlmInvalidOutput("It has no form.")))
    assert [each.methods for each in report.scores] == [("signals",)] * 3
    assert report.notes == ("3 of 3 lines were scored without a judge: It has no form.",)
    assert (report.cost_usd, report.provider, report.model) == (2 * COST, "judge", "judge-model")


async def test_lines_that_a_judge_left_out_are_told_by_number_and_each_reason_once(scored):
    report = await scored(*TEXTS, judge=judging(["a99998"], LlmRefusal("It declines.")))
    assert [each.methods for each in report.scores] == [("signals", "judge"), ("signals",), ("signals",)]
    why = "judge gave no grades for them that can be read. It declines."
    assert report.notes == (f"2 of 3 lines were scored without a judge: {why}",)


async def test_a_judge_that_is_away_is_told_and_what_nobody_knows_the_cost_of(scored):
    report = await scored(*TEXTS, judge=judging(["a99998", "b55558"], LlmUnavailable("It is away.")))
    assert (report.notes, report.cost_usd) == (("Scored without a judge: It is away.",), 2 * COST)


UNREAD = "judge gave no grades for them that can be read."


@pytest.mark.parametrize(
    ("says", "note"),
    [
        (LlmInvalidOutput("It has no form."), "5 of 5 lines were scored without a judge: It has no form."),
        (["a998", "c998", "d998", "f998"], f"2 of 5 lines were scored without a judge: {UNREAD}"),
    ],
)
async def test_edits_that_were_measured_without_their_judge_are_told_by_number(says, note):
    provider: Any = Grading(says)
    edits = await edit(Model(), selected=FIRST, instruments=replace(SIMPLE, judge=LlmJudge(provider)))
    assert sum(each.after is not None for each in edits) == 5
    assert edits.notes == (note,)
