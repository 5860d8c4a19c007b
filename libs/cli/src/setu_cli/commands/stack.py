"""Commands about a stack that runs: ``status``, ``down``, ``logs``, ``migrate``."""

import contextlib
import os
import signal
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from setu_cli.commands.options import HomeOption, home_of, with_home
from setu_cli.console import ERR, OUT
from setu_cli.embedded.home import Home, is_free, lock_holder, wait_until_free
from setu_cli.embedded.leftovers import end_leftovers, wait_until_ended
from setu_cli.embedded.logfiles import in_words, tail
from setu_cli.embedded.scraping import save_targets
from setu_cli.embedded.stack import SERVICES, migrate_command
from setu_cli.embedded.state import StackState, forget_state, load_state
from setu_cli.failures import StackFailed, StackNotRunning
from setu_cli.view.durations import duration
from setu_cli.view.stack_view import process_table
from setu_common.errors import NotFound

_DOWN_TIMEOUT_S = 60.0
_EXIT_TIMEOUT_S = 5.0
_FOLLOW_EVERY_S = 0.25


def running_state(home: Home, option: Path | None) -> StackState:
    """The state of the stack that runs in ``home``.

    Raises:
        StackNotRunning: none does.
    """
    state = load_state(home)
    if state is None or not state.supervisor.alive() or is_free(home):
        killed = " (one was killed; the next `setu up` cleans up after it)" if state is not None else ""
        raise StackNotRunning(f"no stack is running in {home.folder}{killed}; start one with `{with_home('setu up', option)}`")
    return state


def status(
    home: HomeOption = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="For programs; without passwords.")] = False,
    prometheus: Annotated[
        Path | None,
        typer.Option(help="Write down for Prometheus where each process answers it, as file_sd JSON.", show_default=False),
    ] = None,
) -> None:
    """Say what of the stack is running. Exits with 1 unless everything is ready."""
    state = running_state(home_of(home), home)
    if prometheus is not None:
        save_targets(prometheus, state)
    if json:
        OUT.print_json(state.model_dump_json(exclude={"service_token", "database_url", "redis_url"}))
    else:
        up_for = duration((datetime.now(UTC) - state.started_at).total_seconds())
        OUT.print(
            f"[bold]{state.gateway_url}[/], up for {up_for}, process {state.supervisor_pid}, data in {home_of(home).folder}\n"
        )
        OUT.print(process_table(state, details=True))
    if not state.all_settled:
        ERR.print("\nNot everything is ready; see [bold]setu logs NAME[/].")
        raise typer.Exit(1)


def down(home: HomeOption = None) -> None:
    """Stop the stack: running work is handed back, data is written. Returns when no process of it is left."""
    chosen = home_of(home)
    holder = lock_holder(chosen)
    if is_free(chosen):
        state = load_state(chosen)
        if state is not None:
            end_leftovers(identity for process in state.processes if (identity := process.identity) is not None)
            forget_state(chosen)
        OUT.print(f"No stack is running in {chosen.folder}.")
        return
    began = time.monotonic()
    if holder is not None and holder.alive():
        with contextlib.suppress(ProcessLookupError):
            os.kill(holder.pid, signal.SIGTERM)
    with ERR.status("stopping"):
        free = wait_until_free(chosen, timeout_s=_DOWN_TIMEOUT_S)
        if not free and holder is not None and holder.alive():
            os.kill(holder.pid, signal.SIGKILL)  # its guardian goes on by itself
            free = wait_until_free(chosen, timeout_s=_DOWN_TIMEOUT_S)
    if holder is not None:
        wait_until_ended(holder, timeout_s=_EXIT_TIMEOUT_S)
    if not free:
        raise StackFailed(f"the stack in {chosen.folder} does not stop; see {chosen.log('guardian')}")
    OUT.print(f"Stopped, in {duration(time.monotonic() - began)}. The data is kept in {chosen.folder}.")


def logs(
    name: Annotated[str | None, typer.Argument(help="A process, as `setu status` names it.", show_default=False)] = None,
    home: HomeOption = None,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many of the last lines.", min=1)] = 50,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is written next, until Ctrl-C.")] = False,
    raw: Annotated[bool, typer.Option("--raw", help="The lines as they were written (JSON).")] = False,
) -> None:
    """Show what a process of the stack has written. Without a name: which logs there are."""
    chosen = home_of(home)
    names = sorted(path.stem for path in chosen.logs.glob("*.log"))
    if name is None or name not in names:
        there = f"there are {', '.join(names)}" if names else f"there are none in {chosen.folder} yet"
        raise NotFound(f"give the name of a log: {there}" if name is None else f"there is no log {name!r}; {there}")
    log = chosen.log(name)
    for line in tail(log, lines):
        _print_line(line, raw=raw)
    if follow:
        with contextlib.suppress(KeyboardInterrupt):
            _follow(log, raw=raw)


def migrate(home: HomeOption = None) -> None:
    """Bring the services' database schemas up to date, in DATABASE_URL or in the running stack's database.

    `setu up` does it by itself; this is for a database of your own, before the services are started or updated.
    """
    url = os.environ.get("DATABASE_URL") or running_state(home_of(home), home).database_url.get_secret_value()
    for service in SERVICES:
        began = time.monotonic()
        ended = subprocess.run(  # noqa: S603  our own modules
            migrate_command(service), env={**os.environ, "DATABASE_URL": url}, capture_output=True, text=True, check=False
        )
        if ended.returncode != 0:
            last = (ended.stderr.strip() or ended.stdout.strip()).splitlines()[-3:]
            said = " / ".join(in_words(line) for line in last)
            raise StackFailed(f"the schema of {service.name} could not be brought up to date: {said}")
        OUT.print(f"{service.name}: up to date ({duration(time.monotonic() - began)})")


def _print_line(line: str, *, raw: bool) -> None:
    OUT.print(line if raw else in_words(line), markup=False, soft_wrap=True)


def _follow(log: Path, *, raw: bool) -> None:
    pause = Event()
    position = log.stat().st_size
    unfinished = ""
    while not pause.wait(_FOLLOW_EVERY_S):
        try:
            length = log.stat().st_size
        except FileNotFoundError:
            continue  # it is being rotated
        if length < position:  # emptied in place, or another one
            position, unfinished = 0, ""
        with log.open("rb") as opened:
            opened.seek(position)
            written = opened.read()
        position += len(written)
        *whole, unfinished = (unfinished + written.decode(errors="replace")).split("\n")
        for line in whole:
            _print_line(line, raw=raw)
