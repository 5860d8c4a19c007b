"""What could have been had for less: smaller models, sound heard twice, edits that nobody kept, providers that cost more for no more."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt
from statistics import NormalDist, fmean
from typing import Final
from uuid import UUID

from setu_common.contracts import Candidate, Enhancement, Forecast
from setu_common.contracts.suggestions import Suggestion
from setu_optimizer.domain.prediction.policy import named

TOLERATED_WER: Final = 0.01
"""Errors per word that a faster way may be expected to make more: nobody sees one in a hundred."""
SURELY_WER: Final = 0.03
"""What it may make more at most for the suggestion to have been right."""
FEWEST_JOBS: Final = 3
FEWEST_LINES: Final = 30
RARELY: Final = 0.2
"""Share of edits that are kept, below which asking is not worth it."""
EQUAL_SCORE: Final = 0.5
"""Points of score per line, 0..100, in which two providers may differ and count as equal."""
SURE: Final = 0.8
HEARD_ALIKE: Final = 0.8
"""That a recording that was heard twice by one plan was so with the same prompt: hardly a job has one, and none can be told here."""
BY_RULE: Final = "rules"
"""What the enhancer calls the provider of an edit that nobody was asked for."""
_90: Final = 3.29
"""A range that holds 90 of 100 is so many standard deviations wide."""


@dataclass(frozen=True)
class Transcribed:
    """A job's transcription.

    Args:
        candidate: how it was done.
        forecasts: what had been expected of each way.
        sound: the same for the same sound; empty: not known.
        way: the same for the same language and plan.
        time_s: that it took; None: an earlier one was taken again.
        cost_usd: what it cost; None: that has no price.
        known: whether its errors were counted.
    """

    candidate: Candidate
    forecasts: tuple[Forecast, ...]
    sound: str
    way: str
    time_s: float | None
    cost_usd: Decimal | None
    known: bool


@dataclass(frozen=True)
class Edited:
    """What edits of one kind came to.

    Args:
        provider: who was asked.
        model: which model.
        reason: the one reason that its lines had; ``several`` where they had more.
        lines: that were asked about.
        kept: of them, that were kept.
        gain: points of score that those gained, summed.
        gain_squares: of those gains.
        cost_usd: None where it has no price.
        jobs: that they are of.
    """

    provider: str
    model: str
    reason: str
    lines: int
    kept: int
    gain: float
    gain_squares: float
    cost_usd: Decimal | None
    jobs: frozenset[UUID] = frozenset()

    def __add__(self, other: "Edited") -> "Edited":
        known = self.cost_usd is not None and other.cost_usd is not None
        return Edited(
            self.provider,
            self.model,
            self.reason,
            self.lines + other.lines,
            self.kept + other.kept,
            self.gain + other.gain,
            self.gain_squares + other.gain_squares,
            (self.cost_usd or Decimal(0)) + (other.cost_usd or Decimal(0)) if known else None,
            self.jobs | other.jobs,
        )

    @property
    def mean(self) -> float:
        """Points of score per line that was asked about."""
        return self.gain / self.lines

    @property
    def spread(self) -> float:
        """Standard error of the mean."""
        return sqrt(max(self.gain_squares / self.lines - self.mean**2, 0.0) / self.lines)


@dataclass(frozen=True)
class Saved:
    """A way that would have done for one job."""

    way: Candidate
    saving_s: float
    saving_usd: Decimal | None
    more_wer: float
    sure: float


def edited_of(lines: Sequence[Enhancement]) -> list[Edited]:
    """What the edits of one text came to, by who was asked and why; lines from memory, or mended by rule, cost nothing and are left out."""
    found: dict[tuple[str, str, str], Edited] = {}
    for line in lines:
        if not line.provider or line.cached or line.provider == BY_RULE:
            continue
        reason = line.reasons[0].kind if len({each.kind for each in line.reasons}) == 1 else "several"
        gain = 0.0
        if line.changed and line.score_before is not None and line.score_after is not None:
            gain = line.score_after.total - line.score_before.total
        one = Edited(line.provider, line.model, reason, 1, int(line.changed), gain, gain**2, line.cost_usd)
        key = (line.provider, line.model, reason)
        known = found.get(key)
        found[key] = one if known is None else known + one
    return list(found.values())


def smaller_models(jobs: Sequence[Transcribed]) -> tuple[list[Suggestion], list[Saved]]:
    """Faster ways that were expected to do as well; and what each job would have saved by the fastest of them."""
    groups: dict[tuple[Candidate, Candidate], list[tuple[Transcribed, Saved]]] = defaultdict(list)
    for job in jobs:
        if (saved := _saved(job)) is not None:
            groups[job.candidate, saved.way].append((job, saved))
    told = [_smaller(candidate, way, found) for (candidate, way), found in groups.items() if len(found) >= FEWEST_JOBS]
    replayed = [saved for found in groups.values() if len(found) >= FEWEST_JOBS for _, saved in found]
    return told, replayed


def heard_twice(jobs: Sequence[Transcribed]) -> list[Suggestion]:
    """Sound that was heard again in the same way, though an earlier transcript of it was there."""
    groups: dict[tuple[str, str], list[Transcribed]] = defaultdict(list)
    for job in jobs:
        if job.sound and job.time_s is not None:
            groups[job.sound, job.way].append(job)
    again = [job for found in groups.values() for job in found[1:]]
    if not again:
        return []
    return [
        Suggestion(
            kind="reuse",
            said=f"{len(again)} recordings were transcribed again in the same way: leave `overrides.reuse` on to take the earlier transcript.",
            saving_usd=_summed(job.cost_usd for job in again),
            saving_s=round(sum(job.time_s or 0.0 for job in again), 1),
            confidence=HEARD_ALIKE,
            jobs=len(again),
            evidence=(
                f"{sum(len(found) > 1 for found in groups.values())} sounds with the same SHA-256, language and plan",
                "of prompts and temperatures nothing is known here: where they differed, the earlier transcript would not have been taken",
            ),
        )
    ]


def rarely_kept(edits: Iterable[Edited]) -> list[Suggestion]:
    """Reasons for which lines are edited and the edit is hardly ever kept."""
    by_reason: dict[str, Edited] = {}
    for each in edits:
        if each.reason not in ("several", "asked"):
            by_reason[each.reason] = by_reason[each.reason] + each if each.reason in by_reason else each
    told = []
    for reason, found in by_reason.items():
        # The share's posterior, from an even prior, as a normal distribution.
        share = (found.kept + 1) / (found.lines + 2)
        sure = NormalDist(share, sqrt(share * (1 - share) / (found.lines + 3))).cdf(RARELY)
        if found.lines >= FEWEST_LINES and sure >= SURE:
            told.append(
                Suggestion(
                    kind="selection",
                    said=f"Lines whose only reason to be edited is {reason!r} are hardly ever better for it: leave them as they are.",
                    saving_usd=found.cost_usd,
                    lost_score=round(found.mean, 3),
                    confidence=round(sure, 3),
                    jobs=len(found.jobs),
                    evidence=(f"{found.kept} of {found.lines} edits were kept, for {found.gain:.0f} points of score in all",),
                )
            )
    return told


def cheaper_providers(edits: Iterable[Edited]) -> list[Suggestion]:
    """Providers whose edits are worth no more than a cheaper one's."""
    by_model: dict[tuple[str, str], Edited] = {}
    for each in edits:
        key = (each.provider, each.model)
        by_model[key] = by_model[key] + each if key in by_model else each
    priced = [each for each in by_model.values() if each.cost_usd is not None and each.lines >= FEWEST_LINES]
    told = []
    for dear in priced:
        cheaper = [each for each in priced if _per_line(each) < _per_line(dear)]
        equal = [(sure, each) for each in cheaper if (sure := _surely_equal(dear, each)) >= SURE]
        if not equal:
            continue
        sure, cheap = min(equal, key=lambda pair: _per_line(pair[1]))
        told.append(
            Suggestion(
                kind="provider",
                said=f"{cheap.provider}/{cheap.model} edits as well as {dear.provider}/{dear.model}, for less: ask it first.",
                saving_usd=((_per_line(dear) - _per_line(cheap)) * dear.lines).quantize(Decimal("0.000001")),
                lost_score=round(dear.mean - cheap.mean, 3),
                confidence=round(sure, 3),
                jobs=len(dear.jobs),
                evidence=tuple(
                    f"{each.provider}/{each.model}: {each.lines} lines, {each.mean:+.2f} points a line, {_per_line(each):.6f} USD a line"
                    for each in (dear, cheap)
                ),
            )
        )
    return told


