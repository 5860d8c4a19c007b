"""The client of the gateway: jobs from a media file to its subtitles."""

import asyncio
import json
import mimetypes
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import IO, Final
from uuid import UUID, uuid4

from pydantic import ValidationError

from setu_common.clients.answers import read
from setu_common.clients.operations import WAIT_MARGIN_S
from setu_common.clients.progress import with_progress
from setu_common.contracts import headers
from setu_common.contracts.job import JobPage, JobRequest, JobView
from setu_common.contracts.operation import Operation
from setu_common.contracts.planning import PlanResult
from setu_common.errors import DependencyUnavailable, SetuError, is_retryable
from setu_common.http import FilePart, HttpCaller

FIRST_PAUSE_S: Final = 0.25
LONGEST_PAUSE_S: Final = 5.0
DOWNLOAD_S: Final = 120.0


class GatewayClient:
    """Submits jobs, follows them, and fetches what they deliver.

    All methods raise ``RemoteProblem`` with what the gateway says, and ``DependencyUnavailable`` when it does not answer.

    Args:
        caller: over a client whose base URL is the gateway's.
        patience: how many times in a row ``events`` connects again in vain before it gives up; 10 is about 30 s.
    """

    def __init__(self, caller: HttpCaller, *, patience: int = 10) -> None:
        self._caller = caller
        self._patience = patience

    async def submit_job(
        self,
        path: Path,
        request: JobRequest,
        idempotency_key: str | None = None,
        on_sent: Callable[[int], None] | None = None,
    ) -> JobView:
        """Send a media file, and say what is to be done with it.

        The form's parts: what the request has beside defaults, ``target_languages`` once for each, then the file as ``media``.

        Args:
            path: the file; it is read as it is sent.
            request: what is to be done.
            idempotency_key: sending again with the same key gives the same job; made up when missing.
            on_sent: told how many of the file's bytes are sent so far. It starts again at 0 if the connection broke.

        Raises:
            OSError: the file can't be read.
        """
        content = await asyncio.to_thread(path.open, "rb")
        with content:
            response = await self._caller.upload(
                "/jobs",
                fields=_form_fields(request),
                file=_media_part(path, with_progress(content, on_sent) if on_sent else content),
                headers={headers.IDEMPOTENCY_KEY: idempotency_key or str(uuid4())},
                ok=(200, 202),
            )
        return read(response, JobView)

    async def submit_address(self, request: JobRequest, idempotency_key: str | None = None) -> JobView:
        """Have the gateway fetch the media from ``request.media_url``; the key as in ``submit_job``."""
        response = await self._caller.call(
            "POST",
            "/jobs",
            json=request.model_dump(mode="json", exclude_defaults=True),
            headers={headers.IDEMPOTENCY_KEY: idempotency_key or str(uuid4())},
        )
        return read(response, JobView)

    async def jobs(self, cursor: str | None = None) -> JobPage:
        """A page of jobs, newest first; the next one through its ``next_cursor``."""
        return read(await self._caller.call("GET", "/jobs", params={"cursor": cursor} if cursor else None), JobPage)

    async def job(self, job_id: UUID) -> JobView:
        """One job as it stands."""
        return read(await self._caller.call("GET", f"/jobs/{job_id}"), JobView)

    async def cancel(self, job_id: UUID) -> JobView:
        """Ask that a job be ended; ended ones stay as they are."""
        return read(await self._caller.call("DELETE", f"/jobs/{job_id}"), JobView)

    async def purge(self, job_id: UUID) -> None:
        """Erase a job with its media, its texts and its subtitles."""
        await self._caller.call("DELETE", f"/jobs/{job_id}", params={"purge": "true"}, ok=(200, 202, 204))

    async def retry(self, job_id: UUID) -> JobView:
        """Run the failed stages of a job again."""
        return read(await self._caller.call("POST", f"/jobs/{job_id}/retry"), JobView)

    async def events(self, job_id: UUID) -> AsyncGenerator[JobView]:
        """Yield the job whenever it changes, the last time when it has ended.

        Each event is a whole snapshot, so a broken connection is made again without losing anything, and a snapshot that is
        no newer than the last is left out.
        """
        version = -1
        failures = 0  # in a row; also the measure of how long to wait before connecting again
        while True:
            try:
                async with aclosing(self._snapshots(job_id, version)) as snapshots:
                    async for view in snapshots:
                        failures = 0
                        if view.version > version:
                            version = view.version
                            yield view
                        if view.state.ended:
                            return
            except SetuError as error:
                failures += 1
                if failures >= self._patience or not is_retryable(error):
                    raise
            await asyncio.sleep(min(FIRST_PAUSE_S * 2**failures, LONGEST_PAUSE_S))

    async def subtitles(self, job_id: UUID, language: str, file_format: str) -> bytes:
        """A job's subtitles in one language, as a file of the format ``srt`` or ``vtt``."""
        response = await self._caller.call(
            "GET", f"/jobs/{job_id}/subtitles/{language}.{file_format}", ok=(200,), timeout_s=DOWNLOAD_S
        )
        return response.content

    async def plan(self, job_id: UUID) -> PlanResult:
        """How a job's recording is transcribed, and why."""
        return read(await self._caller.call("GET", f"/jobs/{job_id}/plan"), PlanResult)

    async def correct(self, job_id: UUID, path: Path, language: str, idempotency_key: str | None = None) -> Operation:
        """Send corrected subtitles of a job back, to be learned from: the operation that does so.

        Args:
            job_id: whose they are.
            path: the file: SRT, VTT, ASS, or the JSON that was delivered.
            language: of the subtitles.
            idempotency_key: sending again with the same key is the same correction; made up when missing.

        Raises:
            OSError: the file can't be read.
        """
        content = await asyncio.to_thread(path.open, "rb")
        with content:
            response = await self._caller.upload(
                f"/jobs/{job_id}/corrections",
                fields={"language": language},
                file=FilePart("subtitles", _name_of(path), content, "application/octet-stream"),
                headers={headers.IDEMPOTENCY_KEY: idempotency_key or str(uuid4())},
                ok=(200, 202),
            )
        return read(response, Operation)

    async def correction(self, job_id: UUID, correction_id: UUID, wait_s: float = 0) -> Operation:
        """What a correction teaches, as it stands, or as it ends within ``wait_s`` seconds."""
        response = await self._caller.call(
            "GET",
            f"/jobs/{job_id}/corrections/{correction_id}",
            params={"wait": f"{wait_s:g}"},
            timeout_s=wait_s + WAIT_MARGIN_S,
        )
        return read(response, Operation)

    async def _snapshots(self, job_id: UUID, version: int) -> AsyncGenerator[JobView]:
        resume = {"Last-Event-ID": str(version)} if version >= 0 else None
        async with aclosing(self._caller.events(f"/jobs/{job_id}/events", headers=resume)) as events:
            async for event in events:
                try:
                    view = JobView.model_validate_json(event.data)
                except ValidationError as error:
                    raise DependencyUnavailable(
                        "The gateway sent an event that is no job; check that versions agree"
                    ) from error
                yield view


def _form_fields(request: JobRequest) -> dict[str, str | list[str]]:
    """A request as the fields of a form: plain values as they are, what has parts of its own as JSON."""
    given = request.model_dump(mode="json", exclude_defaults=True)
    return {name: value if isinstance(value, str | list) else json.dumps(value) for name, value in given.items()}


def _media_part(path: Path, content: IO[bytes]) -> FilePart:
    name = _name_of(path)
    return FilePart("media", name, content, mimetypes.guess_type(name)[0] or "application/octet-stream")


def _name_of(path: Path) -> str:
    # A file name's bytes need not be text; what can't be told is told as "?".
    return path.name.encode("utf-8", "replace").decode("utf-8")
