"""The database as the asynchronous parts of a service use it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from setu_common.db.connection import connection_arguments, server_url
from setu_common.db.failures import translated_failures
from setu_common.settings import DatabaseSettings


class Database:
    """A pool of connections that work in one service's schema. Nothing is opened before the first use.

    Args:
        settings: where the server is and how patient to be.
        schema: the service's schema; unqualified names mean its tables.
    """

    def __init__(self, settings: DatabaseSettings, schema: str) -> None:
        self._engine = create_async_engine(
            server_url(settings),
            connect_args=connection_arguments(settings, schema),
            pool_size=settings.pool_size,
            max_overflow=0,
            pool_timeout=settings.connect_timeout_s,
            pool_pre_ping=True,
            hide_parameters=True,
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A unit of work: committed when the block ends, rolled back when it raises. Nobody else calls ``commit()``.

        Raises:
            DependencyUnavailable: if the database can't be used now; nothing of the block was stored,
                unless the connection was lost during the commit itself.
            InvalidRequest: if a value can't be stored.
        """
        with translated_failures():
            async with self._engine.begin() as connection:
                yield connection

    async def check(self) -> None:
        """Return if the database answers.

        Raises:
            DependencyUnavailable: if it does not.
        """
        async with self.transaction() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()
