"""Whether recordings are still like those that were learned from, and predictions still come true."""

from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from setu_common.contracts import AsrPlan, Candidate
from setu_optimizer.domain.observing.drift import MOVED, Outcome, drift_of, stability
from setu_optimizer.domain.observing.labels import Label
from setu_optimizer.domain.prediction.features import FEATURES
from setu_optimizer.observing import repository
from setu_optimizer.observing.repository import Observation
from setu_optimizer.observing.watch import LOOK_EVERY_S, DriftWatch
from setu_optimizer.predictors.registry import Kept
from testbed.hearings import figures_of

if TYPE_CHECKING:
    from setu_optimizer.predictors.registry import Predictors

SNR = next(place for place, feature in enumerate(FEATURES) if feature.name == "snr_db")


def recordings(count: int, seed: int) -> np.ndarray:
    dice = np.random.default_rng(seed)
    return np.vstack([figures_of(float(dice.uniform()), dice) for _ in range(count)])


def test_the_same_kind_of_recordings_has_not_moved():
    drift = drift_of(recordings(200, 1), recordings(400, 2), [])
    assert max(drift.moved.values()) < MOVED
    assert drift.warnings == ()


def test_one_figure_that_moves_is_named_alone():
    seen = recordings(400, 2)
    seen[:, SNR] -= 12
    drift = drift_of(recordings(200, 1), seen, [])
    assert [name for name, value in drift.moved.items() if value > MOVED] == ["snr_db"]
    assert "snr_db has moved" in drift.warnings[0]


def test_a_figure_that_is_known_no_more_has_moved():
    seen = recordings(400, 2)
    seen[: len(seen) * 3 // 4, SNR] = np.nan
    assert stability(recordings(200, 1)[:, SNR], seen[:, SNR]) > MOVED


def test_a_figure_that_is_always_the_same_is_no_drift():
    same = np.full(100, 3.0, dtype=np.float32)
    assert stability(same, same) == pytest.approx(0, abs=1e-3)


def test_few_jobs_say_nothing():
    drift = drift_of(recordings(200, 1), recordings(10, 2), [Outcome(9.0, 1.0, 0.9, 0.1)] * 10)
    assert (drift.moved, drift.time_off, drift.wer_off, drift.warnings) == ({}, None, None, ())


def test_times_and_errors_that_are_off_are_told_with_their_direction():
    slow = [Outcome(20.0, 10.0, 0.2, 0.1)] * 40
    drift = drift_of(recordings(200, 1), recordings(40, 2), slow)
    assert drift.time_off == pytest.approx(np.log(2))
    assert drift.time_bias == pytest.approx(np.log(2))
    assert drift.wer_off == pytest.approx(0.1)
    assert "times are off by a factor of 2.0" in drift.warnings
    assert "error rates are off by 10.0 points" in drift.warnings
    unknown = drift_of(recordings(200, 1), recordings(40, 2), [Outcome(None, 10.0, None, 0.1)] * 40)
    assert (unknown.time_off, unknown.wer_off) == (None, None)


class OneModel:
    def __init__(self, model: bytes) -> None:
        self._model = model

    async def champion(self) -> Kept:
        return Kept(id=None, name="made-up", state="champion", file=None)

    async def data(self, _kept: Kept) -> bytes:
        return self._model


async def test_the_last_weeks_jobs_are_looked_at_once_an_hour(database, model):
    candidate = Candidate(model="whisper-base")
    async with database.transaction() as connection:
        for number, figures in enumerate(recordings(40, 3)):
            named = {feature.name: float(value) for feature, value in zip(FEATURES, figures, strict=True)}
            seen = Observation(
                source="job",
                recording=str(number),
                job_id=None,
                work="w",
                language="en",
                profile=named,
                plan=AsrPlan(),
                candidate=candidate,
                duration_s=60,
                model_time_s=20,
                expected_time_s=10,
                expected_wer=0.1,
            )
            await repository.keep(connection, "acme", seen, Label(0.3, "estimated", 0.25))
    now_s = 0.0
    registry = CollectorRegistry()
    watch = DriftWatch(database, cast("Predictors", OneModel(model)), registry, clock=lambda: now_s)
    drift = await watch.sometimes()
    assert drift is not None
    assert drift.jobs == 40
    assert await watch.sometimes() is None
    now_s = LOOK_EVERY_S
    assert await watch.sometimes() is not None
    assert registry.get_sample_value("setu_optimizer_time_off") == pytest.approx(np.log(2))
    assert registry.get_sample_value("setu_optimizer_feature_drift", {"feature": "snr_db"}) == drift.moved["snr_db"]
    assert drift.wer_off is None, "an estimate is no evidence against a prediction"
