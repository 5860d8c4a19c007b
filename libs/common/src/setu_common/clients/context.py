"""The client of what is remembered across episodes: names, terms and edits."""

from typing import Final
from uuid import UUID

from setu_common.clients.answers import read
from setu_common.contracts import headers
from setu_common.contracts.knowledge import (
    KnowledgeConflicts,
    KnowledgeEntry,
    KnowledgePage,
    KnowledgeQuery,
    NewKnowledge,
    Retrieval,
    RetrievalRequest,
    VerdictSetting,
)
from setu_common.http import HttpCaller

_GONE: Final = (204,)


class ContextClient:
    """Asks the optimizer, on behalf of tenants, what is remembered, and tells it what people decide.

    All methods raise ``RemoteProblem`` with what the service says, and ``DependencyUnavailable`` when it does not answer.

    Args:
        caller: over a client whose base URL is the service's and that carries the service token.
    """

    def __init__(self, caller: HttpCaller) -> None:
        self._caller = caller

    async def entries(self, tenant: str, query: KnowledgeQuery) -> KnowledgePage:
        """A page of entries, the newest first."""
        asked = query.model_dump(mode="json", exclude_none=True)
        return read(await self._caller.call("GET", "/v1/context/entries", params=asked, headers=_of(tenant)), KnowledgePage)

    async def add(self, tenant: str, entry: NewKnowledge) -> KnowledgeEntry:
        """Give an entry, which is accepted by that; one that is there already is accepted."""
        asked = entry.model_dump(mode="json")
        return read(await self._caller.call("POST", "/v1/context/entries", json=asked, headers=_of(tenant)), KnowledgeEntry)

    async def decide(self, tenant: str, entry_id: UUID, setting: VerdictSetting) -> KnowledgeEntry:
        """Accept or veto an entry, for good."""
        path = f"/v1/context/entries/{entry_id}/verdict"
        asked = setting.model_dump(mode="json")
        return read(await self._caller.call("POST", path, json=asked, headers=_of(tenant)), KnowledgeEntry)

    async def remove(self, tenant: str, entry_id: UUID) -> None:
        """Forget an entry and all that speaks for it; it may be learned again."""
        await self._caller.call("DELETE", f"/v1/context/entries/{entry_id}", headers=_of(tenant), ok=_GONE)

    async def conflicts(self, tenant: str, limit: int = 50) -> KnowledgeConflicts:
        """Sources that are said to be several things."""
        answer = await self._caller.call("GET", "/v1/context/conflicts", params={"limit": limit}, headers=_of(tenant))
        return read(answer, KnowledgeConflicts)

    async def retrieve(self, tenant: str, request: RetrievalRequest) -> Retrieval:
        """What an episode or film would be given, and why."""
        asked = request.model_dump(mode="json")
        return read(await self._caller.call("POST", "/v1/context/retrievals", json=asked, headers=_of(tenant)), Retrieval)

    async def forget_job(self, tenant: str, job_id: UUID) -> None:
        """Take back all that a job and its corrections taught; what people decided stays."""
        await self._caller.call("DELETE", f"/v1/context/jobs/{job_id}", headers=_of(tenant), ok=_GONE)


def _of(tenant: str) -> dict[str, str]:
    return {headers.TENANT: tenant}
