"""``setu jobs``, ``setu cancel``, ``setu retry``."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from setu_cli.commands.errand import Errand
from setu_cli.commands.gateway import Target, UrlOption, save
from setu_cli.commands.options import HomeOption
from setu_cli.console import ERR, OUT
from setu_cli.view.job_view import jobs_table, print_job, state_of
from setu_common.clients import GatewayClient
from setu_common.contracts import JobView

JobArgument = Annotated[UUID, typer.Argument(metavar="ID", help="The job's id, as `setu jobs` shows it.")]
FollowOption = Annotated[bool, typer.Option("--follow", "-f", help="Watch it until it has ended, and save its subtitles.")]
FolderOption = Annotated[
    Path | None, typer.Option("--out", help="Save its subtitles in this folder.", file_okay=False, show_default=False)
]


def jobs(
    job_id: Annotated[UUID | None, typer.Argument(metavar="ID", help="One job in detail.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(help="How many are listed.", min=1)] = 20,
    out: FolderOption = None,
    url: UrlOption = None,
    home: HomeOption = None,
    *,
    follow: FollowOption = False,
) -> None:
    """List the jobs, newest first, or show one; with --follow or --out get its subtitles."""
    target = Target.chosen(url, home)
    if job_id is None:
        asyncio.run(_list(target, limit))
        return
    errand = Errand(target, out or Path())
    if follow:
        errand.run(errand.delivered(errand.asked(lambda client: client.job(job_id))))
        return
    job = errand.run(errand.asked(partial(_saved, job_id=job_id, out=out)))
    print_job(OUT, job)


def cancel(job_id: JobArgument, url: UrlOption = None, home: HomeOption = None) -> None:
    """End a job. What it has delivered already is kept."""
    errand = Errand(Target.chosen(url, home), Path())
    job = errand.run(errand.asked(lambda client: client.cancel(job_id)))
    OUT.print(f"Job {job.id} is {state_of(job)}.")


def retry(
    job_id: JobArgument,
    out: FolderOption = None,
    url: UrlOption = None,
    home: HomeOption = None,
    *,
    follow: FollowOption = False,
) -> None:
    """Run the failed stages of a job again; what succeeded is kept."""
    target = Target.chosen(url, home)
    errand = Errand(target, out or Path())
    if follow or out is not None:
        errand.run(errand.delivered(errand.asked(lambda client: client.retry(job_id))))
        return
    job = errand.run(errand.asked(lambda client: client.retry(job_id)))
    OUT.print(f"Job {job.id} is {state_of(job)}. Watch it: [bold]setu jobs {job.id} --follow{target.options}[/]")


async def _list(target: Target, limit: int) -> None:
    found: list[JobView] = []
    async with target.client() as client:
        cursor: str | None = None
        while len(found) < limit:
            page = await client.jobs(cursor)
            found.extend(page.jobs)
            cursor = page.next_cursor
            if cursor is None:
                break
    if not found:
        OUT.print(f"There are no jobs yet. Make one: [bold]setu submit FILE --to en{target.options}[/]")
        return
    OUT.print(jobs_table(found[:limit]))
    if cursor is not None or len(found) > limit:
        ERR.print(f"\nThere are more; see them with [bold]--limit {limit * 5}[/].")


async def _saved(client: GatewayClient, *, job_id: UUID, out: Path | None) -> JobView:
    job = await client.job(job_id)
    if out is not None:
        for path in await save(client, job, out):
            OUT.print(str(path), markup=False, soft_wrap=True)
    return job
