"""The sweep of the store asks every table which objects it names."""

import asyncio
from datetime import date

import pytest

from setu_common.operations import Keepsakes
from setu_common.operations.connection import HealingConnection
from setu_common.operations.retention import Retention
from setu_common.settings import OperationSettings
from setu_common.store import ObjectMissing, Store, names
from setu_enhancer.repository import NAMED, RETIRE


async def test_an_object_that_nothing_names_is_swept(enhancer_database_settings, store: Store, monkeypatch):
    monkeypatch.setattr(names, "today", lambda: date(2026, 1, 1))
    left = await store.put("acme", b"{}", "application/json")
    connection = HealingConnection(enhancer_database_settings, "enhancer")
    retention = Retention(connection, store, OperationSettings(), [Keepsakes(retire=RETIRE, named=NAMED)])
    await asyncio.to_thread(retention.run)
    connection.close()
    with pytest.raises(ObjectMissing):
        await store.read(left)
