"""Whom the paid calls of a request are put down to: its tenant, its job, and what was asked for."""

from typing import Final
from uuid import UUID

from starlette.types import ASGIApp, Receive, Scope, Send

from setu_common.contracts import headers
from setu_common.cost.metering import Attribution, attributed

_TENANT: Final = headers.TENANT.lower().encode()
_JOB: Final = headers.JOB.lower().encode()
_NAMING: Final = 2  # parts of a path that say what is asked for; ids come behind them


class AttributionMiddleware:
    """Puts calls that are made while a request is answered down to who asked. Inside the middleware that decides who that is.

    Args:
        app: the rest of the app.
        service: its name.
    """

    def __init__(self, app: ASGIApp, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        found = {name: value for name, value in scope.get("headers", ()) if name in (_TENANT, _JOB)}
        if scope["type"] != "http" or _TENANT not in found:
            await self._app(scope, receive, send)
            return
        stage = "/".join(scope["path"].split("/")[: _NAMING + 1])
        with attributed(Attribution(found[_TENANT].decode("latin-1"), self._service, _job(found.get(_JOB)), stage)):
            await self._app(scope, receive, send)


def _job(value: bytes | None) -> UUID | None:
    try:
        return UUID(value.decode("latin-1")) if value is not None else None
    except ValueError:  # whoever needs it refuses the request
        return None
