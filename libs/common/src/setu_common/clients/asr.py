"""The client of what the asr service says of its machine."""

from setu_common.clients.answers import read
from setu_common.contracts import InstalledCandidates
from setu_common.http import HttpCaller


class AsrClient:
    """Asks the asr service what it can do.

    Its methods raise ``RemoteProblem`` with what the service says, and ``DependencyUnavailable`` when it does not answer.

    Args:
        caller: over a client whose base URL is the service's and that carries the service token.
    """

    def __init__(self, caller: HttpCaller) -> None:
        self._caller = caller

    async def candidates(self) -> InstalledCandidates:
        """The ways to transcribe that there are on its machine."""
        return read(await self._caller.call("GET", "/v1/candidates"), InstalledCandidates)
