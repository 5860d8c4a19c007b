"""Boosted trees: grown from a table, asked for a column, and for what each figure did to it. XGBoost is imported here alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

VERSION: Final[str] = xgb.__version__
Table = NDArray[np.float32]
"""float32, shape (n, columns); NaN: not known."""
Column = NDArray[np.float64]
"""float64, shape (n,)."""

# For hundreds of recordings: shallow trees, small steps, leaves of several examples, each tree on a part of rows and columns.
_GENTLE: Final[dict[str, Any]] = {  # Any: XGBoost's parameters
    "tree_method": "hist",
    "eta": 0.05,
    "min_child_weight": 4,
    "subsample": 0.7,
    "colsample_bytree": 0.6,
    "lambda": 3.0,
    "nthread": 1,
    "seed": 7,
}


@dataclass(frozen=True)
class Growth:
    """How trees are grown.

    Args:
        rounds: how many.
        monotone: by column: 1 where what is predicted may not fall when it grows, -1 where it may not rise, 0 where either.
        quantiles: that are predicted; none: the mean.
        depth: of a tree.
        contrast: how many times as much it counts how rows that belong together differ as where they lie; not for quantiles.
    """

    rounds: int
    monotone: tuple[int, ...]
    quantiles: tuple[float, ...] = ()
    depth: int = 3
    contrast: float = 0.0

    @property
    def parameters(self) -> dict[str, Any]:  # Any: XGBoost's parameters
        """As XGBoost takes them."""
        told = _GENTLE | {"max_depth": self.depth, "monotone_constraints": f"({','.join(map(str, self.monotone))})"}
        if self.quantiles:
            return told | {"objective": "reg:quantileerror", "quantile_alpha": list(self.quantiles)}
        return told | {"objective": "reg:squarederror"}


@dataclass(frozen=True)
class Rows:
    """What trees are grown from.

    Args:
        table: what is known.
        target: what is to be predicted.
        weights: how much each row counts; above 0.
        together: rows with the same number belong together, such as those of one recording.
    """

    table: Table
    target: Column
    weights: Column
    together: NDArray[np.int64]

    def only(self, chosen: NDArray[np.int64]) -> "Rows":
        """Some of them, by their places."""
        return Rows(self.table[chosen], self.target[chosen], self.weights[chosen], self.together[chosen])

    def matrix(self) -> xgb.DMatrix:
        """As XGBoost takes them."""
        return xgb.DMatrix(self.table, label=self.target, weight=self.weights, nthread=1)


class Trees:
    """Trees that have been grown. Threads may share them."""

    def __init__(self, booster: xgb.Booster) -> None:
        self._booster = booster

    @classmethod
    def grown(cls, rows: Rows, growth: Growth) -> "Trees":
        """Grow them. The same rows give the same trees."""
        return cls(_trained(rows, growth))

    @classmethod
    def read(cls, data: bytes) -> "Trees":
        """What ``data`` wrote. Whoever calls has made sure that it is whole.

        Raises:
            ValueError: it is no model that this version reads.
        """
        booster = xgb.Booster()
        try:
            booster.load_model(bytearray(data))
        except (xgb.core.XGBoostError, UnicodeDecodeError) as error:
            raise ValueError(f"XGBoost {VERSION} can't read the trees") from error
        booster.set_param({"nthread": 1})
        return cls(booster)

    @property
    def data(self) -> bytes:
        """The trees, in XGBoost's binary JSON."""
        return bytes(self._booster.save_raw("ubj"))

    @property
    def columns(self) -> int:
        """How many columns they look at."""
        return int(self._booster.num_features())

    def ask(self, table: Table) -> NDArray[np.float64]:
        """What they predict.

        Returns:
            float64, shape (n,), or (n, quantiles).
        """
        return np.asarray(self._booster.inplace_predict(table, missing=np.nan), dtype=np.float64)

    def contributions(self, row: Table) -> tuple[Column, float]:
        """What each column did to the prediction for one row, and what is predicted of none in particular. They add up to it.

        Source: TreeSHAP (Lundberg et al. 2018, arXiv 1802.03888), as XGBoost computes it.
        """
        matrix = xgb.DMatrix(row.reshape(1, -1), nthread=1)
        parts = np.asarray(self._booster.predict(matrix, pred_contribs=True), dtype=np.float64)[0]
        return parts[:-1], float(parts[-1])


def left_out(
    rows: Rows, growth: Growth, folds: Sequence[Sequence[int]], fewest: int | None = None
) -> tuple[int, NDArray[np.float64]]:
    """What is predicted for each row by trees that were grown without its fold, and how many trees are best so.

    Args:
        rows: what trees are grown from.
        growth: how, with the most rounds that are tried.
        folds: places of rows that are left out together; each row is in one.
        fewest: rounds that are tried; None: just as many as ``growth`` says.

    Returns:
        The number of rounds at which the mean squared error over all rows is least, and the predictions with so many, as ``Trees.ask`` has them.
    """
    squares = np.zeros(growth.rounds)
    grown = []
    for fold in folds:
        left, rest = rows.only(np.array(fold)), rows.only(np.setdiff1d(np.arange(len(rows.table)), fold))
        if fewest is None:
            grown.append(_trained(rest, growth))
            continue
        watched: dict[str, dict[str, list[float]]] = {}
        grown.append(_trained(rest, growth, evals=[(left.matrix(), "left")], evals_result=watched, verbose_eval=False))
        squares += np.square(watched["left"]["rmse"]) * left.weights.sum()
    rounds = growth.rounds if fewest is None else fewest + int(np.argmin(squares[fewest - 1 :]))
    predicted = np.zeros((len(rows.table), max(1, len(growth.quantiles))))
    for fold, booster in zip(folds, grown, strict=True):
        asked = booster.inplace_predict(rows.table[np.array(fold)], iteration_range=(0, rounds), missing=np.nan)
        predicted[fold] = np.asarray(asked).reshape(len(fold), -1)
    return rounds, predicted if growth.quantiles else predicted[:, 0]


def _trained(rows: Rows, growth: Growth, **watching: Any) -> xgb.Booster:  # noqa: ANN401 XGBoost's arguments
    """A booster. With a contrast, the squared distances of rows from the mean of those that they belong to count beside their own.

    Else where rows lie would drown how they differ: recordings are far apart, the ways to transcribe one of them near to one another.
    """
    told = growth.parameters | {"eval_metric": "rmse"} if watching else growth.parameters
    if not growth.contrast or growth.quantiles:
        return xgb.train(told, rows.matrix(), growth.rounds, **watching)
    _, place = np.unique(rows.together, return_inverse=True)
    totals = np.bincount(place, rows.weights)
    curvature = 1 + growth.contrast * (1 - rows.weights / totals[place])

    def steps(expected: Column, _: xgb.DMatrix) -> tuple[Column, Column]:
        off = expected - rows.target
        apart = off - (np.bincount(place, rows.weights * off) / totals)[place]
        return rows.weights * (off + growth.contrast * apart), rows.weights * curvature

    stiffer = float(np.average(curvature, weights=rows.weights))
    told |= {name: _GENTLE[name] * stiffer for name in ("min_child_weight", "lambda")}
    told |= {"base_score": float(np.average(rows.target, weights=rows.weights))}
    return xgb.train(told, rows.matrix(), growth.rounds, obj=steps, **watching)
