"""``setu optimizer``: the models that say how recordings are best transcribed."""

import asyncio
import os
from typing import Final

import typer
from rich.markup import escape
from rich.table import Table

from setu_cli.commands.options import HomeOption, home_of
from setu_cli.commands.stack import running_state
from setu_cli.console import OUT
from setu_common.contracts import OperationState
from setu_common.errors import RemoteProblem
from setu_common.settings import DatabaseSettings, StoreSettings
from setu_optimizer.predictors.desk import go_back, listed
from setu_optimizer.retraining.desk import have_trained
from setu_optimizer.retraining.kinds import Retrained

_PATIENCE_S: Final = 1800.0
_STYLES: Final = {"champion": "green", "refused": "red"}

optimizer = typer.Typer(add_completion=False, rich_markup_mode="markdown", no_args_is_help=True)


@optimizer.callback()
def about() -> None:
    """Models that predict errors and time: the one that is asked, those that were offered, and the way back.

    They are listed in the optimizer's database: the one that DATABASE_URL names, else that of the stack that runs here.
    """


@optimizer.command("models", epilog="Example:\n\n`setu optimizer models`")
def list_models(home: HomeOption = None) -> None:
    """List models, newest first: the one that is asked, those before it, and those that were not good enough, with the verdict."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("model", "", "offered", "verdict"):
        table.add_column(title, overflow="fold", no_wrap=title in ("model", "", "offered"))
    for kept in asyncio.run(listed(*_where(home))):
        style = _STYLES.get(kept.state, "dim")
        offered = "shipped" if kept.created_at is None else f"{kept.created_at:%Y-%m-%d %H:%M}"
        table.add_row(escape(kept.name), f"[{style}]{kept.state}[/]", offered, escape(kept.verdict))
    OUT.print(table)


@optimizer.command("retrain", epilog="Example:\n\n`setu optimizer retrain`")
def retrain(home: HomeOption = None) -> None:
    """Train a model now, from what was measured and observed; it is asked from then on if it is better, and not otherwise."""
    with OUT.status("A model is trained and compared."):
        ended = asyncio.run(have_trained(*_where(home), wait_s=_PATIENCE_S))
    if ended.state is OperationState.FAILED and ended.problem is not None:
        raise RemoteProblem(ended.problem)
    if ended.result is None:
        OUT.print("It has not ended yet. `setu optimizer models` shows what comes of it.", soft_wrap=True)
        return
    result = Retrained.model_validate(ended.result)
    OUT.print(escape(result.verdict), soft_wrap=True)
    asked = result.challenger if result.promoted else result.champion
    OUT.print(f"[bold]{escape(asked)}[/] is asked{' now' if result.promoted else ', as before'}.", soft_wrap=True)


@optimizer.command("rollback", epilog="Example:\n\n`setu optimizer rollback`")
def roll_back(home: HomeOption = None) -> None:
    """Ask the model again that was asked before this one. All processes do so within a minute."""
    OUT.print(f"[bold]{escape(asyncio.run(go_back(*_where(home))).name)}[/] is asked now.", soft_wrap=True)


def _where(home: HomeOption) -> tuple[DatabaseSettings, StoreSettings]:
    """The database of the environment, or of the stack that runs here."""
    url = os.environ.get("DATABASE_URL") or running_state(home_of(home), home).database_url.get_secret_value()
    store = os.environ.get("SETU_STORE_URL") or home_of(home).store.as_uri()
    return DatabaseSettings(url=url), StoreSettings(url=store)
