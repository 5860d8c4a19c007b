"""``setu history``: past jobs of another system, from which the optimizer learns."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from setu_cli.commands.options import HomeOption, home_of
from setu_cli.commands.stack import running_state
from setu_cli.console import ERR, OUT
from setu_common.errors import InvalidRequest
from setu_common.settings import DatabaseSettings
from setu_common.web.trust import LOCAL_TENANT
from setu_optimizer.domain.observing.history import read_history
from setu_optimizer.observing.desk import take_history

history = typer.Typer(add_completion=False, rich_markup_mode="markdown", no_args_is_help=True)


@history.callback()
def about() -> None:
    """Past jobs of another system: recordings whose errors were counted or estimated there.

    They go into the optimizer's database: the one that DATABASE_URL names, else that of the stack that runs here. docs/ml-optimization.md
    names the columns.
    """


@history.command(
    "import", epilog="Examples:\n\n`setu history import jobs.csv`\n\n`setu history import jobs.json --tenant acme`"
)
def import_history(
    file: Annotated[
        Path, typer.Argument(help="CSV with a header, or JSON.", exists=True, dir_okay=False, readable=True, show_default=False)
    ],
    tenant: Annotated[str, typer.Option(help="Whose jobs they were.")] = LOCAL_TENANT,
    home: HomeOption = None,
) -> None:
    """Take past jobs in: all that are in the file, or none if one of them is wrong."""
    try:
        text = file.read_text("utf-8")
    except UnicodeDecodeError:
        raise InvalidRequest(f"{file} is not in UTF-8.") from None
    found = read_history(text, is_json=file.suffix.lower() == ".json")
    if found.unknown:
        ERR.print(
            f"[yellow]Columns that say nothing here are left alone: {escape(', '.join(found.unknown))}.[/]", soft_wrap=True
        )
    if found.problems:
        for each in found.problems[:20]:
            ERR.print(escape(each), soft_wrap=True)
        more = f" The first 20 of {len(found.problems)} are shown." if len(found.problems) > 20 else ""  # noqa: PLR2004
        raise InvalidRequest(f"Nothing was taken from {file}: mend what is wrong, and import it again.{more}")
    url = os.environ.get("DATABASE_URL") or running_state(home_of(home), home).database_url.get_secret_value()
    new = asyncio.run(take_history(DatabaseSettings(url=url), tenant, found.jobs))
    OUT.print(f"{len(found.jobs)} jobs are taken in, {new} of them new. Models learn from them when they are trained next.")
