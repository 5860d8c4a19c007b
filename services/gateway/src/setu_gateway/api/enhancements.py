"""The enhancer for other teams, and what it did for jobs."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID, uuid4

from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response
from pydantic import BaseModel

from setu_common.clients import OperationsClient
from setu_common.contracts import (
    ENHANCEMENTS,
    QUALITY_SCORES,
    EnhancedTranscript,
    LinesToEnhance,
    Operation,
    OperationKind,
    QualityRequest,
    Submission,
    UsedGlossary,
)
from setu_common.errors import Conflict, DependencyUnavailable, IdempotencyConflict, NotFound
from setu_common.operations.routes import BEING_CANCELLED, Prefer, asked_wait_s
from setu_common.web import Allowed, Caller, problems
from setu_gateway.api.corrections import CorrectionsDep
from setu_gateway.api.dependencies import JobId, JobsDep, ReaderDep, idempotency_key
from setu_gateway.delivery.audits import Audits
from setu_gateway.errors import EnhancementMissing, JobNotFound
from setu_gateway.keys.key import Scope

router = APIRouter(tags=["enhancements"])

AT_ONCE_LINES: Final = 50
"""So many lines are waited for where the caller does not say how long."""
LONGEST_WAIT_S: Final = 60

_LINES: Final[dict[str, Any]] = {  # Any: JSON
    "source_language": "hi",
    "target_language": "en",
    "lines": [
        {
            "index": 0,
            "start_s": 12.4,
            "end_s": 14.1,
            "source": "राज, तुम कहाँ थे?",
            "draft": "King, where were you?",
            "confidence": 0.61,
        },
        {"index": 1, "start_s": 14.3, "end_s": 15.6, "source": "अरे बाप रे! दस बज गए।", "draft": "Oh father! It is ten."},
    ],
    "context": {"title": "Ghar", "characters": [{"name": "Raj", "source": "राज", "gender": "male"}]},
}
_SCORED: Final[dict[str, Any]] = {  # Any: JSON
    "source_language": "hi",
    "target_language": "en",
    "lines": [{"source": "राज, तुम कहाँ थे?", "text": "Raj, where were you?", "reference": "Where were you, Raj?"}],
}


async def _enhancer(request: Request) -> OperationsClient:
    enhancer: OperationsClient = request.app.state.enhancer
    return enhancer


async def _audits(request: Request) -> Audits:
    audits: Audits = request.app.state.audits
    return audits


EnhanceDep = Annotated[Caller, Depends(Allowed(Scope.ENHANCE.value))]
EnhancerDep = Annotated[OperationsClient, Depends(_enhancer)]
AuditsDep = Annotated[Audits, Depends(_audits)]
OperationId = Annotated[UUID, Path(alias="id", description="As the answer to POST gave it")]
Language = Annotated[str, Path(max_length=20, description="One of the job's target languages")]


@dataclass(frozen=True)
class _Asked:
    """Who asks for lines to be looked at, and how."""

    caller: Caller
    enhancer: OperationsClient
    idempotency_key: str | None
    prefer: str | None
    usual_wait_s: float

    # Any: kinds of two requests and results
    async def of(self, kind: OperationKind[Any, Any], request: BaseModel, lines: int, response: Response) -> Operation:
        """An operation of the enhancer's, waited for where that is worth while."""
        # With a key of our own where there is none, so that asking once more does no harm.
        asked = Submission(tenant=self.caller.tenant, idempotency_key=self.idempotency_key or str(uuid4()))
        operation = await self.enhancer.submit(kind, request, asked)
        usual_s = self.usual_wait_s if lines <= AT_ONCE_LINES else 0.0
        wait_s = asked_wait_s(self.prefer, usual_s)
        if wait_s and not operation.state.ended:
            with suppress(DependencyUnavailable):  # it was accepted all the same
                operation = await self.enhancer.get(self.caller.tenant, operation.id, wait_s)
        response.headers["Location"] = f"/v1/operations/{operation.id}"
        response.status_code = 200 if operation.state.ended else 202
        return operation


async def _asked(
    caller: EnhanceDep,
    enhancer: EnhancerDep,
    request: Request,
    *,
    key: Annotated[
        str | None,
        idempotency_key("The same key and body again give the same answer, and no second piece of work"),
    ] = None,
    prefer: Prefer = None,
) -> _Asked:
    return _Asked(caller, enhancer, key, prefer, request.app.state.enhance_wait_s)


AskedDep = Annotated[_Asked, Depends(_asked)]

