"""How the parts of the gateway's API are put together."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from setu_common.clients import OperationsClient
from setu_common.clients.context import ContextClient
from setu_common.clients.metrics import MetricsClient
from setu_common.clients.optimizer import OptimizerClient
from setu_common.db import Database
from setu_common.http import Dependencies, HttpCaller, OutsideClient, create_client, inside_policy
from setu_common.http.breaker_redis import SharedBreakers
from setu_common.http.metrics import PrometheusObserver
from setu_common.observability.metrics import MetricsListener, process_registry
from setu_common.operations import Hints, Operations
from setu_common.operations.figures import Figures
from setu_common.store import Store
from setu_common.web import ANY, AllowedHosts, EdgeTrust, Metrics, RateLimits, breakers_router, create_app
from setu_gateway.api import (
    budgets,
    context,
    corrections,
    costs,
    dashboard,
    enhancements,
    estimates,
    intake,
    jobs,
    media,
    openai_audio,
    performance,
    plans,
    recordings,
    reports,
    subtitles,
)
from setu_gateway.api.dependencies import Admin
from setu_gateway.dashboard.assets import load_assets
from setu_gateway.delivery.audits import Audits
from setu_gateway.delivery.budget_notices import AlertDesk
from setu_gateway.delivery.media import MediaFiles
from setu_gateway.delivery.probing import Prober
from setu_gateway.handlers import optimizer_of, outside_guard
from setu_gateway.intake.backlog import Backlog
from setu_gateway.intake.looking import Looking
from setu_gateway.intake.upload import Intake
from setu_gateway.intake.vetting import Vetting
from setu_gateway.keys.ring import KeyRing
from setu_gateway.learning.corrections import Corrections
from setu_gateway.openai.listening import Listener
from setu_gateway.openai.refusing import refusal
from setu_gateway.pipeline.kinds import KINDS
from setu_gateway.pipeline.stages import PIPELINE
from setu_gateway.service import Jobs
from setu_gateway.settings import SERVICE, EdgeSettings, GatewaySettings

VERSION: Final = "1"

# They wait for the disk and not for a processor, of which the default counts a few: uploads at once are synced together.
_DISK_THREADS: Final = 16
_ROUTERS: Final = (
    intake.router,
    costs.router,
    performance.router,
    estimates.router,
    jobs.router,
    subtitles.router,
    media.router,
    recordings.router,
    openai_audio.router,
    budgets.router,
    enhancements.router,
    plans.router,
    corrections.router,
    context.router,
    reports.router,
)
_STREAMED: Final = ("/jobs", "/jobs/estimate/media", "/v1/audio/transcriptions", "/v1/audio/translations")


def make_app(settings: GatewaySettings) -> FastAPI:
    """The API."""
    database = Database(settings.core.database, SERVICE)
    store = Store(settings.core.store, SERVICE)
    keys = KeyRing(database, settings.edge.keys_ttl_s) if settings.edge.auth == "keys" else None
    limits = RateLimits(settings.core.redis, settings.edge.rate_of) if keys is not None else None
    registry = process_registry()
    dependencies = Dependencies([PrometheusObserver(registry)])
    figures = Figures(database, settings.core.store, [kind.queue for kind in KINDS], registry)
    page = dashboard.dashboard_router(load_assets(settings.edge.auth))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_DISK_THREADS, thread_name_prefix="disk"))
        hints = Hints(settings.core.redis)
        operations = Operations(database, store, hints, settings.core.operations)
        use_cases = app.state.jobs = Jobs(database=database, store=store, operations=operations, pipeline=PIPELINE)
        app.state.backlog = Backlog(database, settings.backlog)
        app.state.listener = Listener(use_cases, store)
        app.state.audits = Audits(store)
        app.state.corrections = Corrections(
            database=database, store=store, operations=operations, pipeline=PIPELINE, settings=settings.pipeline
        )
        app.state.enhance_wait_s = settings.edge.enhance_wait_s
        app.state.media = MediaFiles(database=database, store=store, operations=operations)
        try:
            async with AsyncExitStack() as resources:
                guard = resources.enter_context(outside_guard(settings))
                desk = AlertDesk(database, operations, registry)
                await resources.enter_async_context(_operated(settings, registry, dependencies, desk))
                await resources.enter_async_context(figures.kept())
                app.state.metrics = await _metrics(settings, dependencies, resources)
                app.state.enhancer = await _enhancer(settings, resources)
                optimizer = await optimizer_of(settings, dependencies, resources)
                app.state.optimizer, app.state.context = OptimizerClient(optimizer), ContextClient(optimizer)
                for used in (keys, limits):
                    if used is not None:
                        await resources.enter_async_context(used)
                app.state.vetting = Vetting(guard, signs=settings.outside.webhook_secret is not None)
                app.state.intake = Intake(store, settings.upload, app.state.vetting)
                outside = await resources.enter_async_context(OutsideClient(guard))
                prober = resources.enter_context(Prober())
                app.state.looking = Looking(store, outside, settings.upload.max_upload_bytes, prober.length_of)
                yield
        finally:
            await use_cases.close()
            await operations.close()
            await database.close()
            hints.close()

    return create_app(
        service=SERVICE,
        version=VERSION,
        lifespan=lifespan,
        routers=[*_ROUTERS, breakers_router(dependencies, [Admin]), page],
        metrics=Metrics(registry, guards=[Admin]),
        trust=EdgeTrust(hosts=_hosts(settings.edge), keys=keys, pages=dashboard.PAGE_PATHS),
        checks={"database": database.check, "store": store.check},
        refusals={"/v1/audio/": refusal},
        limits=limits,
        streamed=_STREAMED,
    )


@asynccontextmanager
async def _operated(
    settings: GatewaySettings, registry: CollectorRegistry, dependencies: Dependencies, desk: AlertDesk
) -> AsyncIterator[None]:
    """What goes on beside requests: Prometheus is answered, circuits are shared, budgets' alerts are told."""
    listener = MetricsListener(registry, settings.core.prometheus)
    listener.start()
    redis = settings.core.redis
    try:
        async with SharedBreakers(dependencies, redis.url, redis.key_prefix):
            telling = asyncio.create_task(desk.run(), name="budget-alerts")
            try:
                yield
            finally:
                telling.cancel()
                with suppress(asyncio.CancelledError):
                    await telling
    finally:
        listener.close()


def _hosts(edge: EdgeSettings) -> AllowedHosts:
    # No web page of another host knows a key, so where there are keys the gateway may be called by any name.
    names = [name for name in edge.allowed_hosts.split(",") if name.strip()]
    return AllowedHosts([ANY] if edge.auth == "keys" and not names else names)


async def _metrics(settings: GatewaySettings, dependencies: Dependencies, resources: AsyncExitStack) -> MetricsClient:
    client = create_client(
        settings.pipeline.metrics_url, service_token=settings.trust.service_token, timeout_s=settings.pipeline.call_timeout_s
    )
    await resources.enter_async_context(client)
    return MetricsClient(HttpCaller(client, dependency=dependencies.dependency("metrics", inside_policy())))


async def _enhancer(settings: GatewaySettings, resources: AsyncExitStack) -> OperationsClient:
    """Asked by the API itself: its answers may be waited for, which is no reason to call it slow."""
    client = create_client(
        settings.pipeline.enhancer_url, service_token=settings.trust.service_token, timeout_s=settings.pipeline.call_timeout_s
    )
    await resources.enter_async_context(client)
    return OperationsClient(HttpCaller(client, name="enhancer"))
