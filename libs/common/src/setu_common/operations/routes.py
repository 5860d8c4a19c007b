"""The HTTP face of operations, the same for every service."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import nullcontext
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from setu_common.contracts import Operation, OperationKind
from setu_common.errors import Conflict, DependencyUnavailable, IdempotencyConflict
from setu_common.operations.room import QueueFull, Room
from setu_common.operations.service import Operations
from setu_common.web import EVENT_STREAM, CallerDep, ClosingDep, SubmissionDep, events, problems

_LONGEST_WAIT_S: Final = 60
_PREFER_WAIT: Final = re.compile(r"""(?:^|[,;\s])wait=("?)([0-9]+)\1(?:$|[,;\s])""", re.IGNORECASE)
_PREFER_ASYNC: Final = re.compile(r"(?:^|[,;\s])respond-async(?:$|[,;\s])", re.IGNORECASE)
BEING_CANCELLED: Final = "It ran, and is being cancelled now; nothing is erased yet. Send the same again once it has ended (GET with wait=60 tells when)."

Prefer = Annotated[
    str | None, Header(max_length=200, description="`wait=10`: answer 200 with the result if it is there within 10 seconds")
]


def _operations(request: Request) -> Operations:
    operations: Operations = request.app.state.operations
    return operations


OperationsDep = Annotated[Operations, Depends(_operations)]


# Any: kinds of all requests and results
def operations_router(kinds: Sequence[OperationKind[Any, Any]], room: Room | None = None) -> APIRouter:
    """Routes to submit each kind and to follow any operation. The app keeps its Operations on ``app.state.operations``.

    Args:
        kinds: what can be submitted.
        room: what queues have room for; None: whatever comes.
    """
    router = APIRouter(tags=["operations"])
    for kind in kinds:
        _add_submission(router, kind, room)
    _add_following(router)
    return router


def _add_submission(router: APIRouter, kind: OperationKind[Any, Any], room: Room | None) -> None:
    async def submit(
        body: Any,  # noqa: ANN401 (the kind's request model, set below)
        submission: SubmissionDep,
        *,
        operations: OperationsDep,
        response: Response,
        closing: ClosingDep,
        prefer: Prefer = None,
    ) -> Operation:
        async with room.place(kind, submission) if room is not None else nullcontext():
            operation = await operations.submit(kind, body, submission)
        wait_s = asked_wait_s(prefer)
        if wait_s:
            operation = await operations.get(submission.tenant, operation.id, wait_s, closing)
        response.headers["Location"] = f"/v1/operations/{operation.id}"
        response.status_code = 200 if operation.state.ended else 202
        return operation

    submit.__annotations__["body"] = kind.request
    router.add_api_route(
        f"/v1/{kind.name}",
        submit,
        methods=["POST"],
        status_code=202,
        operation_id=f"submit_{kind.name}",
        summary=f"Submit one of the {kind.name}",
        description=kind.request.__doc__,
        responses={
            200: {"model": Operation, "description": "It has ended (`Prefer: wait`, or a repeated Idempotency-Key)"},
            202: {"description": "Accepted, durably; follow `Location`"},
            **problems(IdempotencyConflict, QueueFull, DependencyUnavailable),
        },
    )


def _add_following(router: APIRouter) -> None:
    @router.get("/v1/operations/{operation_id}", responses=problems(DependencyUnavailable))
    async def get_operation(
        operation_id: UUID,
        caller: CallerDep,
        operations: OperationsDep,
        closing: ClosingDep,
        wait: Annotated[float, Query(ge=0, le=_LONGEST_WAIT_S, description="Seconds to wait for its end")] = 0,
    ) -> Operation:
        """The operation as it stands, or as it ends within ``wait`` seconds (or as this process is told to end)."""
        return await operations.get(caller.tenant, operation_id, wait, closing)

    @router.get(
        "/v1/operations/{operation_id}/events",
        response_class=StreamingResponse,
        responses={**EVENT_STREAM, **problems(DependencyUnavailable)},
    )
    async def follow_operation(operation_id: UUID, caller: CallerDep, operations: OperationsDep) -> Response:
        """Each change as a server-sent event: the whole snapshot, its version as the id; ends when the operation has ended."""
        return await events(_snapshots(operations, caller.tenant, operation_id))

    @router.delete("/v1/operations/{operation_id}", responses=problems(Conflict, DependencyUnavailable))
    async def cancel_operation(
        operation_id: UUID,
        caller: CallerDep,
        operations: OperationsDep,
        purge: Annotated[bool, Query(description="Erase an ended operation and what it wrote")] = False,  # noqa: FBT002 (a query flag)
    ) -> Operation:
        """Cancel: at once where it waits, within seconds where it runs. With ``purge`` an ended one is erased too."""
        operation = await operations.cancel(caller.tenant, operation_id)
        if purge and not operation.state.ended:
            raise Conflict(BEING_CANCELLED)
        if purge:
            await operations.purge(caller.tenant, operation_id)
        return operation


async def _snapshots(operations: Operations, tenant: str, operation_id: UUID) -> AsyncIterator[tuple[int, Operation]]:
    operation = await operations.get(tenant, operation_id)
    yield operation.version, operation
    while not operation.state.ended:
        changed = await operations.changed(tenant, operation_id, operation.version, _LONGEST_WAIT_S)
        if changed is not None and changed.version != operation.version:
            operation = changed
            yield operation.version, operation


def asked_wait_s(prefer: str | None, usual_s: float = 0) -> float:
    """How long a caller would have its answer held until the work is done, seconds; 0: not at all.

    Args:
        prefer: the header, as RFC 7240 has it: what is not known there is ignored.
        usual_s: how long it is held where the header does not say.
    """
    if match := _PREFER_WAIT.search(prefer or ""):
        return float(min(int(match[2]), _LONGEST_WAIT_S))
    return 0 if _PREFER_ASYNC.search(prefer or "") else usual_s
