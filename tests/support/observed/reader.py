"""The role that Grafana and KEDA read with, made as containers make it, and somebody who has logged in as it."""

import importlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from setu_cli.embedded.binaries import postgres_programs
from setu_common.cost.ledger import migrate_ledger
from setu_common.db import migrate
from setu_common.settings import DatabaseSettings
from testbed.sources import ROOT

WITH_WORKERS: Final = ("gateway", "asr", "translate", "enhancer", "optimizer")
PASSWORD: Final = "it's \\ a $ecret"
_PREPARE: Final = ROOT / "deploy/postgres/prepare-grafana"
_TAKES_AT_MOST_S: Final = 60


def every_schema(settings: DatabaseSettings) -> None:
    """Make what all services keep in Postgres."""
    for service in WITH_WORKERS:
        migrate(settings, service, importlib.import_module(f"setu_{service}.migrate").VERSIONS)
    migrate_ledger(settings)


def prepared(settings: DatabaseSettings, **passwords: str) -> subprocess.CompletedProcess[str]:
    """Run what runs before Grafana starts.

    Args:
        settings: of the database's owner.
        passwords: what it is told beside.
    """
    server = conninfo_to_dict(settings.url)
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
    told = {names[name]: str(value) for name, value in server.items() if name in names}
    environment = {"PATH": f"{postgres_programs()}:{os.environ['PATH']}", **told, **passwords}
    return subprocess.run(
        ["sh", _PREPARE], env=environment, check=False, capture_output=True, text=True, timeout=_TAKES_AT_MOST_S
    )


@contextmanager
def reading(settings: DatabaseSettings) -> Iterator[psycopg.Connection]:
    """Have the role for the time of the block, and be logged in as it."""
    try:
        done = prepared(settings, SETU_READER_PASSWORD=PASSWORD, GRAFANA_ADMIN_PASSWORD="another")
        assert done.returncode == 0, done.stderr
        with logged_in(settings, PASSWORD) as connection:
            yield connection
    finally:
        with psycopg.connect(settings.url, autocommit=True) as owner:
            if owner.execute("SELECT FROM pg_roles WHERE rolname = 'setu_reader'").fetchone() is not None:
                owner.execute("DROP OWNED BY setu_reader")
                owner.execute("DROP ROLE setu_reader")


def logged_in(settings: DatabaseSettings, password: str) -> psycopg.Connection:
    """A connection of the role's."""
    return psycopg.connect(settings.url, user="setu_reader", password=password, autocommit=True)
