"""What the database's errors mean to a caller."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
import sqlalchemy.exc

from setu_common.errors import DependencyUnavailable, InvalidRequest, SetuError

RETRY_AFTER_S: Final = 2.0

AWAY: Final = "The database does not answer. Try again in a moment."
BUSY: Final = "All connections to the database are in use. Try again in a moment."
SLOW: Final = "The database took too long to answer. Try again in a moment."
UNSTORABLE: Final = "A value can't be stored: a text with a NUL or half a character, or a number or date that is out of range."
OVERTAKEN: Final = "Something else changed the same data at the same time. Try again."

# The server is there, but this statement lost: the same thing may well work at the next try.
_BY_SQLSTATE: Final = {"57014": SLOW, "55P03": SLOW, "40001": OVERTAKEN, "40P01": OVERTAKEN, "53300": BUSY}


def unavailable(detail: str = AWAY) -> DependencyUnavailable:
    """The error for a database that can't be used now."""
    return DependencyUnavailable(detail, retry_after_s=RETRY_AFTER_S)


@contextmanager
def translated_failures() -> Iterator[None]:
    """Turn what SQLAlchemy and psycopg raise into errors that a caller can be told; defects of ours stay what they are.

    Raises:
        DependencyUnavailable: the server is away, too slow, or has no connection free.
        InvalidRequest: a value can't be stored, such as a text with a NUL character or a number beyond its column.
    """
    try:
        yield
    except (sqlalchemy.exc.DBAPIError, sqlalchemy.exc.TimeoutError, psycopg.Error, UnicodeEncodeError) as error:
        told = told_as(error)
        if told is None:
            raise
        raise told from error


def told_as(error: Exception) -> SetuError | None:
    """What to tell a caller of this error; None if it is a defect of ours."""
    if isinstance(error, sqlalchemy.exc.TimeoutError):
        return unavailable(BUSY)
    cause = error.orig if isinstance(error, sqlalchemy.exc.DBAPIError) else error
    if isinstance(cause, psycopg.DataError | UnicodeEncodeError):
        return InvalidRequest(UNSTORABLE)
    lost = isinstance(error, sqlalchemy.exc.DBAPIError) and error.connection_invalidated
    if lost or isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        return unavailable(_BY_SQLSTATE.get(getattr(cause, "sqlstate", None) or "", AWAY))
    return None
