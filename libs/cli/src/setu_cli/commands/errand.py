"""A job that someone waits for at a terminal."""

import asyncio
import shlex
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from uuid import UUID, uuid4

import typer
from rich.markup import escape

from setu_cli.commands.gateway import Format, Target, demand_delivered, follow, save, send, send_address
from setu_cli.console import ERR, OUT
from setu_cli.view.job_view import JobScreen, print_shortcomings
from setu_common.clients import GatewayClient
from setu_common.contracts import JobRequest, JobView

INTERRUPTED = 130
Ask = Callable[[GatewayClient], Awaitable[JobView]]


class Errand:
    """A job that someone waits for: an interruption leaves it running and says how to go on.

    Args:
        target: where it runs.
        out: where its subtitles go.
        formats: what is saved; SRT and VTT if empty.
    """

    def __init__(self, target: Target, out: Path, formats: tuple[Format, ...] = ()) -> None:
        self.target = target
        self.job_id: UUID | None = None
        self._out = out
        self._formats = formats
        self._screen = JobScreen(ERR)

    def run(self, work: Coroutine[None, None, JobView]) -> JobView:
        """Do the work; on Ctrl-C say how to go on."""
        try:
            return asyncio.run(work)
        except KeyboardInterrupt:
            self._say_how_to_go_on()
            raise typer.Exit(INTERRUPTED) from None

    async def submitted(self, source: Path | str, request: JobRequest) -> JobView:
        """The job for a file, or for what lies at an address."""
        with self._screen.shown():
            async with self.target.client() as client:
                if isinstance(source, Path):
                    job = await send(client, source, request, str(uuid4()), self._screen)
                else:
                    job = await send_address(client, source, request, str(uuid4()), self._screen)
        self.job_id = job.id
        return job

    async def followed(self) -> JobView:
        """Follow the job that was submitted; see ``delivered``."""
        job_id = self.job_id
        if job_id is None:
            raise ValueError("nothing was submitted")
        return await self.delivered(self.asked(lambda client: client.job(job_id)))

    async def delivered(self, made: Coroutine[None, None, JobView]) -> JobView:
        """Follow a job to its end, and save and name its subtitles.

        Raises:
            JobNotDelivered: it did not succeed.
        """
        job = await made
        self.job_id = job.id
        async with self.target.client() as client:
            with self._screen.shown():
                job = await follow(client, job, self._screen)
                saved = await save(client, job, self._out, self._formats)
        if job.problem is None:
            print_shortcomings(ERR, job)
        for path in saved:
            OUT.print(escape(str(path)), soft_wrap=True)
        demand_delivered(job, self.target)
        return job

    async def asked(self, ask: Ask) -> JobView:
        """The job that one call to the gateway gives."""
        async with self.target.client() as client:
            return await ask(client)

    def _say_how_to_go_on(self) -> None:
        if self.job_id is None:
            ERR.print("\nInterrupted before the file was sent whole: there is no job.")
            return
        options = self.target.options
        again = f"setu jobs {self.job_id} --follow --out {shlex.quote(str(self._out))}{options}"
        ERR.print(
            f"\nJob {self.job_id} goes on without you. Go on watching: [bold]{again}[/]; "
            f"end it: [bold]setu cancel {self.job_id}{options}[/]",
            soft_wrap=True,
        )
