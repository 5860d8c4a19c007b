"""How every connection to Postgres is made: which schema, and how long anything may take."""

import re
from typing import Any, Final

import psycopg
from sqlalchemy import URL, make_url

from setu_common.db.failures import translated_failures
from setu_common.db.patience import PatientConnection, Row
from setu_common.settings import DatabaseSettings

SCHEMA_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
# The server ends a statement at its limit; if not even that is heard so long after, it will not come.
SILENCE_GRACE_S: Final = 5.0
# A peer that vanished without a word is noticed within some 25 s.
KEEPALIVE: Final[dict[str, int]] = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}


def connection_arguments(
    settings: DatabaseSettings, schema: str, *, statement_timeout_s: float | None = None
) -> dict[str, Any]:
    """The libpq parameters of a connection that works in one schema.

    Args:
        settings: where the server is.
        schema: the service's schema.
        statement_timeout_s: instead of the settings'; 0 for none.

    Raises:
        ValueError: if the schema's name is not a plain small identifier.
    """
    if not SCHEMA_NAME.fullmatch(schema):
        raise ValueError(f"{schema!r} is no schema name: use small letters, digits and underscores")
    timeout_ms = int((settings.statement_timeout_s if statement_timeout_s is None else statement_timeout_s) * 1000)
    options = {
        "search_path": schema,
        "statement_timeout": timeout_ms,
        # Whoever holds locks and does nothing is stuck or gone.
        "idle_in_transaction_session_timeout": timeout_ms * 2,
        "timezone": "UTC",
    }
    return {
        "application_name": f"setu-{schema}",
        # A database made without a locale has no encoding of its own, and would answer in bytes.
        "client_encoding": "UTF8",
        "connect_timeout": settings.connect_timeout_s,
        "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
        **KEEPALIVE,
    }


def server_url(settings: DatabaseSettings) -> URL:
    """The server's address with psycopg as the driver."""
    return make_url(settings.url).set(drivername="postgresql+psycopg")


def patience_s(settings: DatabaseSettings) -> float:
    """How long to wait for an answer before the connection is given up."""
    return settings.statement_timeout_s + SILENCE_GRACE_S


def connect(settings: DatabaseSettings, schema: str) -> psycopg.Connection[Row]:
    """Open a connection of one's own, for threads that can't wait for an event loop.

    It commits each statement by itself; ``with connection.transaction():`` groups them. What it raises later is psycopg's own;
    ``translated_failures`` makes ours of it.

    Raises:
        DependencyUnavailable: if the server doesn't answer.
    """
    plain_url = make_url(settings.url).set(drivername="postgresql").render_as_string(hide_password=False)
    with translated_failures():
        connection = PatientConnection.connect(plain_url, autocommit=True, **connection_arguments(settings, schema))
    connection.patience_s = patience_s(settings)
    return connection
