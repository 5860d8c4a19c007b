"""A migrated database, a store and the gateway's parts on them."""

from base64 import b64encode
from collections.abc import AsyncIterator

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from setu_common.cost.ledger import migrate_ledger
from setu_common.db import Database, migrate
from setu_common.operations import Operations
from setu_common.settings import CoreSettings, DatabaseSettings, LogSettings, OperationSettings, WorkerSettings
from setu_common.store import Store
from setu_gateway.app import make_app
from setu_gateway.migrate import VERSIONS
from setu_gateway.pipeline.stages import PIPELINE
from setu_gateway.service import Jobs
from setu_gateway.settings import EdgeSettings, GatewaySettings, OutsideSettings, PipelineSettings, UploadSettings


class SilentHints:
    """Takes hints and tells nobody."""

    def __init__(self) -> None:
        self.looked: list[str] = []

    def look(self, queue_name: str) -> None:
        self.looked.append(queue_name)

    def wake(self, queue_name: str, job_id: object) -> None:
        self.looked.append(queue_name)


@pytest.fixture
def gateway_database_settings(cloned_database):
    """A database with the gateway's schema in it, and the ledger."""

    def migrated(settings: DatabaseSettings) -> None:
        migrate(settings, "gateway", VERSIONS)
        migrate_ledger(settings)

    return cloned_database("gateway_and_ledger", migrated)


@pytest.fixture
async def database(gateway_database_settings) -> AsyncIterator[Database]:
    database = Database(gateway_database_settings, "gateway")
    yield database
    await database.close()


@pytest.fixture
def store(store_settings) -> Store:
    return Store(store_settings, "gateway")


@pytest.fixture
def hints() -> SilentHints:
    return SilentHints()


@pytest.fixture
async def jobs(database, store, hints) -> AsyncIterator[Jobs]:
    operations = Operations(database, store, hints, OperationSettings())
    jobs = Jobs(database=database, store=store, operations=operations, pipeline=PIPELINE)
    yield jobs
    await jobs.close()
    await operations.close()


@pytest.fixture
def gateway_settings(gateway_database_settings, redis_settings, store_settings, trust_settings) -> GatewaySettings:
    return GatewaySettings(
        core=CoreSettings(
            database=gateway_database_settings,
            redis=redis_settings,
            store=store_settings,
            operations=OperationSettings(),
            log=LogSettings(),
            worker=WorkerSettings(),
        ),
        trust=trust_settings,
        edge=EdgeSettings(allowed_hosts="setu.example, testserver"),
        upload=UploadSettings(max_upload_bytes=1000),
        outside=OutsideSettings(webhook_secret=SecretStr(f"whsec_{b64encode(bytes(range(32))).decode()}")),
        pipeline=PipelineSettings(),
    )


@pytest.fixture
def api(gateway_settings):
    with TestClient(make_app(gateway_settings), raise_server_exceptions=False) as client:
        yield client
