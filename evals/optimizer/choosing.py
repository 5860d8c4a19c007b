"""What choices are worth: against every fixed setting, rules on one figure, and an oracle."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from bench.figures import Figure

from evals.enhancer.measures import interval
from evals.enhancer.reporting import goal, table, told
from evals.optimizer.learned import default_way
from evals.optimizer.outcomes import Recording
from evals.optimizer.policies import (
    Policy,
    error_rate,
    fixed,
    most_accurate,
    oracle,
    regret,
    rule_on_duration,
    rule_on_snr,
    total_time_s,
    worth,
)
from setu_common.contracts import Candidate, Quality
from setu_optimizer.domain.prediction.policy import LAMBDAS

JUDGED: Final[Quality] = "balanced"  # the quality that callers get who ask for none
SMALL: Final = "whisper-tiny.en"
DIFFICULT: Final = 2  # of the levels 0..4: the middle one and what is stronger
NEAR: Final = 0.05
POINTS: Final = 100


def measure(train: Sequence[Recording], test: Sequence[Recording], policies: Mapping[Quality, Policy]) -> list[Figure]:
    """All figures about choices, for each quality that a caller may ask for."""
    figures: list[Figure] = []
    for quality, policy in policies.items():
        figures += [
            *_on_clean(train, test, policy, quality),
            *_on_difficult(test, policy, quality),
            *_near_oracle(test, policy, quality),
            *_regrets(train, test, policy, quality),
        ]
        _show_kinds(train, test, policy, quality)
    return figures


def named(way: Candidate) -> str:
    """A setting in a figure's name."""
    return f"{way.model} beam {way.beam_size}"


