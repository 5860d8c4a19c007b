"""The client of any service's operations."""

from typing import Final, TypeVar
from uuid import UUID

from pydantic import BaseModel

from setu_common.clients.answers import read
from setu_common.contracts import headers
from setu_common.contracts.operation import Operation, OperationKind, Submission
from setu_common.http import HttpCaller

RequestT = TypeVar("RequestT", bound=BaseModel)
ResultT = TypeVar("ResultT", bound=BaseModel)

WAIT_MARGIN_S: Final = 10.0


class OperationsClient:
    """Submits operations to one service, looks at them and ends them.

    Args:
        caller: over a client whose base URL is the service's and that carries the service token.
    """

    def __init__(self, caller: HttpCaller) -> None:
        self._caller = caller

    async def submit(self, kind: OperationKind[RequestT, ResultT], request: RequestT, submission: Submission) -> Operation:
        """Ask for a piece of work. With an idempotency key, asking again gives the same operation.

        Raises:
            RemoteProblem: the service refuses the request.
            DependencyUnavailable: it does not answer.
        """
        response = await self._caller.call(
            "POST", f"/v1/{kind.name}", json=request.model_dump(mode="json"), headers=_headers_of(submission)
        )
        return read(response, Operation)

    async def get(self, tenant: str, operation_id: UUID, wait_s: float = 0) -> Operation:
        """The operation as it stands.

        Args:
            tenant: whose it is.
            operation_id: from ``submit``.
            wait_s: let the service hold the answer until the operation has ended, for so many seconds at most.
        """
        response = await self._caller.call(
            "GET",
            f"/v1/operations/{operation_id}",
            params={"wait": f"{wait_s:g}"} if wait_s else None,
            headers={headers.TENANT: tenant},
            timeout_s=wait_s + WAIT_MARGIN_S,
        )
        return read(response, Operation)

    async def cancel(self, tenant: str, operation_id: UUID) -> Operation:
        """Ask that the operation be ended; ended ones stay as they are."""
        response = await self._caller.call("DELETE", f"/v1/operations/{operation_id}", headers={headers.TENANT: tenant})
        return read(response, Operation)

    async def purge(self, tenant: str, operation_id: UUID) -> None:
        """Erase the operation, its request and its result."""
        await self._caller.call(
            "DELETE",
            f"/v1/operations/{operation_id}",
            params={"purge": "true"},
            headers={headers.TENANT: tenant},
            ok=(200, 202, 204),
        )


def _headers_of(submission: Submission) -> dict[str, str]:
    sent = {headers.TENANT: submission.tenant, headers.PRIORITY: str(submission.priority)}
    if submission.idempotency_key is not None:
        sent[headers.IDEMPOTENCY_KEY] = submission.idempotency_key
    if submission.job_id is not None:
        sent[headers.JOB] = str(submission.job_id)
    if submission.reply_to is not None:
        sent[headers.REPLY_TO] = submission.reply_to
    return sent
