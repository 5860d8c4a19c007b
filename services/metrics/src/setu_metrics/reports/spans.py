"""A job's attempts on the clock: when each could have begun, began and ended."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from setu_common.contracts.cost import StageMetrics
from setu_common.contracts.performance import Bottleneck, JobPerformance

Interval = tuple[float, float]


@dataclass(frozen=True)
class Span:
    """One attempt; times are seconds since the first of the job could have begun.

    Args:
        attempt: what it took.
        waits_at_s: when it could have begun.
        begins_at_s: when it began.
        ends_at_s: when it ended.
        holds_up: whether what it is at holds its job up.
        bottlenecks: why, where it is the attempt that tells it: the longest of its stage, or that which took longer than usual.
    """

    attempt: StageMetrics
    waits_at_s: float
    begins_at_s: float
    ends_at_s: float
    holds_up: bool = False
    bottlenecks: tuple[Bottleneck, ...] = ()

    @property
    def whole_s(self) -> float:
        """With its wait."""
        return self.ends_at_s - self.waits_at_s


def spans_of(performance: JobPerformance) -> tuple[Span, ...]:
    """A job's attempts by when they could have begun. Those whose end nobody knows are left out."""
    ended = [(each, each.created_at) for each in performance.stages if each.created_at is not None]
    if not ended:
        return ()
    first = min(_begun(each, at) - timedelta(seconds=each.queue_wait_s) for each, at in ended)
    longest_s: dict[tuple[str, str], float] = defaultdict(float)
    for each, _ in ended:
        longest_s[each.stage, each.target] = max(longest_s[each.stage, each.target], each.wall_s)
    spans = [_span(each, (at - first).total_seconds(), performance.bottlenecks, longest_s) for each, at in ended]
    return tuple(sorted(spans, key=lambda span: (span.waits_at_s, span.ends_at_s)))


def covered_s(intervals: Iterable[Interval]) -> float:
    """How long at least one of them lasts."""
    covered, until = 0.0, float("-inf")
    for begins, ends in sorted(intervals):
        covered += max(0.0, ends - max(begins, until))
        until = max(until, ends)
    return covered


def worked_s(spans: Sequence[Span]) -> float:
    """How long something of the job was worked on."""
    return covered_s((span.begins_at_s, span.ends_at_s) for span in spans)


def only_waited_s(spans: Sequence[Span]) -> float:
    """How long something waited for its turn while nothing was worked on."""
    return covered_s((span.waits_at_s, span.ends_at_s) for span in spans) - worked_s(spans)


def longest(spans: Sequence[Span], at_most: int) -> tuple[Span, ...]:
    """So many of them that take longest, in their order; those that hold the job up before others."""
    if len(spans) <= at_most:
        return tuple(spans)
    chosen = sorted(range(len(spans)), key=lambda n: (not spans[n].holds_up, -spans[n].whole_s))[:at_most]
    return tuple(spans[n] for n in sorted(chosen))


def _begun(attempt: StageMetrics, ended_at: datetime) -> datetime:
    return ended_at - timedelta(seconds=attempt.wall_s)


def _span(
    attempt: StageMetrics, ends_at_s: float, bottlenecks: Sequence[Bottleneck], longest_s: Mapping[tuple[str, str], float]
) -> Span:
    begins_at_s = ends_at_s - attempt.wall_s
    own = [each for each in bottlenecks if (each.stage, each.target) == (attempt.stage, attempt.target)]
    told = [
        each for each in own if attempt.wall_s >= (longest_s[each.stage, each.target] if each.cause == "share" else each.wall_s)
    ]
    return Span(attempt, max(0.0, begins_at_s - attempt.queue_wait_s), max(0.0, begins_at_s), ends_at_s, bool(own), tuple(told))
