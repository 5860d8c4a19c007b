"""What the pipeline needs of a service: somewhere to submit operations and to look after them."""

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from pydantic import BaseModel

from setu_common.contracts import Operation, OperationKind, Submission


class OperationsPort(Protocol):
    """The operations of one service: another's over HTTP (``OperationsClient``), the gateway's own in its database (``Operations``).

    All methods raise ``DependencyUnavailable`` when the service can't be reached, and another ``SetuError`` when it refuses.
    """

    # Any: a pipeline's kinds differ; each stage's request fits its kind by construction.
    async def submit(self, kind: OperationKind[Any, Any], request: BaseModel, submission: Submission) -> Operation:
        """Ask for a piece of work; with the same idempotency key, get the same operation."""

    async def get(self, tenant: str, operation_id: UUID) -> Operation:
        """The operation as it stands, with its result."""

    async def cancel(self, tenant: str, operation_id: UUID) -> Operation:
        """Ask that it be ended."""

    async def purge(self, tenant: str, operation_id: UUID) -> None:
        """Erase it and what it wrote; erasing what is not there succeeds."""


# By OperationKind.service.
Ports = Mapping[str, OperationsPort]
