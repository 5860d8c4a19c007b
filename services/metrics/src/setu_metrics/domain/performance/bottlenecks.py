"""What holds a job up: what takes over a fifth of its time, and what took longer than it usually does."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from setu_common.contracts.cost import StageMetrics
from setu_common.contracts.performance import Bottleneck

OVER: Final = 0.2
"""A stage that takes a larger share than this holds its job up."""
LEAST_SHARE: Final = 0.05
"""What is slower than usual holds nobody up if it takes less than this."""
LEAST_SAMPLES: Final = 20
"""Of fewer, the slowest lies within what 95 of 100 stay below."""
ALIKE: Final = 1.5
"""Recordings are alike of which none is longer than the other by more than this factor."""
_TIMED: Final = "succeeded"

Kind = tuple[str, str | None]
"""A kind of operation, and the model that did it."""


@dataclass(frozen=True)
class Sample:
    """An earlier attempt that succeeded.

    Args:
        kind: what was done, with which model.
        wall_s: how long it took.
        audio_s: how long its recording was.
    """

    kind: Kind
    wall_s: float
    audio_s: float


@dataclass(frozen=True)
class Usual:
    """What an attempt usually takes.

    Args:
        p95_s: what 95 of 100 stay below.
        samples: how many it is known from.
    """

    p95_s: float
    samples: int


def usual(samples: Sequence[Sample], audio_s: float) -> dict[Kind, Usual]:
    """What attempts take at recordings of a length, from those at recordings like it; each counts as if its own had been as long.

    Args:
        samples: of recordings at most ``ALIKE`` times as long, or as short.
        audio_s: how long the recording is.
    """
    walls: dict[Kind, list[float]] = defaultdict(list)
    for sample in samples:
        walls[sample.kind].append(sample.wall_s * audio_s / sample.audio_s)
    return {
        kind: Usual(sorted(found)[math.ceil(0.95 * len(found)) - 1], len(found))
        for kind, found in walls.items()
        if len(found) >= LEAST_SAMPLES
    }


def timed(attempt: StageMetrics) -> bool:
    """Whether an attempt says how long its work takes."""
    return attempt.outcome == _TIMED and not attempt.cached


def bottlenecks(attempts: Sequence[StageMetrics], known: Mapping[Kind, Usual]) -> tuple[Bottleneck, ...]:
    """What holds a job up, the largest share first.

    Args:
        attempts: the job's.
        known: what such attempts usually take.
    """
    work_s = sum(attempt.wall_s for attempt in attempts)
    stages: dict[tuple[str, str], list[StageMetrics]] = defaultdict(list)
    for attempt in attempts:
        stages[attempt.stage, attempt.target].append(attempt)
    found = [each for stage in stages.values() for each in _of_stage(stage, work_s, known)] if work_s else []
    return tuple(sorted(found, key=lambda each: (-each.share, each.cause)))


def _of_stage(attempts: Sequence[StageMetrics], work_s: float, known: Mapping[Kind, Usual]) -> Iterator[Bottleneck]:
    wall_s = sum(attempt.wall_s for attempt in attempts)
    share = min(1.0, wall_s / work_s)
    slowest = max(attempts, key=lambda attempt: (timed(attempt), attempt.wall_s))
    usually = known.get((slowest.stage, slowest.model)) if timed(slowest) else None
    name = f"{slowest.stage} [{slowest.target}]" if slowest.target else slowest.stage
    p95_s, samples = (usually.p95_s, usually.samples) if usually else (None, 0)
    if share > OVER:
        yield Bottleneck(
            stage=slowest.stage, target=slowest.target, cause="share", wall_s=wall_s, share=share, usual_p95_s=p95_s, samples=samples,
            detail=f"{name} took {wall_s:.1f} s, {share:.0%} of what the job's attempts took together.",
        )  # fmt: skip
    if p95_s is not None and slowest.wall_s > p95_s and share >= LEAST_SHARE:
        yield Bottleneck(
            stage=slowest.stage, target=slowest.target, cause="slower_than_usual", wall_s=slowest.wall_s, share=share, usual_p95_s=p95_s,
            samples=samples,
            detail=f"{name} took {slowest.wall_s:.1f} s; 95 of 100 attempts at recordings as long as this take less than {p95_s:.1f} s "
            f"(known from {samples}).",
        )  # fmt: skip
