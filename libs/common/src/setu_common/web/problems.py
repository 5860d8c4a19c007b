"""Every error as ``application/problem+json``."""

import math
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from setu_common.contracts import FieldProblem, Problem
from setu_common.errors import (
    Conflict,
    DependencyUnavailable,
    Forbidden,
    InternalError,
    InvalidRequest,
    NotFound,
    PayloadTooLarge,
    SetuError,
    TooManyRequests,
    Unauthorized,
)
from setu_common.observability import message_of
from setu_common.web.bodies import MOST_BYTES

log = structlog.get_logger(__name__)

PROBLEM_MEDIA_TYPE: Final = "application/problem+json"
MAX_FIELDS: Final = 50
MAX_FIELD_CHARS: Final = 200


class MalformedRequest(SetuError):
    """The body can't be read at all."""

    code = "malformed-request"
    title = "The request can't be read"
    status = 400


class MethodNotAllowed(SetuError):
    """The path is right, the method is not."""

    code = "method-not-allowed"
    title = "This path does not take that method"
    status = 405


class UnsupportedMediaType(SetuError):
    """The body is of a kind that is not taken here."""

    code = "unsupported-media-type"
    title = "The body is of a kind that is not taken here"
    status = 415


# What the framework raises by status, and what to do about it.
_BY_STATUS: Final[dict[int, tuple[type[SetuError], str]]] = {
    400: (MalformedRequest, "The body can't be read. Check that it is well-formed and of the declared content type."),
    401: (Unauthorized, "Send a valid key."),
    403: (Forbidden, "Use a key that allows this."),
    404: (NotFound, "Check the path; GET /openapi.json lists those that exist."),
    405: (MethodNotAllowed, "Use one of the methods that the Allow header names."),
    409: (Conflict, "Look at the current state, then try again."),
    413: (PayloadTooLarge, f"The body may have {MOST_BYTES >> 20} MB at most ({MOST_BYTES} bytes). Send a smaller one."),
    415: (UnsupportedMediaType, "Send a content type that GET /openapi.json names for this path."),
    422: (InvalidRequest, "Check the request against GET /openapi.json."),
    429: (TooManyRequests, "Try again later."),
    503: (DependencyUnavailable, "Try again later."),
}


def problem_response(error: SetuError, request_id: str | None, headers: dict[str, str] | None = None) -> Response:
    """An error as an answer."""
    return response_of(error.problem(request_id), headers)


def response_of(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """A problem as an answer, with ``Retry-After`` where it says when to come back."""
    all_headers = dict(headers or {})
    if problem.retry_after_s is not None:
        all_headers["Retry-After"] = str(max(0, math.ceil(problem.retry_after_s)))
    if problem.status == HTTPStatus.UNAUTHORIZED:
        all_headers.setdefault("WWW-Authenticate", "Bearer")
    body = problem.model_dump_json(exclude_none=True)
    return Response(body, status_code=problem.status, headers=all_headers, media_type=PROBLEM_MEDIA_TYPE)


def request_id_of(request: Request) -> str | None:
    """The id that the middleware gave the request."""
    state: dict[str, Any] = request.scope.get("state", {})  # Any: ASGI's own typing
    return state.get("request_id")


async def answer_setu_error(request: Request, error: Exception) -> Response:
    """Handler for our own errors."""
    assert isinstance(error, SetuError)  # noqa: S101  registered for this type alone
    problem = error.problem(request_id_of(request))
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        cause = error.__cause__
        reason = None if cause is None else f"{type(cause).__name__}: {message_of(cause)}"
        log.warning("request.failed", code=problem.code, status=problem.status, detail=problem.detail, reason=reason)
    return response_of(problem)


async def answer_validation_error(request: Request, error: Exception) -> Response:
    """Handler for requests that don't fit their models: field paths and reasons, never the input."""
    assert isinstance(error, RequestValidationError)  # noqa: S101  registered for this type alone
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        return problem_response(
            MalformedRequest("The body is not valid JSON. Send one JSON document in UTF-8."), request_id_of(request)
        )
    if isinstance(error.body, bytes) and any(each["loc"][0] == "body" for each in found):  # the framework parsed no JSON
        message = "Send the body with Content-Type: application/json"
        not_json = FieldProblem(field="header.Content-Type", message=message)
        refusal = InvalidRequest(f"The body was not read as JSON. {message}.", errors=[not_json])
        return problem_response(refusal, request_id_of(request))
    fields = [FieldProblem(field=field_path(each["loc"]), message=_message(each)) for each in _true(found)[:MAX_FIELDS]]
    refusal = InvalidRequest(
        "Some fields can't be taken as they are. Correct those named in errors, then send it again.", errors=fields
    )
    return problem_response(refusal, request_id_of(request))


async def answer_http_exception(request: Request, error: Exception) -> Response:
    """Handler for what the framework itself refuses (unknown paths, methods, unreadable bodies)."""
    assert isinstance(error, HTTPException)  # noqa: S101  registered for this type alone
    kind, detail = _BY_STATUS.get(error.status_code, (None, ""))
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(allowed_methods(request))
    if kind is not None:
        return problem_response(kind(detail), request_id_of(request), headers)
    status = HTTPStatus(error.status_code)
    problem = Problem(
        type=f"urn:setu:problem:http-{status.value}",
        title=status.phrase,
        status=status.value,
        detail=status.description,
        code=f"http-{status.value}",
        request_id=request_id_of(request),
    )
    return response_of(problem, headers)


def allowed_methods(request: Request) -> list[str]:
    """All methods that some route takes at the request's path; the framework names those of one route only."""
    path: str = request.scope["path"]
    methods: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        pattern: re.Pattern[str] | None = getattr(route, "path_regex", None)
        if pattern is not None and pattern.match(path):
            methods |= route.methods or set()
    return sorted(methods)


def unforeseen(error: Exception) -> InternalError:
    """Log a defect of ours in full, and tell the caller no more than where to find it."""
    log.error("request.crashed", exc_info=error)
    return InternalError("Setu has a defect here. Report the request_id; its log line says what happened.")


def _true(found: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:  # Any: pydantic's own typing
    """Without those lists that are told to be too short only because what is in them can't be taken."""
    within = {tuple(each["loc"][:depth]) for each in found for depth in range(len(each["loc"]))}
    return [each for each in found if each["type"] != "too_short" or tuple(each["loc"]) not in within]


def _message(found: Mapping[str, Any]) -> str:  # Any: pydantic's own typing
    message: str = found["msg"].removeprefix("Value error, ")
    value = found.get("input")
    if isinstance(value, str) and value:
        message = re.sub(rf"\bunknown (\w+) {re.escape(repr(value))}", r"this is no known \1", message)
        message = message.replace(repr(value), "this value").replace(value, "…") if found["type"] == "value_error" else message
    return clean(message)


def field_path(location: Sequence[Any]) -> str:  # Any: field names and indices
    """Where a field is: ``target_languages.0`` in the body, ``query.limit`` elsewhere."""
    parts = list(location)
    if parts and parts[0] == "body" and len(parts) > 1:
        parts = parts[1:]
    return clean(".".join(str(part) for part in parts))


def clean(text: str) -> str:
    """Text that can be sent as JSON: no lone surrogates, no control characters, no more than a line or two."""
    printable = "".join(char if char.isprintable() else "\ufffd" for char in text[:MAX_FIELD_CHARS])
    return printable.encode("utf-8", "replace").decode()
