"""How choices get better with what was observed: without the probe, with few observations, and with a kind that was never met."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import numpy as np
from bench.figures import Figure

from evals.enhancer.measures import interval
from evals.enhancer.reporting import goal, told
from evals.optimizer.choosing import JUDGED, POINTS, free, grouped
from evals.optimizer.learned import Optimizer, default_way, trained
from evals.optimizer.outcomes import Recording, examples_of
from evals.optimizer.policies import Policy, fixed, regret
from setu_common.contracts import Quality
from setu_optimizer.domain.prediction.examples import Example
from setu_optimizer.domain.prediction.policy import LAMBDAS
from setu_optimizer.errors import TooLittleToLearnFrom

SIZES: Final = (25, 50, 100, 200, 400)
DRAWS: Final = 5  # of each size
OBSERVED: Final = 100  # jobs of a kind that was never met
SPLITS: Final = 4  # at least
SEED: Final = 20_260


def without_probe(test: Sequence[Recording], policies: Mapping[Quality, Optimizer]) -> list[Figure]:
    """What the probe is worth: regrets without its figures, and without its cost, less those with both."""
    figures = []
    for quality, policy in policies.items():
        bare = Optimizer(policy.predictor, quality, probes=False)
        for name, one, other in (
            (f"regret less for the probe, {quality}", policy, bare),
            (f"regret less for the probe, were it free, {quality}", free(policy), free(bare)),
        ):
            values = grouped(test, partial(spared, policy=one, other=other, rate=LAMBDAS[quality]))
            mean = float(np.mean([value for group in values for value in group]))
            how = "mean regret without the probe's figures, less with them"
            figures.append(told(name, mean, unit="points", how=how, interval=interval(values)))
    return figures


def curve(train: Sequence[Recording], test: Sequence[Recording]) -> list[Figure]:
    """Mean regret after so many observations, which are drawn from all that was heard."""
    rate = LAMBDAS[JUDGED]
    dice = np.random.default_rng(SEED)
    everything = examples_of(train)
    figures = []
    for size in SIZES:
        if size > len(everything):
            break
        means = [_after(_drawn(everything, size, dice), test, rate) for _ in range(DRAWS)]
        figures.append(
            told(
                f"mean regret of choices after {size} observations, {JUDGED}",
                POINTS * float(np.mean(means)),
                unit="points",
                how=f"mean, lowest and highest of {DRAWS} draws; profile and probe left out",
                interval=(POINTS * min(means), POINTS * max(means)),
            )
        )
    return figures


def _drawn(everything: Sequence[Example], size: int, dice: np.random.Generator) -> list[Example]:
    return [everything[place] for place in dice.choice(len(everything), size, replace=False)]


def _after(examples: Sequence[Example], test: Sequence[Recording], rate: float) -> float:
    try:
        policy: Policy = free(Optimizer(trained(examples), JUDGED))
    except TooLittleToLearnFrom:
        policy = fixed(default_way())
    return float(np.mean([regret(policy, each, rate) for each in test]))


def unseen(train: Sequence[Recording], test: Sequence[Recording]) -> list[Figure]:
    """For each kind of the test with enough of it: what so many observed jobs of it spare on recordings of it that were not observed.

    An observed job is a recording in one way, with errors that were counted. The recordings of the kind are split anew several times, and
    each is held out in one of the splits.
    """
    kinds: defaultdict[str, list[Recording]] = defaultdict(list)
    for each in test:
        if not each.clean:
            kinds[each.kind].append(each)
    return [figure for kind, own in kinds.items() for figure in _unseen(kind, own, train)]


def _unseen(kind: str, own: Sequence[Recording], train: Sequence[Recording]) -> list[Figure]:
    ways = len(own[0].outcomes)
    needed = -(-OBSERVED // ways)
    if len(own) <= needed:
        return []
    splits = max(SPLITS, -(-len(own) // (len(own) - needed)))
    rate = LAMBDAS[JUDGED]
    dice = np.random.default_rng(SEED)
    before = free(Optimizer(trained(examples_of(train)), JUDGED))
    order = dice.permutation(len(own))
    gains: list[list[float]] = []
    first: list[float] = []
    for split in range(splits):
        held = [own[place] for place in order[split::splits]]
        rest = examples_of([own[place] for place in np.setdiff1d(order, order[split::splits])])
        after = free(Optimizer(trained([*examples_of(train), *_drawn(rest, OBSERVED, dice)]), JUDGED))
        for each in held:
            first.append(POINTS * regret(before, each, rate))
            gains.append([spared(each, after, before, rate)])
    how = f"{len(own)} recordings of it, each held out once of {splits} times; the interval draws recordings"
    low, high = interval(gains)
    value = float(np.mean(gains))
    figure = goal(
        f"regret spared by {OBSERVED} observed jobs of {kind}", value, 0, unit="points", how=how, interval=(low, high)
    )
    return [
        told(f"mean regret of choices on {kind} before", float(np.mean(first)), unit="points", how=how),
        Figure(**{**figure.__dict__, "goal": "above 0, and so the interval", "holds": low > 0}),
    ]


def spared(recording: Recording, policy: Policy, other: Policy, rate: float) -> float:
    """By how much less a policy is regretted than another, points."""
    return POINTS * (regret(other, recording, rate) - regret(policy, recording, rate))
