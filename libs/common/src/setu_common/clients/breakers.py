"""The client of what the gateway tells operators of circuits."""

from setu_common.clients.answers import read
from setu_common.contracts.breakers import BreakerList, BreakerMode, BreakerOrder, BreakerView
from setu_common.http import HttpCaller


class BreakersClient:
    """Asks the gateway which circuits there are, and commands them.

    All methods raise ``RemoteProblem`` with what the gateway says, and ``DependencyUnavailable`` when it does not answer.

    Args:
        caller: over a client whose base URL is the gateway's.
    """

    def __init__(self, caller: HttpCaller) -> None:
        self._caller = caller

    async def breakers(self) -> tuple[BreakerView, ...]:
        """All circuits of all processes, by name."""
        return read(await self._caller.call("GET", "/v1/breakers"), BreakerList).breakers

    async def force(self, name: str, mode: BreakerMode) -> BreakerView:
        """Force one open or closed in every process, or let it rule itself again.

        Raises:
            RemoteProblem: there is none of that name.
        """
        order = BreakerOrder(mode=mode)
        return read(await self._caller.call("PUT", f"/v1/breakers/{name}", json=order.model_dump(mode="json")), BreakerView)