def grouped(recordings: Sequence[Recording], value: Callable[[Recording], float]) -> list[list[float]]:
    """The values of recordings, by groups that are alike."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for each in recordings:
        found[each.group].append(value(each))
    return list(found.values())


def difficult(recordings: Sequence[Recording]) -> list[Recording]:
    """Those that are spoiled enough to matter."""
    return [each for each in recordings if not each.clean and each.level >= DIFFICULT]


def _on_clean(train: Sequence[Recording], test: Sequence[Recording], policy: Policy, quality: Quality) -> list[Figure]:
    clean = [each for each in test if each.clean]
    setting = most_accurate(train)
    saved = POINTS * (1 - total_time_s(policy, clean) / total_time_s(fixed(setting), clean))
    alone = POINTS * (1 - total_time_s(free(policy), clean) / total_time_s(fixed(setting), clean))
    more = POINTS * (error_rate(policy, clean) - error_rate(fixed(setting), clean))
    how = f"{len(clean)} clean recordings, against {named(setting)}, the setting with the fewest errors in training"
    judged = quality == JUDGED
    return [
        _figure(
            judged, f"time saved on clean recordings, {quality}", saved, 30, unit="%", how=f"{how}; profile and probe included"
        ),
        told(f"time saved on clean recordings, profile and probe left out, {quality}", alone, unit="%", how=how),
        _figure(judged, f"errors more on clean recordings, {quality}", more, 1, better="less", unit="points", how=how),
    ]


def _on_difficult(test: Sequence[Recording], policy: Policy, quality: Quality) -> list[Figure]:
    hard = difficult(test)
    figures = []
    for way in (each for each in hard[0].outcomes if each.model == SMALL):
        fewer = POINTS * (1 - error_rate(policy, hard) / error_rate(fixed(way), hard))
        how = f"{len(hard)} recordings spoiled to the middle level and more, pooled errors, against always {named(way)}"
        name = f"fewer errors than {named(way)} on difficult recordings, {quality}"
        figures.append(_figure(quality == JUDGED, name, fewer, 15, unit="%", how=how))
    return figures


def _near_oracle(test: Sequence[Recording], policy: Policy, quality: Quality) -> list[Figure]:
    rate = LAMBDAS[quality]

    def share(chooser: Policy) -> float:
        return POINTS * float(np.mean([near(chooser, each, rate) for each in test]))

    how = (
        f"{len(test)} recordings on which the utility is at least {POINTS * (1 - NEAR):g} % of the oracle's (both are negative)"
    )
    return [
        _figure(
            quality == JUDGED,
            f"within {POINTS * NEAR:g} % of the oracle, {quality}",
            share(policy),
            80,
            unit="%",
            how=f"{how}; profile and probe charged to the optimizer alone",
        ),
        told(
            f"within {POINTS * NEAR:g} % of the oracle, profile and probe left out, {quality}",
            share(free(policy)),
            unit="%",
            how=how,
        ),
        told(
            f"the oracle's own choice taken, {quality}", _same(test, policy, rate), unit="%", how="ways that are as good count"
        ),
    ]


def near(policy: Policy, recording: Recording, rate: float) -> bool:
    """Whether a policy's utility is within 5 % of the oracle's."""
    best = recording.worth(recording.best(rate), rate)
    return best - worth(policy, recording, rate) <= NEAR * abs(best)


def free(policy: Policy) -> Policy:
    """The same choices, and nothing to pay for making them."""
    return lambda recording: type(policy(recording))(policy(recording).way)


def _same(test: Sequence[Recording], policy: Policy, rate: float) -> float:
    return POINTS * float(np.mean([regret(free(policy), each, rate) < 1e-9 for each in test]))  # noqa: PLR2004 rounding


def _regrets(train: Sequence[Recording], test: Sequence[Recording], policy: Policy, quality: Quality) -> list[Figure]:
    rate = LAMBDAS[quality]
    own = float(np.mean([regret(policy, each, rate) for each in test]))
    how = f"{len(test)} recordings, errors in 100 words, profile and probe included"
    figures = [
        told(
            f"mean regret, {quality}",
            POINTS * own,
            unit="points",
            how=how,
            interval=interval(grouped(test, lambda each: POINTS * regret(policy, each, rate))),
        ),
        told(
            f"mean regret of choices alone, {quality}",
            POINTS * float(np.mean([regret(free(policy), each, rate) for each in test])),
            unit="points",
            how="the same, profile and probe left out",
        ),
    ]
    for name, other in _others(train, rate).items():

        def less(each: Recording, other: Policy = other) -> float:
            return POINTS * (regret(other, each, rate) - regret(policy, each, rate))

        value = float(np.mean([less(each) for each in test]))
        said = "mean regret of the other less the optimizer's; the interval draws ways of being spoiled anew"
        figures.append(
            _figure(
                not name.startswith("a rule"),
                f"regret less than {name}, {quality}",
                value,
                0,
                unit="points",
                how=said,
                interval=interval(grouped(test, less)),
            )
        )
    return figures


def _others(train: Sequence[Recording], rate: float) -> dict[str, Policy]:
    return {f"always {named(way)}": fixed(way) for way in train[0].outcomes} | {
        "a rule on the duration": rule_on_duration(train, rate),
        "a rule on the SNR": rule_on_snr(train, rate),
    }


def _figure(
    judged: bool,  # noqa: FBT001
    name: str,
    value: float,
    at: float,
    *,
    better: str = "more",
    unit: str,
    how: str,
    interval: tuple[float, float] | None = None,
) -> Figure:
    """With its goal where it is judged: of the quality that callers get by default."""
    if not judged:
        return told(name, value, unit=unit, how=how, interval=interval)
    return goal(name, value, at, better="less" if better == "less" else "more", unit=unit, how=how, interval=interval)


def _show_kinds(train: Sequence[Recording], test: Sequence[Recording], policy: Policy, quality: Quality) -> None:
    """Print regrets by kind, so that a reader sees where choices fail."""
    rate = LAMBDAS[quality]
    ways = list(test[0].outcomes)
    shown = {"optimizer": policy, "its choices": free(policy)} | {named(way): fixed(way) for way in ways} | _others(train, rate)
    shown = {name.removeprefix("always "): each for name, each in shown.items()}
    kinds = list(dict.fromkeys(each.kind for each in test))
    rows: list[tuple[str | float, ...]] = []
    for kind in (*kinds, "all"):
        own = [each for each in test if kind in (each.kind, "all")]
        rows.append(
            (
                kind,
                len(own),
                *(POINTS * float(np.mean([regret(each, one, rate) for one in own])) for each in shown.values()),
                POINTS * error_rate(policy, own),
                POINTS * error_rate(oracle(rate), own),
                POINTS * float(np.mean([policy(one).way == default_way() for one in own])),
            )
        )
    print(
        f"\n  {quality}: mean regret in points; errors in 100 words of the optimizer and the oracle; share of the default way"
    )
    table(("kind", "n", *(name.replace("whisper-", "") for name in shown), "errors", "oracle", "default"), rows)
