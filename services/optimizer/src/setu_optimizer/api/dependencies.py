"""What the routes are given."""

from typing import Annotated

from fastapi import Depends, Request

from setu_optimizer.knowledge import Curation, Knowledge
from setu_optimizer.observing import Observations, Spending
from setu_optimizer.service import Predictions


async def _predictions(request: Request) -> Predictions:
    predictions: Predictions = request.app.state.predictions
    return predictions


async def _knowledge(request: Request) -> Knowledge:
    knowledge: Knowledge = request.app.state.knowledge
    return knowledge


async def _curation(request: Request) -> Curation:
    curation: Curation = request.app.state.curation
    return curation


async def _observations(request: Request) -> Observations:
    observations: Observations = request.app.state.observations
    return observations


async def _spending(request: Request) -> Spending:
    spending: Spending = request.app.state.spending
    return spending


PredictionsDep = Annotated[Predictions, Depends(_predictions)]
KnowledgeDep = Annotated[Knowledge, Depends(_knowledge)]
CurationDep = Annotated[Curation, Depends(_curation)]
ObservationsDep = Annotated[Observations, Depends(_observations)]
SpendingDep = Annotated[Spending, Depends(_spending)]
