"""The editor where requests wait for each other: real limits, a model that takes its time, and a loop whose clock jumps to what is waited for."""

import asyncio

import pytest

from setu_common.contracts import Context
from setu_common.cost import Usage
from setu_common.http import Dependencies, Timing
from setu_common.llm import Answer, Finish, LimitPolicy, Limits
from setu_common.llm.asking import Said
from setu_common.llm.calling import Calls, Reading
from setu_common.llm.sdk_provider import SdkProvider
from setu_common.testing import RecordingMeter
from setu_enhancer.domain.glossary import Glossary
from setu_enhancer.domain.lines import Line
from setu_enhancer.domain.scoring import Judgement
from setu_enhancer.domain.windows import Film
from setu_enhancer.editing import Instruments
from setu_enhancer.editing.gate import Gate
from setu_enhancer.editing.outcomes import Offer
from testbed.editing import ENGLISH, HINDI, LINES, Model, document_of, edit, guard, ids_of, points, reply_of, scorer, texts_of
from testbed.jumping import JumpingLoop

SCENES = [Line(number, 20.0 * number, 20.0 * number + 5, "घर चलो।", "Home walk.") for number in range(16)]
GOOD = Instruments(guard, scorer, lambda *_: True)


class Slow(SdkProvider):
    """A server that answers each request well, after a while."""

    def __init__(self, policy, takes_s):
        now = asyncio.get_running_loop().time
        timing = Timing(now, now, asyncio.sleep, lambda _low, high: high)
        dependency = Dependencies(timing=timing).dependency("slow")
        limits = Limits("slow", policy, timing)
        super().__init__(
            Calls(billed_as="own", model="m", dependency=dependency, limits=limits, meter=RecordingMeter()), self._closed
        )
        self._takes_s = takes_s
        self.begun = 0

    async def _closed(self):
        pass

    async def complete(self, prompt, *, max_tokens, stop=(), timeout_s=None) -> Answer[str]:
        raise AssertionError("it chats")

    def _bound(self, messages, wanted, read):
        return Usage(input_tokens=read, output_tokens=wanted.max_tokens)

    async def _chat(self, messages, wanted):
        self.begun += 1
        await asyncio.sleep(self._takes_s)
        usage = Usage(input_tokens=900, output_tokens=100)
        text = reply_of(dict.fromkeys(ids_of(document_of(messages[-1].text)), "Let's go home."))
        return Reading(usage, Said(text, "m", usage, Finish.STOP))


def edited(policy, takes_s):
    """What comes of 16 scenes that are asked for at once, how many requests began, and how long it took by the loop's clock."""

    async def run():
        began_s = asyncio.get_running_loop().time()
        async with Slow(policy, takes_s) as slow:
            edits = await edit(slow, lines=SCENES, instruments=GOOD, parallel=16, lines_per_request=1)
            return edits, slow.begun, asyncio.get_running_loop().time() - began_s

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(run())


@pytest.mark.parametrize(
    ("policy", "least_s"),
    [
        (LimitPolicy(at_once=1), 16 * 15),
        (LimitPolicy(at_once=16, tokens_per_minute=1000), 14 * 60),
        (LimitPolicy(at_once=16, requests_per_minute=2), 7 * 60),
    ],
    ids=["places", "tokens", "requests"],
)
def test_waiting_for_each_other_costs_no_line_its_edit_however_long_it_takes(policy, least_s):
    edits, begun, took_s = edited(policy, takes_s=15.0)
    assert texts_of(edits) == ["Let's go home."] * 16
    assert (edits.degraded, edits.notes, edits.requests, begun) == ("", (), 16, 16)
    assert took_s >= least_s > 60  # longer than one answer may take


def test_a_server_that_takes_too_long_over_each_answer_is_out_all_the_same():
    edits, _, _ = edited(LimitPolicy(at_once=1), takes_s=61.0)
    assert texts_of(edits) == ["Home walk."] * 16
    assert edits.degraded == "16 of 16 lines keep their drafts. slow: slow did not answer within 60 s."


