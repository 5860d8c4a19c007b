"""``setu up``."""

import asyncio
import os
from typing import Annotated

import typer
from rich.markup import escape

from setu_cli.commands.options import HomeOption, home_of, with_home
from setu_cli.console import ERR
from setu_cli.embedded import detached
from setu_cli.embedded.claiming import check_port, refuse_second
from setu_cli.embedded.mending_models import mending_models
from setu_cli.embedded.running import StackRequest, keep_up
from setu_cli.embedded.stack import models_of
from setu_cli.embedded.unread import unread_variables
from setu_cli.fetching import fetch_missing
from setu_cli.view.stack_view import StackView
from setu_common.models import Catalogue
from setu_common.settings import ModelSettings

DEFAULT_PORT = 8080


def up(
    home: HomeOption = None,
    port: Annotated[
        int, typer.Option(help="The gateway's port on loopback; 0 takes a free one.", min=0, max=65535)
    ] = DEFAULT_PORT,
    *,
    detach: Annotated[bool, typer.Option("--detach", help="Return when everything is ready; the stack runs on.")] = False,
) -> None:
    """Start the whole stack on this machine: Postgres, Valkey, and every service.

    Nothing but Python is needed. It runs until Ctrl-C (or `setu down`) and leaves no process behind, however it ends. DATABASE_URL,
    REDIS_URL and SETU_TRANSLATE_LLM_URL name servers that exist instead of starting some; other settings of the services are passed on, and
    what begins with SETU_ and is read by nobody is named.
    """
    request = StackRequest(home_of(home), port, dict(os.environ))
    refuse_second(request.home)
    check_port(port)
    heed_settings()
    for error in fetch_missing(Catalogue.load(ModelSettings()), models_of(os.environ), ERR):
        ERR.print(f"[yellow]The stack starts without a model:[/] {escape(error.detail)}", soft_wrap=True)
    stop = with_home("setu down", home)
    submit = with_home("setu submit FILE --to en --out DIR", home)
    ways = f"Stop it with [bold]{stop}[/]" if detach else f"Ctrl-C stops it, as does [bold]{stop}[/]"
    view = StackView(ERR, f"Next: [bold]{submit}[/]. {ways}.")
    with view.shown():
        if detach:
            detached.start(request, view)
        else:
            asyncio.run(keep_up(request, view))


def heed_settings() -> None:
    """Name the settings of this process's environment that nobody reads, before a stack is started with it.

    Raises:
        InvalidRequest: language models are set wrongly; services would not start.
    """
    for each in unread_variables(os.environ):
        ERR.print(f"[yellow]{escape(str(each))}[/]", soft_wrap=True)
    mending_models()
