"""What kind of failure a failed attempt is: what retries, breakers and metrics go by."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from httpx2 import HTTPError, PoolTimeout, TimeoutException

from setu_common.errors import DependencyUnavailable, RemoteProblem, SetuError, TooManyRequests

OVERLOADED_STATUS: Final = 529  # Anthropic's, and Qualys' before it; not registered


class CircuitOpen(DependencyUnavailable):
    """The dependency failed too often lately, so it is not called for a while."""

    code = "circuit-open"
    title = "Something that Setu needs fails too often, and is given a pause"


class AnswerLate(DependencyUnavailable):
    """The dependency did not answer in the time that an attempt has."""


class Failure(StrEnum):
    """Kinds of failure."""

    NETWORK = "network"
    TIMEOUT = "timeout"
    RATE_LIMITED = "rate-limited"
    QUOTA = "quota"
    REFUSED = "refused"
    SERVER = "server-error"
    OVERLOADED = "overloaded"
    CIRCUIT_OPEN = "circuit-open"
    ABANDONED = "abandoned"
    OTHER = "other"


# Failures of the other side. Busy is not down: a rate limit says that it works.
COUNTED: Final = frozenset({Failure.NETWORK, Failure.TIMEOUT, Failure.SERVER, Failure.OVERLOADED})


@dataclass(frozen=True, slots=True)
class Failed:
    """What a failed attempt amounts to.

    Args:
        failure: its kind.
        retry_after_s: when the other side wants to be asked again, seconds.
        final: the other side said in full what is wrong, so asking again would only multiply the asking.
    """

    failure: Failure
    retry_after_s: float | None = None
    final: bool = False


Classifier = Callable[[BaseException], Failed]


def classify_status(status: int, retry_after_s: float | None = None, *, final: bool = False) -> Failed:
    """The kind of failure behind a status code ≥ 400. An exhausted quota hides behind 429; its caller knows the body."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        kind = Failure.RATE_LIMITED
    elif status == OVERLOADED_STATUS:
        kind = Failure.OVERLOADED
    elif status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.GATEWAY_TIMEOUT):
        kind = Failure.TIMEOUT
    elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        kind = Failure.SERVER
    else:
        kind = Failure.REFUSED
    return Failed(kind, retry_after_s, final)


def classify(error: BaseException) -> Failed:
    """The kind of failure behind an error of ours, of the HTTP library or of asyncio. What it doesn't know is nobody's failure."""
    if isinstance(error, SetuError):
        return _classify_ours(error)
    if isinstance(error, PoolTimeout):  # too many calls at once on this side
        return Failed(Failure.OTHER)
    if isinstance(error, TimeoutError | TimeoutException):
        return Failed(Failure.TIMEOUT)
    if isinstance(error, HTTPError | ConnectionError):
        return Failed(Failure.NETWORK)
    return Failed(Failure.OTHER)


def _classify_ours(error: SetuError) -> Failed:
    if isinstance(error, RemoteProblem):
        return classify_status(error.remote.status, error.retry_after_s, final=True)
    if not isinstance(error, DependencyUnavailable):
        kind = Failure.RATE_LIMITED if isinstance(error, TooManyRequests) else Failure.OTHER
        return Failed(kind, error.retry_after_s)
    if isinstance(error, CircuitOpen | AnswerLate):
        kind = Failure.CIRCUIT_OPEN if isinstance(error, CircuitOpen) else Failure.TIMEOUT
        return Failed(kind, error.retry_after_s)
    status = error.context.get("status")
    if isinstance(status, int):
        # A status that is no error (200 with a page of HTML, a redirect) is an answer of something broken.
        return classify_status(status if status >= HTTPStatus.BAD_REQUEST else HTTPStatus.BAD_GATEWAY, error.retry_after_s)
    cause = error.__cause__
    behind = Failed(Failure.NETWORK) if cause is None or isinstance(cause, SetuError) else classify(cause)
    return Failed(behind.failure, error.retry_after_s)
