"""``setu plan`` and ``setu correct``: how a recording is transcribed and why, and what a person's corrections teach."""

import asyncio
import time
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID, uuid4

import typer
from rich.markup import escape
from rich.table import Table

from setu_cli.commands.gateway import Target, UrlOption, patiently
from setu_cli.commands.jobs import JobArgument
from setu_cli.commands.options import HomeOption
from setu_cli.commands.wishes import known
from setu_cli.console import ERR, OUT
from setu_common.clients import GatewayClient
from setu_common.contracts import Corrected, Forecast, Operation, OperationState, PlanResult
from setu_common.errors import Conflict, RemoteProblem

_WAIT_S: Final = 20.0
_PATIENCE_S: Final = 600.0


def plan(job_id: JobArgument, url: UrlOption = None, home: HomeOption = None) -> None:
    """Show how a job's recording is transcribed, what was expected of each way, and why this one was chosen."""
    planned = asyncio.run(_plan(Target.chosen(url, home), job_id))
    prediction = planned.prediction
    chosen = prediction.plan
    OUT.print(f"[bold]{escape(chosen.model)}[/], beam {chosen.beam_size}, batch {chosen.batch_size} ({chosen.source})")
    if prediction.abstained:
        OUT.print(f"Nothing was predicted: {escape(prediction.abstained)}", soft_wrap=True)
    elif chosen.explanation:
        OUT.print(escape(chosen.explanation), soft_wrap=True)
    for reason in prediction.reasons:
        OUT.print(f"  {escape(reason.said)}", soft_wrap=True)
    if prediction.forecasts:
        OUT.print(_table(prediction.forecasts))
    if count := sum(each.verdict != "vetoed" for known in planned.known for each in known.entries):
        OUT.print(f"{count} names and terms were known beforehand.")


def correct(
    job_id: JobArgument,
    subtitles: Annotated[
        Path, typer.Argument(metavar="FILE", help="The subtitles as you left them: SRT, VTT, ASS or JSON.", dir_okay=False)
    ],
    *,
    language: Annotated[str, typer.Option("--language", help="The language that they are in.", parser=known, metavar="CODE")],
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Send them, and do not wait for what they teach.")] = False,
    url: UrlOption = None,
    home: HomeOption = None,
) -> None:
    """Send corrected subtitles of a job back, to be learned from. What was delivered stays as it is."""
    if not subtitles.is_file():
        raise typer.BadParameter(f"there is no file {str(subtitles)!r}")
    ended = asyncio.run(_corrected(Target.chosen(url, home), job_id, subtitles, language, wait=not no_wait))
    if not ended.state.ended:
        OUT.print(f"They were taken, and are learned from in time: {ended.id}")
        return
    if ended.state is not OperationState.SUCCEEDED:
        raise RemoteProblem(ended.problem) if ended.problem else Conflict("The correction was cancelled.")
    _show(Corrected.model_validate(ended.result))


def _show(taught: Corrected) -> None:
    OUT.print(f"{taught.changed_count} of {taught.segment_count} lines were changed.")
    if taught.wer is not None:
        OUT.print(f"{taught.wer:.1%} of the words had been heard wrong.")
    for learned in taught.learned:
        OUT.print(f"  learned: {escape(learned)}", soft_wrap=True)
    for note in taught.notes:
        ERR.print(escape(note), soft_wrap=True)


def _table(forecasts: tuple[Forecast, ...]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("way", "errors", "time", "", ""):
        table.add_column(title, overflow="fold")
    for each in sorted(forecasts, key=lambda forecast: -forecast.utility):
        candidate = each.candidate
        table.add_row(
            escape(f"{candidate.model}, beam {candidate.beam_size}, batch {candidate.batch_size}"),
            f"{each.expected_wer:.0%} ({each.wer_low:.0%} to {each.wer_high:.0%})",
            f"{each.expected_time_s:.0f} s ({each.time_low_s:.0f} to {each.time_high_s:.0f})",
            each.basis,
            escape(each.ruled_out),
        )
    return table


async def _plan(target: Target, job_id: UUID) -> PlanResult:
    async with target.client() as client:
        return await client.plan(job_id)


async def _corrected(target: Target, job_id: UUID, path: Path, language: str, *, wait: bool) -> Operation:
    key = str(uuid4())
    async with target.client() as client:
        operation = await patiently(lambda: client.correct(job_id, path, language, key), _say)
        until_s = time.monotonic() + _PATIENCE_S
        while wait and not operation.state.ended and time.monotonic() < until_s:
            operation = await _looked_at(client, job_id, operation)
    return operation


async def _looked_at(client: GatewayClient, job_id: UUID, operation: Operation) -> Operation:
    return await patiently(lambda: client.correction(job_id, operation.id, _WAIT_S), _say)


def _say(what: str) -> None:
    ERR.print(escape(what), soft_wrap=True)
