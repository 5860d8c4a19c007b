"""A model that has been loaded, and what it expects."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from setu_common.contracts import Candidate, PlanReason
from setu_optimizer.domain.prediction.features import FEATURES, TRAITS, Vector, is_probed, rows_of, unprobed
from setu_optimizer.domain.prediction.policy import Expected
from setu_optimizer.domain.prediction.priors import Table
from setu_optimizer.domain.prediction.ranges import Margins
from setu_optimizer.domain.prediction.reasons import points_of, reasons_of
from setu_optimizer.domain.prediction.shrinking import shrunk
from setu_optimizer.predictors.bundle import Bundle, Grown, unpacked
from setu_optimizer.predictors.manifest import Manifest, Side


class Predictor:
    """Says what is expected of ways that it has learned about. Threads may share it.

    Args:
        bundle: the model.
        table: what is known of models.
    """

    def __init__(self, bundle: Bundle, table: Table) -> None:
        self._bundle = bundle
        self._sizes = {name: published.size for name, published in table.items()}
        self._factors = {each.candidate: each.time_factor for each in bundle.manifest.candidates}
        self._apart = {each.candidate: each.apart for each in bundle.manifest.candidates}

    @classmethod
    def read(cls, data: bytes, table: Table) -> "Predictor":
        """A model from its file.

        Raises:
            ModelUnusable: see ``unpacked``.
        """
        return cls(unpacked(data), table)

    @property
    def manifest(self) -> Manifest:
        """What is said of the model."""
        return self._bundle.manifest

    def knows(self, candidate: Candidate) -> bool:
        """Whether a way was learned about."""
        return candidate in self._factors and candidate.model in self._sizes

    def time_factor(self, candidate: Candidate) -> float | None:
        """What a way takes of easy recordings where its examples were measured; None: not known."""
        return self._factors.get(candidate)

    def strange(self, recording: Vector, language: str) -> str:
        """Why a recording is out of experience, as the end of a sentence; empty if it is not."""
        learned = self._bundle.experience.languages
        if language not in learned:
            others = f"; only {', '.join(learned)}" if learned else ""
            return f"nothing was learned from recordings in its language ({language}{others})"
        return self._bundle.experience.strange(recording)

    def expect(self, recording: Vector, duration_s: float, ways: Sequence[Candidate]) -> list[Expected]:
        """What is expected of each way; all of them are asked about at once.

        Args:
            recording: its figures, in the order of FEATURES.
            duration_s: of it.
            ways: that were learned about.
        """
        grown, side, figures = self._side(recording)
        table = rows_of(figures, tuple(ways), self._sizes)
        usual = np.array([self._apart.get(way) for way in ways], dtype=np.float64)  # None: NaN
        wer, low, high = _errors(table, grown, side, usual)
        factor, fast, slow = _times(table, grown, side)
        return [
            Expected(
                candidate=way,
                wer=float(wer[place]),
                wer_low=float(min(low[place], wer[place])),
                wer_high=float(max(high[place], wer[place])),
                time_s=float(factor[place]) * duration_s,
                time_low_s=float(min(fast[place], factor[place])) * duration_s,
                time_high_s=float(max(slow[place], factor[place])) * duration_s,
            )
            for place, way in enumerate(ways)
        ]

    def guess(self, recording: Vector, ways: tuple[Candidate, ...]) -> list[tuple[float, float]]:
        """Errors per word and time factor of each way, as a comparison of two models asks for them."""
        return [(each.wer, each.time_s) for each in self.expect(recording, 1.0, ways)]

    def ranges(self, recording: Vector, ways: tuple[Candidate, ...]) -> list[tuple[float, float]]:
        """The ends of the range of errors per word of each way, as ``coverage_of`` asks for them."""
        return [(each.wer_low, each.wer_high) for each in self.expect(recording, 1.0, ways)]

    def reasons(self, recording: Vector, way: Candidate) -> tuple[PlanReason, ...]:
        """What the recording's figures did to the expected errors of a way."""
        grown, _, figures = self._side(recording)
        parts, bias = grown.errors.contributions(rows_of(figures, (way,), self._sizes)[0])
        # What the way itself does is no reason of the recording: it is what its figures are set against.
        way_part = float(parts[len(FEATURES) : len(FEATURES) + len(TRAITS)].sum())
        return reasons_of(points_of(parts[: len(FEATURES)], bias + way_part), figures)

    def _side(self, recording: Vector) -> tuple[Grown, Side, Vector]:
        """The trees for a recording, how they were grown, and what they are shown of it."""
        bundle, manifest = self._bundle, self._bundle.manifest
        if bundle.probed is not None and manifest.probed is not None and is_probed(recording):
            return bundle.probed, manifest.probed, recording
        return bundle.unprobed, manifest.unprobed, unprobed(recording)


def _errors(
    table: NDArray[np.float32], grown: Grown, side: Side, usual: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Errors per word, and the ends of their range: trees predict their roots, whose differences are believed as far as they came true."""
    drawn = shrunk(grown.errors.ask(table), usual, np.zeros(len(table), dtype=np.int64), side.trust)
    roots = np.maximum(drawn, 0.0)
    bounds = grown.ranges.ask(table)
    low, high = Margins(side.low, side.high).widen(bounds[:, 0], bounds[:, 1])
    return side.bias * roots**2, np.maximum(low, 0.0) ** 2, np.maximum(high, 0.0) ** 2


def _times(
    table: NDArray[np.float32], grown: Grown, side: Side
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Time factors, and the ends of their range: trees predict their logarithms."""
    if grown.times is None:
        unknown = np.zeros(len(table))
        return unknown, unknown, unknown
    logs = grown.times.ask(table)
    low, high = Margins(side.time_low, side.time_high).widen(logs, logs)
    return np.exp(logs), np.exp(low), np.exp(high)
