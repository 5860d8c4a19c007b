"""``setu submit``."""

import asyncio
import shlex
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Annotated
from uuid import UUID, uuid4

import typer
from rich.markup import escape

from setu_cli.commands.gateway import Target, UrlOption, demand_delivered, follow, save, send
from setu_cli.commands.options import HomeOption
from setu_cli.console import ERR, OUT
from setu_cli.view.job_view import JobScreen, print_shortcomings
from setu_common.clients import GatewayClient
from setu_common.contracts import JobRequest, JobView
from setu_common.contracts.language import known_language

_INTERRUPTED = 130
Ask = Callable[[GatewayClient], Awaitable[JobView]]


def _language(code: str) -> str:
    try:
        return known_language(code)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


LanguageOption = Annotated[
    str | None, typer.Option("--source", help="The spoken language; default: it is detected.", parser=_language, metavar="CODE")
]
TargetsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--to",
        help="A language to translate into; may be given several times. None: captions only.",
        parser=_language,
        metavar="CODE",
    ),
]
OutOption = Annotated[Path, typer.Option("--out", help="The folder that SRT and VTT are saved in.", file_okay=False)]


def submit(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A video or audio file.", exists=True, dir_okay=False, readable=True)
    ],
    *,
    to: TargetsOption = None,
    source: LanguageOption = None,
    out: OutOption = Path(),
    url: UrlOption = None,
    home: HomeOption = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Print the job's id and return.")] = False,
) -> None:
    """Send a media file and save its subtitles, in its own language and in those asked for."""
    target = Target.chosen(url, home)
    request = JobRequest(source_language=source, target_languages=tuple(dict.fromkeys(to or ())))
    errand = Errand(target, out)
    if no_wait:
        OUT.print(str(errand.run(errand.submitted(file, request)).id))
        return
    errand.run(errand.delivered(errand.submitted(file, request)))


class Errand:
    """A job that someone waits for: an interruption leaves it running and says how to go on.

    Args:
        target: where it runs.
        out: where its subtitles go.
    """

    def __init__(self, target: Target, out: Path) -> None:
        self.target = target
        self._out = out
        self._job_id: UUID | None = None
        self._screen = JobScreen(ERR)
        self.saved: tuple[Path, ...] = ()

    def run(self, work: Coroutine[None, None, JobView]) -> JobView:
        """Do the work; on Ctrl-C say how to go on."""
        try:
            return asyncio.run(work)
        except KeyboardInterrupt:
            self._say_how_to_go_on()
            raise typer.Exit(_INTERRUPTED) from None

    async def submitted(self, file: Path, request: JobRequest) -> JobView:
        """The job for a file."""
        with self._screen.shown():
            async with self.target.client() as client:
                job = await send(client, file, request, str(uuid4()), self._screen)
        self._job_id = job.id
        return job

    async def delivered(self, made: Coroutine[None, None, JobView]) -> JobView:
        """Follow a job to its end, and save and name its subtitles.

        Raises:
            JobNotDelivered: it did not succeed.
        """
        job = await made
        self._job_id = job.id
        async with self.target.client() as client:
            with self._screen.shown():
                job = await follow(client, job, self._screen)
                self.saved = await save(client, job, self._out)
        self._report(job)
        demand_delivered(job, self.target)
        return job

    async def asked(self, ask: Ask) -> JobView:
        """The job that one call to the gateway gives."""
        async with self.target.client() as client:
            return await ask(client)

    def _report(self, job: JobView) -> None:
        if job.problem is None:
            print_shortcomings(ERR, job)
        for path in self.saved:
            OUT.print(escape(str(path)), soft_wrap=True)

    def _say_how_to_go_on(self) -> None:
        if self._job_id is None:
            ERR.print("\nInterrupted before the file was sent whole: there is no job.")
            return
        options = self.target.options
        ERR.print(
            f"\nJob {self._job_id} goes on without you. Go on watching: [bold]setu jobs {self._job_id} --follow --out {shlex.quote(str(self._out))}{options}[/]; "
            f"end it: [bold]setu cancel {self._job_id}{options}[/]",
            soft_wrap=True,
        )
