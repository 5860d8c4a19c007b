"""``/metrics``: what a process tells Prometheus; and what is counted of requests, which is told there too.

| metric | labels | |
|---|---|---|
| ``http_requests_total`` | handler, method, status | status as 2xx, 4xx, … |
| ``http_request_duration_seconds`` | handler, method | until the answer begins |
| ``http_request_duration_highr_seconds`` | | the same of all together, more finely |
| ``http_request_size_bytes``, ``http_response_size_bytes`` | handler | |

``handler`` is a route's template, never a path; requests for what there is not are all ``none``. Probes, ``/metrics`` and the API's document are not
counted.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Final

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.params import Depends
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_fastapi_instrumentator.metrics import Info, default
from prometheus_fastapi_instrumentator.middleware import PrometheusInstrumentatorMiddleware
from prometheus_fastapi_instrumentator.routing import _effective_routes

METRICS_PATH = "/metrics"
_NOT_COUNTED: Final = ("^/healthz$", "^/readyz$", "^/metrics$", "^/openapi.json$")
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_OTHER_METHOD: Final = "OTHER"


@dataclass(frozen=True)
class Metrics:
    """What a process that serves requests tells Prometheus.

    Args:
        registry: what is told; requests are counted there too.
        refresh: brings up to date what is looked up rather than counted; awaited before each answer.
        guards: decide who may ask, where callers may be strangers.
    """

    registry: CollectorRegistry
    refresh: Callable[[], Awaitable[None]] | None = None
    guards: Sequence[Depends] = ()


def metrics_router(metrics: Metrics) -> APIRouter:
    """The route. It is not in the document: it is Prometheus' own, and no part of the API."""
    router = APIRouter(dependencies=metrics.guards)

    @router.get(METRICS_PATH, include_in_schema=False)
    async def tell_metrics(request: Request) -> Response:
        """Everything that was counted, in the form that is asked for."""
        if metrics.refresh is not None:
            await metrics.refresh()
        encode, media_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(metrics.registry), headers={"Content-Type": media_type})

    return router


def count_requests(app: FastAPI, registry: CollectorRegistry) -> None:
    """Have the requests of an app counted; once for each app, before it serves any."""
    counted = default(
        registry=registry,
        latency_highr_buckets=_SECONDS,
        latency_lowr_buckets=_SECONDS,
        should_exclude_streaming_duration=True,  # a stream of events lasts as long as its job
    )
    if counted is None:
        raise RuntimeError("the requests of another app are counted in this registry already")

    def count(info: Info) -> None:
        if info.method not in _METHODS:  # a caller may call it anything
            info.method = _OTHER_METHOD
        counted(info)

    app.add_middleware(_Counting, excluded_handlers=_NOT_COUNTED, instrumentations=(count,), registry=registry)


class _Counting(PrometheusInstrumentatorMiddleware):
    """Lists the app's routes once, as they don't change while it serves, and not for each request.

    Measured, that was a twelfth of what a POST /jobs takes of the processor.
    """

    _listed: SimpleNamespace | None = None

    def _get_handler(self, request: Request) -> tuple[str, bool]:
        if self._listed is None:
            app = request.app
            self._listed = SimpleNamespace(routes=_effective_routes(app.routes), router=app.router, root_path=app.root_path)
        return super()._get_handler(Request({**request.scope, "app": self._listed}))
