"""Options that several commands share."""

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from setu_cli.embedded.home import Home

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home", help="The stack's data folder; default: SETU_HOME, else .setu here.", file_okay=False, show_default=False
    ),
]


def home_of(option: Path | None) -> Home:
    """The data folder that is meant."""
    return Home.chosen(option, os.environ, Path.cwd())


def with_home(command: str, option: Path | None) -> str:
    """A command to suggest, naming the data folder if the user did."""
    return f"{command} --home {shlex.quote(str(option))}" if option is not None else command
