"""The app factory."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import cast

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException

from setu_common.errors import SetuError
from setu_common.observability.metrics import process_registry
from setu_common.observability.tracing import tracing
from setu_common.web.attributing import AttributionMiddleware
from setu_common.web.bodies import BodyLimitMiddleware
from setu_common.web.health import Checks, health_router
from setu_common.web.inherited import InheritedMiddleware
from setu_common.web.limits import LimitMiddleware, RateLimits
from setu_common.web.metrics import Metrics, count_requests, metrics_router
from setu_common.web.middleware import Refusals, RequestMiddleware
from setu_common.web.openapi import install_openapi
from setu_common.web.problems import answer_http_exception, answer_setu_error, answer_validation_error
from setu_common.web.trust import EdgeTrust, InsideTrust

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(
    *,
    service: str,
    version: str,
    lifespan: Lifespan,
    routers: Sequence[APIRouter],
    trust: EdgeTrust | InsideTrust,
    checks: Checks,
    refusals: Refusals | None = None,
    limits: RateLimits | None = None,
    metrics: Metrics | None = None,
    streamed: Collection[str] = (),
) -> FastAPI:
    """Make a service's app.

    Args:
        service: its name, as in its schema and logs.
        version: of its API.
        lifespan: opens what the service needs and closes it at the end; it keeps it on ``app.state``.
        routers: the service's routes.
        trust: whom it believes what.
        checks: what must answer for the service to be ready, by name; each has two seconds.
        refusals: how problems are told where not as problems: by the beginning of the path.
        limits: how many requests each tenant may make; the lifespan opens it.
        streamed: paths whose routes read bodies as they come; others are read whole, and are limited.
        metrics: what the service tells Prometheus. Without it a service inside tells of its process and its requests, an edge nothing.
    """

    @asynccontextmanager
    async def whole_life(app: FastAPI) -> AsyncIterator[None]:
        app.state.closing = asyncio.Event()
        async with lifespan(app):
            try:
                yield
            finally:
                app.state.closing.set()
                tracing().close()

    app = FastAPI(
        title=f"Setu {service}",
        version=version,
        lifespan=whole_life,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirected upload is sent twice
        telemetry=cast("TelemetryConfig", tracing().of_requests()),  # typed by FastAPI, which tracing does not import
    )
    app.state.closing = asyncio.Event()
    app.add_middleware(BodyLimitMiddleware, streamed=streamed)
    app.add_middleware(InheritedMiddleware)
    app.add_middleware(AttributionMiddleware, service=service)
    if limits is not None:
        app.add_middleware(LimitMiddleware, limits=limits)
    app.add_middleware(RequestMiddleware, trust=trust, refusals=refusals)
    app.add_exception_handler(SetuError, answer_setu_error)
    app.add_exception_handler(RequestValidationError, answer_validation_error)
    app.add_exception_handler(HTTPException, answer_http_exception)
    app.include_router(health_router(service, version, checks))
    if metrics is None and trust.inside:
        metrics = Metrics(process_registry())
    if metrics is not None:
        count_requests(app, metrics.registry)
        app.include_router(metrics_router(metrics))
    for router in routers:
        app.include_router(router)
    install_openapi(app, trust, limited=limits is not None)
    return app
