"""What the routes are given."""

from typing import Annotated

from fastapi import Depends, Request

from setu_metrics.service import Costs


async def _costs(request: Request) -> Costs:
    costs: Costs = request.app.state.costs
    return costs


CostsDep = Annotated[Costs, Depends(_costs)]
