"""What a trial has shown: a model or prompt beside the usual one, on the same lines, with the range that chance leaves."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from statistics import fmean, stdev
from typing import Final, Literal, NamedTuple

from setu_common.contracts import EnhancedTranscript, Enhancement, TriedEdit
from setu_enhancer.auditing.rating import rated_texts
from setu_enhancer.editing import RULES
from setu_enhancer.editing.sharing import summed

FEWEST_SCENES: Final = 20
"""Of fewer no range is told: a bootstrap of so few is too narrow."""
ROUNDS: Final = 2000
_SEED: Final = 20260101
_TAILS: Final = (0.025, 0.975)
_SURE: Final = 1.96
_POWER: Final = 0.84
"""Standard deviations for 95, and for 80, of 100."""

Verdict = Literal["tried is better", "tried is worse", "no difference is shown", "too few scenes"]


class Arm(NamedTuple):
    """A model with a prompt, as an audit names them."""

    model: str
    prompt: str


@dataclass(frozen=True)
class Side:
    """How one of the two did.

    Args:
        model: that was asked, or answered most lines.
        prompt: its name, version and hash.
        gained: share of the lines whose edit was kept and scores better, 0..1.
        mean_gain: by how many points lines score better than what both were given; 0 for those that were not kept.
        cost_usd: of all these lines, for edits and judging them; None if a request has no price.
    """

    model: str
    prompt: str
    gained: float
    mean_gain: float
    cost_usd: Decimal | None


@dataclass(frozen=True)
class Difference:
    """How much more the tried one gains.

    Args:
        lines: that both have.
        scenes: that they are in. The same scene in two audits is one.
        better: lines whose figure is higher with the tried one.
        worse: lower.
        mean: of the differences, points.
        between: the range that holds 95 of 100 such comparisons, by bootstrap over whole scenes; None for too few scenes.
        verdict: what that shows.
        scenes_for_a_point: about how many scenes show a difference of one point in four of five trials; None where nothing differs.
    """

    lines: int
    scenes: int
    better: int
    worse: int
    mean: float
    between: tuple[float, float] | None
    verdict: Verdict
    scenes_for_a_point: int | None


@dataclass(frozen=True)
class Comparison:
    """A trial.

    Args:
        usual: what is delivered.
        tried: what was tried beside it.
        by_score: the difference of what edits gain.
        by_people: the difference of ratings; None if nobody rated both texts of a line.
        left_out: lines whose two edits were scored in different ways, one with a judge and one without.
    """

    usual: Side
    tried: Side
    by_score: Difference
    by_people: Difference | None
    left_out: int


class _Both(NamedTuple):
    line: Enhancement
    tried: TriedEdit
    rated: tuple[float, float] | None


def compare(audits: Mapping[str, EnhancedTranscript], rated: Mapping[str, float] | None = None) -> list[Comparison]:
    """Compare what was tried with what is delivered, line by line; those with most lines first.

    Each counts with what its edit gained over what both were given, 0 where it was not kept, so only scores are compared that were found in
    one way.

    Args:
        audits: by names that tell them apart, such as their files'. Models and prompts that differ are compared each by itself.
        rated: what people rated texts on average, by id; of the only audit.
    """
    found: dict[tuple[Arm, Arm], list[_Both]] = defaultdict(list)
    for audit in audits.values():
        usual = Arm(_usual(audit), audit.prompt)
        for line in audit.lines:
            if line.tried is not None:
                arms = usual, Arm(line.tried.model, line.tried.prompt)
                found[arms].append(_Both(line, line.tried, rated_texts(line, rated or {})))
    made = [_comparison(*arms, both) for arms, both in found.items() if any(each.tried.comparable for each in both)]
    return sorted(made, key=lambda each: -each.by_score.lines)


def _usual(audit: EnhancedTranscript) -> str:
    """The model that gave most of the edits beside which others were tried: rules mend, too, and others stand in."""
    models = [line.model for line in audit.lines if line.tried and line.provider not in ("", RULES)]
    return max(sorted(set(models)), key=models.count, default="")


def _comparison(usual: Arm, tried: Arm, both: Sequence[_Both]) -> Comparison:
    scored = [each for each in both if each.tried.comparable]
    gains: dict[str, list[float]] = defaultdict(list)
    ratings: dict[str, list[float]] = defaultdict(list)
    for each in scored:
        is_same = each.line.text == each.tried.text
        gains[each.tried.scene].append(0.0 if is_same else each.tried.gain - each.tried.usual_gain)
    for each in both:
        if each.rated is not None:
            ratings[each.tried.scene].append(each.rated[1] - each.rated[0])
    return Comparison(
        _side(usual, [each.tried.usual_gain for each in scored], summed(each.tried.usual_cost_usd for each in both)),
        _side(tried, [each.tried.gain for each in scored], summed(each.tried.cost_usd for each in both)),
        _difference(gains),
        _difference(ratings) if ratings else None,
        left_out=len(both) - len(scored),
    )


def _side(arm: Arm, gains: Sequence[float], cost_usd: Decimal | None) -> Side:
    return Side(*arm, gained=fmean(gain > 0 for gain in gains), mean_gain=round(fmean(gains), 2), cost_usd=cost_usd)


def _difference(scenes: Mapping[str, Sequence[float]]) -> Difference:
    groups = list(scenes.values())
    values = [value for group in groups for value in group]
    between = _range(groups) if len(groups) >= FEWEST_SCENES else None
    return Difference(
        lines=len(values),
        scenes=len(groups),
        better=sum(value > 0 for value in values),
        worse=sum(value < 0 for value in values),
        mean=round(fmean(values), 2),
        between=between,
        verdict=_verdict(between),
        scenes_for_a_point=_needed(groups),
    )


def _range(groups: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Where the mean of all lies, 95 %: whole scenes are drawn, for lines of one scene are alike.

    The percentiles of a bootstrap lie too near to one another where there are few groups, by Student's t over the normal deviate and by the root
    of n over n - 1. Source: Hesterberg, What Teachers Should Know About the Bootstrap, 2015, on expanded percentiles.
    """
    sums = [(sum(group), len(group)) for group in groups]
    random = Random(_SEED)  # noqa: S311  the same for the same audits
    means = sorted(_mean(random.choices(sums, k=len(sums))) for _ in range(ROUNDS))
    mean, wider = _mean(sums), _student(len(sums) - 1) / _SURE * math.sqrt(len(sums) / (len(sums) - 1))
    low, high = (mean + wider * (means[min(ROUNDS - 1, int(tail * ROUNDS))] - mean) for tail in _TAILS)
    return round(low, 2), round(high, 2)


def _mean(sums: Sequence[tuple[float, int]]) -> float:
    return sum(total for total, _ in sums) / sum(count for _, count in sums)


def _student(freedom: int) -> float:
    """Student's t of 97.5 %, to 0.001 from ten degrees of freedom on. Source: Abramowitz and Stegun 26.7.5."""
    z = _SURE
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def _verdict(between: tuple[float, float] | None) -> Verdict:
    if between is None:
        return "too few scenes"
    low, high = between
    return "tried is better" if low > 0 else "tried is worse" if high < 0 else "no difference is shown"


def _needed(groups: Sequence[Sequence[float]]) -> int | None:
    """Scenes of which a difference of a point is shown in four of five trials, by how much scenes differ from one another now."""
    if len(groups) < 2:  # noqa: PLR2004
        return None
    mean, lines = _mean([(sum(group), len(group)) for group in groups]), fmean(map(len, groups))
    spread = stdev((sum(group) - mean * len(group)) / lines for group in groups)
    return math.ceil(((_SURE + _POWER) * spread) ** 2) or None
