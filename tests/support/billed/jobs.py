"""Jobs that were never run: what their stages would have taken, and the bills of a fake provider for their lines, put in a real ledger."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from uuid import UUID, uuid4

from setu_common.contracts.cost import Estimate, EstimateRequest, StageMetrics
from setu_common.cost import Attribution, Usage, attributed
from setu_common.cost.ledger import SCHEMA, Ledger
from setu_common.cost.pricing import Prices
from setu_common.cost.recording import Metering
from setu_common.cost.settings import PriceSettings
from setu_common.cost.stages import write_stage_metrics
from setu_common.db import Database, connect
from setu_common.settings import DatabaseSettings

TARGETS = ("en", "hi")
TENANT = "acme"
SPREAD = 0.06  # of how much is said in a minute: assumed, and films of several kinds differ more
_CALLS_EACH = 3
_LINE_S = 2.8
_TOKENS_AROUND_A_LINE = 40  # of the prompt
_TOKENS_A_LINE = {"source": 11, "en": 10, "hi": 19}
_RATES = {"profiles": 0.05, "transcriptions": 0.4, "translations": 0.3, "renderings": 0.01}


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
    """Makes jobs in a ledger.

    Args:
        settings: where the ledger is.
        seed: of the jobs' lengths, and of how much is said in them.
    """

    def __init__(self, settings: DatabaseSettings, seed: int) -> None:
        self._settings = settings
        self._chance = random.Random(seed)
        self._database = Database(settings, SCHEMA)
        self._meter = Metering(Ledger(self._database), Prices(PriceSettings()))

    async def close(self) -> None:
        """Close the connections."""
        await self._database.close()

    def next_length_s(self) -> float:
        """How long the next recording is: five minutes to an hour."""
        return self._chance.uniform(300, 3600)

    async def make(self, duration_s: float) -> Made:
        """Have a job be done, with as many lines as such a recording has, give or take."""
        job_id = uuid4()
        lines = max(1, round(duration_s / _LINE_S * self._chance.lognormvariate(0, SPREAD)))
        cost_usd = 0.0
        for target in TARGETS:
            for _ in range(_CALLS_EACH):
                cost_usd += await self._ask(job_id, target, lines / _CALLS_EACH)
        rows = list(self._stages(job_id, duration_s))
        with connect(self._settings, SCHEMA) as connection:
            write_stage_metrics(connection, rows)
        return Made(job_id, duration_s, cost_usd, sum(row.wall_s for row in rows))

    async def _ask(self, job_id: UUID, target: str, lines: float) -> float:
        usage = Usage(
            input_tokens=round(lines * (_TOKENS_A_LINE["source"] + _TOKENS_AROUND_A_LINE)),
            output_tokens=round(lines * _TOKENS_A_LINE[target] * self._chance.lognormvariate(0, 0.03)),
        )
        with attributed(Attribution(TENANT, "translate", job_id, "translations", target, uuid4())):
            async with self._meter.call("openai", "gpt-5-mini", usage) as call:
                call.settle(usage)
        return usage.input_tokens * 0.25e-6 + usage.output_tokens * 2e-6

    def _stages(self, job_id: UUID, duration_s: float) -> Sequence[StageMetrics]:
        return [
            StageMetrics(
                tenant=TENANT, service="any", job_id=job_id, stage=stage, target=target, operation_id=uuid4(), attempt=1,
                outcome="succeeded", wall_s=duration_s * _RATES[stage] * self._chance.lognormvariate(0, 0.1), cpu_s=0,
                queue_wait_s=0, bytes_in=0, bytes_out=0, audio_s=duration_s if stage in ("profiles", "transcriptions") else None,
            )
            for stage, target in (("profiles", ""), ("transcriptions", ""), *(("translations", each) for each in TARGETS), ("renderings", ""))
        ]  # fmt: skip


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
