"""What post-editing costs beyond its requests, and how long a film takes: ``python -m bench enhancer``.

Through the real SDK against OpenAI's wire on loopback, with the guards and the scorer that production has.
"""

import asyncio
import itertools
import statistics
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import NoReturn

import structlog
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionMessageParam
from openai.types.shared_params import ResponseFormatJSONSchema
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from bench.calls import ROUNDS, Attempt, medians
from bench.dialogue import ASKED, CONTEXT, LEAVES_OUT, PAIR, SCENE_LINES, film, sloppy
from bench.figures import Figure, judged
from bench.writing import PAUSE_S, apart
from setu_common.contracts import QualityScore
from setu_common.cost import Unmetered, Usage
from setu_common.http import Dependencies, create_client
from setu_common.http.metrics import PrometheusObserver
from setu_common.llm import LimitPolicy, Limits
from setu_common.llm.openai_provider import OpenAiProvider
from setu_common.starting import settle
from setu_common.testing import Fault, OpenAiWire, always, faulty_wire
from setu_enhancer.domain.glossary import Glossary, glossary
from setu_enhancer.domain.guards import breaches
from setu_enhancer.domain.lines import Line
from setu_enhancer.domain.prompting import SHAPE, prompt_of
from setu_enhancer.domain.prompts import read_prompts
from setu_enhancer.domain.scoring import better, score
from setu_enhancer.editing import Editor, Edits, Instruments
from setu_enhancer.memory import NoMemory
from setu_enhancer.reading import LlmReader
from setu_enhancer.settings import EditingSettings

CALLS = 24  # each order of four ways
SLOW_CALLS = 6  # each order of three ways
OURS = ("bare", "layer", "judged")
THEIRS = ("bare", "streamed")
LAYER = (
    "median of what editing ten lines takes more (windows, keys of the memory, the prompt, limits, circuit, hearing and reading the reply, the ladder) "
    "than just before or after the same request by the SDK itself, which does not stream, of a server in another process; "
    f"{ROUNDS} rounds, each line with a number of its own, so that nothing is known of it"
)
JUDGING = "the same with the guards of ten edits, and the scores of ten drafts and ten edits"
OWN_MS = 5.0
FILM_LINES = 1500
LATENCY_S = 1.0
FILM_S = 300.0
FILM_ROUNDS = 1
CHARACTERS_PER_S = 20.0
REAL = Instruments(breaches, score, better)
POOR, FINE = (
    QualityScore(total=each, accuracy=each, fluency=each, consistency=each, cultural=each, confidence=1) for each in (50, 90)
)


def measure() -> list[Figure]:
    """The editor's own time for a request of ten lines, and a film of 1,500 lines over a slow wire."""
    structlog.configure(processors=[drop])  # nothing is measured but what is done for each request
    try:
        return asyncio.run(all_figures())
    finally:
        structlog.reset_defaults()


def drop(*_: object) -> NoReturn:
    raise structlog.DropEvent


async def all_figures() -> list[Figure]:
    return [*await own_time(), await whole_film()]


def unmeasured(line: Line, text: str, *_: object, **__: object) -> QualityScore:
    """A scorer that takes no time, and likes edits."""
    return POOR if text == line.draft else FINE


def provider_over(url: str) -> OpenAiProvider:
    dependencies = Dependencies([PrometheusObserver(CollectorRegistry())])
    return OpenAiProvider(
        base_url=f"{url}/v1",
        model="m",
        api_key=SecretStr("any"),
        billed_as="openai",
        dependency=dependencies.dependency("openai"),
        limits=Limits("openai", LimitPolicy(), dependencies.timing),
        meter=Unmetered(),
    )


def editor_over(url: str, instruments: Instruments = REAL) -> Editor:
    return Editor(
        [provider_over(url)],
        prompts=read_prompts(),
        instruments=instruments,
        memory=NoMemory(),
        settings=EditingSettings(),
        price=price,
    )


def price(provider: str, model: str, usage: Usage) -> Decimal:  # noqa: ARG001  see Priced
    return Decimal(usage.input_tokens + usage.output_tokens) / 1_000_000


async def edit(editor: Editor, lines: Sequence[Line], names: Glossary) -> Edits:
    chosen = {line.index: ASKED for line in lines}
    return await editor.edit(lines, chosen, PAIR, names, CONTEXT, characters_per_s=CHARACTERS_PER_S)


