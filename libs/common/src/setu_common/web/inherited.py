"""What a request inherits from the call that it is part of: until when an answer makes sense, and its trace."""

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from setu_common.contracts import headers
from setu_common.errors import DeadlineExceeded
from setu_common.http.deadline import deadline_in, parse_deadline
from setu_common.http.tracing import TRACE, TRACEPARENT, TRACESTATE, Trace, parse_trace
from setu_common.observability.tracing import tracing
from setu_common.web.hosts import RawHeaders

_DEADLINE = headers.DEADLINE.lower().encode()
_PARENT = TRACEPARENT.encode()
_STATE = TRACESTATE.encode()


class InheritedMiddleware:
    """Binds the deadline and the trace of a request, so that calls which it makes carry them on.

    It stands behind ``RequestMiddleware``, which takes ``Setu-*`` headers from strangers. Work that a request leaves behind (an operation) has
    a deadline of its own and is not bound by the request's.

    Args:
        app: the rest of the app.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request.

        Raises:
            DeadlineExceeded: nobody waits for the answer any more.
        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        left_s, trace = _inherited(scope["headers"])
        own = tracing().carried().get(TRACEPARENT)
        if own is not None:  # the request's own step, in the caller's trace or in one that begins here
            trace = parse_trace(own, None)
        if left_s is not None and left_s <= 0:
            raise DeadlineExceeded("The time for this request was over before it came. Ask again, and allow more time.")
        if trace is None:
            await self._within(left_s, scope, receive, send)
            return
        token = TRACE.set(trace)
        try:
            with structlog.contextvars.bound_contextvars(trace_id=trace.trace_id):
                await self._within(left_s, scope, receive, send)
        finally:
            TRACE.reset(token)

    async def _within(self, left_s: float | None, scope: Scope, receive: Receive, send: Send) -> None:
        if left_s is None:
            await self._app(scope, receive, send)
            return
        with deadline_in(left_s):
            await self._app(scope, receive, send)


def _inherited(raw_headers: RawHeaders) -> tuple[float | None, Trace | None]:
    until = parent = state = None
    for name, value in raw_headers:
        if name == _DEADLINE:
            until = value
        elif name == _PARENT:
            parent = value
        elif name == _STATE:
            state = value
    return (
        None if until is None else parse_deadline(until.decode("latin-1")),
        None if parent is None else parse_trace(parent.decode("latin-1"), state.decode("latin-1") if state else None),
    )
