"""``setu report``: where time and money went, and how good the work is, as tables to read and as files to keep."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from pydantic import BaseModel
from rich.markup import escape

from setu_cli.commands.gateway import Target, UrlOption, write_all
from setu_cli.commands.money import in_usd, remark, show_job, table_of
from setu_cli.commands.options import HomeOption
from setu_cli.console import ERR, OUT
from setu_common.clients.reports import ReportsClient
from setu_common.contracts.performance import JobReport
from setu_common.contracts.reports import CostPart, CostTrendQuery, CostTrends, QualityQuery, QualityTrends
from setu_common.errors import Conflict, NotFound, RemoteProblem

T = TypeVar("T")

JobOption = Annotated[UUID, typer.Option("--job", metavar="ID", help="The job, as `setu jobs` shows it.", show_default=False)]
DaysOption = Annotated[int, typer.Option("--days", min=1, max=400, help="How many days, today (UTC) among them.")]
FolderOption = Annotated[Path, typer.Option("--out", help="The folder for the files.", file_okay=False)]
_HERE = Path()
_NO_JOB = "job-not-found"

report = typer.Typer(add_completion=False, rich_markup_mode="markdown", no_args_is_help=True)


@report.callback()
def about() -> None:
    """Where time and money went, and how good the work is: tables to read, and files to keep.

    docs/performance-monitoring.md tells what the figures and the charts mean.
    """


@report.command(
    "performance",
    epilog="Examples:\n\n`setu report performance --job ID`\n\n`setu report performance --job ID --out reports`",
)
def performance(job_id: JobOption, out: FolderOption = _HERE, url: UrlOption = None, home: HomeOption = None) -> None:
    """Say what held a job up: writes performance_report.json, performance_chart.png and bottleneck_analysis.txt."""
    target = Target.chosen(url, home)

    async def three(client: ReportsClient) -> tuple[JobReport, bytes, bytes]:
        return await client.job(job_id), await client.job_as(job_id, "png"), await client.job_as(job_id, "txt")

    found, chart, analysis = _of_job(target, three)
    _save(
        out,
        {"performance_report.json": _json(found), "performance_chart.png": chart, "bottleneck_analysis.txt": analysis},
    )
    if found.outcome is None:
        ERR.print(f"It has not ended yet; [bold]setu jobs {job_id} --follow{target.options}[/] watches it.", soft_wrap=True)
    for each in found.performance.bottlenecks:
        ERR.print(escape(each.detail), soft_wrap=True)


@report.command("cost", epilog="Examples:\n\n`setu report cost --job ID`\n\n`setu report cost --job ID --out reports`")
def cost(
    job_id: JobOption,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write cost_report.json into this folder.", file_okay=False, show_default=False)
    ] = None,
    url: UrlOption = None,
    home: HomeOption = None,
) -> None:
    """Say what a job cost, on what, and what of it was in vain."""
    target = Target.chosen(url, home)
    found = _of_job(target, lambda client: client.job(job_id)).cost
    show_job(found)
    if out is not None:
        _save(out, {"cost_report.json": _json(found)})


@report.command(
    "cost-trends",
    epilog="Examples:\n\n`setu report cost-trends --days 30`\n\n`setu report cost-trends --by model --out reports`",
)
def cost_trends(
    days: DaysOption = 30,
    by: Annotated[CostPart, typer.Option(help="What each day is divided by.")] = "service",
    out: FolderOption = _HERE,
    url: UrlOption = None,
    home: HomeOption = None,
) -> None:
    """Say what was spent in the last days: writes cost_trends.png and cost_trends.json."""
    query = CostTrendQuery(days=days, by=by)

    async def both(client: ReportsClient) -> tuple[CostTrends, bytes]:
        return await client.cost_trends(query), await client.cost_chart(query)

    found, chart = _asked(Target.chosen(url, home), both)
    _show_costs(found)
    _save(out, {"cost_trends.png": chart, "cost_trends.json": _json(found)})


@report.command("quality", epilog="Examples:\n\n`setu report quality`\n\n`setu report quality --days 90 --out reports`")
def quality(days: DaysOption = 30, out: FolderOption = _HERE, url: UrlOption = None, home: HomeOption = None) -> None:
    """Say how good the translations of the last days are believed to be: writes quality_trends.png and quality_trends.json."""
    query = QualityQuery(days=days)

    async def both(client: ReportsClient) -> tuple[QualityTrends, bytes]:
        return await client.quality(query), await client.quality_chart(query)

    found, chart = _asked(Target.chosen(url, home), both)
    _show_quality(found)
    _save(out, {"quality_trends.png": chart, "quality_trends.json": _json(found)})


def _asked(target: Target, ask: Callable[[ReportsClient], Awaitable[T]]) -> T:
    """Ask the gateway.

    Raises:
        SetuError: what it says, or that it does not answer.
    """

    async def answer() -> T:
        async with target.caller() as caller:
            return await ask(ReportsClient(caller))

    return asyncio.run(answer())


def _of_job(target: Target, ask: Callable[[ReportsClient], Awaitable[T]]) -> T:
    """Ask the gateway about a job.

    Raises:
        NotFound: there is none; says which command lists those that there are.
        SetuError: as ``_asked``.
    """
    try:
        return _asked(target, ask)
    except RemoteProblem as error:
        if error.remote.code != _NO_JOB:
            raise
        raise NotFound(f"there is no such job; see which there are with `setu jobs{target.options}`") from error


def _save(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files, and say where they are.

    Raises:
        Conflict: the folder can't be written to.
    """
    contents = {folder / name: content for name, content in files.items()}
    try:
        write_all(folder, contents)
    except OSError as error:
        raise Conflict(f"{folder} can't be written to ({error.strerror}); name another folder with --out") from error
    for path in contents:
        OUT.print(escape(str(path)), soft_wrap=True)


def _json(found: BaseModel) -> bytes:
    return found.model_dump_json(indent=2).encode() + b"\n"


def _show_costs(found: CostTrends) -> None:
    if not found.total.calls:
        ERR.print(f"No call was made from {found.since} to {found.until} (UTC) that could cost.")
        return
    table = table_of(found.by, "calls", "in vain", "USD", "share")
    for line in found.lines:
        table.add_row(
            escape(line.key) or "-", f"{line.calls:,}", in_usd(line.wasted_usd), in_usd(line.usd), f"{line.share:.0%}"
        )
    total = found.total
    table.add_row(f"{found.since} to {found.until}", f"{total.calls:,}", in_usd(total.wasted_usd), in_usd(total.usd), "")
    OUT.print(table)
    remark(total)


def _show_quality(found: QualityTrends) -> None:
    if not found.targets:
        ERR.print(f"No translation was finished from {found.since} to {found.until} (UTC).")
        return
    table = table_of("into", "translations", "lines", "edited", "score before", "after")
    for each in found.targets:
        table.add_row(
            each.target, f"{each.translations:,}", f"{each.lines:,}", f"{each.edited_share:.0%}", _score(each.score_before),
            _score(each.score_after),
        )  # fmt: skip
    OUT.print(table)


def _score(score: float | None) -> str:
    return f"{score:.1f}" if score is not None else "-"