_ACCEPTED: Final[dict[int | str, dict[str, Any]]] = {  # Any: OpenAPI's own shape
    200: {"model": Operation, "description": "It has ended; `result` is what came of it"},
    202: {"description": "Accepted, durably; follow `Location`"},
    **problems(IdempotencyConflict, DependencyUnavailable),
}


@router.post("/v1/enhancements", status_code=202, responses=_ACCEPTED)
async def enhance_lines(
    body: Annotated[LinesToEnhance, Body(openapi_examples={"two lines of Hindi": {"value": _LINES}})],
    asked: AskedDep,
    response: Response,
) -> Operation:
    """Have a language model mend translated lines; an edit is kept only if it is shown to be better than its draft.

    N lines in, N lines out, same indices: `result.lines`. A few lines are answered at once, more with 202; `Prefer: wait=30` says how long
    to wait. Without a language model lines keep their drafts, but for names and terms that rules alone put right: `result.notes` then say
    why no more was done, and where rules changed nothing either, `result.skipped` does.
    """
    return await asked.of(ENHANCEMENTS, body.whole(), len(body.lines), response)


@router.post("/v1/quality-scores", status_code=202, responses=_ACCEPTED)
async def score_lines(
    body: Annotated[QualityRequest, Body(openapi_examples={"with a reference": {"value": _SCORED}})],
    asked: AskedDep,
    response: Response,
) -> Operation:
    """Say how good translated lines are, 0 to 100 in all and by part: `result.scores`; BLEU and chrF where references are given."""
    return await asked.of(QUALITY_SCORES, body, len(body.lines), response)


@router.get("/v1/operations/{id}", responses=problems(NotFound, DependencyUnavailable))
async def get_enhancement(
    operation_id: OperationId,
    caller: EnhanceDep,
    enhancer: EnhancerDep,
    corrections: CorrectionsDep,
    *,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT_S, description="Seconds to wait for its end")] = 0,
) -> Operation:
    """An enhancement, a scoring, or a correction of subtitles, as it stands, or as it ends within ``wait`` seconds."""
    with suppress(NotFound):
        return await corrections.get(caller.tenant, operation_id, wait)
    return await enhancer.get(caller.tenant, operation_id, wait)


@router.delete("/v1/operations/{id}", responses=problems(NotFound, Conflict, DependencyUnavailable))
async def end_enhancement(
    operation_id: OperationId,
    caller: EnhanceDep,
    enhancer: EnhancerDep,
    *,
    purge: Annotated[
        bool, Query(description="Erase it, once it has ended, with its text and what was remembered of it")
    ] = False,
) -> Operation:
    """Cancel it. With ``purge`` one that has ended is erased."""
    operation = await enhancer.cancel(caller.tenant, operation_id)
    if purge and not operation.state.ended:
        raise Conflict(BEING_CANCELLED)
    if purge:
        await enhancer.purge(caller.tenant, operation_id)
    return operation


@router.get("/v1/glossaries/{id}/{language}", responses=problems(JobNotFound, EnhancementMissing, DependencyUnavailable))
async def get_glossary(job_id: JobId, language: Language, caller: EnhanceDep, jobs: JobsDep, audits: AuditsDep) -> UsedGlossary:
    """The names and terms that a job's translation was edited by, each with who says so."""
    return await audits.glossary(await jobs.get(caller.tenant, job_id), language)


@router.get(
    "/jobs/{id}/enhancements/{language}.html",
    response_class=Response,
    responses={
        200: {"content": {"text/html": {"schema": {"type": "string"}}}, "description": "A page that needs nothing else"},
        **problems(JobNotFound, EnhancementMissing, DependencyUnavailable),
    },
)
async def get_enhancement_page(
    job_id: JobId, language: Language, caller: ReaderDep, jobs: JobsDep, audits: AuditsDep
) -> Response:
    """What became of each line, side by side, to be read by people."""
    content = await audits.page(await jobs.get(caller.tenant, job_id), language)
    told = {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        "Cache-Control": "private, max-age=0",
    }
    return Response(content, media_type="text/html; charset=utf-8", headers=told)


@router.get(
    "/jobs/{id}/enhancements/{language}",
    response_model=EnhancedTranscript,
    responses=problems(JobNotFound, EnhancementMissing, DependencyUnavailable),
)
async def get_job_enhancement(
    job_id: JobId, language: Language, caller: ReaderDep, jobs: JobsDep, audits: AuditsDep
) -> Response:
    """What became of each line of a translation: draft, final text, reasons, scores, model, cost."""
    content = await audits.report(await jobs.get(caller.tenant, job_id), language)
    return Response(content, media_type="application/json", headers={"Cache-Control": "private, max-age=0"})
