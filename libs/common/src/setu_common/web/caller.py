"""Who asks: what the middleware let through, as dependencies."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header

from setu_common.contracts import Submission, headers


@dataclass(frozen=True)
class Caller:
    """On whose behalf a request comes.

    Attributes:
        tenant: whose data it may see.
        job_id: the job that it is part of, if any.
    """

    tenant: str
    job_id: UUID | None = None


def caller(
    tenant: Annotated[str, Header(alias=headers.TENANT, pattern=r"^[a-z0-9_-]{1,63}$", description="Whose data this is about")],
    job_id: Annotated[UUID | None, Header(alias=headers.JOB, description="The job that this is part of")] = None,
) -> Caller:
    """The caller by the headers that our services set (the edge sets them itself)."""
    return Caller(tenant=tenant, job_id=job_id)


CallerDep = Annotated[Caller, Depends(caller)]


def submission(
    caller: CallerDep,
    idempotency_key: Annotated[
        str | None,
        Header(
            alias=headers.IDEMPOTENCY_KEY,
            min_length=1,
            max_length=255,
            description="The same key and body again give the same answer, and no second piece of work",
        ),
    ] = None,
    priority: Annotated[int, Header(alias=headers.PRIORITY, ge=-100, le=100, description="Higher goes first")] = 0,
    reply_to: Annotated[
        str | None, Header(alias=headers.REPLY_TO, max_length=100, description="Whom to wake when it has ended")
    ] = None,
) -> Submission:
    """What travels beside a request for work."""
    return Submission(
        tenant=caller.tenant, job_id=caller.job_id, idempotency_key=idempotency_key, priority=priority, reply_to=reply_to
    )


SubmissionDep = Annotated[Submission, Depends(submission)]
