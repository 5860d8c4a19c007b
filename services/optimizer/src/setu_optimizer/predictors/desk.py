"""What operators do with models, each with a connection of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from setu_common.db import Database
from setu_common.settings import DatabaseSettings, StoreSettings
from setu_common.store import Store
from setu_optimizer.predictors.registry import SHIPPED, Kept, Predictors
from setu_optimizer.settings import SERVICE


@asynccontextmanager
async def registry(database: DatabaseSettings, store: StoreSettings) -> AsyncIterator[Predictors]:
    """The models, for as long as something is done with them."""
    opened = Database(database, SERVICE)
    try:
        yield Predictors(opened, Store(store, SERVICE))
    finally:
        await opened.close()


async def listed(database: DatabaseSettings, store: StoreSettings) -> list[Kept]:
    """The models that were offered, newest first, and the one that is shipped."""
    async with registry(database, store) as models:
        offered = await models.history(50)
        shipped = SHIPPED if (await models.champion()).id is None else Kept(None, SHIPPED.name, "retired", None)
        return [*offered, shipped]


async def go_back(database: DatabaseSettings, store: StoreSettings) -> Kept:
    """Ask the model again that was asked before this one.

    Raises:
        NothingEarlier: the shipped one is asked.
    """
    async with registry(database, store) as models:
        return await models.roll_back()
