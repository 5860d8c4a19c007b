"""Providers in an order, made of settings or by hand."""

import asyncio
import json
import subprocess
import sys
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from setu_common.cost import BudgetExhausted
from setu_common.errors import DeadlineExceeded
from setu_common.http import Dependencies, Mode, Policy, RetryPolicy, deadline_in
from setu_common.llm import (
    Fallback,
    LlmContextTooLong,
    LlmInvalidOutput,
    LlmNobodyAnswered,
    LlmNobodyUsable,
    LlmNotConfigured,
    LlmRefusal,
    LlmSettings,
    LlmUnavailable,
    Message,
    NoProvider,
    ProviderSettings,
    make_provider,
    whose_prices,
)
from setu_common.testing import AnthropicWire, Fault, ManualTime, Oddity, OpenAiWire, RecordingMeter, always, faulty_wire

ASK = [Message("user", "hello")]
ONCE = Policy(retry=RetryPolicy(retries={}))


class Line(BaseModel):
    text: str


def listed(first, second, third=None, **options):
    """Settings of an OpenAI-like wire, then an Anthropic-like one, then another OpenAI-like one."""
    providers = [
        ProviderSettings(kind="openai", name="first", model="a", base_url=f"{first.url}/v1", **options),
        ProviderSettings(kind="anthropic", name="second", model="b", base_url=second.url, api_key=SecretStr("key"), **options),
    ]
    if third is not None:
        providers.append(ProviderSettings(kind="openai", name="third", model="c", base_url=f"{third.url}/v1", **options))
    return LlmSettings(providers=tuple(providers))


@asynccontextmanager
async def order(*wires, policy=ONCE, meter=None):
    time = ManualTime()
    dependencies = Dependencies(timing=time.timing)
    async with AsyncExitStack() as stack:
        running = [await stack.enter_async_context(faulty_wire(wire)) for wire in wires]
        meter = meter or RecordingMeter()
        made = make_provider(listed(*running), dependencies, meter, policy)
        yield await stack.enter_async_context(made), dependencies, meter


async def test_the_preferred_one_answers_while_it_can():
    first, second = OpenAiWire(), AnthropicWire()
    async with order(first, second) as (provider, _, _):
        answer = await provider.chat(ASK, max_tokens=9)
    assert (answer.provider, answer.model, answer.passed_over) == ("first", "a", ())
    assert second.received == []


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.QUOTA, "llm-quota-exhausted"),
        (Fault.OVERLOADED, "llm-overloaded"),
        (Fault.RATE_LIMITED, "llm-rate-limited"),
        (Fault.RESET, "llm-unavailable"),
        (Fault.HTML, "llm-unavailable"),
    ],
)
async def test_the_next_one_answers_where_one_cannot_and_says_why(fault, code):
    first, second = OpenAiWire(always(fault)), AnthropicWire()
    async with order(first, second) as (provider, _, meter):
        answer = await provider.chat_as(Line, ASK, max_tokens=9)
        completed = [(call.provider, call.outcome) for call in meter.calls]
    assert (answer.provider, answer.value) == ("second", Line(text="text"))
    assert [(each.provider, each.code) for each in answer.passed_over] == [("first", code)]
    assert answer.passed_over[0].detail
    assert [provider for provider, _ in completed] == ["own", "anthropic"]


@pytest.mark.parametrize("odd", [Oddity.UNAUTHORIZED, Oddity.NO_MODEL])
async def test_a_key_or_a_model_that_is_not_taken_passes_over_to_the_next(odd):
    first, second = OpenAiWire(odd=lambda _: odd), AnthropicWire()
    async with order(first, second) as (provider, _, _):
        assert (await provider.chat(ASK, max_tokens=9)).provider == "second"


async def test_an_open_circuit_passes_over_to_the_next_without_a_request():
    first, second = OpenAiWire(), AnthropicWire()
    async with order(first, second) as (provider, dependencies, _):
        dependencies.force("first", Mode.OPEN)
        answer = await provider.chat(ASK, max_tokens=9)
        assert [each.code for each in answer.passed_over] == ["circuit-open"]
        await dependencies.timing.sleep(1)
        dependencies.force("first", Mode.CLOSED)
        assert (await provider.chat(ASK, max_tokens=9)).provider == "first"
    assert len(first.received) == 1


