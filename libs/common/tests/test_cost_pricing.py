"""Payloads as providers send them, and the sums that they cost, worked by hand from the prices of 25 November 2026.

Dollars a million tokens: input / cache read / cache write (5 min, 1 h) / output; above a tier's start, all tokens cost that tier's price.

    gpt-5-mini          0.25 / 0.025 /   -          /  2
    gpt-5.5             5    / 0.5   /   -          / 30     above 272,000: 10 / 1   / -  / 45
    gpt-5.6-terra       2    / 0.2   / 2.5          / 12     above 272,000:  4 / 0.4 / 5  / 18
    gpt-4o-transcribe   2.5 (sound 6)               / 10
    claude-haiku-4-5    1    / 0.1   / 1.25, 2      /  5
    claude-sonnet-4-5   3    / 0.3   / 3.75, 6      / 15     above 200,000:  6 / 0.6 / 7.5, 12 / 22.5
    claude-sonnet-5     2    / 0.2   / 2.5, 4       / 10
"""

from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from setu_common.cost.payloads import usage_of_anthropic, usage_of_openai
from setu_common.cost.pricing import Prices
from setu_common.cost.settings import PriceSettings, Rates
from setu_common.cost.usage import Usage

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def _chat(prompt: int, completion: int, *, cached=0, written=0, audio=0, reasoning=0) -> dict:
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written, "audio_tokens": audio},
        "completion_tokens_details": {"reasoning_tokens": reasoning, "audio_tokens": 0},
    }


def _response(given: int, output: int, *, cached=0, reasoning=0) -> dict:
    return {
        "input_tokens": given,
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens": output,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": given + output,
    }


def _message(given: int, output: int, *, read=0, five_minutes=0, hour=0, thinking=None) -> dict:
    payload = {
        "input_tokens": given,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": five_minutes + hour,
        "cache_creation": {"ephemeral_5m_input_tokens": five_minutes, "ephemeral_1h_input_tokens": hour},
        "output_tokens": output,
    }
    return payload if thinking is None else {**payload, "output_tokens_details": {"thinking_tokens": thinking}}


OPENAI = [
    ("a plain answer", "gpt-5-mini", {"prompt_tokens": 1000, "completion_tokens": 500}, "0.00125"),  # 0.00025 + 0.001
    ("no answer at all", "gpt-5-mini", _chat(1000, 0), "0.00025"),
    ("a cache read, which OpenAI counts within the input", "gpt-5-mini", _chat(1000, 500, cached=400), "0.00116"),
    ("everything read from the cache", "gpt-5-mini", _chat(2048, 10, cached=2048), "0.0000712"),  # 0.0000512 + 0.00002
    ("thoughts, which are billed as output and counted within it", "gpt-5-mini", _chat(200, 1500, reasoning=1400), "0.00305"),
    ("the responses route", "gpt-5.5", _response(1000, 100, cached=600, reasoning=64), "0.0053"),  # 0.002 + 0.0003 + 0.003
    ("just below the tier", "gpt-5.5", _chat(272_000, 1000), "1.39"),  # 1.36 + 0.03
    ("above the tier, where all tokens cost more", "gpt-5.5", _chat(300_000, 1000, cached=100_000), "2.145"),  # 2 + 0.1 + 0.045
    ("a cache write", "gpt-5.6-terra", _chat(5000, 300, written=4000), "0.0156"),  # 0.002 + 0.01 + 0.0036
    ("a cache write and read", "gpt-5.6-terra", _chat(5000, 300, cached=1000, written=3000), "0.0133"),  # .002+.0002+.0075+.0036
    ("a long prompt with a cache", "gpt-5.6-terra", _chat(400_000, 1000, cached=300_000), "0.538"),  # 0.4 + 0.12 + 0.018
    ("sound billed in tokens", "gpt-4o-transcribe", {
        "type": "tokens", "input_tokens": 1000, "input_token_details": {"text_tokens": 100, "audio_tokens": 900}, "output_tokens": 100,
    }, "0.00665"),  # 0.00025 + 0.0054 + 0.001
    ("sound billed by the minute", "whisper-1", {"type": "duration", "seconds": 90}, "0.009"),
    ("a second of sound", "whisper-1", {"type": "duration", "seconds": 1}, "0.0001"),
    ("an aborted stream: what had come by then", "gpt-5-mini", _chat(800, 37), "0.000274"),  # 0.0002 + 0.000074
    ("details that are null", "gpt-5-mini", {
        "prompt_tokens": 4, "completion_tokens": 2, "prompt_tokens_details": None, "completion_tokens_details": None,
    }, "0.000005"),
]  # fmt: skip
ANTHROPIC = [
    ("a plain answer", "claude-haiku-4-5", {"input_tokens": 1000, "output_tokens": 200}, "0.002"),
    ("a model named with its day", "claude-haiku-4-5-20251001", _message(1000, 200), "0.002"),
    ("a cache write for minutes, beside the input", "claude-haiku-4-5", _message(50, 10, five_minutes=4000), "0.0051"),
    ("a cache write for an hour", "claude-haiku-4-5", _message(50, 10, hour=4000), "0.0081"),
    ("both kinds of cache write, and a read", "claude-haiku-4-5", _message(100, 40, read=5000, five_minutes=1000, hour=2000), "0.00605"),
    ("a cache read", "claude-sonnet-5", _message(100, 300, read=10_000), "0.0052"),  # 0.0002 + 0.002 + 0.003
    ("thoughts, counted within the output", "claude-sonnet-5", _message(100, 900, thinking=700), "0.0092"),
    ("above the tier by its cache read", "claude-sonnet-4-5", _message(50_000, 1000, read=200_000), "0.4425"),  # 0.3 + 0.12 + 0.0225
    ("at the tier's start", "claude-sonnet-4-5", _message(200_000, 1000), "0.615"),  # 0.6 + 0.015
    ("a stream that broke off after its first words", "claude-sonnet-5", _message(2000, 7), "0.00407"),
]  # fmt: skip


