"""How the service's parts are put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI

from setu_common.cost.ledger import SCHEMA
from setu_common.db import Database
from setu_common.observability.metrics import process_registry
from setu_common.settings import TrustSettings
from setu_common.web import InsideTrust, Metrics, create_app
from setu_metrics.api import budgets, costs, estimates, performance, reports
from setu_metrics.estimates import Estimates
from setu_metrics.performance.machine import memory_bytes
from setu_metrics.performance.telling import Performance
from setu_metrics.reports.drawing import Drawing
from setu_metrics.reports.telling import Reports
from setu_metrics.service import Costs
from setu_metrics.settings import SERVICE, MetricsSettings
from setu_metrics.shares import BudgetShares

VERSION: Final = "1"


def create_api(settings: MetricsSettings, trust: TrustSettings) -> FastAPI:
    """The service's HTTP API: it reads the ledger, and sets budgets."""
    database = Database(settings.database, SCHEMA)
    registry = process_registry()
    shares = BudgetShares(database, registry)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.costs = Costs(database)
        app.state.estimates = Estimates(database)
        app.state.performance = Performance(database, settings.performance.memory_limit_bytes or memory_bytes())
        app.state.reports = Reports(database, app.state.performance, app.state.costs)
        app.state.drawing = Drawing()
        try:
            yield
        finally:
            app.state.drawing.close()
            await database.close()

    return create_app(
        service=SERVICE,
        version=VERSION,
        lifespan=lifespan,
        routers=[costs.router, budgets.router, estimates.router, performance.router, reports.router],
        trust=InsideTrust(trust.service_token),
        checks={"database": database.check},
        metrics=Metrics(registry, refresh=shares.refresh),
    )
