"""The optimizer's database, its store, and work at hand."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from setu_common.clients import OperationsClient
from setu_common.cost.ledger import migrate_ledger
from setu_common.db import Database, migrate
from setu_common.http import HttpCaller, create_client
from setu_common.operations import Hints, Operations
from setu_common.settings import DatabaseSettings, OperationSettings
from setu_common.store import Store
from setu_optimizer.migrate import VERSIONS
from setu_optimizer.observing import Observations
from setu_optimizer.observing.minutes import Minutes
from setu_optimizer.predictors import training
from setu_optimizer.predictors.predictor import Predictor
from setu_optimizer.predictors.tables import published
from setu_optimizer.predictors.training import train
from testbed.hearings import SIZES, heard


class HandWork:
    """The work at hand, as a handler sees it, without a worker."""

    job_id: UUID | None = None
    attempt = 1
    cancelled = False

    def __init__(self, tenant: str = "acme") -> None:
        self.operation_id = uuid4()
        self.tenant = tenant
        self.reported: list[tuple[float, str]] = []

    def progress(self, fraction: float, note: str = "") -> None:
        self.reported.append((fraction, note))

    async def in_thread(self, function, *args, **kwargs):
        return await asyncio.to_thread(function, *args, **kwargs)


@pytest.fixture
def work() -> HandWork:
    return HandWork()


@pytest.fixture
def optimizer_database_settings(cloned_database):
    """A database with the optimizer's schema in it, and the ledger."""

    def migrated(settings: DatabaseSettings) -> None:
        migrate(settings, "optimizer", VERSIONS)
        migrate_ledger(settings)

    return cloned_database("optimizer_and_ledger", migrated)


@pytest.fixture
async def database(optimizer_database_settings) -> AsyncIterator[Database]:
    database = Database(optimizer_database_settings, "optimizer")
    yield database
    await database.close()


@pytest.fixture
def store(store_settings) -> Store:
    return Store(store_settings, "optimizer")


@pytest.fixture
async def operations(database, store, redis_settings) -> AsyncIterator[Operations]:
    hints = Hints(redis_settings)
    operations = Operations(database, store, hints, OperationSettings())
    yield operations
    await operations.close()
    hints.close()


@pytest.fixture
async def observations(database, store, operations) -> AsyncIterator[Observations]:
    """What was observed, where the asr service is away."""
    async with create_client("http://127.0.0.1:9", service_token=None) as client:
        yield Observations(database, operations, Minutes(database, store, OperationsClient(HttpCaller(client, name="asr"))))


@contextmanager
def few_trees(most: int) -> Iterator[None]:
    """Train with so many at most."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "MOST_ROUNDS", most)
        patch.setattr(training, "MOST_TIME_ROUNDS", max(most // 2, training.FEWEST_ROUNDS))
        yield


@pytest.fixture(scope="module")
def soon_trained() -> Iterator[None]:
    """Models of few trees, for tests in which it does not matter how good one is."""
    with few_trees(80):
        yield


@pytest.fixture
def soon_trained_here() -> Iterator[None]:
    """The same for one test among others in which it does."""
    with few_trees(80):
        yield


@pytest.fixture
def as_soon_as_can_be() -> Iterator[None]:
    """Models of hardly any tree, for tests of what is told beside the trees."""
    with few_trees(training.FEWEST_ROUNDS):
        yield


@pytest.fixture(scope="session")
def model() -> bytes:
    """A model that has learned from 60 made-up recordings, each heard in four ways."""
    return train(
        heard(60, seed=1), SIZES, kind="made-up", description="made-up recordings", now=datetime(2026, 11, 26, tzinfo=UTC)
    )


@pytest.fixture(scope="session")
def predictor(model) -> Predictor:
    return Predictor.read(model, published())
