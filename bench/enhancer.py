"""What post-editing costs beyond its requests, and how long a film takes: ``python -m bench enhancer``.

Through the real SDK against OpenAI's wire on loopback, with the guards and the scorer that production has.
"""

import asyncio
import itertools
import json
import statistics
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from decimal import Decimal
from typing import NoReturn

import structlog
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionMessageParam
from openai.types.shared_params import ResponseFormatJSONSchema
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from bench.calls import ROUNDS, Attempt, medians
from bench.figures import Figure, judged
from setu_common.contracts import Character, Context, QualityScore, Reason
from setu_common.cost import Unmetered, Usage
from setu_common.http import Dependencies, create_client
from setu_common.http.metrics import PrometheusObserver
from setu_common.llm import LimitPolicy, Limits
from setu_common.llm.openai_provider import OpenAiProvider
from setu_common.testing import Asked, Fault, OpenAiWire, always, faulty_wire
from setu_common.testing.dialects import pieces
from setu_enhancer.domain.glossary import Glossary, glossary
from setu_enhancer.domain.guards import breaches
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.prompting import SHAPE, answer_of, prompt_of
from setu_enhancer.domain.prompts import read_prompts
from setu_enhancer.domain.scoring import better, score
from setu_enhancer.editing import Editor, Edits, Instruments
from setu_enhancer.memory import NoMemory
from setu_enhancer.reading import LlmReader
from setu_enhancer.settings import EditingSettings

CALLS = 15
SLOW_CALLS = 3
PAUSE_S = 0.008
OURS = ("bare", "layer", "judged")
THEIRS = ("bare", "streamed")
LAYER = (
    "median of what editing ten lines takes more (windows, keys of the memory, the prompt, limits, circuit, hearing and reading the reply, the ladder) "
    "than just before or after the same request by the SDK itself, which does not stream; "
    f"{ROUNDS} rounds, each line with a number of its own, so that nothing is known of it"
)
JUDGING = "the same with the guards of ten edits, and the scores of ten drafts and ten edits"
OWN_MS = 5.0
FILM_LINES = 1500
SCENE_LINES = 25
LATENCY_S = 1.0
FILM_S = 300.0
FILM_ROUNDS = 1
LEAVES_OUT = 5  # one answer in so many leaves a line out
CHARACTERS_PER_S = 20.0
PAIR = Pair("hi", "en")
CONTEXT = Context(title="Setu", characters=(Character(name="Raj", source="राज"), Character(name="Asha", source="आशा")))
# What is said, its literal draft, and how one would say it.
DIALOGUE = (
    ("राज, तुम कहाँ थे?", "King, where were you?", "Raj, where were you?"),
    ("मैं आशा के घर पर था।", "I was at hope's house.", "I was at Asha's house."),
    ("अरे बाप रे, इतनी रात को?", "Oh father, this late at night?", "Good grief, this late at night?"),
    ("मेरे पास 500 रुपये नहीं थे।", "With me 500 rupees were not there.", "I didn't have 500 rupees."),
    ("तो फिर टैक्सी कैसे ली?", "So then how did you take a taxi?", "So how did you take a taxi?"),
    ("राज ने कभी झूठ नहीं बोला।", "King has never spoken a lie.", "Raj has never told a lie."),
    ("टेंशन मत लो, मैं हूँ ना।", "Do not take tension, I am no.", "Don't worry, I'm here."),
    ("हम 7 बजे निकलेंगे।", "We will exit at 7 o'clock.", "We leave at 7 o'clock."),
    ("उसकी तो नाक कट गई।", "His nose was cut.", "He was humiliated."),
    ("आशा कल दिल्ली जा रही है।", "Hope is going to Delhi tomorrow.", "Asha is going to Delhi tomorrow."),
)
EDITS = {draft: edit for _, draft, edit in DIALOGUE}
ASKED = (Reason(kind="asked"),)
_TEXTS = itertools.count(1)
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


