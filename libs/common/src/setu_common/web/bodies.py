"""How large a body may be that is read whole."""

from collections.abc import Collection
from http import HTTPStatus
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES: Final = 16 << 20
"""Five hundred lines of text in any script, twice over."""


class BodyLimitMiddleware:
    """Ends the reading of bodies that are too large, before they are held in memory.

    Args:
        app: the rest of the app.
        streamed: paths whose routes read as it comes and have limits of their own.
    """

    def __init__(self, app: ASGIApp, streamed: Collection[str]) -> None:
        self._app = app
        self._streamed = frozenset(streamed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] in self._streamed:
            await self._app(scope, receive, send)
            return
        read_bytes = 0

        async def counted() -> Message:
            nonlocal read_bytes
            message = await receive()
            read_bytes += len(message.get("body", b""))
            if read_bytes > MOST_BYTES:
                # The framework lets its own errors through where it reads a body, and makes "unreadable" of others.
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return message

        await self._app(scope, counted, send)
