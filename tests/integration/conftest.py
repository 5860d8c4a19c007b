"""The probe service for tests of operations."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from probe.bench import SCHEMA, ProbeStack, prepare
from probe.rig import Rig, opened_rig
from setu_common.db import Database
from setu_common.operations import Hints, Operations
from setu_common.settings import DatabaseSettings, OperationSettings, RedisSettings, StoreSettings
from setu_common.store import Store

pytest.register_assert_rewrite("probe.mirror")


@pytest.fixture
def probe_stack(
    cloned_database: Callable[..., DatabaseSettings],
    redis_settings: RedisSettings,
    store_settings: StoreSettings,
    tmp_path: Path,
) -> ProbeStack:
    return ProbeStack(cloned_database(SCHEMA, prepare), redis_settings, store_settings, tmp_path)


@pytest.fixture
async def operations(probe_stack: ProbeStack) -> AsyncIterator[Operations]:
    database = Database(probe_stack.database, SCHEMA)
    hints = Hints(probe_stack.redis)
    service = Operations(database, Store(probe_stack.store, SCHEMA), hints, OperationSettings())
    yield service
    await service.close()
    hints.close()
    await database.close()


@pytest.fixture
def rig(cloned_database: Callable[..., DatabaseSettings], store_settings: StoreSettings) -> Iterator[Rig]:
    with opened_rig(cloned_database(SCHEMA, prepare), store_settings) as rig:
        yield rig