@pytest.mark.parametrize(
    ("odd", "error"),
    [(Oddity.REFUSAL, LlmRefusal), (Oddity.TOO_LONG, LlmContextTooLong), (Oddity.NOT_JSON, LlmInvalidOutput)],
)
async def test_what_the_model_itself_answered_is_not_asked_of_another(odd, error):
    first, second = OpenAiWire(odd=lambda _: odd), AnthropicWire()
    async with order(first, second) as (provider, _, _):
        with pytest.raises(error):
            await provider.chat_as(Line, ASK, max_tokens=9)
    assert second.received == []


async def test_unless_one_wants_it_so():
    first, second = OpenAiWire(odd=lambda _: Oddity.REFUSAL), AnthropicWire()
    async with order(first, second) as (provider, _, _):
        wilful = Fallback(provider._providers, goes_on=(LlmRefusal,))
        answer = await wilful.chat(ASK, max_tokens=9)
    assert (answer.provider, answer.passed_over[0].code) == ("second", "llm-refusal")


async def test_a_budget_that_is_used_up_ends_it_for_all():
    class Empty(RecordingMeter):
        @asynccontextmanager
        async def call(self, provider, model, bound):
            raise BudgetExhausted("Nothing is left.")
            yield

    first, second = OpenAiWire(), AnthropicWire()
    async with order(first, second, meter=Empty()) as (provider, dependencies, _):
        with pytest.raises(BudgetExhausted):
            await provider.chat(ASK, max_tokens=9)
        assert dependencies.breakers["first"].counts[1] == 0
    assert first.received == second.received == []


async def test_nobody_who_may_answer_later_is_an_outage_and_nobody_who_will_is_a_matter_of_settings():
    busy, broke = OpenAiWire(always(Fault.RATE_LIMITED), retry_after="30"), AnthropicWire(always(Fault.QUOTA))
    async with order(busy, broke) as (provider, _, _):
        with pytest.raises(LlmNobodyAnswered) as raised:
            await provider.chat(ASK, max_tokens=9)
    assert raised.value.retryable
    assert raised.value.retry_after_s == 30
    told = [{"provider": "first", "code": "llm-rate-limited"}, {"provider": "second", "code": "llm-quota-exhausted"}]
    assert raised.value.context["providers"] == told
    async with order(OpenAiWire(always(Fault.QUOTA)), AnthropicWire(always(Fault.QUOTA))) as (provider, _, _):
        with pytest.raises(LlmNobodyUsable) as for_good:
            await provider.chat(ASK, max_tokens=9)
    assert not for_good.value.retryable


async def test_base_models_are_asked_past_a_provider_that_has_none():
    async with (
        faulty_wire(AnthropicWire()) as first,
        faulty_wire(OpenAiWire()) as second,
    ):
        settings = LlmSettings(
            providers=(
                ProviderSettings(kind="anthropic", model="a", base_url=first.url, api_key=SecretStr("key")),
                ProviderSettings(model="b", base_url=f"{second.url}/v1"),
            )
        )
        async with make_provider(settings, Dependencies(), RecordingMeter()) as provider:
            answer = await provider.complete("go on", max_tokens=9)
    assert (answer.provider, answer.passed_over[0].provider) == ("openai:b", "anthropic:a")


async def test_a_deadline_is_that_of_all_together():
    first, second = OpenAiWire(), AnthropicWire()
    async with order(first, second) as (provider, dependencies, _):
        with deadline_in(0.0, dependencies.timing), pytest.raises(DeadlineExceeded):
            await provider.chat(ASK, max_tokens=9)
    assert first.received == second.received == []


