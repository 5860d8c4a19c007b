"""A process's dependencies as a service needs them: counted for Prometheus, their circuits shared with other processes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry

from setu_common.http.breaker_redis import SharedBreakers
from setu_common.http.dependencies import Dependencies
from setu_common.http.metrics import PrometheusObserver
from setu_common.settings import RedisSettings


@asynccontextmanager
async def shared_dependencies(redis: RedisSettings, registry: CollectorRegistry | None = None) -> AsyncIterator[Dependencies]:
    """Those of one process, for as long as it calls anything. Needs the extra ``service``.

    Args:
        redis: where circuits are shared.
        registry: what Prometheus is told of; in a worker's child none need be named, since children count together.
    """
    dependencies = Dependencies([PrometheusObserver(registry or CollectorRegistry())])
    async with SharedBreakers(dependencies, redis.url, redis.key_prefix):
        yield dependencies