def replay(saved: Sequence[Saved], cost_usd: Decimal | None, time_s: float, jobs: int) -> str:
    """What the faster ways would have saved over all jobs together, as a sentence."""
    if not saved:
        return ""
    usd = _summed(each.saving_usd for each in saved)
    money = f"{usd:.4f} of {cost_usd:.4f} USD and " if usd is not None and cost_usd is not None else ""
    more = 100 * sum(each.more_wer for each in saved) / jobs
    return (
        f"Faster ways for {len(saved)} of {jobs} jobs would have saved {money}{sum(each.saving_s for each in saved):.0f} of {time_s:.0f} s "
        f"of transcribing, with {more:+.2f} errors in 100 words, as far as one can expect."
    )


def _saved(job: Transcribed) -> Saved | None:
    """The fastest way that was expected to do about as well."""
    chosen = next((each for each in job.forecasts if each.candidate == job.candidate), None)
    if chosen is None or job.time_s is None or chosen.expected_time_s <= 0:
        return None
    good = [
        each
        for each in job.forecasts
        if each.expected_time_s < chosen.expected_time_s and each.expected_wer <= chosen.expected_wer + TOLERATED_WER
    ]
    if not good:
        return None
    way = min(good, key=lambda each: each.expected_time_s)
    share = 1 - way.expected_time_s / chosen.expected_time_s
    width = max((way.wer_high - way.wer_low) / _90, 1e-6)
    return Saved(
        way=way.candidate,
        saving_s=job.time_s * share,
        saving_usd=None if job.cost_usd is None else job.cost_usd * Decimal(str(round(share, 6))),
        more_wer=way.expected_wer - chosen.expected_wer,
        sure=NormalDist(way.expected_wer, width).cdf(chosen.expected_wer + SURELY_WER),
    )


