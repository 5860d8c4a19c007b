"""Jobs as answers."""

from typing import Any

from fastapi import Response

from setu_gateway.records import JobRecord
from setu_gateway.views import job_path, job_view


def answer(job: JobRecord, *, status: int = 200) -> Response:
    """A job's view, with the path to follow where it has just been accepted."""
    headers = {"Location": job_path(job)} if status == 202 else None  # noqa: PLR2004  (accepted)
    return Response(job_view(job).model_dump_json(), status_code=status, headers=headers, media_type="application/json")


def located(what: str) -> dict[str, Any]:  # Any: OpenAPI's own shape
    """How a ``Location`` header is documented."""
    return {"Location": {"description": f"Where to find {what}", "schema": {"type": "string"}}}
