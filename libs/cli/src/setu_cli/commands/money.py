"""``setu cost``, ``setu budget``."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from rich.table import Table

from setu_cli.commands.gateway import Target, UrlOption
from setu_cli.commands.options import HomeOption
from setu_cli.console import ERR, OUT
from setu_common.clients.money import MoneyClient
from setu_common.contracts.cost import Budget, BudgetSetting, CostGroup, CostQuery, CostSums, JobCost

T = TypeVar("T")

BudgetOption = Annotated[
    str | None,
    typer.Option(
        "--budget", metavar="USD", help="What paid calls for it may cost; past it, free means go on.", show_default=False
    ),
]
DayOption = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], show_default=False, metavar="DAY")]
_LONGEST_DIGITS = 18
_PAGE = 200


def cost(
    job_id: Annotated[UUID | None, typer.Argument(metavar="ID", help="One job in detail.", show_default=False)] = None,
    url: UrlOption = None,
    home: HomeOption = None,
    *,
    by: Annotated[CostGroup, typer.Option(help="What each line is of.")] = "day",
    since: DayOption = None,
    until: DayOption = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print it as CSV.")] = False,
) -> None:
    """Say what was spent on paid calls, or what one job cost and on what."""
    target = Target.chosen(url, home)
    if job_id is not None:
        show_job(asked(target, lambda client: client.job_cost(job_id)))
        return
    query = CostQuery(by=by, since=since.date() if since else None, until=until.date() if until else None)
    if as_csv:
        print(asked(target, lambda client: client.costs_csv(query)), end="", flush=True)  # noqa: T201  (as it is, for other programs)
        return
    report = asked(target, lambda client: client.costs(query))
    table = table_of(by, "calls", "tokens in", "out", "USD", "share")
    for line in report.lines:
        table.add_row(line.key or "-", *_figures(line), f"{line.share:.0%}")
    table.add_row("all", *_figures(report.total), "")
    OUT.print(table)
    remark(report.total)


def budget(
    usd: Annotated[str | None, typer.Argument(metavar="USD", help="What may be spent from now on.", show_default=False)] = None,
    job_id: Annotated[
        UUID | None, typer.Option("--job", metavar="ID", help="On this job, not in a month.", show_default=False)
    ] = None,
    alert_url: Annotated[
        str | None,
        typer.Option(
            "--alert-url",
            metavar="URL",
            help="Told when four fifths are used, and when nothing is left; '' for nobody. Default: as it was.",
            show_default=False,
        ),
    ] = None,
    url: UrlOption = None,
    home: HomeOption = None,
    *,
    remove: Annotated[bool, typer.Option("--remove", help="Spend without a limit for the month.")] = False,
) -> None:
    """Say what may be spent in a calendar month (UTC) and on jobs, or set it. Past it, work goes on with what costs nothing."""
    target = Target.chosen(url, home)
    if remove:
        asked(target, lambda client: client.remove_budget())
        OUT.print("There is no limit for the month any more.")
        return
    if alert_url is not None and usd is None:
        raise typer.BadParameter("say with it what may be spent: setu budget 25 --alert-url URL")
    if usd is not None:
        limit_usd = amount(usd)
        left_out = alert_url is None  # the URL stays as it was
        setting = (
            BudgetSetting(limit_usd=limit_usd) if left_out else BudgetSetting(limit_usd=limit_usd, alert_url=alert_url or None)
        )
        _show_budgets((asked(target, lambda client: client.set_budget(setting, job_id)),))
        return
    found = asked(target, _all_budgets)
    if found:
        _show_budgets(found)
    else:
        OUT.print("No budget is set. `setu budget 25` sets one of 25 USD a month.")


async def _all_budgets(client: MoneyClient) -> tuple[Budget, ...]:
    page = await client.budgets(_PAGE)
    found = page.budgets
    while page.next_cursor is not None:
        page = await client.budgets(_PAGE, page.next_cursor)
        found += page.budgets
    return found


def asked(target: Target, ask: Callable[[MoneyClient], Awaitable[T]]) -> T:
    """Ask the gateway.

    Raises:
        SetuError: what it says, or that it does not answer.
    """

    async def answer() -> T:
        async with target.caller() as caller:
            return await ask(MoneyClient(caller))

    return asyncio.run(answer())


def amount(text: str) -> Decimal:
    """The amount that a user wrote.

    Raises:
        typer.BadParameter: it is none.
    """
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal(-1)
    if not found.is_finite() or found < 0 or len(found.as_tuple().digits) > _LONGEST_DIGITS:
        raise typer.BadParameter(f"{text!r} is no amount; write it as 25 or 0.50")
    return found


def show_job(found: JobCost) -> None:
    """Print what a job cost."""
    table = table_of("what", "model", "calls", "tokens in", "out", "USD", "share")
    for stage in found.stages:
        what = f"{stage.stage} → {stage.target}" if stage.target else stage.stage
        table.add_row(what, f"{stage.provider}/{stage.model}", *_figures(stage), f"{stage.share:.0%}")
    table.add_row("all", "", *_figures(found), "")
    OUT.print(table)
    remark(found)
    if found.budget is not None:
        _show_budgets((found.budget,))


def _show_budgets(budgets: tuple[Budget, ...]) -> None:
    table = table_of("budget of", "USD", "spent or reserved", "left", "used", "tells")
    for each in budgets:
        amounts = (in_usd(each_usd) for each_usd in (each.limit_usd, each.committed_usd, each.left_usd))
        table.add_row(
            f"job {each.job_id}" if each.job_id else "the month", *amounts, f"{each.used:.0%}", each.alert_host or "nobody"
        )
    OUT.print(table)


def remark(sums: CostSums) -> None:
    """What a reader of a sum must know."""
    if sums.unresolved:
        ERR.print(
            f"{in_usd(sums.unresolved_usd)} USD of it are of {sums.unresolved} calls that are under way or broke off: that is their most."
        )
    if sums.wasted_usd:
        ERR.print(f"{in_usd(sums.wasted_usd)} USD of it were in vain: calls that failed, or work that was done again.")
    if sums.unpriced:
        ERR.print(f"[yellow]What {sums.unpriced} calls cost nobody knows; it is missing here (SETU_PRICES_OVERRIDES).[/]")


def table_of(*titles: str) -> Table:
    """An empty table: names on the left, figures on the right."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in titles:
        table.add_column(title, justify="left" if title in (titles[0], "model") else "right", overflow="fold")
    return table


def _figures(sums: CostSums) -> tuple[str, ...]:
    return str(sums.calls), f"{sums.input_tokens:,}", f"{sums.output_tokens:,}", in_usd(sums.usd)


def in_usd(amount: Decimal) -> str:
    """To a hundredth of a cent; what is less, and not nothing, says so."""
    return f"{amount:.4f}" if amount >= Decimal("0.0001") or not amount else "<0.0001"
