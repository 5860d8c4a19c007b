"""Statements that nothing may fail for, such as one that writes into a schema that may not be there."""

from collections.abc import Mapping
from functools import cache
from typing import Any, LiteralString, NamedTuple

import psycopg
import sqlalchemy.exc
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from setu_common.operations.connection import Connection

log = structlog.get_logger()


class Aside(NamedTuple):
    """A statement that is written with others, or else is missing and logged. A ``Statement`` wherever that is asked for."""

    statement: LiteralString
    values: Mapping[str, Any]  # Any: whatever the database takes


def write_aside(db: Connection, aside: Aside) -> None:
    """Write it in the caller's transaction, which goes on if it is refused.

    Raises:
        psycopg.OperationalError, psycopg.InterfaceError: the database is away.
    """
    try:
        with db.transaction():
            db.execute(aside.statement, aside.values)
    except psycopg.Error as error:
        _pass_over(error)


async def write_aside_in(connection: AsyncConnection, aside: Aside) -> None:
    """The same where there is an event loop.

    Raises:
        psycopg.OperationalError, psycopg.InterfaceError, sqlalchemy.exc.DBAPIError: the database is away.
    """
    try:
        async with connection.begin_nested():
            await connection.exec_driver_sql(aside.statement, dict(aside.values))
    except sqlalchemy.exc.DBAPIError as error:
        if error.connection_invalidated or not isinstance(error.orig, psycopg.Error):
            raise
        _pass_over(error.orig)


def _pass_over(error: psycopg.Error) -> None:
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        raise error
    if isinstance(error, psycopg.errors.UndefinedTable):
        _missing(error.diag.message_primary or "")
    else:
        log.error("aside.refused", exc_info=error)


@cache
def _missing(what: str) -> None:
    """Told once, for it stays so."""
    log.warning("aside.no_table", reason=what)
