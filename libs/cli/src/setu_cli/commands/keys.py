"""``setu keys``: API keys of the gateway, made, listed and revoked in its database."""

import os
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from setu_cli.commands.options import HomeOption, home_of
from setu_cli.commands.stack import running_state
from setu_cli.console import ERR, OUT
from setu_cli.view.durations import duration
from setu_common.settings import DatabaseSettings
from setu_gateway.keys.book import KeyBook
from setu_gateway.keys.key import USUAL, ApiKey, Scope

_DAY_S = 86_400
_STYLES = {"good": "green", "revoked": "dim", "expired": "yellow"}

keys = typer.Typer(add_completion=False, rich_markup_mode="markdown", no_args_is_help=True)


@keys.callback()
def about() -> None:
    """API keys: who may use the gateway, as which tenant, for what.

    They lie in the gateway's database: the one that DATABASE_URL names, else that of the stack that runs here. A gateway asks for
    them if it was started with SETU_GATEWAY_AUTH=keys.
    """


@keys.command(
    epilog="Example:\n\n`setu keys create acme --name 'nightly import' --scope jobs:write --scope jobs:read --days 90`"
)
def create(
    tenant: Annotated[str, typer.Argument(help="Whose requests it makes; a tenant is whoever has a key.", show_default=False)],
    name: Annotated[str, typer.Option("--name", help="What it is for.", show_default=False)] = "",
    scope: Annotated[
        list[Scope] | None,
        typer.Option("--scope", help=f"What may be done with it; repeat it. Default: {', '.join(USUAL)}.", show_default=False),
    ] = None,
    days: Annotated[
        int | None, typer.Option("--days", help="How long it is good. Default: until it is revoked.", show_default=False)
    ] = None,
    home: HomeOption = None,
) -> None:
    """Make a key. It is shown this once; the gateway keeps its prefix, and a hash of the rest."""
    key, text = _book(home).create(tenant, name=name, scopes=[each.value for each in scope or USUAL], days=days)
    OUT.print(text, soft_wrap=True)
    until = "until it is revoked" if key.expires_at is None else f"until {key.expires_at:%Y-%m-%d %H:%M} UTC"
    ERR.print(
        f"For [bold]{key.tenant}[/]: {', '.join(key.scopes)}, {until}. It is not shown again; "
        f"revoke it with `setu keys revoke {key.prefix}`.",
        soft_wrap=True,
    )


@keys.command("list")
def list_keys(
    tenant: Annotated[str | None, typer.Argument(help="Whose; default: everyone's.", show_default=False)] = None,
    home: HomeOption = None,
) -> None:
    """List keys, revoked ones as well. Which hour one was last used in is noted once a minute."""
    found = _book(home).listed(tenant)
    if not found:
        OUT.print("There is no key yet. Make one: [bold]setu keys create TENANT[/]")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("key", "tenant", "", "scopes", "made", "expires", "last used", "name"):
        table.add_column(title, overflow="fold", no_wrap=title in ("key", "made", "expires", "last used"))
    for key in found:
        table.add_row(*_row(key))
    OUT.print(table)


@keys.command(epilog="Example:\n\n`setu keys revoke 3fa9c1d2`")
def revoke(
    key: Annotated[str, typer.Argument(help="Its prefix, as `setu keys list` shows it.", show_default=False)],
    home: HomeOption = None,
) -> None:
    """Make a key good for nothing. Every gateway refuses it within seconds."""
    revoked = _book(home).revoke(key)
    OUT.print(f"setu_{revoked.prefix} of [bold]{revoked.tenant}[/] is revoked. Gateways refuse it within seconds.")


def _book(home: HomeOption) -> KeyBook:
    url = os.environ.get("DATABASE_URL") or running_state(home_of(home), home).database_url.get_secret_value()
    return KeyBook(DatabaseSettings(url=url))


def _row(key: ApiKey) -> tuple[str, ...]:
    return (
        f"setu_{key.prefix}",
        key.tenant,
        f"[{_STYLES[key.state]}]{key.state}[/]",
        " ".join(key.scopes),
        f"{key.created_at:%Y-%m-%d}",
        "never" if key.expires_at is None else f"{key.expires_at:%Y-%m-%d}",
        _ago(key.last_used_at),
        escape(key.name),
    )


def _ago(moment: datetime | None) -> str:
    if moment is None:
        return "never"
    seconds = (datetime.now(UTC) - moment).total_seconds()
    return f"{moment:%Y-%m-%d}" if seconds > _DAY_S else f"{duration(seconds)} ago"
