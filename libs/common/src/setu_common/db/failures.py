"""What the database's errors mean to a caller."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import sqlalchemy.exc

from setu_common.errors import DependencyUnavailable, InvalidRequest, SetuError

RETRY_AFTER_S: Final = 2.0

# The server is there, but this statement lost: the same thing may well work at the next try.
_OVERTAKEN: Final = {
    "57014": "The database took too long to answer. Try again in a moment.",
    "55P03": "The database took too long to answer. Try again in a moment.",
    "40001": "Something else changed the same data at the same time. Try again.",
    "40P01": "Something else changed the same data at the same time. Try again.",
}


def unavailable(detail: str = "The database does not answer. Try again in a moment.") -> DependencyUnavailable:
    """The error for a database that can't be used now."""
    return DependencyUnavailable(detail, retry_after_s=RETRY_AFTER_S)


@contextmanager
def translated_failures() -> Iterator[None]:
    """Turn what the driver raises into errors that a caller can be told.

    Raises:
        DependencyUnavailable: the server is away, too slow, or has no connection free.
        InvalidRequest: a value can't be stored, such as a text with a NUL character or a number beyond its column.
    """
    try:
        yield
    except (sqlalchemy.exc.DBAPIError, sqlalchemy.exc.TimeoutError) as error:
        told = told_as(error)
        if told is None:
            raise
        raise told from error


def told_as(error: sqlalchemy.exc.SQLAlchemyError) -> SetuError | None:
    """What to tell a caller of this error; None if it is a defect of ours."""
    if isinstance(error, sqlalchemy.exc.TimeoutError):
        return unavailable("All connections to the database are in use. Try again in a moment.")
    if not isinstance(error, sqlalchemy.exc.DBAPIError):
        return None
    if isinstance(error, sqlalchemy.exc.DataError):
        return InvalidRequest("A value can't be stored: a text with a NUL character, or a number or date that is out of range.")
    if error.connection_invalidated or isinstance(error, sqlalchemy.exc.OperationalError | sqlalchemy.exc.InterfaceError):
        state = getattr(error.orig, "sqlstate", None) or ""
        return unavailable(_OVERTAKEN[state]) if state in _OVERTAKEN else unavailable()
    return None
