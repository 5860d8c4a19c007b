"""How the parts of the gateway's workers are put together: their handlers, and what those use."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

from setu_common.clients import OperationsClient
from setu_common.clients.context import ContextClient
from setu_common.db import Database, aside
from setu_common.http import Dependencies, Guard, HttpCaller, OutsideClient, SystemResolver, create_client, inside_policy
from setu_common.http.sharing import shared_dependencies
from setu_common.operations import Bound, Hints, Operations
from setu_common.store import Store
from setu_gateway.delivery.budget_notices import BudgetNotifier
from setu_gateway.delivery.muxing import Muxer
from setu_gateway.delivery.rendering import Renderer
from setu_gateway.delivery.webhooks import Notifier
from setu_gateway.intake.fetching import Fetcher
from setu_gateway.learning.forgetting import Forgetter
from setu_gateway.learning.lessons import Lessons
from setu_gateway.learning.teaching import Teacher
from setu_gateway.pipeline.advance import Advancer
from setu_gateway.pipeline.erasure import Eraser
from setu_gateway.pipeline.kinds import (
    ADVANCES,
    BUDGET_NOTICES,
    CORRECTION_LESSONS,
    FETCHES,
    LESSONS,
    MUXINGS,
    NOTICES,
    RENDERINGS,
)
from setu_gateway.pipeline.ports import OperationsPort
from setu_gateway.pipeline.stages import PIPELINE
from setu_gateway.settings import SERVICE, GatewaySettings


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
        memory = ContextClient(await optimizer_of(settings, dependencies, resources))
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


async def optimizer_of(settings: GatewaySettings, dependencies: Dependencies, resources: AsyncExitStack) -> HttpCaller:
    """The optimizer, for as long as ``resources`` last."""
    client = create_client(
        settings.pipeline.optimizer_url, service_token=settings.trust.service_token, timeout_s=settings.pipeline.call_timeout_s
    )
    await resources.enter_async_context(client)
    return HttpCaller(client, dependency=dependencies.dependency("optimizer", inside_policy()))


async def _remote(
    url: str, name: str, settings: GatewaySettings, dependencies: Dependencies, resources: AsyncExitStack
) -> OperationsPort:
    client = create_client(url, service_token=settings.trust.service_token, timeout_s=settings.pipeline.call_timeout_s)
    await resources.enter_async_context(client)
    return OperationsClient(HttpCaller(client, dependency=dependencies.dependency(name, inside_policy())))
