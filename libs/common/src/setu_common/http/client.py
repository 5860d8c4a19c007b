"""The connection pool that calls are made with."""

from typing import Final

import structlog
from httpx2 import AsyncBaseTransport, AsyncClient, AsyncHTTPTransport, Limits, Request, Response, Timeout
from pydantic import SecretStr

from setu_common.contracts.headers import DEADLINE, REQUEST_ID
from setu_common.http.authorities import authorities, nobody
from setu_common.http.deadline import deadline_header
from setu_common.http.tracing import TRACE, TRACEPARENT, TRACESTATE
from setu_common.observability.tracing import tracing

__all__ = ["AsyncClient", "create_client"]

# Below the keep-alive of any server that is called (llama.cpp's is 5 s), so that the server never closes a connection that this side is about to use.
KEEP_ALIVE_S = 3.0
_REFUSED: Final = 400  # and above


def create_client(
    base_url: str,
    *,
    service_token: SecretStr | None,
    timeout_s: float = 30.0,
    connect_timeout_s: float = 3.0,
    max_connections: int = 100,
) -> AsyncClient:
    """Make a client for one base URL. Keep it, since its connections are worth more than itself. Close it with ``aclose()``.

    The request id that is bound in the log context travels along, and so does the trace; services that the token is for are also told
    until when an answer makes sense. Proxies and certificates that the environment names are
    not used, since calls between services must not leave through them.

    Args:
        base_url: scheme, host and port, perhaps a path.
        service_token: sent as a bearer token; None for a service that asks for none.
        timeout_s: how long one read or write, or the wait for a free connection, may take, seconds.
        connect_timeout_s: how long connecting may take, seconds.
        max_connections: more calls at once than this wait for each other.
    """
    headers = {"User-Agent": "setu"}
    carried = [_carry_ids]
    if service_token is not None:
        headers["Authorization"] = f"Bearer {service_token.get_secret_value()}"
        carried.append(_carry_deadline)
    return AsyncClient(
        base_url=base_url,
        headers=headers,
        timeout=Timeout(timeout_s, connect=connect_timeout_s),
        transport=_TracedTransport(
            Limits(max_connections=max_connections, max_keepalive_connections=20, keepalive_expiry=KEEP_ALIVE_S)
        ),
        event_hooks={"request": carried},
        trust_env=False,
    )


class _TracedTransport(AsyncBaseTransport):
    """Makes a step of each request: until the answer begins. Its query is not told, since it may hold a key.

    Connections are kept by scheme, so that nobody who calls without encryption waits for authorities to be read.

    Args:
        limits: of the connections of each scheme.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._pools: dict[str, AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: Request) -> Response:
        url = request.url
        known = {
            "http.request.method": request.method,
            "server.address": url.host,
            "server.port": url.port,
            "url.path": url.path,
        }
        with tracing().span(request.method, "client", known) as span:
            request.headers.update(tracing().carried())
            pool = await self._pool(url.scheme)
            response = await pool.handle_async_request(request)
            span.note({"http.response.status_code": response.status_code})
            if response.status_code >= _REFUSED:
                span.failed(str(response.status_code))
            return response

    async def _pool(self, scheme: str) -> AsyncHTTPTransport:
        if scheme not in self._pools:
            believed = await authorities(of_environment=False) if scheme == "https" else nobody()
            pool = AsyncHTTPTransport(verify=believed, limits=self._limits, trust_env=False)
            self._pools.setdefault(scheme, pool)  # another call may have waited for the authorities as well
        return self._pools[scheme]

    async def aclose(self) -> None:
        for pool in tuple(self._pools.values()):
            await pool.aclose()


async def _carry_ids(request: Request) -> None:
    bound = structlog.contextvars.get_contextvars().get("request_id")
    if isinstance(bound, str) and REQUEST_ID not in request.headers:
        request.headers[REQUEST_ID] = bound
    trace = TRACE.get()
    if trace is not None and TRACEPARENT not in request.headers:
        request.headers[TRACEPARENT] = trace.parent
        if trace.state is not None:
            request.headers[TRACESTATE] = trace.state


async def _carry_deadline(request: Request) -> None:
    until = deadline_header()
    if until is not None:
        request.headers[DEADLINE] = until