async def own_time() -> list[Figure]:
    """What ten lines take beyond the SDK's own call: of the processor, and of the time of who waits for them."""
    with apart() as url:
        async with ways_to_ask(url) as ways:
            used = await medians(ways, CALLS)
    with apart(writes=True) as url:
        async with ways_to_ask(url) as ways:
            streaming = await medians(few(ways, *OURS), SLOW_CALLS)
            streamed = await medians(few(ways, *THEIRS), SLOW_CALLS)
            waited = await medians(few(ways, *OURS), SLOW_CALLS, time.perf_counter)
            stream = await medians(few(ways, *THEIRS), SLOW_CALLS, time.perf_counter)
    written = f"the server writes a word each {PAUSE_S * 1e3:g} ms, and gives who does not stream the whole then; {SLOW_CALLS} calls a round"
    at_once = f"time of the processor; the server answers at once; {CALLS} calls a round; {by_sdk(used)}"
    reading = f"time of the processor; {written}; {by_sdk(streamed)}"
    clock = f"time by the clock; {written}; {by_sdk(stream)}"
    return [
        own("layer_over_sdk", used, "layer", f"{LAYER}; {at_once}"),
        own("layer_guards_scores_over_sdk", used, "judged", f"{JUDGING}; {at_once}"),
        own("layer_streaming_over_sdk", streaming, "layer", f"{LAYER}; {reading}"),
        own("layer_guards_scores_streaming_over_sdk", streaming, "judged", f"{JUDGING}; {reading}"),
        own("layer_wait_over_sdk", waited, "layer", f"{LAYER}; {clock}"),
        own("layer_guards_scores_wait_over_sdk", waited, "judged", f"{JUDGING}, found while it writes; {clock}"),
        own("sdk_stream_wait_over_sdk", stream, "streamed", f"the SDK's own stream, beside its call at once; {clock}"),
    ]


def by_sdk(rounds: Sequence[Mapping[str, float]]) -> str:
    """What the SDK takes for the same by itself."""
    whole, streamed = (statistics.median(each[way] for each in rounds) * 1e3 for way in ("bare", "streamed"))
    return f"the SDK's own call takes {whole:.2f} ms, and {streamed:.2f} ms more where the SDK streams it"


def few(ways: Mapping[str, Attempt], *names: str) -> dict[str, Attempt]:
    """Some ways: few enough that their connections are kept until it is their turn again."""
    return {name: ways[name] for name in names}


def own(name: str, rounds: Sequence[Mapping[str, float]], way: str, how: str) -> Figure:
    return judged(name, [each[way] * 1e3 for each in rounds], unit="ms", goal=OWN_MS, better="less", how=how)


@asynccontextmanager
async def ways_to_ask(url: str) -> AsyncIterator[dict[str, Attempt]]:
    """Ten lines of a server: by the SDK alone, edited by the layer alone, and with guards and scores."""
    lines, texts = film(10), itertools.count(1)
    names = glossary(CONTEXT, lines, PAIR)
    form: ResponseFormatJSONSchema = {
        "type": "json_schema",
        "json_schema": {"name": "answer", "strict": True, "schema": dict(SHAPE)},
    }
    async with create_client(url, service_token=None) as http:
        sdk = AsyncOpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0, http_client=http)
        editor = editor_over(url)
        scenes = editor.film(lines, PAIR, names, CONTEXT, characters_per_s=CHARACTERS_PER_S)
        (window,) = editor.windows(scenes, {line.index: ASKED for line in lines})
        asking = prompt_of(window, read_prompts().for_pair(PAIR))

        messages: list[ChatCompletionMessageParam] = [
            {"role": "system", "content": asking.system},
            {"role": "user", "content": asking.user},
        ]

        async def bare() -> None:
            await sdk.chat.completions.create(
                model="m", messages=messages, max_tokens=asking.max_tokens, temperature=0, response_format=form
            )

        async def streamed() -> None:
            stream = await sdk.chat.completions.create(
                model="m",
                messages=messages,
                max_tokens=asking.max_tokens,
                temperature=0,
                response_format=form,
                stream=True,
                stream_options={"include_usage": True},
            )
            async for _ in stream:
                pass

        def editing(by: Editor) -> Attempt:
            async def edited() -> None:
                edits = await edit(by, film(10, 10 * next(texts)), names)
                if edits.requests != 1 or sum(each.changed for each in edits) < 8:
                    raise AssertionError(f"not what is to be measured: {[(each.text, each.rejected) for each in edits]}")

            return edited

        plain = editor_over(url, Instruments(lambda *_, **__: (), unmeasured, better, elsewhere=lambda *_: None))
        ways = {"bare": bare, "streamed": streamed, "layer": editing(plain), "judged": editing(editor)}
        for way in ways.values():
            await way()
        settle()  # as the service's processes do
        yield ways


async def whole_film() -> Figure:
    lines = film(FILM_LINES)
    took, requests = [], 0
    for _ in range(FILM_ROUNDS):
        async with faulty_wire(OpenAiWire(always(Fault.LATENCY), say=sloppy, latency_s=LATENCY_S)) as wire:
            began_s = time.monotonic()
            read = await LlmReader(provider_over(wire.url), price).read(lines, PAIR, (), NoMemory())
            names = glossary(CONTEXT, lines, PAIR, readings=read.readings)
            edits = await edit(editor_over(wire.url), lines, names)
            took.append(time.monotonic() - began_s)
            requests = edits.requests
            if len(edits) != FILM_LINES or edits.degraded or sum(each.changed for each in edits) < FILM_LINES * 0.8:
                raise AssertionError(f"not what is to be measured: {edits.degraded} {edits.notes}")
    told = (
        f"all {FILM_LINES:,} lines of a film in scenes of {SCENE_LINES}, read for their names and each of them asked for, unscaled, over a wire that answers after {LATENCY_S:g} s; "
        f"one answer in {LEAVES_OUT} leaves a line out, so {requests} requests for edits, {EditingSettings().parallel} at a time; wall time"
    )
    return judged("film_1500_lines", took, unit="s", goal=FILM_S, better="less", how=told)