@pytest.fixture(scope="module")
def prices() -> Prices:
    return Prices(PriceSettings())


@pytest.mark.parametrize(("model", "payload", "usd"), [row[1:] for row in OPENAI], ids=[row[0] for row in OPENAI])
def test_what_openai_bills_is_priced_exactly(prices, model, payload, usd):
    assert prices.price("openai", model, usage_of_openai(payload), NOON).usd == Decimal(usd)


@pytest.mark.parametrize(("model", "payload", "usd"), [row[1:] for row in ANTHROPIC], ids=[row[0] for row in ANTHROPIC])
def test_what_anthropic_bills_is_priced_exactly(prices, model, payload, usd):
    assert prices.price("anthropic", model, usage_of_anthropic(payload), NOON).usd == Decimal(usd)


def test_a_call_and_its_retry_cost_what_both_used(prices):
    first = usage_of_openai(_chat(1000, 120))  # broken off: 0.00025 + 0.00024
    second = usage_of_openai(_chat(1000, 400, cached=1000))  # 0.000025 + 0.0008
    each = [prices.price("openai", "gpt-5-mini", usage, NOON).usd for usage in (first, second)]
    assert each == [Decimal("0.00049"), Decimal("0.000825")]
    assert prices.price("openai", "gpt-5-mini", first + second, NOON).usd == Decimal("0.001315")


def test_the_price_is_that_of_the_day_of_the_call(prices):
    usage = Usage(input_tokens=1000)
    before, after = datetime(2026, 7, 29, tzinfo=UTC), datetime(2026, 7, 31, tzinfo=UTC)
    assert prices.price("openai", "gpt-5.6-terra", usage, before).usd == Decimal("0.0025")
    assert prices.price("openai", "gpt-5.6-terra", usage, after).usd == Decimal("0.002")
    assert prices.price("openai", "whisper-1", Usage(audio_s=60), after).source.startswith("prices.toml 2026-")


@pytest.mark.parametrize(
    ("provider", "model", "usage"),
    [
        ("openai", "no-such-model", Usage(input_tokens=1)),
        ("no-such-host", "gpt-5-mini", Usage(input_tokens=1)),
        ("openai", "gpt-5-mini", Usage(audio_s=60)),  # genai-prices alone would say 0
        ("openai", "whisper-1", Usage(input_tokens=10)),
        ("openai", "whisper-1", Usage(audio_s=60, output_tokens=10)),
        ("openai", "gpt-5-mini", Usage(gpu_s=1)),
    ],
)
def test_what_has_no_price_is_unpriced_and_never_free(prices, provider, model, usage):
    price = prices.price(provider, model, usage, NOON)
    assert price.usd is None
    assert price.source.startswith("unpriced: ")


def test_our_own_hardware_costs_its_hours_whatever_runs_there():
    usage = Usage(input_tokens=5000, output_tokens=900, cpu_s=90.0, gpu_s=1.8)
    free = Prices(PriceSettings()).price("own", "gemma3-270m", usage, NOON)
    assert (free.usd, free.source) == (Decimal(0), "own hardware")
    rented = Prices(PriceSettings(cpu_usd_per_hour=Decimal("0.04"), gpu_usd_per_hour=Decimal("2.50")))
    assert rented.price("own", "gemma3-270m", usage, NOON).usd == Decimal("0.00225")  # 0.001 + 0.00125


def test_a_price_of_the_settings_stands_above_all_others(monkeypatch):
    monkeypatch.setenv("SETU_PRICES_OVERRIDES", '{"openai/gpt-5-mini": {"input_mtok": "1", "output_mtok": "3"}}')
    prices = Prices(PriceSettings())
    assert prices.price("openai", "gpt-5-mini", Usage(input_tokens=10, output_tokens=10), NOON).usd == Decimal("0.00004")
    assert prices.price("openai", "gpt-5-mini", Usage(cache_read_tokens=10), NOON).usd == Decimal("0.00001")
    assert prices.price("openai", "gpt-5-mini", Usage(audio_s=10), NOON).usd is None
    assert Rates(audio_minute=Decimal("0.1")).input_mtok is None


def test_a_usage_is_never_negative():
    for field in fields(Usage):
        with pytest.raises(ValueError, match=field.name):
            Usage(**{field.name: -1})
