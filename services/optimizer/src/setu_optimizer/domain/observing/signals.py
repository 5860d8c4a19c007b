"""What a recogniser says of its own work: the same figures that evals/recognition writes into its table."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from setu_common.contracts import Contract, Segment, Transcript
from setu_optimizer.domain.observing.tokens import tokens

LOW: Final = 0.1
"""The quantile of log-probabilities that stands for the worst stretches."""
SHORTEST_S: Final = 0.01
"""A segment counts for so long at least."""


class Signals(Contract):
    """How sure a recogniser was of a transcript. What its engine does not tell is None.

    Args:
        avg_logprob: mean of the segments', weighted by their length; natural logarithm.
        low_logprob: their tenth percentile, weighted likewise.
        no_speech_prob: mean, weighted likewise, 0..1.
        compression_ratio: mean, weighted likewise.
        removed_ratio: of the recording: what was taken out since nobody had said it, 0..1.
        words_per_s: heard, per second of the recording.
    """

    avg_logprob: float | None = None
    low_logprob: float | None = None
    no_speech_prob: float | None = None
    compression_ratio: float | None = None
    removed_ratio: float = 0.0
    words_per_s: float = 0.0


def signals_of(transcript: Transcript) -> Signals:
    """The signals of a transcript."""
    duration_s = max(transcript.duration_s, SHORTEST_S)
    removed_s = sum(each.end_s - each.start_s for each in transcript.removed)
    count = sum(len(tokens(each.text, transcript.language)) for each in transcript.segments)
    return Signals(
        avg_logprob=_mean(transcript.segments, "avg_logprob"),
        low_logprob=_low(transcript.segments),
        no_speech_prob=_mean(transcript.segments, "no_speech_prob"),
        compression_ratio=_mean(transcript.segments, "compression_ratio"),
        removed_ratio=min(max(removed_s / duration_s, 0.0), 1.0),
        words_per_s=count / duration_s,
    )


def _mean(segments: Sequence[Segment], name: str) -> float | None:
    values, weights = _weighted(segments, name)
    return float(np.average(values, weights=weights)) if values else None


def _low(segments: Sequence[Segment]) -> float | None:
    values, weights = _weighted(segments, "avg_logprob")
    if not values:
        return None
    order = np.argsort(values)
    reached = np.cumsum(np.asarray(weights)[order]) / sum(weights)
    return float(np.asarray(values)[order][int(np.searchsorted(reached, LOW))])


def _weighted(segments: Sequence[Segment], name: str) -> tuple[list[float], list[float]]:
    known = [each for each in segments if getattr(each, name) is not None]
    return [getattr(each, name) for each in known], [max(each.end_s - each.start_s, SHORTEST_S) for each in known]
