"""Databases cloned from templates, in one real Postgres."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from setu_common.settings import DatabaseSettings

Prepare = Callable[[DatabaseSettings], object]


class Databases:
    """Hands out databases.

    Args:
        url: of a database whose user may create others.
    """

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._numbers = count(1)
        self._templates: dict[str, str] = {}

    @contextmanager
    def clone(self, template: str = "template0") -> Iterator[DatabaseSettings]:
        """Clone ``template`` for as long as the block lasts."""
        name = f"test_{next(self._numbers)}"
        # Files are copied with half of the work that writing each page to the log is.
        self._run("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name, template)
        try:
            yield self._settings(name)
        finally:
            self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def template(self, name: str, prepare: Prepare) -> str:
        """Return the template database ``name``, made by ``prepare`` when it is first asked for."""
        if name not in self._templates:
            database = f"template_{name}"
            self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", database)
            self._run("CREATE DATABASE {} TEMPLATE template0", database)
            prepare(self._settings(database))
            self._templates[name] = database
        return self._templates[name]

    def _settings(self, database: str) -> DatabaseSettings:
        url = self._url.set(database=database).render_as_string(hide_password=False)
        return DatabaseSettings(url=url, pool_size=5)

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(self._url.render_as_string(hide_password=False), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
