"""Errors in OpenAI's shape, so that its SDK raises what its callers expect."""

import json
import math
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import Response

from setu_common.contracts import Problem

NOT_FOUND_CODES: Final = frozenset({"model_not_found"})
TYPES: Final = {
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
}


def refusal(problem: Problem) -> Response:
    """A problem as OpenAI would tell it.

    What can't be taken as it is has the status 400 there, and not 422. ``x-should-retry`` says whether it is worth sending again,
    which the SDK heeds: an upload is not repeated for nothing.
    """
    status = HTTPStatus.BAD_REQUEST if problem.status == HTTPStatus.UNPROCESSABLE_ENTITY else HTTPStatus(problem.status)
    param = problem.errors[0].field if problem.errors else None
    error: dict[str, Any] = {  # Any: JSON
        "message": problem.detail or problem.title,
        "type": TYPES.get(status, "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"),
        "param": param,
        "code": problem.code,
    }
    headers = {"x-should-retry": "true" if problem.retryable else "false"}
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(max(0, math.ceil(problem.retry_after_s)))
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(json.dumps({"error": error}), status.value, headers, "application/json")
