"""A job's attempts on the clock: when each could have begun, began and ended."""

from collections.abc import Iterable, Sequence
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
        bottlenecks: why it holds its job up.
    """

    attempt: StageMetrics
    waits_at_s: float
    begins_at_s: float
    ends_at_s: float
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
    spans = [_span(each, (at - first).total_seconds(), performance.bottlenecks) for each, at in ended]
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
    chosen = sorted(range(len(spans)), key=lambda n: (not spans[n].bottlenecks, -spans[n].whole_s))[:at_most]
    return tuple(spans[n] for n in sorted(chosen))


def _begun(attempt: StageMetrics, ended_at: datetime) -> datetime:
    return ended_at - timedelta(seconds=attempt.wall_s)


def _span(attempt: StageMetrics, ends_at_s: float, bottlenecks: Sequence[Bottleneck]) -> Span:
    begins_at_s = ends_at_s - attempt.wall_s
    own = tuple(each for each in bottlenecks if (each.stage, each.target) == (attempt.stage, attempt.target))
    return Span(attempt, max(0.0, begins_at_s - attempt.queue_wait_s), max(0.0, begins_at_s), ends_at_s, own)
