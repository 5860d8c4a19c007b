"""The watch over drift: of recordings, and of predictions."""

import time
from collections.abc import Callable
from typing import Final

import numpy as np
import structlog
from prometheus_client import CollectorRegistry, Gauge

from setu_common.db import Database
from setu_common.errors import SetuError
from setu_optimizer.domain.observing.drift import Drift, drift_of
from setu_optimizer.domain.prediction.features import FEATURES, vector_from
from setu_optimizer.observing import repository
from setu_optimizer.predictors.bundle import unpacked
from setu_optimizer.predictors.registry import Predictors

DAYS: Final = 7
MOST: Final = 5000
LOOK_EVERY_S: Final = 3600.0

log = structlog.get_logger()


class DriftWatch:
    """Tells Prometheus how far the last week's jobs are from what was learned and predicted, and warns.

    ``setu_optimizer_feature_drift{feature}``, ``setu_optimizer_time_off``, ``setu_optimizer_time_bias``, ``setu_optimizer_wer_off``.

    Args:
        database: the optimizer's.
        predictors: has the model and what it learned from.
        registry: where it is told.
        clock: monotonic, seconds.
    """

    def __init__(
        self,
        database: Database,
        predictors: Predictors,
        registry: CollectorRegistry,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._predictors = predictors
        self._clock = clock
        self._looked_at_s = float("-inf")
        self._moved = _gauge("feature_drift", "Population stability of a figure, last week's jobs", registry, ("feature",))
        self._time_off = _gauge("time_off", "Median distance of times from predicted ones, as a logarithm", registry)
        self._time_bias = _gauge("time_bias", "Median logarithm of times over predicted ones", registry)
        self._wer_off = _gauge("wer_off", "Mean distance of counted error rates from predicted ones", registry)

    async def sometimes(self) -> Drift | None:
        """Look if the last look was an hour ago. That it can't be told now harms nobody."""
        if self._clock() - self._looked_at_s < LOOK_EVERY_S:
            return None
        self._looked_at_s = self._clock()
        try:
            return await self.look()
        except SetuError as error:
            log.info("drift.unknown", reason=error.detail)
            return None

    async def look(self) -> Drift:
        """Look, and tell.

        Raises:
            ModelUnusable: there is no model that anything was learned for.
            ObjectMissing: its file is gone.
            DependencyUnavailable: the database or the store is away.
        """
        learned = unpacked(await self._predictors.data(await self._predictors.champion())).experience.figures
        async with self._database.reading() as connection:
            rows = await repository.recent(connection, DAYS, MOST)
        seen = np.array([vector_from(figures) for figures, _ in rows], dtype=np.float32).reshape(len(rows), len(FEATURES))
        drift = drift_of(learned, seen, [outcome for _, outcome in rows])
        for name, value in drift.moved.items():
            self._moved.labels(name).set(value)
        told = ((self._time_off, drift.time_off), (self._time_bias, drift.time_bias), (self._wer_off, drift.wer_off))
        for gauge, figure in told:
            if figure is not None:
                gauge.set(figure)
        if drift.warnings:
            log.warning("optimizer.drifted", jobs=drift.jobs, warnings=list(drift.warnings))
        return drift


def _gauge(name: str, said: str, registry: CollectorRegistry, labels: tuple[str, ...] = ()) -> Gauge:
    return Gauge(f"setu_optimizer_{name}", said, labels, registry=registry, multiprocess_mode="livemostrecent")
