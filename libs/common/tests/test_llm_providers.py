"""Both providers, through the real SDKs, against servers on loopback that speak the wire."""

import math

import pytest
from pydantic import BaseModel, Field, SecretStr

from setu_common.cost import Usage
from setu_common.errors import DeadlineExceeded
from setu_common.http import AnswerLate, CircuitOpen, Dependencies, Policy, RetryPolicy, deadline_in
from setu_common.http.policy import BreakerPolicy
from setu_common.llm import (
    Finish,
    LimitPolicy,
    Limits,
    LlmContextTooLong,
    LlmInvalidOutput,
    LlmModelUnknown,
    LlmNoAnswer,
    LlmOverloaded,
    LlmQuotaExhausted,
    LlmRateLimited,
    LlmRefusal,
    LlmRequestRefused,
    LlmUnauthorized,
    LlmUnavailable,
    Message,
    spending,
)
from setu_common.llm.anthropic_provider import AnthropicProvider
from setu_common.llm.openai_provider import OpenAiProvider
from setu_common.testing import AnthropicWire, Fault, ManualTime, Oddity, OpenAiWire, Reply, always, faulty_wire, in_order
from setu_common.testing.metering import RecordingMeter

KEY = SecretStr("any")


class Verdict(BaseModel):
    good: bool
    score: float = Field(ge=0, le=1)
    note: str = Field(default="", max_length=80)


class Streamed(str):
    """A kind of provider that is listened to while it answers: all comes out as it does at once."""

    __slots__ = ()


class Rig:
    """One provider on one wire, with time under control. What it tells of its requests is what the meter has of them."""

    def __init__(self, kind, wire, *, retries=None, limits=None, attempt_s=60.0, breaker=None, model="m-1"):
        self.heard: list[str] = []
        self.listener = self.heard.append if isinstance(kind, Streamed) else None
        kind = str(kind)
        self.time = ManualTime()
        self.meter = RecordingMeter()
        self.wire = wire
        retry = RetryPolicy() if retries is None else RetryPolicy(retries=retries)
        policy = Policy(attempt_s=attempt_s, retry=retry, breaker=breaker or BreakerPolicy())
        self.dependency = Dependencies(timing=self.time.timing).dependency(kind, policy)
        shared = {
            "model": model,
            "api_key": KEY,
            "billed_as": kind,
            "dependency": self.dependency,
            "limits": Limits(kind, limits or LimitPolicy(), self.time.timing),
            "meter": self.meter,
        }
        self.provider: OpenAiProvider | AnthropicProvider
        if kind == "openai":
            self.provider = OpenAiProvider(base_url=f"{wire.url}/v1", **shared)
        else:
            self.provider = AnthropicProvider(base_url=wire.url, **shared)

    async def __aenter__(self):
        self._telling = spending()
        self._spent = self._telling.__enter__()
        return self

    async def __aexit__(self, kind, *_):
        self._telling.__exit__(None, None, None)
        await self.provider.__aexit__(None, None, None)
        if kind is None:
            metered = [call.usage for call in self.meter.calls if call.usage != Usage()]
            assert [each.usage for each in self._spent] == metered
            assert {(each.provider, each.model) for each in self._spent} <= {(self.dependency.name, self.provider.model)}

    async def chat(self, text="how are you", **options):
        return await self.provider.chat(
            [Message("system", "Be brief."), Message("user", text)], max_tokens=50, heard=self.listener, **options
        )

    async def verdict(self, **options):
        return await self.provider.chat_as(
            Verdict, [Message("user", "Is it good?")], max_tokens=50, heard=self.listener, **options
        )


@pytest.fixture(
    params=["openai", "anthropic", Streamed("openai"), Streamed("anthropic")], ids=lambda kind: f"{kind}-{type(kind).__name__}"
)
def kind(request):
    return request.param


def wire_of(kind, *args, **options) -> OpenAiWire | AnthropicWire:
    return (OpenAiWire if kind == "openai" else AnthropicWire)(*args, **options)


async def test_a_chat_is_answered_and_metered_once_as_it_is_billed(kind):
    async with faulty_wire(wire_of(kind, say=lambda _: Reply("fine thanks", thoughts=7))) as wire, Rig(kind, wire) as rig:
        answer = await rig.chat()
        assert (answer.value, answer.text, answer.provider, answer.model) == ("fine thanks", "fine thanks", kind, "m-1")
        assert answer.usage == Usage(input_tokens=5, output_tokens=9, reasoning_tokens=7) == wire.bill.total
        assert answer.finish is Finish.STOP
        assert bool(wire.asked[0].body.get("stream")) is isinstance(kind, Streamed)
        assert [role for role, _ in wire.asked[0].messages] == ["system", "user"]
        (call,) = rig.meter.calls
        assert (call.provider, call.model, call.usage, call.outcome) == (kind, "m-1", wire.bill.total, "ok")
        assert call.holds(wire.bill.total)


