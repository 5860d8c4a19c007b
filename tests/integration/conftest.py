"""The probe service for tests of operations."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from probe.bench import SCHEMA, ProbeStack, operations_on, prepare
from probe.rig import Rig, opened_rig
from setu_common.operations import Operations
from setu_common.settings import DatabaseSettings, RedisSettings, StoreSettings

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
    async with operations_on(probe_stack) as operations:
        yield operations


@pytest.fixture
def rig(cloned_database: Callable[..., DatabaseSettings], store_settings: StoreSettings) -> Iterator[Rig]:
    with opened_rig(cloned_database(SCHEMA, prepare), store_settings) as rig:
        yield rig
