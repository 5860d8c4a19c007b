"""Bringing a service's schema up to date."""

from pathlib import Path
from threading import Lock
from typing import Final

from sqlalchemy import NullPool, create_engine, text

from setu_common.db.connection import connection_arguments, server_url
from setu_common.db.failures import translated_failures
from setu_common.settings import DatabaseSettings

LOCK_TIMEOUT: Final = "10min"
# Alembic keeps what it works on in globals of its own, so a process runs one migration at a time.
_ONE_AT_A_TIME: Final = Lock()


def migrate(settings: DatabaseSettings, schema: str, versions: Path) -> None:
    """Create the schema if need be and run the migrations that it has not seen, all of them or none.

    Any number of processes and threads may do so at once: one works, the others wait and then find nothing to do.

    Args:
        settings: where the server is.
        schema: the service's schema; it also holds the version table.
        versions: the folder of the service's migrations.

    Raises:
        DependencyUnavailable: if the server doesn't answer.
    """
    # Here, for it takes a quarter of a second, and the processes that only serve never migrate.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    engine = create_engine(
        server_url(settings),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args=connection_arguments(settings, schema, statement_timeout_s=0),
    )
    with _ONE_AT_A_TIME, translated_failures(), engine.begin() as connection:
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"setu.migrate.{schema}"})
        connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
        config = Config(attributes={"connection": connection, "schema": schema})
        config.set_main_option("script_location", str(Path(__file__).parent))
        config.set_main_option("path_separator", "newline")
        config.set_main_option("version_locations", str(versions).replace("%", "%%"))
        command.upgrade(config, "head")
