"""A synchronous connection that heals: for the threads that claim, beat and reap."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, LiteralString

import psycopg
from psycopg.rows import dict_row

from setu_common.db import connect
from setu_common.errors import DependencyUnavailable
from setu_common.settings import DatabaseSettings

Connection = psycopg.Connection[dict[str, Any]]  # Any: a row's columns have types of their own

# The statements of a worker are few, are repeated without end, and are written so that one plan serves whatever they are given: planning
# a claim anew each time took twice as long as the claim.
_SET_UP: Final[LiteralString] = "SET plan_cache_mode = force_generic_plan"


class HealingConnection:
    """One connection for one thread, made when first needed and made anew after it broke.

    ``generation`` grows with each connect: whoever judges by what other processes wrote lately must allow for a pause after one.
    """

    def __init__(self, settings: DatabaseSettings, schema: str) -> None:
        self._connect: Callable[[], psycopg.Connection[Any]] = lambda: connect(settings, schema)
        self._connection: Connection | None = None
        self.generation = 0

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Yield the connection inside a transaction: committed at the end, rolled back on an error.

        Raises:
            DependencyUnavailable: Postgres is away or went away; whether a commit was taken is then unknown.
        """
        with self._usable() as connection, connection.transaction():
            yield connection

    def row(
        self, statement: LiteralString, values: Mapping[str, Any]
    ) -> dict[str, Any] | None:  # Any: whatever the database has
        """The first row of one statement, which is a transaction of its own: one trip, where ``transaction`` takes three.

        Raises:
            DependencyUnavailable: Postgres is away or went away; whether the statement was carried out is then unknown.
        """
        with self._usable() as connection:
            return connection.execute(statement, values).fetchone()

    @contextmanager
    def _usable(self) -> Iterator[Connection]:
        try:
            yield self._ready()
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self.close()
            raise DependencyUnavailable(
                "Postgres does not answer; the work goes on when it is back.", retry_after_s=2.0
            ) from error

    def close(self) -> None:
        """Close the connection; the next transaction opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ready(self) -> Connection:
        if self._connection is None or self._connection.closed:
            connection = self._connect()
            connection.row_factory = dict_row
            connection.execute(_SET_UP)
            self._connection = connection
            self.generation += 1
        return self._connection