async def test_only_openai_tells_probabilities():
    async with faulty_wire(OpenAiWire()) as wire, Rig("openai", wire) as rig:
        answer = await rig.chat()
        assert answer.confidence == pytest.approx(0.9)
        assert sum(token.length_bytes for token in answer.tokens) == len("HOW ARE YOU")
    async with faulty_wire(AnthropicWire()) as silent, Rig("anthropic", silent) as rig:
        assert (await rig.chat()).confidence is None


async def test_an_answer_that_had_to_stop_says_so(kind):
    async with faulty_wire(wire_of(kind, say=lambda _: "word " * 99)) as wire, Rig(kind, wire) as rig:
        assert (await rig.chat()).finish is Finish.LENGTH


async def test_a_structure_is_asked_for_in_the_apis_own_way_and_validated(kind):
    async with faulty_wire(wire_of(kind)) as wire, Rig(kind, wire) as rig:
        answer = await rig.verdict()
        assert answer.value == Verdict(good=True, score=0.5, note="text")
        (asked,) = wire.asked
        assert asked.schema is not None
        assert asked.schema["required"] == ["good", "score", "note"]
        assert asked.schema["additionalProperties"] is False
        assert asked.schema["properties"]["score"]["description"] == "minimum: 0, maximum: 1"
        assert "temperature" not in asked.body or kind == "openai"


async def test_a_server_without_output_formats_is_told_the_schema_in_words_and_not_asked_for_formats_again(kind):
    unknown = {"response_format"} if kind == "openai" else {"output_config"}
    say = lambda _: 'Sure:\n```json\n{"good": true, "score": 0.25}\n```'  # noqa: E731
    async with faulty_wire(wire_of(kind, say=say, unknown=unknown)) as wire, Rig(kind, wire) as rig:
        for _ in range(2):
            assert (await rig.verdict()).value == Verdict(good=True, score=0.25)
        assert len(wire.received) == 3
        assert "JSON schema" in wire.asked[0].messages[-1][1]
        assert [call.usage for call in rig.meter.calls] == [charge.usage for charge in wire.bill.charges]


async def test_what_does_not_have_the_form_is_sent_back_once_with_what_is_wrong_with_it(kind):
    said = iter(['{"good": true, "score": 7}', '{"good": true, "score": 0.7}'])
    async with faulty_wire(wire_of(kind, say=lambda _: next(said))) as wire, Rig(kind, wire) as rig:
        answer = await rig.verdict()
        assert answer.value.score == 0.7
        assert answer.usage == wire.bill.total
        assert [role for role, _ in wire.asked[1].messages] == ["user", "assistant", "user"]
        assert "score" in wire.asked[1].messages[-1][1]
        assert [call.outcome for call in rig.meter.calls] == ["failed", "ok"]


async def test_two_answers_without_the_form_are_enough(kind):
    async with faulty_wire(wire_of(kind, odd=lambda _: Oddity.NOT_JSON)) as wire, Rig(kind, wire) as rig:
        with pytest.raises(LlmInvalidOutput) as raised:
            await rig.verdict()
        assert not raised.value.retryable
        assert len(wire.received) == 2
        assert [call.outcome for call in rig.meter.calls] == ["failed", "failed"]


async def test_what_was_cut_off_is_not_asked_for_again(kind):
    async with faulty_wire(wire_of(kind, say=lambda _: '{"good": ' + "x " * 99)) as wire, Rig(kind, wire) as rig:
        with pytest.raises(LlmInvalidOutput) as raised:
            await rig.verdict()
        assert raised.value.context["cut_off"] is True
        assert len(wire.received) == 1


@pytest.mark.parametrize("ask", ["chat", "verdict"])
async def test_an_empty_answer_is_asked_for_once_more(kind, ask):
    odd = lambda number: Oddity.EMPTY if number == 0 else Oddity.NONE  # noqa: E731
    async with faulty_wire(wire_of(kind, odd=odd)) as wire, Rig(kind, wire) as rig:
        answer = await getattr(rig, ask)()
        assert answer.usage == wire.bill.total
        assert wire.asked[0].messages == wire.asked[1].messages
    async with faulty_wire(wire_of(kind, odd=lambda _: Oddity.EMPTY)) as wire, Rig(kind, wire) as rig:
        with pytest.raises(LlmNoAnswer):
            await getattr(rig, ask)()
        assert len(wire.received) == 2


