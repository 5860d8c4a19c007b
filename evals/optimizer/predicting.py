"""How right what is expected is: errors, their ranges, and how often nothing is predicted."""

from collections.abc import Sequence

import numpy as np
from bench.figures import Figure

from evals.enhancer.measures import interval
from evals.enhancer.reporting import goal, told
from evals.optimizer.choosing import POINTS, grouped
from evals.optimizer.learned import Optimizer
from evals.optimizer.outcomes import Recording
from setu_optimizer.predictors.training import LARGEST_WER


def measure(test: Sequence[Recording], optimizer: Optimizer) -> list[Figure]:
    """Expected against true error rates, over all ways; a rate above 1.5 counts as that."""
    pairs = [
        (min(recording.outcomes[way.candidate].wer, LARGEST_WER), way)
        for recording in test
        for way in optimizer.expect(recording)
    ]
    true = np.array([wer for wer, _ in pairs])
    expected = np.array([way.wer for _, way in pairs])
    within = [way.wer_low <= wer <= way.wer_high for wer, way in pairs]
    wide = [way.wer_high - way.wer_low for _, way in pairs]
    how = f"{len(pairs)} outcomes of {len(test)} recordings"
    covered = POINTS * float(np.mean(within))
    abstained = [bool(optimizer(each).abstained) for each in test]
    return [
        goal("correlation of expected and true errors", pearson(expected, true), 0.6, how=f"Pearson's, {how}"),
        told(
            "mean distance of expected and true errors",
            POINTS * float(np.mean(np.abs(expected - true))),
            unit="points",
            how=how,
        ),
        _covering(covered, how, test, optimizer),
        told("mean width of the ranges", POINTS * float(np.mean(wide)), unit="points", how=how),
        told(
            "abstained",
            POINTS * float(np.mean(abstained)),
            unit="%",
            how=f"of {len(test)} recordings; the default way is taken",
        ),
    ]


def pearson(one: np.ndarray, other: np.ndarray) -> float:
    """Pearson's correlation; 0 where either is the same throughout."""
    if np.std(one) == 0 or np.std(other) == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def _covering(covered: float, how: str, test: Sequence[Recording], optimizer: Optimizer) -> Figure:
    """Judged from both sides: ranges that hold everything say nothing."""
    spread = interval(grouped(test, lambda each: POINTS * _covered(each, optimizer)))
    lower = goal("true errors within the 90 % ranges", covered, 85, unit="%", how=how, interval=spread)
    upper = goal("", covered, 95, better="less", how="")
    return Figure(**{**lower.__dict__, "goal": "85 to 95", "holds": lower.holds and upper.holds})


def _covered(recording: Recording, optimizer: Optimizer) -> float:
    ways = optimizer.expect(recording)
    true = [min(recording.outcomes[way.candidate].wer, LARGEST_WER) for way in ways]
    return float(np.mean([way.wer_low <= wer <= way.wer_high for wer, way in zip(true, ways, strict=True)]))
