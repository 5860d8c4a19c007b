"""``setu up``."""

import asyncio
import os
from typing import Annotated

import typer

from setu_cli.commands.options import HomeOption, home_of, with_home
from setu_cli.console import ERR
from setu_cli.embedded import detached
from setu_cli.embedded.running import StackRequest, keep_up
from setu_cli.view.stack_view import StackView

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
    REDIS_URL and SETU_TRANSLATE_LLM_URL name servers that exist instead of starting some; other settings of the services are passed on.
    """
    request = StackRequest(home_of(home), port, dict(os.environ))
    stop = with_home("setu down", home)
    view = StackView(ERR, f"Stop it with [bold]{stop}[/]." if detach else f"Ctrl-C stops it, as does [bold]{stop}[/].")
    with view.shown():
        if detach:
            detached.start(request, view)
        else:
            asyncio.run(keep_up(request, view))
