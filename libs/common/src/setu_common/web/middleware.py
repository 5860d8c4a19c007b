"""What happens around every request, in one pure ASGI middleware."""

import os
import re
from collections.abc import Callable, Mapping
from typing import Final

import structlog
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from setu_common.contracts import Problem, headers
from setu_common.errors import SetuError
from setu_common.web.limits import ANSWER_HEADERS
from setu_common.web.problems import response_of, unforeseen
from setu_common.web.trust import Trust

log = structlog.get_logger(__name__)

Refusals = Mapping[str, Callable[[Problem], Response]]

SANE_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
_REQUEST_ID: Final = headers.REQUEST_ID.lower().encode()


class RequestMiddleware:
    """Gives each request an id, decides whom to trust, and turns what nobody caught into a problem.

    The id is taken from ``X-Request-Id`` if that looks like one, is shown on every log line and sent back in the answer.

    Args:
        app: the rest of the app.
        trust: what callers are believed.
        refusals: how problems are told where not as problems: by the beginning of the path.
    """

    def __init__(self, app: ASGIApp, trust: Trust, refusals: Refusals | None = None) -> None:
        self._app = app
        self._trust = trust
        self._refusals = refusals or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        id_header = (_REQUEST_ID, request_id.encode())
        started = False

        async def send_with_id(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message["headers"], id_header, *scope["state"].get(ANSWER_HEADERS, ())]
            await send(message)

        tokens = structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            scope["headers"] = await self._trust.admit(scope["method"], scope["path"], scope["headers"])
            await self._app(scope, receive, send_with_id)
        except SetuError as error:
            if started:
                raise
            await self._refusal(error, request_id, scope["path"])(scope, receive, send_with_id)
        except ClientDisconnect:
            log.info("request.abandoned")
        except Exception as error:
            response = self._refusal(unforeseen(error), request_id, scope["path"])
            if started:
                raise
            await response(scope, receive, send_with_id)
        finally:
            structlog.contextvars.reset_contextvars(**tokens)

    def _refusal(self, error: SetuError, request_id: str, path: str) -> Response:
        problem = error.problem(request_id)
        told = next((told for beginning, told in self._refusals.items() if path.startswith(beginning)), response_of)
        return told(problem)


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == _REQUEST_ID:
            if SANE_REQUEST_ID.fullmatch(value):
                return str(value, "ascii")
            break
    return os.urandom(12).hex()
