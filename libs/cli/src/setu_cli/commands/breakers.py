"""``setu breakers``: the circuits through which services call each other and others, and an operator's word over them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Final, TypeVar
from urllib.parse import quote

import typer
from rich.markup import escape
from rich.table import Table

from setu_cli.commands.gateway import Target, UrlOption
from setu_cli.commands.options import HomeOption
from setu_cli.console import ERR, OUT
from setu_common.clients.breakers import BreakersClient
from setu_common.contracts.breakers import BreakerMode, BreakerView

T = TypeVar("T")

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="The circuit's, as `setu breakers list` shows it.", show_default=False)
]
_STYLES: Final = {"closed": "green", "open": "red", "half-open": "yellow"}

breakers = typer.Typer(add_completion=False, rich_markup_mode="markdown", no_args_is_help=True)


@breakers.callback()
def about() -> None:
    """Circuits: what is called through one is left alone for a while when it fails too often.

    They are those of every process of the stack. An order reaches all within a second and lasts until the next one, also for processes
    that start later. A gateway that asks for keys wants one with the scope `admin`, in SETU_API_KEY.
    """


@breakers.command("list", epilog="Examples:\n\n`setu breakers list`\n\n`setu breakers list --url https://setu.example.org`")
def list_breakers(url: UrlOption = None, home: HomeOption = None) -> None:
    """List circuits: how each stands, and who rules over it."""
    found = _asked(Target.chosen(url, home), lambda client: client.breakers())
    if not found:
        OUT.print("There is no circuit yet: nothing has been called through one.")
        return
    _show(found)


@breakers.command("open", epilog="Example:\n\n`setu breakers open translate-llm`")
def open_breaker(name: NameArgument, url: UrlOption = None, home: HomeOption = None) -> None:
    """Shut a dependency off: every call of it fails at once, until it is put back."""
    _force(name, "open", url, home)


@breakers.command("close", epilog="Example:\n\n`setu breakers close translate-llm`")
def close_breaker(name: NameArgument, url: UrlOption = None, home: HomeOption = None) -> None:
    """Let calls through whatever happens, until it is put back."""
    _force(name, "closed", url, home)


@breakers.command("auto", epilog="Example:\n\n`setu breakers auto translate-llm`")
def put_back(name: NameArgument, url: UrlOption = None, home: HomeOption = None) -> None:
    """Let a circuit rule itself again, beginning closed with nothing counted."""
    _force(name, "auto", url, home)


def _force(name: str, mode: BreakerMode, url: str | None, home: HomeOption) -> None:
    view = _asked(Target.chosen(url, home), lambda client: client.force(quote(name, safe=""), mode))
    _show((view,))


def _show(found: tuple[BreakerView, ...]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("circuit", "", "ruled by", "tried again in", "calls", "failed", "slow"):
        table.add_column(title, justify="right" if title in ("calls", "failed", "slow") else "left", overflow="fold")
    for each in found:
        table.add_row(*_row(each))
    OUT.print(table)
    if not all(each.shared for each in found):
        ERR.print("[yellow]The gateway can't reach Redis: other processes hear of orders once it is back.[/]")


def _row(view: BreakerView) -> tuple[str, ...]:
    state = view.state or "unknown"
    return (
        escape(view.name),
        f"[{_STYLES.get(state, 'dim')}]{state}[/]",
        "itself" if view.mode == "auto" else "an operator",
        "" if view.open_for_s is None else f"{view.open_for_s:.0f} s",
        *("" if count is None else str(count) for count in (view.calls, view.failed, view.slow)),
    )


def _asked(target: Target, ask: Callable[[BreakersClient], Awaitable[T]]) -> T:
    async def answer() -> T:
        async with target.caller() as caller:
            return await ask(BreakersClient(caller))

    return asyncio.run(answer())
