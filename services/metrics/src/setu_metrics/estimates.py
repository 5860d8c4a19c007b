"""What a job will take and cost, before anything is spent."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import RowMapping

from setu_common.contracts import LANGUAGE_NAMES
from setu_common.contracts.cost import Estimate, EstimateRequest, Span, StageEstimate
from setu_common.db import Database
from setu_metrics import repository
from setu_metrics.domain.estimating import A_MINUTE, LEAST, Length, Rate, length_of, line_of, prior_time, rate_of, unseen

JOBS_LOOKED_AT: Final = 300
_FETCHES: Final = "fetches"
_ONCE: Final = ("profiles", "transcriptions")
_TRANSLATIONS: Final = "translations"
_ENHANCEMENTS: Final = "enhancements"
_RENDERINGS: Final = "renderings"
_FREE: Final = (_FETCHES, _RENDERINGS)
"""What asks no model anything."""


@dataclass
class _Known:
    """What is known of one thing that is done: how long the recordings were, and its time and cost, by job."""

    lengths_s: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    unpriced: int = 0
    detours: int = 0


class Estimates:
    """Learns from what a tenant's earlier jobs took.

    Args:
        database: working in the ledger's schema.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, tenant: str, request: EstimateRequest) -> Estimate:
        """What a job would take and cost; a minute of it, where neither its duration nor its size is said."""
        length = _length(request)
        async with self._database.reading() as connection:
            known = _known(await repository.history(connection, tenant, JOBS_LOOKED_AT))
        stages = tuple(_stage(stage, target, known, length) for stage, target in _stages(request, known))
        costs = [stage.cost_usd for stage in stages if stage.cost_usd is not None]
        return Estimate(
            duration_s=length.expected_s,
            duration_guessed=request.duration_s is None and request.bytes is not None,
            per_minute=length is A_MINUTE,
            time_s=_sum(stage.time_s for stage in stages),
            cost_usd=_sum(costs) if len(costs) == len(stages) else None,
            stages=stages,
            notes=tuple(_notes(request, stages, known, length)),
        )


def _length(request: EstimateRequest) -> Length:
    if request.duration_s is not None:
        return Length(request.duration_s, request.duration_s, request.duration_s)
    if request.bytes is None:
        return A_MINUTE
    return length_of(request.bytes, request.kind)


def _stages(request: EstimateRequest, known: Mapping[tuple[str, str], _Known]) -> Iterator[tuple[str, str]]:
    """What a job does. That translations are enhanced only a stack with a language model knows, by having done it."""
    for stage in (_FETCHES, *_ONCE) if request.media_url is not None else _ONCE:
        yield stage, ""
    for target in dict.fromkeys(request.target_languages):
        if target != request.source_language:
            yield _TRANSLATIONS, target
            if (_ENHANCEMENTS, "*") in known:
                yield _ENHANCEMENTS, target
    yield _RENDERINGS, ""


def _known(rows: Iterable[RowMapping]) -> Mapping[tuple[str, str], _Known]:
    """What is known of stages by their target, and under ``*`` of all targets together."""
    known: dict[tuple[str, str], _Known] = defaultdict(_Known)
    for row in rows:
        for key in ((row["stage"], row["target"]), (row["stage"], "*")):
            known[key].lengths_s.append(row["audio_s"])
            known[key].times.append(row["wall_s"])
            known[key].costs.append(float(row["usd"]))
            known[key].unpriced += row["unpriced"]
            known[key].detours += row["detour"]
    return known


def _stage(stage: str, target: str, known: Mapping[tuple[str, str], _Known], length: Length) -> StageEstimate:
    time, cost = prior_time(stage), Span(expected=0, low=0, high=0) if stage in _FREE else None
    time_s = Span(expected=time.expected * length.expected_s, low=time.low * length.low_s, high=time.high * length.high_s)
    for key in ((stage, target), (stage, "*")):
        if key in known and len(known[key].times) >= LEAST:
            time, time_s = _told(known[key].lengths_s, known[key].times, length)
            _, cost = _told(known[key].lengths_s, known[key].costs, length)
            break
    return StageEstimate(stage=stage, target=target, time_s=time_s, cost_usd=cost, basis=time.basis, samples=time.samples)


def _told(lengths_s: Sequence[float], amounts: Sequence[float], length: Length) -> tuple[Rate, Span]:
    """What earlier jobs tell of one of another length."""
    line = line_of(lengths_s, amounts)
    rate = rate_of([amount / line.at(length_s) for length_s, amount in zip(lengths_s, amounts, strict=True)])
    assert rate is not None  # noqa: S101  there are at least LEAST
    wide = rate if line.seen(length.expected_s) else unseen(rate)
    return rate, Span(
        expected=rate.expected * line.at(length.expected_s),
        low=wide.low * line.at(length.low_s),
        high=wide.high * line.at(length.high_s),
    )


def _sum(spans: Iterable[Span]) -> Span:
    """As if all were low, or high, at once: a recording with much speech takes longer everywhere."""
    found = list(spans)
    return Span(
        expected=sum(each.expected for each in found),
        low=sum(each.low for each in found),
        high=sum(each.high for each in found),
    )


def _notes(
    request: EstimateRequest, stages: Sequence[StageEstimate], known: Mapping[tuple[str, str], _Known], length: Length
) -> Iterator[str]:
    assumed = [stage.stage for stage in stages if stage.basis == "prior" and stage.stage not in _FREE]
    if assumed:
        yield f"Nothing is known yet of {', '.join(dict.fromkeys(assumed))}: their times are assumed, and their costs can't be told."
    if any(stage.basis == "little history" for stage in stages):
        yield "Some of it is known from few jobs, so its range is what was seen, widened by half."
    seen_s = [length_s for each in known.values() for length_s in each.lengths_s]
    if length is A_MINUTE:
        yield (
            "How long the recording is is not known: all of this is for each minute of it. Say how long it is (duration_s), or send its "
            "beginning to POST /jobs/estimate/media."
        )
    elif seen_s and not min(seen_s) <= length.expected_s <= max(seen_s):
        yield "No earlier recording was as long, or as short, so its range is widened by half."
    for target in dict.fromkeys(request.target_languages):
        way = known.get((_TRANSLATIONS, target))
        if way is not None and way.detours:
            yield (
                f"In {way.detours} of {len(way.times)} earlier jobs the recogniser itself made the {LANGUAGE_NAMES[target]}, since no engine "
                "could; what that took is in the range."
            )
    if request.duration_s is None and request.bytes is not None:
        yield "How long the recording is was guessed from its size, so the range is wide."
    if any(each.unpriced for each in known.values()):
        yield "Some earlier calls have no price; what they cost is missing here (SETU_PRICES_OVERRIDES)."
