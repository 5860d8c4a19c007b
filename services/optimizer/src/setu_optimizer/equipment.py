"""What the service's processes work with, made of settings."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry

from setu_common.clients import OperationsClient
from setu_common.clients.asr import AsrClient
from setu_common.db import Database, aside
from setu_common.http import HttpCaller, create_client
from setu_common.operations import Hints, Keepsakes, Operations
from setu_common.settings import DatabaseSettings
from setu_common.store import Store
from setu_optimizer.knowledge import KEEPSAKE, Curation, Knowledge
from setu_optimizer.observing import Observations, Observer, Spending, ageing
from setu_optimizer.observing.confidence import shipped_estimator
from setu_optimizer.observing.metrics import LearningMetrics
from setu_optimizer.observing.minutes import Minutes
from setu_optimizer.observing.second import SecondHearer, SecondHearings
from setu_optimizer.observing.watch import DriftWatch
from setu_optimizer.predictors.champion import Champion
from setu_optimizer.predictors.registry import Predictors
from setu_optimizer.predictors.tables import published
from setu_optimizer.repository import NAMED, RETIRE
from setu_optimizer.retraining.measured import measured_examples
from setu_optimizer.retraining.retrainer import Retrainer
from setu_optimizer.retraining.timetable import Timetable
from setu_optimizer.service import Predictions
from setu_optimizer.settings import SERVICE, OptimizerSettings

KEEPSAKES: Final = (Keepsakes(retire=RETIRE, named=NAMED), KEEPSAKE, *ageing.KEEPSAKES)
"""The service's own tables that age and name objects; both workers end what is too old."""
_ASKING_S: Final = 2.0


@asynccontextmanager
async def predicting(settings: OptimizerSettings) -> AsyncIterator[Predictions]:
    """Predictions, for as long as a process or a worker's child lives."""
    table, told = published(), settings.prediction
    database = Database(aside(settings.core.database), SERVICE)
    registry = Predictors(database, Store(settings.core.store, SERVICE))
    token = settings.trust.service_token
    async with create_client(told.asr_url, service_token=token, timeout_s=_ASKING_S, connect_timeout_s=_ASKING_S) as client:
        asr = AsrClient(HttpCaller(client, name="asr"))
        champion = Champion(
            registry,
            asr.candidates,
            table,
            told.look_every_s,
            clock=registry.clock,
            usd_per_hour=settings.usd_per_hour,
        )
        predictions = Predictions(champion.current if told.predict else None, table, settings.default.plan(), told.timeout_s)
        try:
            yield predictions
        finally:
            predictions.close()
            await champion.close()
            await database.close()


class Memory(NamedTuple):
    """What is remembered, and people's part in it."""

    knowledge: Knowledge
    curation: Curation
    observations: Observations
    spending: Spending


@asynccontextmanager
async def remembering(settings: OptimizerSettings, connections: DatabaseSettings) -> AsyncIterator[Memory]:
    """The memory across episodes and jobs, for as long as a process or a worker's child lives.

    Args:
        settings: the service's.
        connections: where the database is, and how many connections to it are kept.
    """
    database, store = Database(connections, SERVICE), Store(settings.core.store, SERVICE)
    hints = Hints(settings.core.redis)
    operations = Operations(database, store, hints, settings.core.operations)
    async with create_client(settings.prediction.asr_url, service_token=settings.trust.service_token) as client:
        minutes = Minutes(database, store, OperationsClient(HttpCaller(client, name="asr")))
        observations = Observations(database, operations, minutes)
        try:
            yield Memory(Knowledge(database), Curation(database), observations, Spending(database))
        finally:
            await operations.close()
            hints.close()
            await database.close()


class Learning(NamedTuple):
    """Those who learn."""

    observer: Observer
    retrainer: Retrainer
    second: SecondHearer


@asynccontextmanager
async def learning(settings: OptimizerSettings) -> AsyncIterator[Learning]:
    """Those who learn from what is over, for as long as a worker's child lives."""
    database, store = Database(aside(settings.core.database), SERVICE), Store(settings.core.store, SERVICE)
    predictors, table = Predictors(database, store), published()
    hints = Hints(settings.core.redis)
    operations = Operations(database, store, hints, settings.core.operations)
    registry = CollectorRegistry()  # in a worker's child whichever is at hand will do, since children count together
    observer = Observer(
        database=database,
        store=store,
        knowledge=Knowledge(database),
        estimator=shipped_estimator(),
        metrics=LearningMetrics(registry),
        watch=DriftWatch(database, predictors, registry),
        second=SecondHearings(operations, settings.learning.second_share),
    )
    token = settings.trust.service_token
    async with create_client(settings.prediction.asr_url, service_token=token) as client:
        asr = HttpCaller(client, name="asr")
        minutes = Minutes(database, store, OperationsClient(asr))
        second = SecondHearer(
            database=database, store=store, minutes=minutes, candidates=AsrClient(asr).candidates, table=table
        )
        try:
            yield Learning(observer, Retrainer(database, predictors, measured_examples, table), second)
        finally:
            await operations.close()
            hints.close()
            await database.close()


@asynccontextmanager
async def trained_regularly(operations: Operations, settings: OptimizerSettings) -> AsyncIterator[None]:
    """Have a model trained every week, for as long as a process lives that thinks of it."""
    if not settings.learning.retrain:
        yield
        return
    database = Database(aside(settings.core.database), SERVICE)
    running = asyncio.create_task(Timetable(operations, database).run())
    try:
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await database.close()
