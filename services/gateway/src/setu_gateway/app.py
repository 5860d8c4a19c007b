"""How the gateway's parts are put together: the app of the API, and the handlers of the worker."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from typing import Final

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from setu_common.clients import OperationsClient
from setu_common.clients.context import ContextClient
from setu_common.clients.metrics import MetricsClient
from setu_common.clients.optimizer import OptimizerClient
from setu_common.db import Database, aside
from setu_common.http import Dependencies, Guard, HttpCaller, OutsideClient, SystemResolver, create_client, inside_policy
from setu_common.http.breaker_redis import SharedBreakers
from setu_common.http.metrics import PrometheusObserver
from setu_common.http.sharing import shared_dependencies
from setu_common.observability.metrics import MetricsListener, process_registry
from setu_common.operations import Bound, Hints, Operations
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
from setu_gateway.delivery.budget_notices import AlertDesk, BudgetNotifier
from setu_gateway.delivery.media import MediaFiles
from setu_gateway.delivery.muxing import Muxer
from setu_gateway.delivery.probing import Prober
from setu_gateway.delivery.rendering import Renderer
from setu_gateway.delivery.webhooks import Notifier
from setu_gateway.intake.backlog import Backlog
from setu_gateway.intake.fetching import Fetcher
from setu_gateway.intake.looking import Looking
from setu_gateway.intake.upload import Intake
from setu_gateway.intake.vetting import Vetting
from setu_gateway.keys.ring import KeyRing
from setu_gateway.learning.corrections import Corrections
from setu_gateway.learning.forgetting import Forgetter
from setu_gateway.learning.lessons import Lessons
from setu_gateway.learning.teaching import Teacher
from setu_gateway.openai.listening import Listener
from setu_gateway.openai.refusing import refusal
from setu_gateway.pipeline.advance import Advancer
from setu_gateway.pipeline.erasure import Eraser
from setu_gateway.pipeline.kinds import (
    ADVANCES,
    BUDGET_NOTICES,
    CORRECTION_LESSONS,
    FETCHES,
    KINDS,
    LESSONS,
    MUXINGS,
    NOTICES,
    RENDERINGS,
)
from setu_gateway.pipeline.ports import OperationsPort
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
                optimizer = await _optimizer(settings, dependencies, resources)
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
async def wire_handlers(settings: GatewaySettings) -> AsyncIterator[Sequence[Bound]]:
    """The worker's handlers, and what they use, for as long as a worker's child lives."""
    async with AsyncExitStack() as resources:
        database = Database(aside(settings.core.database), SERVICE)
        resources.push_async_callback(database.close)
        store = Store(settings.core.store, SERVICE)
        hints = Hints(settings.core.redis)
        resources.callback(hints.close)
        operations = Operations(database, store, hints, settings.core.operations)
        resources.push_async_callback(operations.close)
        dependencies = await resources.enter_async_context(shared_dependencies(settings.core.redis))
        ports = {
            "asr": await _remote(settings.pipeline.asr_url, "asr", settings, dependencies, resources),
            "translate": await _remote(settings.pipeline.translate_url, "translate", settings, dependencies, resources),
            "enhancer": await _remote(settings.pipeline.enhancer_url, "enhancer", settings, dependencies, resources),
            "optimizer": await _remote(settings.pipeline.optimizer_url, "optimizer", settings, dependencies, resources),
            SERVICE: operations,
        }
        memory = ContextClient(await _optimizer(settings, dependencies, resources))
        await dependencies.announce()
        forgetter = Forgetter(
            database=database, store=store, operations=operations, optimizer=ports["optimizer"], memory=memory
        )
        eraser = Eraser(database=database, store=store, ports=ports, pipeline=PIPELINE, forgetter=forgetter)
        advancer = Advancer(
            database=database,
            ports=ports,
            eraser=eraser,
            pipeline=PIPELINE,
            settings=settings.pipeline,
            lessons=Lessons(operations, PIPELINE, settings.pipeline),
        )
        yield [Bound(ADVANCES, advancer), Bound(RENDERINGS, Renderer(store))]


@asynccontextmanager
async def wire_fetching(settings: GatewaySettings) -> AsyncIterator[Sequence[Bound]]:
    """The handlers of the worker that waits for hosts outside and for the disk, and what they use."""
    store = Store(settings.core.store, SERVICE)
    async with AsyncExitStack() as resources:
        client = await resources.enter_async_context(outside_client(settings))
        dependencies = await resources.enter_async_context(shared_dependencies(settings.core.redis))
        teacher = Teacher(await _remote(settings.pipeline.optimizer_url, "optimizer", settings, dependencies, resources))
        await dependencies.announce()
        fetcher = Fetcher(store, client, settings.outside, max_bytes=settings.upload.max_upload_bytes)
        yield [
            Bound(FETCHES, fetcher),
            Bound(MUXINGS, Muxer(store)),
            Bound(NOTICES, Notifier(client, settings.outside)),
            Bound(BUDGET_NOTICES, BudgetNotifier(client, settings.outside)),
            Bound(LESSONS, teacher.observe),
            Bound(CORRECTION_LESSONS, teacher.correct),
        ]


@asynccontextmanager
async def outside_client(settings: GatewaySettings) -> AsyncIterator[OutsideClient]:
    """What calls are made with to addresses that callers name."""
    with outside_guard(settings) as guard:
        async with OutsideClient(guard) as client:
            yield client


@contextmanager
def outside_guard(settings: GatewaySettings) -> Iterator[Guard]:
    """What judges addresses that callers name."""
    resolver = SystemResolver()
    try:
        yield Guard(settings.outside.policy, resolver, settings.outside.resolve_timeout_s)
    finally:
        resolver.close()


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


async def _remote(
    url: str, name: str, settings: GatewaySettings, dependencies: Dependencies, resources: AsyncExitStack
) -> OperationsPort:
    client = create_client(url, service_token=settings.trust.service_token, timeout_s=settings.pipeline.call_timeout_s)
    await resources.enter_async_context(client)
    return OperationsClient(HttpCaller(client, dependency=dependencies.dependency(name, inside_policy())))


async def _metrics(settings: GatewaySettings, dependencies: Dependencies, resources: AsyncExitStack) -> MetricsClient:
    client = create_client(
        settings.pipeline.metrics_url, service_token=settings.trust.service_token, timeout_s=settings.pipeline.call_timeout_s
    )
    await resources.enter_async_context(client)
    return MetricsClient(HttpCaller(client, dependency=dependencies.dependency("metrics", inside_policy())))


async def _optimizer(settings: GatewaySettings, dependencies: Dependencies, resources: AsyncExitStack) -> HttpCaller:
    client = create_client(
        settings.pipeline.optimizer_url, service_token=settings.trust.service_token, timeout_s=settings.pipeline.call_timeout_s
    )
    await resources.enter_async_context(client)
    return HttpCaller(client, dependency=dependencies.dependency("optimizer", inside_policy()))


async def _enhancer(settings: GatewaySettings, resources: AsyncExitStack) -> OperationsClient:
    """Asked by the API itself: its answers may be waited for, which is no reason to call it slow."""
    client = create_client(
        settings.pipeline.enhancer_url, service_token=settings.trust.service_token, timeout_s=settings.pipeline.call_timeout_s
    )
    await resources.enter_async_context(client)
    return OperationsClient(HttpCaller(client, name="enhancer"))
