"""What a bucket's errors mean to a caller, and in which process it may be used at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

from setu_common.errors import DependencyUnavailable, SetuError
from setu_common.store.names import missing

RETRY_AFTER_S: Final = 5.0
# What an operator has to mend is looked for less often.
MISTAKEN_AFTER_S: Final = 60.0

AWAY: Final = "The object store does not answer. Check its address (AWS_ENDPOINT), or try again in a moment."
BUSY: Final = "The object store asks for fewer requests. Try again in a moment."
REFUSED: Final = (
    "The object store refuses these credentials, or they lack a right to the bucket. Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY "
    "and the rights of the role (docs/deployment.md names them)."
)
NO_BUCKET: Final = "The object store has no such bucket. Check SETU_STORE_URL, or make the bucket."


@contextmanager
def translated_bucket_errors(reading: str | None = None) -> Iterator[None]:
    """Turn obstore's errors into ours.

    Args:
        reading: the object that is read, if one is.

    Raises:
        ObjectMissing: if there is no such object.
        DependencyUnavailable: if the bucket doesn't answer, refuses, or is not there.
        RuntimeError: if this process can't use obstore.
    """
    RUNTIME.enter()
    try:
        yield
    except (BaseError, OSError) as error:
        raise _told_as(error, reading) from error


@contextmanager
def suppressed_beyond_end() -> Iterator[None]:
    """End the reading where there is nothing left to read: S3 refuses a part that begins behind an object's last byte."""
    try:
        yield
    except BaseError as error:
        if "InvalidRange" not in str(error):
            raise


def _told_as(error: Exception, reading: str | None) -> SetuError:
    said = str(error)  # with S3's own answer, whose codes it gives no other way to
    if "NoSuchBucket" in said:
        return DependencyUnavailable(NO_BUCKET, retry_after_s=MISTAKEN_AFTER_S)
    if reading is not None and isinstance(error, FileNotFoundError):
        return missing(reading)
    if isinstance(error, PermissionDeniedError | UnauthenticatedError) or "403 Forbidden" in said:  # as listings have it
        return DependencyUnavailable(REFUSED, retry_after_s=MISTAKEN_AFTER_S)
    return DependencyUnavailable(BUSY if "SlowDown" in said else AWAY, retry_after_s=RETRY_AFTER_S)


class Runtime:
    """Which process obstore works in.

    Its threads start at the first use and do not come along when the process forks: a child of a process that
    had used it would wait for ever. So such a child is told.
    """

    def __init__(self) -> None:
        self._process_id: int | None = None

    def enter(self) -> None:
        """Note that obstore is about to be used.

        Raises:
            RuntimeError: if this process was forked from one that had used it.
        """
        process_id = os.getpid()
        if self._process_id is None:
            self._process_id = process_id
        elif self._process_id != process_id:
            raise RuntimeError("This process was forked after its parent had used an S3 store. Fork first, or spawn.")


RUNTIME: Final = Runtime()  # one for the process, as obstore's own is
