"""``/metrics``: what a process tells Prometheus."""

from collections.abc import Awaitable, Callable, Sequence

from fastapi import APIRouter, Request, Response
from fastapi.params import Depends
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

METRICS_PATH = "/metrics"


def metrics_router(
    registry: CollectorRegistry, *, refresh: Callable[[], Awaitable[None]] | None = None, guards: Sequence[Depends] = ()
) -> APIRouter:
    """The route. It is not in the document: it is Prometheus' own, and no part of the API.

    Args:
        registry: what is told.
        refresh: brings up to date what is looked up rather than counted; awaited before each answer.
        guards: decide who may, where callers may be strangers.
    """
    router = APIRouter(dependencies=guards)

    @router.get(METRICS_PATH, include_in_schema=False)
    async def tell_metrics(request: Request) -> Response:
        """Everything that was counted, in the form that is asked for."""
        if refresh is not None:
            await refresh()
        encode, media_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry), headers={"Content-Type": media_type})

    return router
