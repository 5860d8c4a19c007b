"""Who chooses: the optimizer, fixed settings, rules on one figure alone, and an oracle."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from evals.optimizer.outcomes import Recording, known
from setu_common.contracts import Candidate

CUTS: Final = 9  # thresholds of a rule that are tried, equally many recordings apart


@dataclass(frozen=True)
class Chosen:
    """A way, and what choosing it took.

    Args:
        way: the one that is taken.
        overhead: seconds of processor time for a second of recording: of the profile and of the probe, if they were needed.
        abstained: why nothing was predicted; empty if it was.
    """

    way: Candidate
    overhead: float = 0.0
    abstained: str = ""


Policy = Callable[[Recording], Chosen]


def fixed(way: Candidate) -> Policy:
    """Always the same."""
    return lambda _: Chosen(way)


def oracle(rate: float) -> Policy:
    """The best, which nobody knows beforehand."""
    return lambda recording: Chosen(recording.best(rate))


@dataclass(frozen=True)
class Rule:
    """One way where a figure is below a threshold, and another where it is not, or is not known.

    Args:
        figure: of a recording.
        overhead: what knowing it takes.
        at: the threshold.
        below: the way for less.
        otherwise: the way for the rest.
    """

    figure: Callable[[Recording], float]
    overhead: Callable[[Recording], float]
    at: float
    below: Candidate
    otherwise: Candidate

    def __call__(self, recording: Recording) -> Chosen:
        """See `Policy`."""
        way = self.below if self.figure(recording) < self.at else self.otherwise
        return Chosen(way, self.overhead(recording))


def rule_on_duration(recordings: Sequence[Recording], rate: float) -> Policy:
    """The best rule on how long a recording is, which costs nothing to know."""
    return _fitted(lambda recording: recording.duration_s, lambda _: 0.0, recordings, rate)


def rule_on_snr(recordings: Sequence[Recording], rate: float) -> Policy:
    """The best rule on the signal-to-noise ratio, which takes a profile."""
    return _fitted(lambda recording: recording.snr_db, lambda recording: recording.profiled, recordings, rate)


def _fitted(
    figure: Callable[[Recording], float], overhead: Callable[[Recording], float], recordings: Sequence[Recording], rate: float
) -> Policy:
    """The rule whose choices are worth most on recordings to learn from."""
    cuts = np.quantile(known([figure(each) for each in recordings]), np.linspace(0, 1, CUTS + 2)[1:-1])
    ways = list(recordings[0].outcomes)
    rules = [
        Rule(figure, overhead, float(at), below, otherwise) for at in sorted(set(cuts)) for below in ways for otherwise in ways
    ]
    return max(rules, key=lambda rule: mean_worth(rule, recordings, rate))


def best_fixed(recordings: Sequence[Recording], rate: float) -> Candidate:
    """The setting that is worth most on average."""
    return max(recordings[0].outcomes, key=lambda way: mean_worth(fixed(way), recordings, rate))


def most_accurate(recordings: Sequence[Recording]) -> Candidate:
    """The setting with the fewest errors."""
    return min(recordings[0].outcomes, key=lambda way: error_rate(fixed(way), recordings))


def worth(policy: Policy, recording: Recording, rate: float) -> float:
    """The utility of what a policy does with a recording, its own cost included."""
    chosen = policy(recording)
    return recording.worth(chosen.way, rate, chosen.overhead)


def mean_worth(policy: Policy, recordings: Sequence[Recording], rate: float) -> float:
    """The mean utility over recordings."""
    return float(np.mean([worth(policy, each, rate) for each in recordings]))


def regret(policy: Policy, recording: Recording, rate: float) -> float:
    """What a policy is worth less than the oracle, in errors per word."""
    return recording.worth(recording.best(rate), rate) - worth(policy, recording, rate)


def error_rate(policy: Policy, recordings: Sequence[Recording]) -> float:
    """Errors per word over all words of the recordings."""
    outcomes = [each.outcomes[policy(each).way] for each in recordings]
    return sum(each.errors for each in outcomes) / sum(each.words for each in outcomes)


def total_time_s(policy: Policy, recordings: Sequence[Recording]) -> float:
    """Processor time for all recordings, what choosing took included, seconds."""
    chosen = [(each, policy(each)) for each in recordings]
    return sum(each.duration_s * (each.outcomes[one.way].time_factor + one.overhead) for each, one in chosen)
