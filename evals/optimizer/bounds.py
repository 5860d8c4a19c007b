"""What can be won at all with the ways that there are, and where regret comes from."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from bench.figures import Figure

from evals.enhancer.reporting import told
from evals.optimizer.choosing import JUDGED, NEAR, POINTS, free, named, near
from evals.optimizer.learned import Optimizer
from evals.optimizer.outcomes import Recording
from evals.optimizer.policies import (
    Chosen,
    Policy,
    best_fixed,
    error_rate,
    fixed,
    mean_worth,
    most_accurate,
    oracle,
    regret,
    total_time_s,
)
from setu_common.contracts import Candidate
from setu_optimizer.domain.prediction.policy import LAMBDAS


def measure(train: Sequence[Recording], test: Sequence[Recording], optimizer: Optimizer) -> list[Figure]:
    """For the quality that is judged."""
    rate = LAMBDAS[JUDGED]
    return [
        *_on_clean(train, test, rate),
        *_near(test, rate),
        *_parts(test, optimizer, rate),
        *_believed(optimizer),
    ]


def _on_clean(train: Sequence[Recording], test: Sequence[Recording], rate: float) -> list[Figure]:
    """What an oracle saves, who knows the errors before anything is heard: nobody saves more at this lambda without losing by it."""
    setting = most_accurate(train)
    worth = best_fixed(train, rate)
    how = f"{named(setting)} makes the fewest errors in training, and {named(worth)} is worth most there; the oracle pays for nothing"
    figures = []
    for side, recordings in (("those learned from", train), ("new ones", test)):
        clean = [each for each in recordings if each.clean]
        saved = POINTS * (1 - total_time_s(oracle(rate), clean) / total_time_s(fixed(setting), clean))
        more = POINTS * (error_rate(oracle(rate), clean) - error_rate(fixed(setting), clean))
        same = best_fixed(clean, rate)
        hindsight = f"one way for all of them would be best with {named(same)}, in hindsight"
        figures += [
            told(f"time that an oracle saves on clean recordings, {side}", saved, unit="%", how=f"{len(clean)}; {how}"),
            told(f"errors more that an oracle makes on clean recordings, {side}", more, unit="points", how=hindsight),
        ]
    return figures


def _near(test: Sequence[Recording], rate: float) -> list[Figure]:
    word = [1 / _words(each) > NEAR * abs(each.worth(each.best(rate), rate)) for each in test]
    share = POINTS * NEAR
    figures = [
        told(
            f"recordings on which one word is more than {share:g} % of the oracle's utility",
            POINTS * float(np.mean(word)),
            unit="%",
            how=f"{len(test)} recordings of {np.median([_words(each) for each in test]):.0f} words (median)",
        )
    ]
    for name, key in _KNOWERS.items():
        known = _by(test, key, rate)
        figures += [
            told(
                f"within {share:g} % of the oracle for who knows the best way of each {name}",
                POINTS * float(np.mean([near(known, each, rate) for each in test])),
                unit="%",
                how="told from these recordings themselves, in hindsight and for nothing",
            ),
            told(
                f"within {share:g} % of the oracle for who knows it from the others of each {name}",
                POINTS * float(np.mean([near(_by(_others(test, each, key), key, rate), each, rate) for each in test])),
                unit="%",
                how="told from the other recordings of it, and for nothing: the way that is best on all where there is no other",
            ),
        ]
    return figures


_KNOWERS: Mapping[str, Callable[[Recording], object]] = {
    "kind": lambda recording: recording.kind,
    "kind and level": lambda recording: (recording.kind, recording.level),
}


def _words(recording: Recording) -> int:
    return next(iter(recording.outcomes.values())).words


def _others(test: Sequence[Recording], one: Recording, key: Callable[[Recording], object]) -> list[Recording]:
    alike = [each for each in test if each is not one and key(each) == key(one)]
    return alike or [each for each in test if each is not one]


def _by(recordings: Sequence[Recording], key: Callable[[Recording], object], rate: float) -> Policy:
    """The way that is worth most on recordings that are alike; on all where none is."""
    groups: dict[object, list[Recording]] = {}
    for each in recordings:
        groups.setdefault(key(each), []).append(each)
    best: dict[object, Candidate] = {name: best_fixed(own, rate) for name, own in groups.items()}
    usual = best_fixed(recordings, rate)
    return lambda recording: Chosen(best.get(key(recording), usual))


def _parts(test: Sequence[Recording], optimizer: Optimizer, rate: float) -> list[Figure]:
    """Of what mean regret is made."""
    choice = free(optimizer)
    lost = {True: 0.0, False: 0.0}
    for each in test:
        lost[bool(optimizer(each).abstained)] += POINTS * regret(choice, each, rate) / len(test)
    cost = POINTS * (mean_worth(choice, test, rate) - mean_worth(optimizer, test, rate))
    profile = POINTS * rate * float(np.mean([each.profiled for each in test]))
    how = f"of the mean over {len(test)} recordings"
    return [
        told("regret for what a profile and a probe cost", cost, unit="points", how=f"{how}; {profile:.2f} of it the profile"),
        told("regret for other ways than the best where something is predicted", lost[False], unit="points", how=how),
        told("regret for the default way where nothing is predicted", lost[True], unit="points", how=how),
    ]


def _believed(optimizer: Optimizer) -> list[Figure]:
    manifest = optimizer.predictor.manifest
    how = "the slope of true on expected differences, of groups that were left out in training, less its standard error; 0..1"
    sides = {"with a probe": manifest.probed, "without one": manifest.unprobed}
    return [
        told(f"how far differences between ways are believed {name}", side.trust, how=how)
        for name, side in sides.items()
        if side is not None
    ]
