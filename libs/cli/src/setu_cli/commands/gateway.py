"""The gateway that a command talks to, and what commands do with a job there."""

import asyncio
import os
import shlex
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer
from pydantic import SecretStr

from setu_cli.commands.options import home_of, with_home
from setu_cli.commands.stack import running_state
from setu_cli.view.job_view import JobScreen
from setu_common.clients import GatewayClient
from setu_common.contracts import JobRequest, JobState, JobView
from setu_common.errors import Conflict, DependencyUnavailable, SetuError, is_retryable
from setu_common.http import HttpCaller, create_client

UrlOption = Annotated[
    str | None,
    typer.Option(
        "--url", envvar="SETU_URL", help="A gateway elsewhere; default: the stack that runs here.", show_default=False
    ),
]


class Format(StrEnum):
    """What subtitles can be saved as."""

    SRT = "srt"
    VTT = "vtt"
    ASS = "ass"
    JSON = "json"


KEY_VARIABLE: Final = "SETU_API_KEY"
"""Where commands find the key that a gateway asks for; no option, since other users of a machine see those."""
SAVED_FORMATS: Final = (Format.SRT, Format.VTT)
_PATIENCE_S = 60.0
_PAUSES_S = (0.5, 8.0)
ResultT = TypeVar("ResultT")


class JobNotDelivered(Conflict):
    """The job ended without what was asked for."""

    code = "job-not-delivered"
    title = "The job did not succeed"


@dataclass(frozen=True)
class Target:
    """Where jobs go.

    Args:
        url: the gateway's.
        options: as the user gave them, for commands to suggest; with a leading space, or empty.
    """

    url: str
    options: str = ""

    @classmethod
    def chosen(cls, url: str | None, home: Path | None) -> "Target":
        """The gateway that ``--url`` names, else that of the running stack.

        Raises:
            StackNotRunning: there is neither.
        """
        if url is not None:
            return cls(url.rstrip("/"), f" --url {shlex.quote(url)}")
        state = running_state(home_of(home), home)
        return cls(state.gateway_url, with_home("", home))

    @asynccontextmanager
    async def caller(self) -> AsyncIterator[HttpCaller]:
        """What calls it, with the key that the environment holds."""
        key = os.environ.get(KEY_VARIABLE)
        client = create_client(self.url, service_token=SecretStr(key) if key else None)
        try:
            yield HttpCaller(client, name=f"the gateway at {self.url}")
        finally:
            await client.aclose()

    @asynccontextmanager
    async def client(self) -> AsyncIterator[GatewayClient]:
        """A client of it."""
        async with self.caller() as caller:
            yield GatewayClient(caller)


async def send(client: GatewayClient, path: Path, request: JobRequest, key: str, screen: JobScreen) -> JobView:
    """Submit a file; while the gateway restarts or is full, try again for a minute. The key makes of all attempts one job."""
    all_bytes = await asyncio.to_thread(lambda: path.stat().st_size)

    async def once() -> JobView:
        return await client.submit_job(path, request, key, lambda sent_bytes: screen.sent(path.name, sent_bytes, all_bytes))

    return await patiently(once, screen.say)


async def send_address(client: GatewayClient, url: str, request: JobRequest, key: str, screen: JobScreen) -> JobView:
    """Submit what lies at an address, as patiently as ``send``."""
    asked = request.model_copy(update={"media_url": url})
    return await patiently(lambda: client.submit_address(asked, key), screen.say)


async def patiently(call: Callable[[], Awaitable[ResultT]], say: Callable[[str], None]) -> ResultT:
    """Make a call that may be repeated, and repeat it for a minute while it fails for a reason that passes."""
    give_up_at = time.monotonic() + _PATIENCE_S
    pause_s, longest_s = _PAUSES_S
    while True:
        try:
            return await call()
        except SetuError as error:
            wait_s = max(pause_s, error.retry_after_s or 0.0)
            if not is_retryable(error) or time.monotonic() + wait_s > give_up_at:
                raise
            say(f"{error.detail}; trying again in {wait_s:.0f} s")
        await asyncio.sleep(wait_s)
        pause_s = min(pause_s * 2, longest_s)


async def follow(client: GatewayClient, job: JobView, screen: JobScreen) -> JobView:
    """Watch a job until it has ended; the gateway may restart meanwhile."""
    screen.show(job)
    if job.state.ended:
        return job
    async for view in client.events(job.id):
        job = view
        screen.show(job)
    if not job.state.ended:
        raise DependencyUnavailable(f"the events of job {job.id} stopped before it ended; look again with `setu jobs {job.id}`")
    return job


async def save(
    client: GatewayClient, job: JobView, folder: Path, formats: Collection[Format] = SAVED_FORMATS
) -> tuple[Path, ...]:
    """Fetch the job's subtitles: ``<media>.<language>.<format>``; each file appears whole.

    Raises:
        Conflict: the folder can't be written to.
    """
    stem = Path(job.media_name.replace("\\", "/")).stem or "subtitles"
    contents = {
        folder / f"{stem}.{each.language}.{each.format}": await client.subtitles(job.id, each.language, each.format)
        for each in job.deliverables
        if each.format in (formats or SAVED_FORMATS)
    }
    try:
        await asyncio.to_thread(write_all, folder, contents)
    except OSError as error:
        why = f"{folder} can't be written to ({error.strerror})"
        raise Conflict(f"{why}; the job keeps its subtitles, name another folder with --out") from error
    return tuple(contents)


def write_all(folder: Path, contents: Mapping[Path, bytes]) -> None:
    """Write files into a folder, which is made if need be; each appears whole.

    Raises:
        OSError: it can't be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path, content in contents.items():
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(content)
        part.replace(path)


def demand_delivered(job: JobView, target: Target) -> None:
    """Make sure that a job that has ended has succeeded.

    Raises:
        JobNotDelivered: it has not; says why and what to do.
    """
    if job.state is JobState.SUCCEEDED:
        return
    if job.state is JobState.CANCELLED:
        raise JobNotDelivered(f"job {job.id} was cancelled; run it again with `setu retry {job.id}{target.options}`")
    why = job.problem.detail or job.problem.title if job.problem is not None else "no reason was given"
    raise JobNotDelivered(
        f"job {job.id} failed: {why.rstrip('.')}. Try its failed stages again with `setu retry {job.id}{target.options}`"
    )
