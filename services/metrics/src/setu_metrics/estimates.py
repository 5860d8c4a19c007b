"""What a job will take and cost, before anything is spent."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import RowMapping

from setu_common.contracts.cost import Estimate, EstimateRequest, Span, StageEstimate
from setu_common.db import Database
from setu_metrics import repository
from setu_metrics.domain.estimating import Length, Rate, length_of, prior_time, rate_of
from setu_metrics.errors import LengthMissing

JOBS_LOOKED_AT: Final = 300
_ONCE: Final = ("profiles", "transcriptions")
_TRANSLATIONS: Final = "translations"
_RENDERINGS: Final = "renderings"


@dataclass
class _Known:
    """What is known of one thing that is done: its time and cost for each second of sound, by job."""

    times: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    unpriced: int = 0


class Estimates:
    """Learns from what a tenant's earlier jobs took.

    Args:
        database: working in the ledger's schema.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, tenant: str, request: EstimateRequest) -> Estimate:
        """What a job would take and cost.

        Raises:
            LengthMissing: neither its duration nor its size is said.
        """
        length = _length(request)
        async with self._database.reading() as connection:
            known = _known(await repository.history(connection, tenant, JOBS_LOOKED_AT))
        stages = tuple(_stage(stage, target, known, length) for stage, target in _stages(request))
        costs = [stage.cost_usd for stage in stages if stage.cost_usd is not None]
        return Estimate(
            duration_s=length.expected_s,
            duration_guessed=request.duration_s is None,
            time_s=_sum(stage.time_s for stage in stages),
            cost_usd=_sum(costs) if len(costs) == len(stages) else None,
            stages=stages,
            notes=tuple(_notes(request, stages, known)),
        )


def _length(request: EstimateRequest) -> Length:
    if request.duration_s is not None:
        return Length(request.duration_s, request.duration_s, request.duration_s)
    if request.bytes is None:
        raise LengthMissing("Say how long the recording is (duration_s, seconds), or at least how large (bytes).")
    return length_of(request.bytes, request.kind)


def _stages(request: EstimateRequest) -> Iterator[tuple[str, str]]:
    for stage in _ONCE:
        yield stage, ""
    for target in dict.fromkeys(request.target_languages):
        if target != request.source_language:
            yield _TRANSLATIONS, target
    yield _RENDERINGS, ""


def _known(rows: Iterable[RowMapping]) -> Mapping[tuple[str, str], _Known]:
    """What is known of stages by their target, and under ``*`` of all targets together."""
    known: dict[tuple[str, str], _Known] = defaultdict(_Known)
    for row in rows:
        for key in ((row["stage"], row["target"]), (row["stage"], "*")):
            known[key].times.append(row["wall_s"] / row["audio_s"])
            known[key].costs.append(float(row["usd"]) / row["audio_s"])
            known[key].unpriced += row["unpriced"]
    return known


def _stage(stage: str, target: str, known: Mapping[tuple[str, str], _Known], length: Length) -> StageEstimate:
    for key in ((stage, target), (stage, "*")):
        time, cost = (rate_of(known[key].times), rate_of(known[key].costs)) if key in known else (None, None)
        if time is not None:
            break
    else:
        time, cost = prior_time(stage), None
    return StageEstimate(
        stage=stage,
        target=target,
        time_s=_span(time, length),
        cost_usd=_span(cost, length) if cost is not None else None,
        basis=time.basis,
        samples=time.samples,
    )


def _span(rate: Rate, length: Length) -> Span:
    return Span(expected=rate.expected * length.expected_s, low=rate.low * length.low_s, high=rate.high * length.high_s)


def _sum(spans: Iterable[Span]) -> Span:
    """As if all were low, or high, at once: a recording with much speech takes longer everywhere."""
    found = list(spans)
    return Span(
        expected=sum(each.expected for each in found),
        low=sum(each.low for each in found),
        high=sum(each.high for each in found),
    )


def _notes(request: EstimateRequest, stages: Sequence[StageEstimate], known: Mapping[tuple[str, str], _Known]) -> Iterator[str]:
    assumed = [stage.stage for stage in stages if stage.basis == "prior"]
    if assumed:
        yield f"Nothing is known yet of {', '.join(dict.fromkeys(assumed))}: their times are assumed, and their costs can't be told."
    if any(stage.basis == "little history" for stage in stages):
        yield "Some of it is known from few jobs, so its range is what was seen, widened by half."
    if request.duration_s is None:
        yield "How long the recording is was guessed from its size, so the range is wide."
    if any(each.unpriced for each in known.values()):
        yield "Some earlier calls have no price; what they cost is missing here (SETU_PRICES_OVERRIDES)."
