"""The client of the enhancer, for other teams: translated lines in, better ones out, each with its reasons and scores.

    async with create_client("https://setu.example.org", service_token=SecretStr(key)) as http:
        enhancer = EnhancerClient(HttpCaller(http))
        result = await enhancer.enhance(LinesToEnhance(source_language="hi", target_language="en", lines=lines))
        texts = [line.text for line in result.lines]  # one for each line that was sent, in their order

Installs with ``setu-common`` alone.
"""

import time
from typing import Final, TypeVar
from uuid import UUID, uuid4

from pydantic import BaseModel, ValidationError

from setu_common.clients.answers import read
from setu_common.clients.operations import WAIT_MARGIN_S
from setu_common.contracts import headers
from setu_common.contracts.enhancement import (
    EnhancedTranscript,
    EnhancementResult,
    LinesToEnhance,
    QualityReport,
    QualityRequest,
    UsedGlossary,
)
from setu_common.contracts.operation import Operation, OperationState
from setu_common.errors import Conflict, DeadlineExceeded, DependencyUnavailable, RemoteProblem
from setu_common.http import HttpCaller

WAIT_S: Final = 20.0
"""How long one call is held by the gateway while lines are edited."""

ResultT = TypeVar("ResultT", bound=BaseModel)


class EnhancerClient:
    """Has lines edited and scored, and reads what became of the lines of jobs.

    All methods raise ``RemoteProblem`` with what the gateway says, and ``DependencyUnavailable`` when it does not answer.

    Args:
        caller: over a client whose base URL is the gateway's, and that carries an API key where the gateway asks for one.
    """

    def __init__(self, caller: HttpCaller) -> None:
        self._caller = caller

    async def enhance(
        self, request: LinesToEnhance, *, idempotency_key: str | None = None, within_s: float = 600.0
    ) -> EnhancementResult:
        """Have lines edited, and wait for it. As many lines come back as were sent, under the same indices.

        Args:
            request: the lines, and what is known of where they come from.
            idempotency_key: asking again with the same key and lines gives the same answer and costs nothing; made up when missing.
            within_s: how long to wait, seconds.

        Raises:
            DeadlineExceeded: they take longer. Ask again with the same key.
        """
        return await self._ended("/v1/enhancements", request, EnhancementResult, idempotency_key, within_s)

    async def score(
        self, request: QualityRequest, *, idempotency_key: str | None = None, within_s: float = 600.0
    ) -> QualityReport:
        """Have lines scored, and wait for it; arguments as in ``enhance``."""
        return await self._ended("/v1/quality-scores", request, QualityReport, idempotency_key, within_s)

    async def erase(self, operation_id: UUID) -> None:
        """Erase lines that were sent, what came of them, and what was remembered of them."""
        await self._caller.call("DELETE", f"/v1/operations/{operation_id}", params={"purge": "true"}, ok=(200, 202, 204))

    async def of_job(self, job_id: UUID, language: str) -> EnhancedTranscript:
        """What became of each line of a job's translation."""
        return read(await self._caller.call("GET", f"/jobs/{job_id}/enhancements/{language}"), EnhancedTranscript)

    async def page_of_job(self, job_id: UUID, language: str) -> bytes:
        """The same as a page of HTML, to be read by people."""
        return (await self._caller.call("GET", f"/jobs/{job_id}/enhancements/{language}.html")).content

    async def glossary(self, job_id: UUID, language: str) -> UsedGlossary:
        """The names and terms that a job's translation was edited by."""
        return read(await self._caller.call("GET", f"/v1/glossaries/{job_id}/{language}"), UsedGlossary)

    async def _ended(
        self, path: str, request: BaseModel, result: type[ResultT], idempotency_key: str | None, within_s: float
    ) -> ResultT:
        until_s = time.monotonic() + within_s
        response = await self._caller.call(
            "POST",
            path,
            json=request.model_dump(mode="json", exclude_defaults=True),
            headers={headers.IDEMPOTENCY_KEY: idempotency_key or str(uuid4()), "Prefer": f"wait={min(WAIT_S, within_s):.0f}"},
            timeout_s=WAIT_S + WAIT_MARGIN_S,
        )
        operation = read(response, Operation)
        while not operation.state.ended:
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                raise DeadlineExceeded(
                    f"It is not done after {within_s:.0f} s, and goes on: GET /v1/operations/{operation.id} tells of it."
                )
            response = await self._caller.call(
                "GET",
                f"/v1/operations/{operation.id}",
                params={"wait": f"{min(WAIT_S, left_s):.3f}"},
                timeout_s=WAIT_S + WAIT_MARGIN_S,
            )
            operation = read(response, Operation)
        if operation.state is OperationState.SUCCEEDED:
            return _result(operation, result)
        if operation.problem is not None:
            raise RemoteProblem(operation.problem)
        raise Conflict("It was cancelled.")


def _result(operation: Operation, model: type[ResultT]) -> ResultT:
    try:
        return model.model_validate(operation.result)
    except ValidationError:
        raise DependencyUnavailable(
            f"The result of operation {operation.id} is no {model.__name__}; check that both sides have the same version"
        ) from None
