"""How choices get better with what was observed: without the probe, with few observations, and with a kind that was never met."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

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
from setu_optimizer.predictors.training import LARGEST_WER

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
    """Mean regret, and how far expected errors are off, after so many observations, which are drawn from all that was heard."""
    rate = LAMBDAS[JUDGED]
    dice = np.random.default_rng(SEED)
    everything = examples_of(train)
    figures = []
    for size in SIZES:
        if size > len(everything):
            break
        draws = [_after(_drawn(everything, size, dice), test, rate) for _ in range(DRAWS)]
        how = f"mean, lowest and highest of {DRAWS} draws"
        for name, values in zip((f"mean regret of choices after {size} observations, {JUDGED}",
                                 f"distance of expected from true errors after {size} observations"),
                                zip(*draws, strict=True), strict=True):  # fmt: skip
            told_of = [value for value in values if np.isfinite(value)]
            if told_of:
                spread = (min(told_of), max(told_of))
                figures.append(told(name, float(np.mean(told_of)), unit="points", how=how, interval=spread))
    return figures


def _drawn(everything: Sequence[Example], size: int, dice: np.random.Generator) -> list[Example]:
    return [everything[place] for place in dice.choice(len(everything), size, replace=False)]


def _after(examples: Sequence[Example], test: Sequence[Recording], rate: float) -> tuple[float, float]:
    """Mean regret, and mean distance of expected from true errors, points; NaN where nothing could be learned."""
    off = np.nan
    try:
        optimizer = Optimizer(trained(examples), JUDGED)
        policy: Policy = free(optimizer)
        off = float(np.mean([distance(each, optimizer) for each in test]))
    except TooLittleToLearnFrom:
        policy = fixed(default_way())
    return POINTS * float(np.mean([regret(policy, each, rate) for each in test])), off


def distance(recording: Recording, optimizer: Optimizer) -> float:
    """How far expected errors are from true ones, mean over ways, points."""
    ways = optimizer.expect(recording)
    return POINTS * float(np.mean([abs(way.wer - min(recording.outcomes[way.candidate].wer, LARGEST_WER)) for way in ways]))


def unseen(train: Sequence[Recording], test: Sequence[Recording]) -> list[Figure]:
    """What observed jobs of a kind that was never met spare on recordings of it that were not observed.

    An observed job is a recording in one way, with errors that were counted. The recordings of a kind are split anew several times, and
    each is held out in one of the splits. Judged is the kind with enough recordings for 100 jobs; of the others there are as many jobs as
    recordings allow, and they are told together.
    """
    kinds: defaultdict[str, list[Recording]] = defaultdict(list)
    for each in test:
        if not each.clean:
            kinds[each.kind].append(each)
    before = Optimizer(trained(examples_of(train)), JUDGED)
    figures: list[Figure] = []
    fewer: list[list[Spared]] = []
    for kind, own in kinds.items():
        gains = _unseen(own, train, before)
        if len(own) * len(own[0].outcomes) > OBSERVED:
            figures += _judged(kind, gains)
        else:
            fewer.append(gains)
    return figures + _together(fewer)


class Spared(NamedTuple):
    """What observing others of its kind did for a recording, points.

    Args:
        regret: before.
        regret_less: by how much it is less after.
        off: how far expected errors were from true ones before.
        off_less: by how much they are nearer after.
    """

    regret: float
    regret_less: float
    off: float
    off_less: float


def _unseen(own: Sequence[Recording], train: Sequence[Recording], before: Optimizer) -> list[Spared]:
    needed = -(-OBSERVED // len(own[0].outcomes))
    splits = max(SPLITS, -(-len(own) // (len(own) - needed)) if len(own) > needed else 0)
    rate = LAMBDAS[JUDGED]
    dice = np.random.default_rng(SEED)
    order = dice.permutation(len(own))
    gains: list[Spared] = []
    for split in range(splits):
        held = [own[place] for place in order[split::splits]]
        rest = examples_of([own[place] for place in np.setdiff1d(order, order[split::splits])])
        observed = _drawn(rest, min(OBSERVED, len(rest)), dice)
        after = Optimizer(trained([*examples_of(train), *observed]), JUDGED)
        for each in held:
            off = distance(each, before)
            lost = POINTS * regret(free(before), each, rate)
            gains.append(Spared(lost, spared(each, free(after), free(before), rate), off, off - distance(each, after)))
    return gains


def _judged(kind: str, gains: Sequence[Spared]) -> list[Figure]:
    how = f"{len(gains)} recordings of it, each held out once; the interval draws recordings"
    low, high = interval([[each.regret_less] for each in gains])
    value = float(np.mean([each.regret_less for each in gains]))
    figure = goal(
        f"regret spared by {OBSERVED} observed jobs of {kind}", value, 0, unit="points", how=how, interval=(low, high)
    )
    return [
        told(
            f"mean regret of choices on {kind} before", float(np.mean([each.regret for each in gains])), unit="points", how=how
        ),
        Figure(**{**figure.__dict__, "goal": "above 0, and so the interval", "holds": low > 0}),
        *_nearer(f"{OBSERVED} observed jobs of {kind}", [[each] for each in gains], how),
    ]


def _together(kinds: Sequence[Sequence[Spared]]) -> list[Figure]:
    """Kinds with fewer recordings, as one."""
    if not kinds:
        return []
    how = f"{sum(map(len, kinds))} recordings of {len(kinds)} kinds, three quarters of a kind observed in each way; the interval draws kinds"
    values = [[each.regret_less for each in kind] for kind in kinds]
    name = "what was observed of a kind"
    mean = float(np.mean([value for kind in values for value in kind]))
    return [
        told(f"regret spared by {name}", mean, unit="points", how=how, interval=interval(values)),
        *_nearer(name, kinds, how),
    ]


def _nearer(what: str, groups: Sequence[Sequence[Spared]], how: str) -> list[Figure]:
    less = [[each.off_less for each in group] for group in groups]
    before = float(np.mean([each.off for group in groups for each in group]))
    mean = float(np.mean([value for group in less for value in group]))
    return [
        told(
            f"distance of expected from true errors spared by {what}",
            mean,
            unit="points",
            how=f"of {before:.1f}; {how}",
            interval=interval(less),
        )
    ]


def spared(recording: Recording, policy: Policy, other: Policy, rate: float) -> float:
    """By how much less a policy is regretted than another, points."""
    return POINTS * (regret(other, recording, rate) - regret(policy, recording, rate))
