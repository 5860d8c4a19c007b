"""What the routes are given."""

from typing import Annotated

from fastapi import Depends, Request

from setu_optimizer.service import Predictions


async def _predictions(request: Request) -> Predictions:
    predictions: Predictions = request.app.state.predictions
    return predictions


PredictionsDep = Annotated[Predictions, Depends(_predictions)]
