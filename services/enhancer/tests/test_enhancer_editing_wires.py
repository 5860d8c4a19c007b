"""The editor through the vendors' own SDKs, against servers on loopback that fail in every way."""

import contextlib
import re
from fractions import Fraction

import pytest
from pydantic import SecretStr
from sacrebleu.metrics.chrf import CHRF

from setu_common.contracts import Reason
from setu_common.http import Dependencies, Policy, RetryPolicy
from setu_common.http.timing import REAL as REAL_TIME
from setu_common.llm import LimitPolicy, Limits
from setu_common.llm.anthropic_provider import AnthropicProvider
from setu_common.llm.openai_provider import OpenAiProvider
from setu_common.testing import (
    AnthropicWire,
    Fault,
    ManualTime,
    Oddity,
    OpenAiWire,
    RecordingMeter,
    always,
    faulty_wire,
    in_order,
    some,
)
from setu_enhancer.domain.guards import breaches
from setu_enhancer.domain.scoring import better, score
from setu_enhancer.editing import Instruments
from setu_enhancer.judging import LlmJudge
from testbed.editing import ENGLISH, LINES, Kept, cents, document_of, edit, ids_of, reply_of, translated, verdicts_of

DRAFTS = [line.draft for line in LINES]
GOOD = list(ENGLISH.values())
WIRES = {"openai": OpenAiWire, "anthropic": AnthropicWire}


def says(document_says=translated):
    return lambda asked: document_says(document_of(asked.messages[-1][1] if asked.schema else asked.messages[1][1]))


@contextlib.asynccontextmanager
async def provider_of(kind, wire, meter=None, name=None):
    time = ManualTime()
    policy = Policy(attempt_s=20.0, retry=RetryPolicy())
    shared = {
        "model": "m-1",
        "api_key": SecretStr("any"),
        "billed_as": kind,
        "dependency": Dependencies(timing=time.timing).dependency(name or kind, policy),
        "limits": Limits(name or kind, LimitPolicy(), time.timing),
        "meter": meter or RecordingMeter(),
    }
    made: OpenAiProvider | AnthropicProvider
    if kind == "openai":
        made = OpenAiProvider(base_url=f"{wire.url}/v1", **shared)
    else:
        made = AnthropicProvider(base_url=wire.url, **shared)
    async with made as provider:
        yield provider


@contextlib.asynccontextmanager
async def wired(kind, *args, say=None, meter=None, name=None, **options):
    async with (
        faulty_wire(WIRES[kind](*args, say=say or says(), **options)) as wire,
        provider_of(kind, wire, meter, name) as provider,
    ):
        yield wire, provider


def texts_of(edits):
    return [each.text for each in edits]


@pytest.fixture(params=sorted(WIRES))
def kind(request):
    return request.param


async def test_models_are_held_to_the_form_and_what_they_say_is_kept_and_paid_for_once(kind):
    meter = RecordingMeter()
    async with wired(kind, meter=meter) as (wire, provider):
        edits = await edit(provider, parallel=1)
        assert texts_of(edits) == GOOD
        assert len(wire.asked) == 2
        assert all(asked.schema["required"] == ["lines"] for asked in wire.asked)
        assert all(asked.body["stream"] and "logprobs" not in asked.body for asked in wire.asked)
        billed = sum((Fraction(cents("", "", charge.usage)) for charge in wire.bill.charges), Fraction())
        assert sum((Fraction(each.cost_usd or 0) for each in edits), Fraction()) == billed > 0
        assert [call.usage for call in meter.calls] == [charge.usage for charge in wire.bill.charges]
        assert all(call.usage and call.holds(call.usage) for call in meter.calls)


async def test_the_instructions_are_read_from_the_providers_cache_from_the_second_request_on(kind):
    async with wired(kind) as (wire, provider):
        await edit(provider, parallel=1, lines_per_request=4)
        first, *others = [charge.usage for charge in wire.bill.charges]
        assert len(others) >= 3
        if kind == "anthropic":  # the words of the instructions are fewer than what OpenAI's wire begins to keep
            assert first.cache_write_tokens > 500
            assert all(each.cache_read_tokens == first.cache_write_tokens for each in others)
            assert all(each.input_tokens < each.cache_read_tokens for each in others)


