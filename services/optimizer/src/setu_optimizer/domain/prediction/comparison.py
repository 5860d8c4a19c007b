"""Whether one model chooses better than another, on recordings that neither has learned from."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from setu_common.contracts import Candidate
from setu_optimizer.domain.prediction.examples import Example
from setu_optimizer.domain.prediction.features import Vector
from setu_optimizer.domain.prediction.policy import LAMBDAS, utility

DRAWS: Final = 2000
SEED: Final = 20260
RANGE: Final = (0.025, 0.975)
FEWEST: Final = 20
"""Recordings, below which a comparison says nothing."""
LEAST_COVERAGE: Final = 0.85
"""Of recordings whose words are known, how many have to lie in their ranges, divided by 100: five less than what ranges promise."""

Guess = Callable[[Vector, tuple[Candidate, ...]], Sequence[tuple[float, float]]]
"""A recording's figures, and ways; errors per word and time factor that are expected of each of them."""

Ranges = Callable[[Vector, tuple[Candidate, ...]], Sequence[tuple[float, float]]]
"""The same; the ends of the range of errors per word of each."""


@dataclass(frozen=True)
class Gain:
    """By how much the challenger is better; negative: worse.

    Args:
        mean: over recordings.
        low: of the range that holds 95 of 100 such comparisons (bootstrap over groups).
        high: of the range.
    """

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """How two models did on the same recordings.

    Regret is what a choice is worth less than the best that could have been chosen, in errors per word, averaged over the qualities that
    callers ask for.

    Args:
        recordings: on which they chose, each with at least two ways.
        groups: of all that were looked at.
        champion_regret: mean, of the model that is asked now.
        challenger_regret: of the one that is offered.
        regret: how much less it is.
        champion_error: mean distance of expected from true errors, per word.
        challenger_error: of the one that is offered.
        error: how much less it is.
        coverage: share of measured error rates that lie in the challenger's ranges; None: nobody has looked.
    """

    recordings: int
    groups: int
    champion_regret: float
    challenger_regret: float
    regret: Gain
    champion_error: float
    challenger_error: float
    error: Gain
    coverage: float | None = None

    @property
    def better(self) -> bool:
        """Whether the challenger is better beyond chance in choosing or in predicting, and worse in neither, and its ranges hold."""
        never_worse = self.regret.mean >= 0 and self.error.mean >= 0
        if self.coverage is not None and self.coverage < LEAST_COVERAGE:
            return False
        return self.recordings >= FEWEST and never_worse and (self.regret.low > 0 or self.error.low > 0)

    @property
    def verdict(self) -> str:
        """As a sentence."""
        said = (
            f"on {self.recordings} recordings of {self.groups} groups its regret is {self.challenger_regret:.4f} against "
            f"{self.champion_regret:.4f} (gain {_told(self.regret)}), its error {self.challenger_error:.4f} against "
            f"{self.champion_error:.4f} (gain {_told(self.error)})"
        )
        if self.coverage is not None:
            said += f", {100 * self.coverage:.1f} % of measured error rates lie in its ranges ({100 * LEAST_COVERAGE:.0f} are needed)"
        return f"{'Better' if self.better else 'Not better'}: {said}."


def compare(champion: Guess, challenger: Guess, held: Sequence[Example]) -> Comparison:
    """Let both choose and predict on recordings that neither has learned from.

    Args:
        champion: the model that is asked now.
        challenger: the one that is offered.
        held: measured outcomes; recordings with one way alone say how well errors are predicted and nothing of choices.

    Raises:
        ValueError: there is nothing to compare on.
    """
    recordings: dict[str, list[Example]] = defaultdict(list)
    for example in held:
        recordings[example.recording].append(example)
    if not recordings:
        raise ValueError("there are no recordings to compare on")
    tried = [list({each.candidate: each for each in examples}.values()) for examples in recordings.values()]
    groups = [examples[0].group for examples in tried]
    errors = np.array([[_error(guess, examples) for examples in tried] for guess in (champion, challenger)])
    choices = [
        place for place, examples in enumerate(tried) if len(examples) > 1 and all(each.time_factor for each in examples)
    ]
    regrets = np.array([[_regret(guess, tried[place]) for place in choices] for guess in (champion, challenger)])
    chosen_groups = [groups[place] for place in choices]
    return Comparison(
        recordings=len(choices),
        groups=len(set(groups)),
        champion_regret=_mean(regrets[0]),
        challenger_regret=_mean(regrets[1]),
        regret=_gain(regrets[0] - regrets[1], chosen_groups),
        champion_error=_mean(errors[0]),
        challenger_error=_mean(errors[1]),
        error=_gain(errors[0] - errors[1], groups),
    )


def coverage_of(ranges: Ranges, held: Sequence[Example]) -> float:
    """How many error rates lie in the ranges that are told for them, of recordings that nothing was learned from.

    Args:
        ranges: of a model.
        held: measured outcomes, one at least.
    """
    within = []
    for each in held:
        [(low, high)] = ranges(each.figures, (each.candidate,))
        within.append(low <= each.wer <= high)
    return float(np.mean(within))


def regret_of(outcomes: Mapping[Candidate, Example], chosen: Candidate, rate: float) -> float:
    """What a choice was worth less than the best, in errors per word.

    Args:
        outcomes: what came of each way; times are known.
        chosen: one of them.
        rate: lambda.
    """
    worth = {way: utility(each.wer, each.time_factor or 0.0, rate) for way, each in outcomes.items()}
    return max(worth.values()) - worth[chosen]


def _regret(guess: Guess, examples: Sequence[Example]) -> float:
    ways = tuple(each.candidate for each in examples)
    expected = guess(examples[0].figures, ways)
    outcomes = {each.candidate: each for each in examples}
    regrets = []
    for rate in LAMBDAS.values():
        worth = [utility(wer, factor, rate) for wer, factor in expected]
        regrets.append(regret_of(outcomes, ways[int(np.argmax(worth))], rate))
    return float(np.mean(regrets))


def _error(guess: Guess, examples: Sequence[Example]) -> float:
    expected = guess(examples[0].figures, tuple(each.candidate for each in examples))
    return float(np.mean([abs(wer - each.wer) for (wer, _), each in zip(expected, examples, strict=True)]))


def _gain(differences: NDArray[np.float64], groups: Sequence[str]) -> Gain:
    """The mean, and the range of means when groups are drawn anew: recordings of one group are no separate evidence."""
    if not differences.size:
        return Gain(0.0, 0.0, 0.0)
    names = sorted(set(groups))
    sums = np.array([differences[[group == name for group in groups]].sum() for name in names])
    counts = np.array([groups.count(name) for name in names])
    draws = np.random.default_rng(SEED).integers(0, len(names), (DRAWS, len(names)))
    means = sums[draws].sum(axis=1) / counts[draws].sum(axis=1)
    low, high = np.quantile(means, RANGE)
    return Gain(float(differences.mean()), float(low), float(high))


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if values.size else 0.0


def _told(gain: Gain) -> str:
    return f"{gain.mean:+.4f}, 95 % range {gain.low:+.4f} to {gain.high:+.4f}"
