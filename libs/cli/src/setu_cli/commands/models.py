"""``setu models``: what the catalogue has, what of it is here, and getting it."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
from rich.table import Table

from setu_cli.console import ERR, OUT
from setu_cli.fetching import fetch_missing
from setu_cli.view.durations import size
from setu_common.errors import SetuError
from setu_common.models import Catalogue, Model, ModelDamaged
from setu_common.settings import ModelSettings

NamesArgument = Annotated[
    list[str] | None, typer.Argument(metavar="NAME", help="As `setu models` shows them.", show_default=False)
]

models = typer.Typer(add_completion=False, rich_markup_mode="markdown", invoke_without_command=True)


@models.callback()
def list_models(context: typer.Context) -> None:
    """List the models that Setu can use: what each is, its licence, its size, and whether it is here."""
    if context.invoked_subcommand is not None:
        return
    settings = ModelSettings()
    catalogue = Catalogue.load(settings)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("name", "", "size", "what it is", "licence"):
        table.add_column(title, justify="right" if title == "size" else "left", overflow="fold", no_wrap=title == "name")
    for name in catalogue.names():
        table.add_row(*_row(catalogue[name], here=catalogue.has(name)))
    OUT.print(table)
    OUT.print(
        f"\nThey lie in {escape(str(settings.folder.expanduser()))}. Get one: [bold]setu models pull NAME[/]", soft_wrap=True
    )


@models.command(epilog="Example:\n\n`setu models pull whisper-small`")
def pull(names: NamesArgument = None) -> None:
    """Get models, so that no job has to wait for them. Each is verified, and here whole or not at all."""
    catalogue = Catalogue.load(ModelSettings())
    chosen = _chosen(catalogue, names, "pull")
    errors = fetch_missing(catalogue, chosen, ERR)
    for name in chosen:
        if catalogue.has(name):
            model = catalogue[name]
            OUT.print(f"{name} is here ({size(model.bytes)}). {escape(model.licence)}: {model.licence_url}", soft_wrap=True)
    for error in errors:
        ERR.print(f"[bold red]setu:[/] {escape(error.detail)}", soft_wrap=True)
    if errors:
        raise typer.Exit(1)


@models.command(epilog="Examples:\n\n`setu models verify`\n\n`setu models verify whisper-base`")
def verify(names: NamesArgument = None) -> None:
    """Read every byte of models and compare it with the catalogue; without a name, of all that are here."""
    catalogue = Catalogue.load(ModelSettings())
    chosen = _chosen(catalogue, names, "verify") if names else [name for name in catalogue.names() if catalogue.has(name)]
    if not chosen:
        OUT.print("No model is here yet. Get one: [bold]setu models pull NAME[/]")
    damaged = [error for name in chosen if (error := _fault(catalogue, name)) is not None]
    for error in damaged:
        ERR.print(f"[bold red]setu:[/] {escape(error.detail)}", soft_wrap=True)
    if damaged:
        raise typer.Exit(1)


def _row(model: Model, *, here: bool) -> tuple[str, ...]:
    state = "[green]here[/]" if here else "[dim]not here[/]"
    return model.name, state, size(model.bytes), escape(model.title), escape(model.licence)


def _chosen(catalogue: Catalogue, names: list[str] | None, verb: str) -> list[str]:
    """The names, once each.

    Raises:
        UnknownModel: one of them is not in the catalogue.
        typer.BadParameter: there is none.
    """
    if not names:
        raise typer.BadParameter(f"name at least one model: setu models {verb} NAME; `setu models` lists them")
    return [catalogue[name].name for name in dict.fromkeys(names)]


def _fault(catalogue: Catalogue, name: str) -> SetuError | None:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=ERR, transient=True) as progress:
        task = progress.add_task(f"reading {name}", total=catalogue[name].bytes)
        try:
            catalogue.verify(name, lambda done_bytes, _all_bytes: progress.update(task, completed=done_bytes))
        except ModelDamaged as error:
            return error
    OUT.print(f"{name} is whole.")
    return None
