"""Jobs whose lines are really translated, by a provider on loopback that keeps its own bill; what else they took is made up."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median
from typing import ParamSpec, TypeVar
from uuid import UUID, uuid4

from billed.translator import Translator
from setu_common.contracts.cost import Estimate, EstimateRequest, StageMetrics
from setu_common.cost import Attribution, attributed
from setu_common.cost.ledger import SCHEMA, Ledger
from setu_common.cost.pricing import Prices
from setu_common.cost.recording import Metering
from setu_common.cost.settings import PriceSettings
from setu_common.cost.stages import write_stage_metrics
from setu_common.db import Database, connect
from setu_common.settings import DatabaseSettings
from setu_common.testing.faulty import faulty_wire
from setu_common.testing.openai_wire import OpenAiWire
from setu_translate.domain.lines import Line
from setu_translate.engines.chat import Chat
from setu_translate.engines.instruct import InstructTranslator
from setu_translate.engines.translator import Rendering

P = ParamSpec("P")
T = TypeVar("T")
TARGETS = ("en", "hi")
TENANT = "acme"
MODEL = "gpt-5-mini"
SPREAD = 0.06  # of how much is said in a minute: assumed, and films of several kinds differ more
SPREAD_OF_TIME = 0.1  # of what stages take
AT_ONCE = 4
# What the provider bills, US dollars a token; written down here, so that the price table is not held against itself.
INPUT_USD, CACHED_USD, OUTPUT_USD = 0.25e-6, 0.025e-6, 2e-6
_LINE_S = 2.8
_RATES = {"profiles": 0.05, "transcriptions": 0.4, "translations": 0.3, "renderings": 0.01}
_SPEECH = (
    "demain nous irons chez le docteur avec ma sœur parce que son mari ne veut plus attendre ici toute la nuit sans savoir "
    "pourquoi personne ne répond jamais au téléphone quand il pleut dehors et les voisins dorment encore"
)
_WORDS = _SPEECH.split()


@dataclass(frozen=True)
class Made:
    """A job as it turned out."""

    id: UUID
    duration_s: float
    cost_usd: float
    time_s: float


@dataclass(frozen=True)
class Outcome:
    """How well estimates did.

    Args:
        covered: the share of jobs whose cost lay in the range.
        half_width: half the range's width, relative to what was expected; the median.
        median_error: of the cost, relative.
        time_covered: as covered, of the time.
    """

    covered: float
    half_width: float
    median_error: float
    time_covered: float


class Past:
    """Has jobs done, and puts them in a ledger; see ``past_of``.

    Args:
        settings: where the ledger is.
        seed: of the jobs' lengths, and of how much is said in them.
        wire: the provider.
        engine: asks it.

    Attributes:
        shortest_s: how long recordings are at least,
        longest_s: and at most.
    """

    def __init__(self, settings: DatabaseSettings, seed: int, wire: OpenAiWire, engine: InstructTranslator) -> None:
        self.settings = settings
        self.shortest_s, self.longest_s = 600.0, 2400.0
        self._chance = random.Random(seed)
        self._wire = wire
        self._engine = engine

    def next_length_s(self) -> float:
        """How long the next recording is."""
        return self._chance.uniform(self.shortest_s, self.longest_s)

    async def make(self, duration_s: float) -> Made:
        """Have a job be done, with as many lines as such a recording has, give or take."""
        job_id, billed = uuid4(), len(self._wire.bill.charges)
        count = max(1, round(duration_s / _LINE_S * self._chance.lognormvariate(0, SPREAD)))
        lines = [self._line() for _ in range(count)]
        for target in TARGETS:
            with attributed(Attribution(TENANT, "translate", job_id, "translations", target, uuid4())):
                renderings = await self._engine.translate(lines, "fr", target, Alone())
            assert all(rendering.usable for rendering in renderings)
        rows = list(self._stages(job_id, duration_s))
        with connect(self.settings, SCHEMA) as connection:
            write_stage_metrics(connection, rows)
        usages = [charge.usage for charge in self._wire.bill.charges[billed:]]
        cost_usd = sum(
            each.input_tokens * INPUT_USD + each.cache_read_tokens * CACHED_USD + each.output_tokens * OUTPUT_USD
            for each in usages
        )
        return Made(job_id, duration_s, cost_usd, sum(row.wall_s for row in rows))

    def _line(self) -> Line:
        start, words = self._chance.randrange(len(_WORDS)), self._chance.randint(4, 11)
        return Line(" ".join((*_WORDS, *_WORDS)[start : start + words]))

    def _stages(self, job_id: UUID, duration_s: float) -> Sequence[StageMetrics]:
        return [
            StageMetrics(
                tenant=TENANT, service="any", job_id=job_id, stage=stage, target=target, operation_id=uuid4(), attempt=1,
                outcome="succeeded", wall_s=duration_s * _RATES[stage] * self._chance.lognormvariate(0, SPREAD_OF_TIME), cpu_s=0,
                queue_wait_s=0, bytes_in=0, bytes_out=0, audio_s=duration_s if stage in ("profiles", "transcriptions") else None,
            )
            for stage, target in (("profiles", ""), ("transcriptions", ""), *(("translations", each) for each in TARGETS), ("renderings", ""))
        ]  # fmt: skip


class Alone:
    """The work that lines are translated for, without a worker."""

    cancelled = False

    def done(self, place: int, rendering: Rendering) -> None:
        """Nobody looks."""

    def loaded(self, took_s: float) -> None:
        """Nobody looks."""

    def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
        """Run it beside the event loop."""
        return asyncio.to_thread(function, *args, **kwargs)


@asynccontextmanager
async def past_of(settings: DatabaseSettings, seed: int, lines_per_request: int = 10) -> AsyncIterator[Past]:
    """A past with a provider of its own.

    Args:
        settings: where the ledger is.
        seed: of the jobs.
        lines_per_request: how many lines are asked for together.
    """
    database = Database(settings, SCHEMA)
    try:
        async with faulty_wire(OpenAiWire(say=Translator())) as wire:
            meter = Metering(Ledger(database), Prices(PriceSettings()))
            server = Chat(
                base_url=f"{wire.url}/v1",
                model=MODEL,
                api_key=None,
                timeout_s=300,
                meter=meter,
                billed_as="openai",
                at_once=AT_ONCE,
            )
            async with server as chat:
                engine = InstructTranslator(chat, parallel=AT_ONCE, lines_per_request=lines_per_request)
                yield Past(settings, seed, wire, engine)
    finally:
        await database.close()


def asked_for(duration_s: float) -> EstimateRequest:
    """What is asked before a job is done."""
    return EstimateRequest(duration_s=duration_s, source_language="fr", target_languages=TARGETS)


def outcome(jobs: Sequence[Made], estimates: Sequence[Estimate]) -> Outcome:
    """Hold estimates against what became of their jobs."""
    spans = [each.cost_usd for each in estimates if each.cost_usd is not None]
    pairs = list(zip(jobs, spans, strict=True))
    return Outcome(
        covered=sum(span.low <= job.cost_usd <= span.high for job, span in pairs) / len(pairs),
        half_width=median((span.high - span.low) / 2 / span.expected for _, span in pairs),
        median_error=median(abs(span.expected - job.cost_usd) / job.cost_usd for job, span in pairs),
        time_covered=sum(each.time_s.low <= job.time_s <= each.time_s.high for job, each in zip(jobs, estimates, strict=True))
        / len(jobs),
    )
