"""What the routes are given."""

from typing import Annotated

from fastapi import Depends, Request

from setu_metrics.estimates import Estimates
from setu_metrics.performance.telling import Performance
from setu_metrics.service import Costs


async def _costs(request: Request) -> Costs:
    costs: Costs = request.app.state.costs
    return costs


async def _estimates(request: Request) -> Estimates:
    estimates: Estimates = request.app.state.estimates
    return estimates


async def _performance(request: Request) -> Performance:
    performance: Performance = request.app.state.performance
    return performance


CostsDep = Annotated[Costs, Depends(_costs)]
EstimatesDep = Annotated[Estimates, Depends(_estimates)]
PerformanceDep = Annotated[Performance, Depends(_performance)]
