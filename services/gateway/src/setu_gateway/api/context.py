"""The memory across episodes, as the optimizer keeps it: names, terms and edits, who says so, and what people decide of them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request

from setu_common.clients.context import ContextClient
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
from setu_common.errors import Conflict, DependencyUnavailable, NotFound
from setu_common.web import problems
from setu_gateway.api.dependencies import ReaderDep, WriterDep

router = APIRouter(tags=["context"])


async def _context(request: Request) -> ContextClient:
    context: ContextClient = request.app.state.context
    return context


ContextDep = Annotated[ContextClient, Depends(_context)]
EntryId = Annotated[UUID, Path(alias="id", description="As lists of entries give it")]


@router.get("/v1/context/entries", responses=problems(DependencyUnavailable))
async def list_entries(query: Annotated[KnowledgeQuery, Query()], caller: ReaderDep, context: ContextDep) -> KnowledgePage:
    """What is remembered, the newest first: names, terms and edits, who says so, and how sure that is."""
    return await context.entries(caller.tenant, query)


@router.post("/v1/context/entries", responses=problems(DependencyUnavailable))
async def add_entry(new: NewKnowledge, caller: WriterDep, context: ContextDep) -> KnowledgeEntry:
    """Give an entry. It is accepted by that, whatever was learned; one that is there already is accepted."""
    return await context.add(caller.tenant, new)


@router.post("/v1/context/entries/{id}/verdict", responses=problems(NotFound, DependencyUnavailable))
async def decide(entry_id: EntryId, setting: VerdictSetting, caller: WriterDep, context: ContextDep) -> KnowledgeEntry:
    """Accept or veto an entry. It lasts: what is vetoed does not come back, whatever is learned."""
    return await context.decide(caller.tenant, entry_id, setting)


@router.delete("/v1/context/entries/{id}", status_code=204, responses=problems(NotFound, Conflict, DependencyUnavailable))
async def remove_entry(entry_id: EntryId, caller: WriterDep, context: ContextDep) -> None:
    """Forget an entry. It may be learned again; to keep it away, veto it."""
    await context.remove(caller.tenant, entry_id)


@router.get("/v1/context/conflicts", responses=problems(DependencyUnavailable))
async def list_conflicts(
    caller: ReaderDep, context: ContextDep, limit: Annotated[int, Query(ge=1, le=200, description="How many at most")] = 50
) -> KnowledgeConflicts:
    """What is said to be several things in one scope, and nobody has decided about, the likeliest first."""
    return await context.conflicts(caller.tenant, limit)


@router.post("/v1/context/retrievals", responses=problems(DependencyUnavailable))
async def retrieve(request: RetrievalRequest, caller: ReaderDep, context: ContextDep) -> Retrieval:
    """What an episode or film would be given, and why; what is known and withheld, and why."""
    return await context.retrieve(caller.tenant, request)


@router.delete("/v1/context/jobs/{id}", status_code=204, responses=problems(DependencyUnavailable))
async def forget_job(
    job_id: Annotated[UUID, Path(alias="id", description="As POST /jobs gave it; the job may be gone")],
    caller: WriterDep,
    context: ContextDep,
) -> None:
    """Take back all that a job and its corrections taught. What people decided stays."""
    await context.forget_job(caller.tenant, job_id)