async def test_a_servers_hiccups_are_overcome_by_its_client_and_cost_no_line(kind):
    plan = in_order(Fault.RATE_LIMITED, Fault.OVERLOADED, Fault.NONE, Fault.RESET, Fault.TRUNCATED)
    async with wired(kind, plan, retry_after="1") as (wire, provider):
        edits = await edit(provider, parallel=1)
        assert texts_of(edits) == GOOD
        assert edits.degraded == ""
        assert len(wire.received) == 6


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.RESET, Fault.HTML, Fault.TRUNCATED, Fault.EMPTY, Fault.QUOTA])
async def test_a_server_that_only_fails_leaves_all_drafts_and_the_answer_says_why(kind, fault):
    async with wired(kind, always(fault)) as (wire, provider):
        edits = await edit(provider, lines_per_request=2, parallel=2)
        assert texts_of(edits) == DRAFTS
        assert edits.degraded.startswith(f"15 of 15 lines keep their drafts. {kind}: ")
        assert not any(each.offered for each in edits)
        assert len(wire.received) < 30


async def test_another_provider_does_what_a_broken_one_leaves(kind):
    other_kind = next(each for each in WIRES if each != kind)
    async with wired(kind, always(Fault.QUOTA)) as (_, broken), wired(other_kind) as (_, other):
        edits = await edit(broken, other)
        assert texts_of(edits) == GOOD
        assert {each.provider for each in edits} == {other_kind}
        assert edits.notes[0].startswith(f"Others stood in. {kind}: ")


@pytest.mark.parametrize("odd", [Oddity.EMPTY, Oddity.REFUSAL, Oddity.NOT_JSON, Oddity.TOO_LONG])
async def test_odd_answers_are_asked_for_again_and_then_leave_the_drafts(kind, odd):
    async with wired(kind, odd=lambda number: odd if number == 0 else Oddity.NONE) as (_, provider):
        assert texts_of(await edit(provider, parallel=1)) == GOOD
    async with wired(kind, odd=lambda _number: odd) as (wire, provider):
        edits = await edit(provider, parallel=1)
        assert texts_of(edits) == DRAFTS
        assert edits.degraded == ""
        assert all(each.rejected for each in edits)
        assert len(wire.received) <= 20


@pytest.mark.parametrize("odd", [Oddity.UNAUTHORIZED, Oddity.NO_MODEL])
async def test_a_wrong_key_is_tried_once(kind, odd):
    async with wired(kind, odd=lambda _number: odd) as (wire, provider):
        edits = await edit(provider, parallel=1, lines_per_request=2)
        assert texts_of(edits) == DRAFTS
        assert len(wire.received) == 1


async def test_a_server_that_does_not_know_schemas_is_told_the_form_in_words():
    async with wired("openai", unknown={"response_format", "logprobs"}) as (wire, provider):
        edits = await edit(provider, parallel=1)
        assert texts_of(edits) == GOOD
        assert '{"lines":["id|text"' in wire.asked[-1].messages[0][1]


@pytest.mark.parametrize("seed", range(4))
async def test_lines_come_back_whole_whatever_share_of_requests_fails(kind, seed):
    faults = [Fault.RATE_LIMITED, Fault.SERVER_ERROR, Fault.RESET, Fault.TRUNCATED, Fault.HTML, Fault.EMPTY]

    def sloppy(document):
        texts = {index: ENGLISH[index] for index in ids_of(document)}
        if len(texts) > 3:
            texts.pop(min(texts))
        return f"Here you are:\n```json\n{reply_of(texts)}\n```"

    async with wired(kind, some(0.4, faults, seed), say=says(sloppy)) as (_, provider):
        edits = await edit(provider, lines_per_request=5)
        assert [each.line for each in edits] == list(LINES)
        assert all(each.text in (each.line.draft, ENGLISH[each.line.index]) for each in edits)
        assert any(each.changed for each in edits)


async def test_a_base_model_goes_on_with_lines_up_to_their_end():
    said = " Don't worry, I'm here.\n\nHindi: और"
    async with wired("openai", say=lambda _asked: said) as (wire, provider):
        edits = await edit(provider, selected={7: (Reason(kind="idiom"),)}, completing=["openai"])
        assert edits[7].text == ENGLISH[7]
        (asked,) = wire.asked
        assert asked.body["stop"] == ["\n"]
        assert asked.messages[0][1].endswith("\nEnglish:")


