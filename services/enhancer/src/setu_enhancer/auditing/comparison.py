"""What a trial has shown: a model or prompt beside the usual one, on the same lines, with the range that chance leaves."""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from statistics import fmean, stdev
from typing import Final, Literal, NamedTuple

from setu_common.contracts import EnhancedTranscript, Enhancement, TriedEdit
from setu_enhancer.auditing.rating import rated_texts
from setu_enhancer.editing import RULES

FEWEST_SCENES: Final = 10
"""Of fewer no range is told: a bootstrap of so few is too narrow."""
ROUNDS: Final = 2000
_SEED: Final = 20260101
_TAILS: Final = (0.025, 0.975)
_SURE: Final = 1.96

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
        kept: share of the lines whose edit was kept, 0..1.
        mean_score: of what is, or would be, delivered, 0..100.
        cost_usd: of all these lines; None if a request has no price.
    """

    model: str
    prompt: str
    kept: float
    mean_score: float
    cost_usd: Decimal | None


@dataclass(frozen=True)
class Difference:
    """How much higher the tried one's lines stand.

    Args:
        lines: that both have.
        scenes: that they are in.
        better: lines whose figure is higher with the tried one.
        worse: lower.
        mean: of the differences, points.
        between: the range that holds 95 of 100 such comparisons, by bootstrap over whole scenes; None for too few scenes.
        verdict: what that shows.
        scenes_for_a_point: about how many scenes show a difference of one point; None where nothing differs between scenes.
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
        by_score: the difference of scores.
        by_people: the difference of ratings; None if nobody rated both texts of a line.
    """

    usual: Side
    tried: Side
    by_score: Difference
    by_people: Difference | None


@dataclass(frozen=True)
class _Both:
    scene: tuple[str, int]
    line: Enhancement
    tried: TriedEdit
    rated: tuple[float, float] | None

    @property
    def scored(self) -> tuple[float, float] | None:
        before = self.line.score_after if self.line.changed else self.line.score_before
        return (before.total, self.tried.score.total) if before and self.tried.score else None


def compare(audits: Mapping[str, EnhancedTranscript], rated: Mapping[str, float] | None = None) -> list[Comparison]:
    """Compare what was tried with what is delivered, line by line; those with most lines first.

    A line that the usual model was not asked about, such as in an outage, tells nothing and is left out; one that either of the two made nothing good of
    counts with the draft that it keeps.

    Args:
        audits: by names that tell them apart, such as their files'. Models and prompts that differ are compared each by itself.
        rated: what people rated texts on average, by id; of the only audit.
    """
    found: dict[tuple[Arm, Arm], list[_Both]] = defaultdict(list)
    for name, audit in audits.items():
        usual_model = _usual(audit)
        for line in audit.lines:
            if line.tried is None or not line.provider:
                continue
            arms = Arm(usual_model, audit.prompt), Arm(line.tried.model, line.tried.prompt)
            found[arms].append(_Both((name, line.tried.scene), line, line.tried, rated_texts(line, rated or {})))
    made = [_comparison(*arms, both) for arms, both in found.items() if any(each.scored for each in both)]
    return sorted(made, key=lambda each: -each.by_score.lines)


def _usual(audit: EnhancedTranscript) -> str:
    """The model that gave most of the edits beside which others were tried: rules mend, too, and others stand in."""
    models = [line.model for line in audit.lines if line.tried and line.provider not in ("", RULES)]
    return max(sorted(set(models)), key=models.count, default="")


def _comparison(usual: Arm, tried: Arm, both: Sequence[_Both]) -> Comparison:
    scored = [each for each in both if each.scored]
    by_people = _difference(both, lambda each: each.rated)
    return Comparison(
        Side(
            *usual,
            fmean(each.line.changed for each in scored),
            _mean(scored, 0),
            _summed([each.line.cost_usd for each in both]),
        ),
        Side(
            *tried,
            fmean(each.tried.text != each.line.draft for each in scored),
            _mean(scored, 1),
            _summed([each.tried.cost_usd for each in both]),
        ),
        _difference(scored, lambda each: each.scored),
        by_people if by_people.lines else None,
    )


def _difference(both: Sequence[_Both], of: Callable[[_Both], tuple[float, float] | None]) -> Difference:
    scenes: dict[tuple[str, int], list[float]] = defaultdict(list)
    for each in both:
        if (pair := of(each)) is not None:
            scenes[each.scene].append(pair[1] - pair[0])
    groups = list(scenes.values())
    values = [value for group in groups for value in group]
    mean = fmean(values) if values else 0.0
    between = _range(groups) if len(groups) >= FEWEST_SCENES else None
    return Difference(
        lines=len(values),
        scenes=len(groups),
        better=sum(value > 0 for value in values),
        worse=sum(value < 0 for value in values),
        mean=round(mean, 2),
        between=between,
        verdict=_verdict(between),
        scenes_for_a_point=_needed(groups),
    )


def _range(groups: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Where the mean of all lies, 95 %: whole scenes are drawn, for lines of one scene are alike."""
    sums = [(sum(group), len(group)) for group in groups]
    random = Random(_SEED)  # noqa: S311  the same for the same audits
    means = []
    for _ in range(ROUNDS):
        drawn = random.choices(sums, k=len(sums))
        means.append(sum(total for total, _ in drawn) / sum(count for _, count in drawn))
    means.sort()
    low, high = (means[min(ROUNDS - 1, int(tail * ROUNDS))] for tail in _TAILS)
    return round(low, 2), round(high, 2)


def _verdict(between: tuple[float, float] | None) -> Verdict:
    if between is None:
        return "too few scenes"
    low, high = between
    return "tried is better" if low > 0 else "tried is worse" if high < 0 else "no difference is shown"


def _needed(groups: Sequence[Sequence[float]]) -> int | None:
    """Scenes whose mean is known to a point, by how much scenes differ from one another now."""
    if len(groups) < 2:  # noqa: PLR2004
        return None
    spread = stdev(fmean(group) for group in groups)
    return math.ceil((_SURE * spread) ** 2) or None


def _mean(both: Sequence[_Both], side: int) -> float:
    return round(fmean(each.scored[side] for each in both if each.scored), 2)


def _summed(costs: Sequence[Decimal | None]) -> Decimal | None:
    """None if one of them is not known."""
    known = [each for each in costs if each is not None]
    return sum(known, Decimal(0)) if len(known) == len(costs) else None
