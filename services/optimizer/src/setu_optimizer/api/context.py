"""The memory across episodes, as people see it and decide about it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

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
from setu_common.errors import DependencyUnavailable, InvalidRequest
from setu_common.web import CallerDep, problems
from setu_optimizer.api.dependencies import CurationDep, KnowledgeDep, ObservationsDep
from setu_optimizer.errors import EntryNotFound, VetoStays

router = APIRouter(tags=["context"])

EntryId = Annotated[UUID, Path(alias="id")]


@router.get("/v1/context/entries", responses=problems(InvalidRequest, DependencyUnavailable))
async def list_entries(query: Annotated[KnowledgeQuery, Query()], caller: CallerDep, curation: CurationDep) -> KnowledgePage:
    """What is remembered, the newest first: names, terms and edits, who says so, and how sure that is."""
    return await curation.entries(caller.tenant, query)


@router.post("/v1/context/entries", responses=problems(InvalidRequest, DependencyUnavailable))
async def add_entry(new: NewKnowledge, caller: CallerDep, curation: CurationDep) -> KnowledgeEntry:
    """Give an entry. It is accepted by that, whatever was learned; one that is there already is accepted."""
    return await curation.add(caller.tenant, new)


@router.post("/v1/context/entries/{id}/verdict", responses=problems(EntryNotFound, DependencyUnavailable))
async def decide(entry_id: EntryId, setting: VerdictSetting, caller: CallerDep, curation: CurationDep) -> KnowledgeEntry:
    """Accept or veto an entry. It lasts: what is vetoed does not come back, whatever is learned."""
    return await curation.decide(caller.tenant, entry_id, setting)


@router.delete("/v1/context/entries/{id}", status_code=204, responses=problems(EntryNotFound, VetoStays, DependencyUnavailable))
async def remove_entry(entry_id: EntryId, caller: CallerDep, curation: CurationDep) -> None:
    """Forget an entry. It may be learned again; to keep it away, veto it."""
    await curation.remove(caller.tenant, entry_id)


@router.get("/v1/context/conflicts", responses=problems(DependencyUnavailable))
async def list_conflicts(
    caller: CallerDep, curation: CurationDep, limit: Annotated[int, Query(ge=1, le=200, description="How many at most")] = 50
) -> KnowledgeConflicts:
    """What is said to be several things in one scope, and nobody has decided about, the likeliest first."""
    return await curation.conflicts(caller.tenant, limit)


@router.post("/v1/context/retrievals", responses=problems(DependencyUnavailable))
async def retrieve(request: RetrievalRequest, caller: CallerDep, knowledge: KnowledgeDep) -> Retrieval:
    """What an episode or film would be given, and why; what is known and withheld, and why."""
    return await knowledge.retrieve(caller.tenant, request)


@router.delete("/v1/context/jobs/{id}", status_code=204, responses=problems(DependencyUnavailable))
async def forget_job(job_id: EntryId, caller: CallerDep, knowledge: KnowledgeDep, observations: ObservationsDep) -> None:
    """Take back all that a job and its corrections taught, of names and terms, of sound and errors. What people decided stays."""
    await knowledge.forget_job(caller.tenant, job_id)
    await observations.forget_job(caller.tenant, job_id)
