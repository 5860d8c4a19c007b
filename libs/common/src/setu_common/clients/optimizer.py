"""The client of the optimizer: how a recording is best transcribed, and what could have been had for less."""

from setu_common.clients.answers import read
from setu_common.contracts import Prediction, PredictionRequest, headers
from setu_common.contracts.suggestions import Suggestions
from setu_common.http import HttpCaller


class OptimizerClient:
    """Asks the optimizer on behalf of tenants.

    All methods raise ``RemoteProblem`` with what the service says, and ``DependencyUnavailable`` when it does not answer.

    Args:
        caller: over a client whose base URL is the service's and that carries the service token.
    """

    def __init__(self, caller: HttpCaller) -> None:
        self._caller = caller

    async def predict(self, tenant: str, request: PredictionRequest) -> Prediction:
        """The plan for a recording, what is expected of each way, and why."""
        asked = request.model_dump(mode="json", exclude_defaults=True)
        answer = await self._caller.call("POST", "/v1/predictions", json=asked, headers={headers.TENANT: tenant})
        return read(answer, Prediction)

    async def suggestions(self, tenant: str, days: int = 30) -> Suggestions:
        """What the last days' jobs could have had for less."""
        answer = await self._caller.call("GET", "/v1/suggestions", params={"days": days}, headers={headers.TENANT: tenant})
        return read(answer, Suggestions)