async def test_references_raise_chrf_and_noise_leaves_it_where_it_was(kind):
    references = [GOOD]
    before = CHRF().corpus_score(DRAFTS, references).score
    async with wired(kind) as (_, provider):
        assert CHRF().corpus_score(texts_of(await edit(provider)), references).score == 100 > before + 30
    noise = says(lambda document: reply_of(dict.fromkeys(ids_of(document), "Zwölf Boxkämpfer jagen")))
    async with wired(kind, say=noise) as (_, provider):
        assert texts_of(await edit(provider)) == DRAFTS


async def test_a_second_run_makes_no_request_and_costs_nothing(kind):
    memory = Kept()
    async with wired(kind) as (wire, provider):
        await edit(provider, memory=memory)
        made, billed = len(wire.received), wire.bill.total
        again = await edit(provider, memory=memory)
        assert (len(wire.received), wire.bill.total) == (made, billed)
        assert texts_of(again) == GOOD
        assert all(each.cached and each.cost_usd == 0 for each in again)


REAL = Instruments(breaches, score, better)


def with_judge(provider):
    return Instruments(breaches, score, better, LlmJudge(provider))


async def test_what_a_judge_calls_broken_stays_as_it_was(kind):
    def says_wrong(asked):
        return verdicts_of(asked.messages[-1][1], lambda text: 5.0 if text == ENGLISH[3] else 60.0 if text in DRAFTS else 90.0)

    async with wired(kind) as (wire, provider), wired(kind, say=says_wrong, name="judge") as (judge_wire, judge):
        kept = await edit(provider, instruments=REAL)
        before = len(wire.bill.charges)
        edits = await edit(provider, instruments=with_judge(judge))
        assert kept[3].text == ENGLISH[3]
        assert (edits[3].text, edits[3].rejected) == (DRAFTS[3], "judge: it does not say what the line says")
        assert sum(each.changed for each in edits) >= sum(each.changed for each in kept) - 1
        assert judge_wire.asked
        charges = (*wire.bill.charges[before:], *judge_wire.bill.charges)
        billed = sum((Fraction(cents("", "", charge.usage)) for charge in charges), Fraction())
        assert sum((Fraction(each.cost_usd or 0) for each in edits), Fraction()) == billed


@pytest.mark.parametrize("said", ["[]", '{"verdicts": [9]}', '{"verdicts": ["a"]}', "They are all fine.", "nobody", "contrary"])
async def test_a_judge_who_lies_in_form_costs_its_share_and_no_edit(kind, said):
    def lies(asked):
        right = verdicts_of(asked.messages[-1][1], lambda _text: 0.0)
        instead = {
            "nobody": re.sub(r'"[a-z](?=\d)', '"-', right),
            "contrary": re.sub(r'"([a-z])(\d+)"', r'"\1\2", "\g<1>999"', right),
        }
        return instead.get(said, said)

    async with wired(kind) as (_, provider), wired(kind, say=lies, name="judge") as (judge_wire, judge):
        kept = await edit(provider, instruments=REAL)
        edits = await edit(provider, instruments=with_judge(judge))
        assert texts_of(edits) == texts_of(kept)
        assert [each.rejected for each in edits] == [each.rejected for each in kept]
        assert edits.degraded == ""
        assert judge_wire.asked


async def test_a_judge_who_hangs_costs_nothing_and_no_edit(kind):
    async with wired(kind) as (_, provider), faulty_wire(WIRES[kind](always(Fault.SILENT), say=says())) as wire:
        kept = await edit(provider, instruments=REAL)
        policy = Policy(attempt_s=1.0, retry=RetryPolicy(retries={}))
        shared = {"api_key": SecretStr("any"), "billed_as": kind, "meter": RecordingMeter(), "model": "m-1"}
        called = Dependencies().dependency("judge", policy)
        limits = Limits("judge", LimitPolicy(), REAL_TIME)
        hanging: OpenAiProvider | AnthropicProvider
        if kind == "openai":
            hanging = OpenAiProvider(base_url=f"{wire.url}/v1", dependency=called, limits=limits, **shared)
        else:
            hanging = AnthropicProvider(base_url=wire.url, dependency=called, limits=limits, **shared)
        async with hanging as judge:
            edits = await edit(provider, instruments=with_judge(judge))
        assert texts_of(edits) == texts_of(kept)
        assert [each.cost_usd for each in edits] == [each.cost_usd for each in kept]
        assert any(note.startswith("Scored without judge: ") for note in edits.notes)
        assert wire.received