async def test_without_a_key_there_is_nobody_and_that_is_said():
    for settings, told in (
        (LlmSettings(), "SETU_LLM_OPENAI_API_KEY"),
        (LlmSettings(openai_api_key=SecretStr("key")), "SETU_LLM_PROVIDERS"),
        (LlmSettings(providers=(ProviderSettings(kind="anthropic", model="m"),)), "anthropic:m has no key"),
        (LlmSettings(providers=(ProviderSettings(kind="openai", model="m"),)), "openai:m has no key"),
    ):
        provider = make_provider(settings, Dependencies(), RecordingMeter())
        assert isinstance(provider, NoProvider)
        with pytest.raises(LlmNotConfigured, match=told) as raised:
            await provider.chat(ASK, max_tokens=9)
        assert not raised.value.retryable


async def test_keys_and_models_come_from_the_environment(monkeypatch):
    for name, value in (("OPENAI", "model-a"), ("ANTHROPIC", "model-b")):
        monkeypatch.setenv(f"SETU_LLM_{name}_API_KEY", "key")
        monkeypatch.setenv(f"SETU_LLM_{name}_MODEL", value)
    async with make_provider(LlmSettings(), Dependencies(), RecordingMeter()) as provider:
        assert isinstance(provider, Fallback)
        assert [(each.name, each.model) for each in provider._providers] == [
            ("openai:model-a", "model-a"),
            ("anthropic:model-b", "model-b"),
        ]
    listed = [{"model": "c", "base_url": "http://127.0.0.1:1/v1"}, {"kind": "anthropic", "model": "d", "name": "last"}]
    monkeypatch.setenv("SETU_LLM_PROVIDERS", json.dumps(listed))
    async with make_provider(LlmSettings(), Dependencies(), RecordingMeter()) as provider:
        assert isinstance(provider, Fallback)
        assert [each.name for each in provider._providers] == ["openai:c", "last"]


def test_a_key_of_the_vendors_is_not_shown_to_another_server(monkeypatch):
    monkeypatch.setenv("SETU_LLM_OPENAI_API_KEY", "the-vendors")

    async def asked():
        async with faulty_wire(OpenAiWire()) as wire:
            settings = LlmSettings(providers=(ProviderSettings(model="m", base_url=f"{wire.url}/v1"),))
            async with make_provider(settings, Dependencies(), RecordingMeter()) as provider:
                await provider.chat(ASK, max_tokens=9)
            return wire.received[0].headers["authorization"]

    assert asyncio.run(asked()) == "Bearer none"
    assert "the-vendors" not in repr(LlmSettings())
    monkeypatch.setenv("SETU_LLM_ANTHROPIC_API_KEY", "the-vendors")
    elsewhere = LlmSettings(providers=(ProviderSettings(kind="anthropic", model="m", base_url="http://127.0.0.1:1"),))
    assert isinstance(make_provider(elsewhere, Dependencies(), RecordingMeter()), NoProvider)


def test_who_needs_no_anthropic_does_not_import_its_sdk():
    script = "import sys, setu_common.llm; sys.exit('anthropic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_two_providers_of_one_name_would_share_a_circuit():
    with pytest.raises(ValidationError, match="same name"):
        LlmSettings(providers=(ProviderSettings(model="m"), ProviderSettings(model="m")))


async def test_one_alone_fails_as_itself():
    async with faulty_wire(OpenAiWire(always(Fault.SERVER_ERROR))) as wire:
        settings = LlmSettings(providers=(ProviderSettings(model="m", base_url=f"{wire.url}/v1"),))
        async with make_provider(settings, Dependencies(), RecordingMeter(), ONCE) as provider:
            with pytest.raises(LlmUnavailable):
                await provider.chat(ASK, max_tokens=9)


@pytest.mark.parametrize(
    ("url", "whose"),
    [
        ("http://127.0.0.1:8090/v1", "own"),
        ("http://[::1]:8090/v1", "own"),
        ("http://10.2.3.4/v1", "own"),
        ("http://llm:8090/v1", "own"),
        ("http://vllm.models.internal/v1", "own"),
        ("https://api.openai.com/v1", "openai"),
        ("https://api.somebody.example/v1", "api.somebody.example"),
        ("http://8.8.8.8/v1", "8.8.8.8"),
    ],
)
def test_nothing_that_somebody_else_computes_is_taken_for_our_own(url, whose):
    assert whose_prices(url) == whose