async def test_a_refusal_is_billed_is_no_failure_of_the_wire_and_is_not_asked_for_again(kind):
    async with faulty_wire(wire_of(kind, odd=lambda _: Oddity.REFUSAL)) as wire, Rig(kind, wire) as rig:
        for _ in range(25):
            with pytest.raises(LlmRefusal):
                await rig.verdict()
        assert len(wire.received) == 25
        assert rig.dependency.breaker.counts[1] == 0
        assert {call.outcome for call in rig.meter.calls} == {"failed"}
        assert sum((call.usage for call in rig.meter.calls), Usage()) == wire.bill.total


@pytest.mark.parametrize(
    ("odd", "error"),
    [(Oddity.TOO_LONG, LlmContextTooLong), (Oddity.UNAUTHORIZED, LlmUnauthorized), (Oddity.NO_MODEL, LlmModelUnknown)],
)
async def test_what_will_not_change_is_asked_once_and_costs_nothing(kind, odd, error):
    async with faulty_wire(wire_of(kind, odd=lambda _: odd)) as wire, Rig(kind, wire) as rig:
        with pytest.raises(error) as raised:
            await rig.chat()
        assert not raised.value.retryable
        assert len(wire.received) == 1
        assert [(call.usage, call.outcome) for call in rig.meter.calls] == [(Usage(), "failed")]


async def test_a_quota_that_is_gone_is_told_from_a_rate_limit(kind):
    async with faulty_wire(wire_of(kind, always(Fault.QUOTA))) as wire, Rig(kind, wire) as rig:
        with pytest.raises(LlmQuotaExhausted):
            await rig.chat()
        assert len(wire.received) == 1


async def test_retry_after_is_kept_to(kind):
    wire = wire_of(kind, in_order(Fault.RATE_LIMITED), retry_after="7")
    async with faulty_wire(wire), Rig(kind, wire) as rig:
        await rig.chat()
        assert [7 <= pause <= 7.7 for pause in rig.time.slept] == [True]
        assert [call.outcome for call in rig.meter.calls] == ["failed", "ok"]


@pytest.mark.parametrize(
    ("fault", "error", "requests"),
    [
        (Fault.RATE_LIMITED, LlmRateLimited, 6),
        (Fault.OVERLOADED, LlmOverloaded, 4),
        (Fault.SERVER_ERROR, LlmUnavailable, 4),
        (Fault.RESET, LlmUnavailable, 4),
        (Fault.TRUNCATED, LlmUnavailable, 4),
        (Fault.HTML, LlmUnavailable, 4),
        (Fault.EMPTY, LlmUnavailable, 4),
    ],
)
async def test_what_passes_is_tried_again_as_often_as_the_policy_says(kind, fault, error, requests):
    async with faulty_wire(wire_of(kind, always(fault))) as wire, Rig(kind, wire) as rig:
        with pytest.raises(error) as raised:
            await rig.chat()
        assert raised.value.retryable
        assert raised.value.context["provider"] == kind
        assert len(wire.received) == requests
        if fault in (Fault.RESET, Fault.TRUNCATED):  # it was billed, and nobody here knows how much
            assert len(wire.bill.charges) == requests
            assert {call.outcome for call in rig.meter.calls} == {None}
            assert all(call.holds(charge.usage) for call, charge in zip(rig.meter.calls, wire.bill.charges, strict=True))
            assert all(charge.broken_off for charge in wire.bill.charges)


async def test_a_transient_fault_is_not_seen(kind):
    faults = in_order(Fault.RESET, Fault.SERVER_ERROR, Fault.OVERLOADED)
    async with faulty_wire(wire_of(kind, faults)) as wire, Rig(kind, wire) as rig:
        assert (await rig.chat()).value == "HOW ARE YOU"
        assert len(wire.received) == 4


@pytest.mark.parametrize("fault", [Fault.SILENT, Fault.DRIP, Fault.HALF_OPEN, Fault.LATENCY])
async def test_nothing_waits_longer_than_an_attempt_may_take(kind, fault):
    wire = wire_of(kind, always(fault), latency_s=30.0, drip_s=0.05)
    async with faulty_wire(wire), Rig(kind, wire, attempt_s=0.2, retries={}) as rig:
        with pytest.raises(AnswerLate):
            await rig.chat()
        assert [call.outcome for call in rig.meter.calls] == [None]


async def test_nobody_there_costs_nothing(kind):
    async with faulty_wire(wire_of(kind)) as wire:
        pass  # its port is free again
    async with Rig(kind, wire, retries={}) as rig:
        with pytest.raises(LlmUnavailable):
            await rig.chat()
        assert [(call.usage, call.outcome) for call in rig.meter.calls] == [(Usage(), "failed")]


