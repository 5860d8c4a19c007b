"""How every connection to Postgres is made: which schema, and how long anything may take."""

import re
from typing import Any, Final

import psycopg
from sqlalchemy import URL, make_url

from setu_common.db.failures import unavailable
from setu_common.settings import DatabaseSettings

SCHEMA_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
# A peer that vanished without a word is noticed after some 25 s, however long a statement may take.
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
    timeout_s = settings.statement_timeout_s if statement_timeout_s is None else statement_timeout_s
    return {
        "application_name": f"setu-{schema}",
        "connect_timeout": settings.connect_timeout_s,
        "options": f"-c search_path={schema} -c statement_timeout={int(timeout_s * 1000)} -c timezone=UTC",
        **KEEPALIVE,
    }


def server_url(settings: DatabaseSettings) -> URL:
    """The server's address with psycopg as the driver."""
    return make_url(settings.url).set(drivername="postgresql+psycopg")


def connect(settings: DatabaseSettings, schema: str) -> psycopg.Connection[tuple[Any, ...]]:  # Any: rows hold what was selected
    """Open a connection of one's own, for threads that can't wait for an event loop.

    It commits each statement by itself; ``with connection.transaction():`` groups them.

    Raises:
        DependencyUnavailable: if the server doesn't answer.
    """
    plain_url = make_url(settings.url).set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        return psycopg.connect(plain_url, autocommit=True, **connection_arguments(settings, schema))
    except psycopg.OperationalError as error:
        raise unavailable() from error