def film(count: int, first: int = 0) -> tuple[Line, ...]:
    """Lines in scenes, each three seconds long and with a number of its own, so that nothing is known of it from others."""
    lines, at_s = [], 0.0
    for index, (source, draft, _) in zip(range(first, first + count), itertools.cycle(DIALOGUE), strict=False):
        at_s += 10.0 if index % SCENE_LINES == 0 else 0.5
        end = f" {index + 1000}."
        lines.append(Line(index, at_s, at_s + 3.0, source + end, draft + end, confidence=0.5, speaker="AB"[index % 2]))
        at_s += 3.0
    return tuple(lines)


def say(asked: Asked) -> str:
    """Edits that a good model makes."""
    user = asked.messages[-1][1]
    document = json.loads(user[user.index("\n") + 1 : user.rindex("\nAnswer with JSON only")].rsplit("\n", 1)[0])
    return answer_of({line[0]: edited_as(line[3]) for line in document["lines"] if isinstance(line[0], int)})


def sloppy(asked: Asked) -> str:
    """The same, but one answer in five leaves a line out; and who is in a text, where that is asked."""
    user = asked.messages[-1][1]
    if user.startswith('{"lines":{'):
        lines = json.loads(user)["lines"]
        return json.dumps({"names": [f"राज|Raj|m|{','.join(number for number, said in lines.items() if 'राज' in said)}"]})
    told = json.loads(say(asked))
    if asked.number % LEAVES_OUT == LEAVES_OUT - 1 and len(told["lines"]) > 2:
        del told["lines"][1]
    return json.dumps(told, ensure_ascii=False)


def edited_as(draft: str) -> str:
    words, _, number = draft.rpartition(" ")
    return f"{EDITS[words]} {number}"


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
    with apart(OpenAiWire(say=say)) as url:
        async with ways_to_ask(url) as ways:
            used = await medians(ways, CALLS)
    server = Writing()
    with apart(server.wire()) as url:
        async with ways_to_ask(url) as ways:
            streaming = await medians(few(ways, *OURS), SLOW_CALLS)
            streamed = await medians(few(ways, *THEIRS), SLOW_CALLS)
    written = (
        f"the server writes a word each {PAUSE_S * 1e3:g} ms, {server.took_s:.2f} s in all, and gives who does not stream the whole then; "
        f"{SLOW_CALLS} calls a round"
    )
    at_once = f"processor time but for the server's, which answers at once; {CALLS} calls a round; {by_sdk(used)}"
    reading = f"processor time but for the server's; {written}; {by_sdk(streamed)}"
    return [
        own("layer_over_sdk", used, "layer", f"{LAYER}; {at_once}"),
        own("layer_guards_scores_over_sdk", used, "judged", f"{JUDGING}; {at_once}"),
        own("layer_streaming_over_sdk", streaming, "layer", f"{LAYER}; {reading}"),
        own("layer_guards_scores_streaming_over_sdk", streaming, "judged", f"{JUDGING}; {reading}"),
        *await waiting(written),
    ]


async def waiting(written: str) -> list[Figure]:
    """What ten lines are waited for longer than for the SDK's own call."""
    server = Writing()
    async with faulty_wire(server.wire()) as wire, ways_to_ask(wire.url) as ways:
        beyond = await medians(few(ways, *OURS), SLOW_CALLS, server.clock_beyond)
        waited = await medians(few(ways, *OURS), SLOW_CALLS, time.perf_counter)
        streamed = await medians(few(ways, *THEIRS), SLOW_CALLS, time.perf_counter)
    alone = (
        "processor time before the request has come in and after the last words have gone out, which is what is waited for where nobody else uses the "
        f"machine; {written}"
    )
    clock = f"time by the clock, whoever else uses the machine; {written}"
    return [
        own("layer_beyond_wait_over_sdk", beyond, "layer", f"{LAYER}; {alone}"),
        own("layer_guards_scores_beyond_wait_over_sdk", beyond, "judged", f"{JUDGING}, found while it writes; {alone}"),
        own("layer_wait_over_sdk", waited, "layer", f"{LAYER}; {clock}"),
        own("layer_guards_scores_wait_over_sdk", waited, "judged", f"{JUDGING}, found while it writes; {clock}"),
        own("sdk_stream_wait_over_sdk", streamed, "streamed", f"the SDK's own stream, beside its call at once; {clock}"),
    ]


