"""Calls over HTTP that end in an answer, a problem, or a dependency that is unavailable; never in anything else."""

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Final

from httpx2 import AsyncClient, EventSource, HTTPError, Response, ServerSentEvent, Timeout, TimeoutException
from pydantic import JsonValue, ValidationError

from setu_common.contracts.headers import IDEMPOTENCY_KEY
from setu_common.contracts.problem import Problem
from setu_common.errors import DependencyUnavailable, RemoteProblem, SetuError
from setu_common.http.dependency import Dependency
from setu_common.http.policy import inside_policy
from setu_common.http.retry_after import parse_retry_after

__all__ = ["FilePart", "HttpCaller", "Response", "ServerSentEvent"]

REPEATABLE: Final = frozenset({"GET", "HEAD", "DELETE"})
UPLOAD_ANSWER_S: Final = 300.0
EVENT_SILENCE_S: Final = 45.0  # three of the pings that fastapi.sse sends every 15 s


@dataclass(frozen=True)
class FilePart:
    """A file to be sent in a form. It is read as it is sent, from its start.

    Args:
        field: the form field's name.
        name: the file name that the other side is told.
        content: a binary file that can seek, so that its length is known beforehand.
        media_type: such as ``video/mp4``.
    """

    field: str
    name: str
    content: IO[bytes]
    media_type: str = "application/octet-stream"


class HttpCaller:
    """Calls one dependency.

    Every exchange goes through a ``Dependency``: its deadline, its retries, its breaker. A call is made again when the other side was
    not reached, fell silent or broke down, and only if doing it twice does no harm: GET, HEAD, DELETE, and whatever carries an
    idempotency key. A problem that the other side states is an answer, and not asked for twice.

    Args:
        client: from ``create_client``; the caller does not close it.
        name: what the dependency is called in errors; the host by default.
        attempts: how often a repeatable call is made in all.
        backoff_s: the upper end of the pause before the second attempt, seconds; doubled for each one after.
        dependency: instead of the three above, one of the process's ``Dependencies``, whose circuit operators see.
    """

    def __init__(
        self,
        client: AsyncClient,
        *,
        name: str | None = None,
        attempts: int = 3,
        backoff_s: float = 0.2,
        dependency: Dependency | None = None,
    ) -> None:
        self._client = client
        host = client.base_url.netloc.decode("ascii") or "the service"
        self._dependency = dependency or Dependency(name or host, inside_policy(attempts, backoff_s))
        self._name = self._dependency.name

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: JsonValue = None,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        ok: Collection[int] = (200, 202),
        timeout_s: float | None = None,
    ) -> Response:
        """Make a call and read the whole answer.

        Args:
            method: GET, POST, …
            path: below the client's base URL.
            json: the body.
            params: the query.
            headers: added to the client's own.
            ok: the status codes that count as an answer.
            timeout_s: how long the call may take in all, attempts and pauses included, seconds; the client's read timeout
                by default. A bound deadline that is earlier counts.

        Raises:
            RemoteProblem: the other side says what is wrong.
            DependencyUnavailable: no answer, none in time, or none that can be read; ``CircuitOpen``: not asked at all.
            DeadlineExceeded: the bound deadline was over before.
        """
        limit_s = self._client.timeout.read if timeout_s is None else timeout_s
        timeout = Timeout(limit_s, connect=self._client.timeout.connect)
        headers = headers or {}

        async def once() -> Response:
            request = self._client.build_request(method, path, json=json, params=params, headers=dict(headers), timeout=timeout)
            async with self._exchange():
                response = await self._client.send(request)
            self._demand(response, ok)
            return response

        repeatable = method in REPEATABLE or IDEMPOTENCY_KEY in headers
        return await self._dependency.call(once, repeatable=repeatable, timeout_s=limit_s)

    async def upload(
        self,
        path: str,
        *,
        fields: Mapping[str, str | list[str]],
        file: FilePart,
        headers: Mapping[str, str],
        ok: Collection[int],
    ) -> Response:
        """POST a form whose last part is a file, without holding the file in memory.

        There is no limit to the whole, since files are long and lines slow; each write has the client's timeout, and the
        answer 300 s from the last byte.

        Raises:
            RemoteProblem, DependencyUnavailable: as ``call``.
            OSError: the file can't be read.
        """
        timeout = Timeout(self._client.timeout.write, connect=self._client.timeout.connect, read=UPLOAD_ANSWER_S)

        async def once() -> Response:
            part = (file.field, (file.name, file.content, file.media_type))
            async with self._exchange():
                response = await self._client.post(
                    path, data=dict(fields), files=[part], headers=dict(headers), timeout=timeout
                )
            self._demand(response, ok)
            return response

        return await self._dependency.call(once, repeatable=IDEMPOTENCY_KEY in headers)

    async def events(self, path: str, *, headers: Mapping[str, str] | None = None) -> AsyncGenerator[ServerSentEvent]:
        """Follow a stream of server-sent events until it ends. Not repeated: only the reader knows where it stands.

        Raises:
            RemoteProblem: the other side refuses.
            DependencyUnavailable: it can't be reached, breaks off, or sends nothing, not even a ping, for 45 s.
        """
        timeout = Timeout(EVENT_SILENCE_S, connect=self._client.timeout.connect)
        sent = {"Accept": "text/event-stream", **(headers or {})}

        async def opened() -> AsyncGenerator[ServerSentEvent]:
            async with self._exchange(), self._client.stream("GET", path, headers=sent, timeout=timeout) as response:
                if response.status_code != 200:  # noqa: PLR2004  (the status that HTTP calls OK)
                    await response.aread()
                    self._demand(response, (200,))
                async for event in EventSource(response):
                    yield event

        async with aclosing(self._dependency.stream(opened)) as events:
            async for event in events:
                yield event

    @asynccontextmanager
    async def _exchange(self) -> AsyncIterator[None]:
        try:
            yield
        except TimeoutException as error:
            raise DependencyUnavailable(f"{self._name} did not answer in time ({type(error).__name__})") from error
        except HTTPError as error:
            raise DependencyUnavailable(f"{self._name} does not answer ({type(error).__name__})") from error

    def _demand(self, response: Response, ok: Collection[int]) -> None:
        if response.status_code not in ok:
            raise self._error(response)

    def _error(self, response: Response) -> SetuError:
        """What a refusal amounts to. Its body is read if it is a problem, and never passed on otherwise."""
        retry_after_s = parse_retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
        media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if media_type == "application/problem+json":
            try:
                problem = Problem.model_validate_json(response.content)
            except ValidationError:
                pass  # said below: an answer without a readable problem
            else:
                if problem.retry_after_s is None and retry_after_s is not None:
                    problem = problem.model_copy(update={"retry_after_s": retry_after_s})
                return RemoteProblem(problem)
        return DependencyUnavailable(
            f"{self._name} answered {response.status_code} without saying why; look into its log",
            retry_after_s=retry_after_s,
            status=response.status_code,
        )
