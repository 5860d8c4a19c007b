"""Predictions beside the clock and other work: what a second is, what it costs, and who else may go on meanwhile."""

import asyncio
import threading
from decimal import Decimal
from uuid import uuid4

import numpy as np
import pytest

from setu_common.contracts import AsrPlan, AudioProfile, InstalledCandidate, InstalledCandidates, Prediction, PredictionRequest
from setu_common.errors import DependencyUnavailable
from setu_optimizer.domain.observing.labels import Label
from setu_optimizer.domain.prediction.features import FEATURES, PROBED
from setu_optimizer.observing import repository
from setu_optimizer.observing.repository import Observation
from setu_optimizer.predictors.answering import answer
from setu_optimizer.predictors.champion import Champion
from setu_optimizer.predictors.machine import Machine
from setu_optimizer.predictors.registry import CLOCK_FEWEST, SHIPPED, Kept, Predictors
from setu_optimizer.predictors.tables import published
from setu_optimizer.service import Predictions
from testbed.hearings import BASE_5, FACTORS, TINY, WAYS, figures_of

pytestmark = pytest.mark.timeout(400)  # a model is trained for all of them, with whatever the machine has left
DEFAULT = AsrPlan(model="whisper-base")
TABLE = published()


class Shipped:
    """Has one model."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def champion(self) -> Kept:
        return SHIPPED

    async def data(self, kept: Kept) -> bytes:
        return self._data


def asked() -> PredictionRequest:
    """A recording that nobody has probed."""
    figures = figures_of(0.05, np.random.default_rng(4)).tolist()
    known = {each.name: value for each, value, probed in zip(FEATURES, figures, PROBED, strict=True) if not probed}
    return PredictionRequest(profile=AudioProfile.model_validate({"track": "0", "language": "en", **known}))


async def two() -> InstalledCandidates:
    return InstalledCandidates(candidates=(InstalledCandidate(candidate=BASE_5), InstalledCandidate(candidate=TINY)))


async def predicted(champion: Champion, request: PredictionRequest) -> Prediction:
    predictions = Predictions(champion.current, TABLE, DEFAULT, 60)
    try:
        return await predictions.predict(request)
    finally:
        predictions.close()


async def test_deadlines_are_told_by_the_clock_of_late_and_budgets_by_the_price_of_an_hour(model, monkeypatch):
    monkeypatch.setattr("setu_optimizer.predictors.champion.PATIENCE_S", 60)

    async def busy():
        return 4.0

    async def away():
        raise DependencyUnavailable("nobody answers")

    for clock, times, free in ((busy, 4.0, False), (away, 1.0, True)):
        champion = Champion(Shipped(model), two, TABLE, 60, clock=clock, usd_per_hour=Decimal(0 if free else 36))
        _, machine = await champion.current()
        assert machine.clock == times
        prediction = await predicted(champion, asked())
        cost = {each.cost_usd is None for each in prediction.forecasts}
        assert cost == {free}
        slowest = max(prediction.forecasts, key=lambda each: each.time_high_s)
        hurried = asked().model_copy(update={"deadline_s": 2 * slowest.time_high_s})
        assert bool(ruled_out(await predicted(champion, hurried), slowest.candidate)) is (times > 2)
        poor = asked().model_copy(update={"budget_usd": (slowest.cost_usd or Decimal(1)) / 2})
        assert bool(ruled_out(await predicted(champion, poor), slowest.candidate)) is not free


def ruled_out(prediction, candidate) -> str:
    return next(each.ruled_out for each in prediction.forecasts if each.candidate == candidate)


async def test_whatever_else_runs_goes_on_while_a_prediction_is_computed(predictor, monkeypatch):
    begun, may_end = threading.Event(), threading.Event()

    def slowly(*arguments):
        begun.set()
        assert may_end.wait(60)
        return answer(*arguments)

    monkeypatch.setattr("setu_optimizer.service.answer", slowly)

    async def current():
        listed = (InstalledCandidate(candidate=way, time_factor=FACTORS.get(way)) for way in WAYS)
        return predictor, Machine(InstalledCandidates(candidates=tuple(listed)))

    predictions = Predictions(current, TABLE, DEFAULT, 60)
    asking = asyncio.create_task(predictions.predict(asked()))
    await asyncio.to_thread(begun.wait, 60)
    # Here the loop runs though the prediction can't end; were it computed on the loop, nobody would be left to let it.
    assert begun.is_set()
    assert not asking.done()
    may_end.set()
    assert (await asking).abstained == ""
    predictions.close()


async def test_the_clock_of_late_is_the_median_of_the_last_weeks_jobs_once_there_are_enough(database, store):
    async def jobs(count: int, time_s: float | None, expected_time_s: float | None = 10.0) -> None:
        async with database.transaction() as connection:
            for _ in range(count):
                job_id = uuid4()
                seen = Observation(
                    "job", str(job_id), job_id, "w", "en", {}, DEFAULT, BASE_5, 60, None, None, time_s, 0.1, expected_time_s
                )
                await repository.keep(connection, "acme", seen, Label(0.1, "estimated", 0.25))

    registry = Predictors(database, store)
    assert await registry.clock() is None
    await jobs(CLOCK_FEWEST - 1, 30.0)
    await jobs(5, None)  # reused, or another engine stood in
    await jobs(5, 90.0, None)  # nothing had been predicted
    assert await registry.clock() is None
    await jobs(2, 900.0)
    assert await registry.clock() == pytest.approx(3.0)
    async with database.transaction() as connection:
        await connection.exec_driver_sql(
            "UPDATE observation SET created_at = now() - interval '8 days' WHERE model_time_s = 900"
        )
    assert await registry.clock() is None