def by_sdk(rounds: Sequence[Mapping[str, float]]) -> str:
    """What the SDK takes for the same by itself."""
    whole, streamed = (statistics.median(each[way] for each in rounds) * 1e3 for way in ("bare", "streamed"))
    return f"the SDK's own call takes {whole:.2f} ms, and {streamed:.2f} ms more where the SDK streams it"


def few(ways: Mapping[str, Attempt], *names: str) -> dict[str, Attempt]:
    """Some ways: few enough that their connections are kept until it is their turn again."""
    return {name: ways[name] for name in names}


@contextmanager
def apart(wire: OpenAiWire) -> Iterator[str]:
    """A server in a thread of its own, whose time is not counted here; its URL."""
    ready, ended = threading.Event(), asyncio.Event()

    async def serve(loops: list[asyncio.AbstractEventLoop]) -> None:
        async with faulty_wire(wire):
            loops.append(asyncio.get_running_loop())
            ready.set()
            await ended.wait()

    loops: list[asyncio.AbstractEventLoop] = []
    thread = threading.Thread(target=lambda: asyncio.run(serve(loops)))
    thread.start()
    ready.wait()
    try:
        yield wire.url
    finally:
        loops[0].call_soon_threadsafe(ended.set)
        thread.join()


class Writing:
    """A server that writes word by word, as a model does, and how much of the processor's time goes by meanwhile.

    Attributes:
        took_s: how long the last answer was written, pauses alone.
    """

    def __init__(self) -> None:
        self.took_s = 0.0
        self._since_s = 0.0
        self._waited_s = 0.0
        self._said = ""

    def wire(self) -> OpenAiWire:
        """The server; run it with ``faulty_wire``."""
        return OpenAiWire(self.receive, say=self.say, cut=self.cut)

    def receive(self, _number: int) -> Fault:
        """A request has come in."""
        self._since_s = time.thread_time()
        return Fault.NONE

    def say(self, asked: Asked) -> str:
        """What is answered."""
        self._said = say(asked)
        return self._said

    async def cut(self, body: bytes) -> AsyncIterator[bytes]:
        """A stream event by event, but for its end, which comes at once; else nothing for as long, then the whole."""
        words = len(pieces(self._said)) + 1  # before them it is said who speaks
        self.took_s = words * PAUSE_S
        now = asyncio.get_running_loop().time
        began_s = now()
        events = body.split(b"\n\n") if body.startswith(b"data:") else []
        for place in range(words):
            if events:
                yield events[place] + b"\n\n"
            await asyncio.sleep(began_s + (place + 1) * PAUSE_S - now())  # at its own pace, whoever else is busy meanwhile
        self._waited_s += time.thread_time() - self._since_s  # from here on nobody waits
        yield b"\n\n".join(events[words:]) or body

    def clock_beyond(self) -> float:
        """Processor time but while a request was waited for, seconds."""
        return time.thread_time() - self._waited_s


def own(name: str, rounds: Sequence[Mapping[str, float]], way: str, how: str) -> Figure:
    return judged(name, [each[way] * 1e3 for each in rounds], unit="ms", goal=OWN_MS, better="less", how=how)


@asynccontextmanager
async def ways_to_ask(url: str) -> AsyncIterator[dict[str, Attempt]]:
    """Ten lines of a server: by the SDK alone, edited by the layer alone, and with guards and scores."""
    lines = film(10)
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
                edits = await edit(by, film(10, 10 * next(_TEXTS)), names)
                if edits.requests != 1 or sum(each.changed for each in edits) < 8:
                    raise AssertionError(f"not what is to be measured: {[(each.text, each.rejected) for each in edits]}")

            return edited

        plain = editor_over(url, Instruments(lambda *_, **__: (), unmeasured, better, elsewhere=lambda *_: None))
        yield {"bare": bare, "streamed": streamed, "layer": editing(plain), "judged": editing(editor)}


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