async def test_an_open_circuit_is_not_asked(kind):
    breaker = BreakerPolicy(minimum=4)
    async with faulty_wire(wire_of(kind, always(Fault.SERVER_ERROR))) as wire, Rig(kind, wire, breaker=breaker) as rig:
        with pytest.raises(LlmUnavailable):
            await rig.chat()
        seen = len(wire.received)
        with pytest.raises(CircuitOpen):
            await rig.chat()
        assert len(wire.received) == seen == 4


async def test_a_deadline_that_is_over_asks_nobody(kind):
    async with faulty_wire(wire_of(kind)) as wire, Rig(kind, wire) as rig:
        with deadline_in(0.0, rig.time.timing), pytest.raises(DeadlineExceeded):
            await rig.chat()
        assert wire.received == []


async def test_what_a_cache_has_is_counted_apart_and_once():
    long = "you translate subtitles " * 499 + "you translate subtitles"
    messages = [Message("system", long, cache=True), Message("user", "one more line")]
    for kind in ("openai", "anthropic"):
        async with faulty_wire(wire_of(kind)) as wire, Rig(kind, wire) as rig:
            first = await rig.provider.chat(messages, max_tokens=9)
            second = await rig.provider.chat(messages, max_tokens=9)
            assert first.usage.cache_read_tokens == 0
            assert (second.usage.input_tokens, second.usage.cache_read_tokens) == (3, 1500)
            assert first.usage.cache_write_tokens == (1500 if kind == "anthropic" else 0)
            assert first.usage + second.usage == wire.bill.total
            assert all(call.holds(call.usage) for call in rig.meter.calls)


async def test_the_bound_covers_the_schema_and_the_widest_scripts(kind):
    async with faulty_wire(wire_of(kind)) as wire, Rig(kind, wire) as rig:
        await rig.chat("राज बहुत अच्छा दोस्त है")
        await rig.verdict()
        for call in rig.meter.calls:
            assert call.holds(call.usage)
        assert rig.meter.calls[0].bound.input_tokens >= len("राज बहुत अच्छा दोस्त है".encode())


async def test_a_base_model_goes_on_with_a_text_and_may_say_nothing():
    async with faulty_wire(OpenAiWire(say=lambda _: " good friend\nFrench:")) as wire, Rig("openai", wire) as rig:
        answer = await rig.provider.complete("Raj is a", max_tokens=20, stop=["\n"])
        assert answer.value == " good friend"
        assert answer.confidence == pytest.approx(0.9)
        assert answer.usage == wire.bill.total == Usage(input_tokens=3, output_tokens=2)
        assert (wire.asked[0].body["temperature"], wire.asked[0].body["logprobs"]) == (0, 1)
    async with faulty_wire(OpenAiWire(odd=lambda _: Oddity.EMPTY)) as wire, Rig("openai", wire) as rig:
        assert (await rig.provider.complete("Raj is a", max_tokens=20)).value == ""
        assert len(wire.received) == 1
    async with faulty_wire(AnthropicWire()) as other, Rig("anthropic", other) as rig:
        with pytest.raises(LlmModelUnknown):
            await rig.provider.complete("Raj is a", max_tokens=20)


@pytest.mark.parametrize("unknown", [{"logprobs"}, {"max_tokens"}, {"temperature"}, {"logprobs", "max_tokens", "temperature"}])
async def test_a_parameter_that_a_server_does_not_have_is_left_out_from_then_on(unknown):
    async with faulty_wire(OpenAiWire(unknown=unknown)) as wire, Rig("openai", wire) as rig:
        for _ in range(2):
            assert (await rig.chat()).value == "HOW ARE YOU"
        assert len(wire.received) == 2 + len(unknown)
        assert len(rig.meter.calls) == 2
        assert ("max_completion_tokens" in wire.asked[-1].body) is ("max_tokens" in unknown)


async def test_a_bad_request_is_not_multiplied_where_no_parameter_is_at_fault():
    async with faulty_wire(AnthropicWire(always(Fault.BAD_REQUEST))) as wire, Rig("anthropic", wire) as rig:
        with pytest.raises(LlmRequestRefused):
            await rig.chat()
        assert len(wire.received) == 1


async def test_neither_sdk_tries_again_by_itself(kind):
    async with faulty_wire(wire_of(kind, always(Fault.SERVER_ERROR))) as wire, Rig(kind, wire, retries={}) as rig:
        with pytest.raises(LlmUnavailable):
            await rig.chat()
        assert len(wire.received) == 1
        assert math.isclose(sum(rig.time.slept), 0.0)
