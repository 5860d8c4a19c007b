"""What a provider adds to a call of its SDK: ``python -m bench providers``.

Limits, deadline, retries, circuit, meter, schema and validation, against the same request by the SDK itself.
"""

import asyncio
import statistics

from anthropic import AsyncAnthropic
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionUserMessageParam
from openai.types.shared_params import ResponseFormatJSONSchema
from prometheus_client import CollectorRegistry
from pydantic import BaseModel, SecretStr

from bench.calls import ROUNDS, Attempt, medians
from bench.figures import Figure, judged
from setu_common.cost import Unmetered
from setu_common.http import Dependencies, Dependency, create_client
from setu_common.http.metrics import PrometheusObserver
from setu_common.llm import LimitPolicy, Limits, Message
from setu_common.llm.anthropic_provider import AnthropicProvider
from setu_common.llm.openai_provider import OpenAiProvider
from setu_common.llm.structured import strict_schema
from setu_common.testing import AnthropicWire, OpenAiWire, faulty_wire

CALLS = 60
GOAL_MS = 0.5
LINES = "\n".join(f"{number}: Nous devons partir avant que la pluie ne commence." for number in range(10))


class Line(BaseModel):
    """One line of an answer."""

    number: int
    text: str


class Lines(BaseModel):
    """An answer."""

    lines: list[Line]
    note: str = ""


def measure() -> list[Figure]:
    """Both providers' own time, around real calls."""
    return asyncio.run(all_figures())


async def all_figures() -> list[Figure]:
    figures = []
    async with faulty_wire(OpenAiWire()) as wire, create_client(wire.url, service_token=None) as http:
        sdk = AsyncOpenAI(base_url=f"{wire.url}/v1", api_key="any", max_retries=0, http_client=http)
        dependency, limits = around("openai")
        async with OpenAiProvider(
            base_url=f"{wire.url}/v1",
            model="m",
            api_key=SecretStr("any"),
            billed_as="openai",
            dependency=dependency,
            limits=limits,
            meter=Unmetered(),
        ) as provider:
            figures.append(await figure("openai", openai_call(sdk), provider_call(provider)))
    async with faulty_wire(AnthropicWire()) as other, create_client(other.url, service_token=None) as http:
        its_sdk = AsyncAnthropic(base_url=other.url, api_key="any", max_retries=0, http_client=http)
        dependency, limits = around("anthropic")
        async with AnthropicProvider(
            base_url=other.url, model="m", api_key=SecretStr("any"), dependency=dependency, limits=limits, meter=Unmetered()
        ) as its_provider:
            figures.append(await figure("anthropic", anthropic_call(its_sdk), provider_call(its_provider)))
    return figures


def around(name: str) -> tuple[Dependency, Limits]:
    dependencies = Dependencies([PrometheusObserver(CollectorRegistry())])
    limits = Limits(name, LimitPolicy(requests_per_minute=1e9, tokens_per_minute=1e12), dependencies.timing)
    return dependencies.dependency(name), limits


def provider_call(provider: OpenAiProvider | AnthropicProvider) -> Attempt:
    return lambda: provider.chat_as(Lines, [Message("user", LINES)], max_tokens=300, timeout_s=30.0)


def openai_call(sdk: AsyncOpenAI) -> Attempt:
    form: ResponseFormatJSONSchema = {
        "type": "json_schema",
        "json_schema": {"name": "Lines", "strict": True, "schema": strict_schema(Lines)},
    }
    said: ChatCompletionUserMessageParam = {"role": "user", "content": LINES}
    return lambda: sdk.chat.completions.create(
        model="m", messages=[said], max_tokens=300, temperature=0, logprobs=True, response_format=form
    )


def anthropic_call(sdk: AsyncAnthropic) -> Attempt:
    return lambda: sdk.messages.create(
        model="m",
        max_tokens=300,
        messages=[{"role": "user", "content": [{"type": "text", "text": LINES}]}],
        output_config={"format": {"type": "json_schema", "schema": strict_schema(Lines)}},
    )


async def figure(name: str, bare: Attempt, through: Attempt) -> Figure:
    rounds = await medians({"bare": bare, "provider": through}, CALLS)
    whole = statistics.median(each["bare"] for each in rounds) * 1e3
    told = (
        f"median of what a structured call takes more through the provider (limits, deadline, circuit, retries, a meter that records nothing, schema "
        f"and validation) than just before or after by the SDK itself, of a server in the same thread; processor time, since others use this "
        f"machine; {CALLS} calls a round, {ROUNDS} rounds; the SDK's own call takes {whole:.2f} ms"
    )
    added = [each["provider"] * 1e3 for each in rounds]
    return judged(f"provider_over_{name}_sdk", added, unit="ms", goal=GOAL_MS, better="less", how=told)
