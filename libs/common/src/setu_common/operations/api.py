"""The API of a service that does operations, and hardly anything else."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI

from setu_common.contracts import OperationKind
from setu_common.db import Database
from setu_common.observability.metrics import process_registry
from setu_common.operations.endings import Settled
from setu_common.operations.figures import Figures
from setu_common.operations.hints import Hints
from setu_common.operations.room import Room
from setu_common.operations.routes import operations_router
from setu_common.operations.service import Operations
from setu_common.settings import CoreSettings, TrustSettings
from setu_common.store import Store
from setu_common.web import InsideTrust, Metrics, create_app
from setu_common.web.app import Lifespan


def operations_api(
    *,
    service: str,
    version: str,
    kinds: Sequence[OperationKind[Any, Any]],  # Any: kinds of all requests and results
    settings: CoreSettings,
    trust: TrustSettings,
    settled: Mapping[str, Settled] | None = None,
    routers: Sequence[APIRouter] = (),
    equipped: Lifespan | None = None,
) -> FastAPI:
    """An app that accepts operations and tells of them; workers do them.

    Args:
        service: its name, as in its schema.
        version: of its API.
        kinds: what it can be asked to do.
        settings: where the database, the broker and the store are.
        trust: what the other services show.
        settled: as given to the service's worker: here an operation ends that is cancelled while it waits.
        routers: what it answers itself, beside operations.
        equipped: opens what those need and closes it at the end; it keeps it on ``app.state``.
    """
    database = Database(settings.database, service)
    store = Store(settings.store, service)
    registry = process_registry()
    queues = [kind.queue for kind in kinds]
    figures = Figures(database, settings.store, queues, registry)
    limits = settings.operations
    room = Room(database, queues, limits.max_queued, limits.max_queued_per_tenant if limits.max_queued else 0)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        hints = Hints(settings.redis)
        app.state.operations = Operations(database, store, hints, settings.operations, settled)
        try:
            async with AsyncExitStack() as resources:
                if equipped is not None:
                    await resources.enter_async_context(equipped(app))
                await resources.enter_async_context(figures.kept())
                yield
        finally:
            await app.state.operations.close()
            hints.close()
            await database.close()

    return create_app(
        service=service,
        version=version,
        lifespan=lifespan,
        routers=[operations_router(kinds, room), *routers],
        trust=InsideTrust(trust.service_token),
        checks={"database": database.check, "store": store.check},
        metrics=Metrics(registry),
    )