def _smaller(candidate: Candidate, way: Candidate, found: Sequence[tuple[Transcribed, Saved]]) -> Suggestion:
    saved = [each for _, each in found]
    known = sum(job.known for job, _ in found)
    more = fmean(each.more_wer for each in saved)
    return Suggestion(
        kind="smaller-model",
        said=f"{named(way)} would have done where {named(candidate)} was used: ask for `quality: speed`, or leave the model to the plan.",
        saving_usd=_summed(each.saving_usd for each in saved),
        saving_s=round(sum(each.saving_s for each in saved), 1),
        more_wer=round(more, 5),
        confidence=round(fmean(each.sure for each in saved), 3),
        jobs=len(found),
        evidence=(
            f"{len(found)} jobs whose plans expected {100 * more:+.2f} errors in 100 words of it",
            f"the errors of {known} of them were counted, the others' are expected",
        ),
    )


def _surely_equal(dear: Edited, cheap: Edited) -> float:
    """How sure it is that the dearer one gains no more than half a point a line more."""
    spread = max(sqrt(dear.spread**2 + cheap.spread**2), 1e-6)
    return NormalDist(dear.mean - cheap.mean, spread).cdf(EQUAL_SCORE)


def _per_line(edited: Edited) -> Decimal:
    return (edited.cost_usd or Decimal(0)) / edited.lines


def _summed(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of those that are known; None where none is."""
    known = [each for each in amounts if each is not None]
    return sum(known, Decimal(0)) if known else None