class Thinking(Model):
    """A model that takes its time, and tells when it was asked and when it answers."""

    def __init__(self, takes_s, events):
        super().__init__()
        self._takes_s = takes_s
        self._events = events

    async def chat(self, messages, **options):
        self._events.append("asked")
        await asyncio.sleep(self._takes_s)
        self._events.append("answers")
        return await super().chat(messages, **options)


def looked_at(takes_s):
    """What happened, in order: when a model was asked, when it answered, and which texts were scored."""
    events = []

    def scored(line, text, *rest, **options):
        events.append("draft" if text == line.draft else "edit")
        return scorer(line, text, *rest, **options)

    async def run():
        return await edit(Thinking(takes_s, events), lines=LINES, instruments=Instruments(guard, scored, lambda *_: True))

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        assert texts_of(runner.run(run())) == list(ENGLISH.values())
    return events


def test_drafts_are_scored_while_the_model_is_waited_for_and_edits_when_it_has_answered():
    events = looked_at(takes_s=5.0)
    asked, answers = [[at for at, each in enumerate(events) if each == what] for what in ("asked", "answers")]
    drafts, edits = [[at for at, each in enumerate(events) if each == what] for what in ("draft", "edit")]
    assert (len(asked), len(drafts), len(edits)) == (2, 15, 12)
    assert max(asked) < min(drafts)
    assert max(drafts) < min(answers) < min(edits)


def test_what_there_was_no_time_for_is_done_after_the_answer_and_nothing_is_done_twice():
    events = looked_at(takes_s=0.0)
    assert events.index("answers") < events.index("draft")
    assert (events.count("draft"), events.count("edit")) == (15, 12)


def graded(points: float) -> Judgement:
    return Judgement(points, points, points, points, confidence=0.9)


class Judge:
    """A judge that takes its time over every text, and finds edits better; of the first line it says nothing."""

    def __init__(self, events):
        self._events = events

    async def judge(self, pairs, pair, glossary):
        self._events.append("judge asked")
        await asyncio.sleep(5.0)
        self._events.append("judge answers")
        return [None if line.index == LINES[0].index else graded(20.0 if text == line.draft else 90.0) for line, text in pairs]


def test_edits_are_scored_by_rules_while_a_judge_is_waited_for():
    events = []

    def scored(line, text, *rest, judgement=None, **options):
        events.append(("judged " if judgement else "") + ("draft" if text == line.draft else "edit"))
        return scorer(line, text, *rest, **options)

    async def run():
        instruments = Instruments(guard, scored, lambda *_: True, judge=Judge(events))
        return await edit(Thinking(5.0, events), lines=LINES, instruments=instruments, lines_per_request=len(LINES))

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        assert texts_of(runner.run(run())) == list(ENGLISH.values())
    asked, answers = events.index("judge asked"), events.index("judge answers")
    assert [each for each in events[asked:answers] if each == "edit"] == ["edit"] * 12
    assert events.count("edit") == 12
    assert events.count("draft") == 15
    assert set(events[answers + 1 :]) == {"judged draft", "judged edit"}


def test_a_draft_that_was_scored_meanwhile_is_scored_anew_where_a_line_beside_it_has_been_edited_since():
    beside = []

    def scored(line, text, *rest, neighbours=(), **options):
        beside.append((text, neighbours[0]))
        known = scorer(line, text, *rest, **options)
        return known.model_copy(update={"total": 70.0}) if (text, neighbours[0]) == (line.draft, ENGLISH[0]) else known

    async def run():
        film = Film(LINES, HINDI, Glossary(), Context(), characters_per_s=20.0)
        gate = Gate(Instruments(guard, scored, lambda *_: True), film, margin=2.0)
        async with gate.preparing([LINES[1]], {}):
            await asyncio.sleep(5.0)
        return await gate.decide([(LINES[1], Offer(ENGLISH[1]))], {0: ENGLISH[0]})

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        (edited,) = runner.run(run())
    assert points(edited) == (70.0, 90.0)
    assert beside == [(LINES[1].draft, LINES[0].draft), (LINES[1].draft, ENGLISH[0]), (ENGLISH[1], ENGLISH[0])]
