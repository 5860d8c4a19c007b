"""``setu doctor``."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.markup import escape
from rich.table import Table

from setu_cli.commands.options import HomeOption, home_of, with_home
from setu_cli.commands.up import DEFAULT_PORT
from setu_cli.console import ERR, OUT
from setu_cli.embedded.account import unprivileged_account
from setu_cli.embedded.binaries import POSTGRES_MAJOR, postgres_programs, valkey_program
from setu_cli.embedded.claiming import check_port
from setu_cli.embedded.home import Home, is_free
from setu_cli.embedded.mending_models import mending_models
from setu_cli.embedded.stack import SERVICES, models_of
from setu_cli.embedded.state import StackState, load_state
from setu_cli.embedded.unread import unread_variables
from setu_cli.view.durations import size
from setu_common.errors import InvalidRequest, SetuError
from setu_common.models import Catalogue
from setu_common.settings import ModelSettings

_PYTHON = (3, 11)
_CORES = 2
_MEMORY_BYTES = 3_000_000_000
_DISK_BYTES = 2_000_000_000
_OF_VENDORS = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL")


class Verdict(StrEnum):
    """How a thing stands. ``MISSING``: the stack can't run without it."""

    GOOD = "ok"
    OPTIONAL = "optional"
    LATER = "not yet"
    WEAK = "weak"
    MISSING = "missing"


_STYLES = {
    Verdict.GOOD: "green",
    Verdict.OPTIONAL: "dim",
    Verdict.LATER: "dim",
    Verdict.WEAK: "yellow",
    Verdict.MISSING: "bold red",
}


@dataclass(frozen=True)
class Finding:
    """One line of the diagnosis.

    Args:
        what: the thing looked at.
        verdict: how it stands.
        says: what was found.
        mend: the command, or the deed, that changes it.
    """

    what: str
    verdict: Verdict
    says: str
    mend: str = ""


def doctor(
    home: HomeOption = None, port: Annotated[int, typer.Option(help="The port that the gateway is to use.")] = DEFAULT_PORT
) -> None:
    """Say what is installed, what is reachable and what is missing, and how to mend it.

    Exits with 1 when something indispensable is missing.
    """
    chosen = home_of(home)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("what", "", "found", "to change it"):
        table.add_column(title, overflow="fold")
    findings = list(examine(chosen, os.environ, port=port, home_option=home))
    for finding in findings:
        table.add_row(
            escape(finding.what),
            f"[{_STYLES[finding.verdict]}]{finding.verdict}[/]",
            escape(finding.says),
            escape(finding.mend),
        )
    OUT.print(table)
    missing = [finding.what for finding in findings if finding.verdict is Verdict.MISSING]
    if missing:
        ERR.print(f"\n[bold red]Missing:[/] {escape(', '.join(missing))}.")
        raise typer.Exit(1)
    OUT.print("\nEverything that is indispensable is there.")


def examine(home: Home, environment: Mapping[str, str], *, port: int, home_option: Path | None = None) -> Iterator[Finding]:
    """Look at everything, in an order in which one would mend it."""
    yield from _machine(home)
    yield from _programs(home, environment)
    yield from _models(environment)
    state = load_state(home)
    running = state is not None and not is_free(home)
    if running and state is not None:
        yield from _stack(state, home_option)
    else:
        stale = "; an earlier stack was killed, the next start cleans up after it" if state is not None else ""
        yield Finding("stack", Verdict.LATER, f"none is running in {home.folder}{stale}", with_home("setu up", home_option))
        yield _tried(f"port {port}", lambda: _port(port))
    yield from _settings(environment)


def _machine(home: Home) -> Iterator[Finding]:
    found = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= _PYTHON
    yield Finding("python", Verdict.GOOD if good else Verdict.MISSING, found, "" if good else "install Python 3.11 or newer")
    linux = sys.platform == "linux"
    yield Finding("system", Verdict.GOOD if linux else Verdict.MISSING, sys.platform, "" if linux else "docker compose up")
    cores = len(os.sched_getaffinity(0)) if linux else os.cpu_count() or 1
    yield Finding("cores", Verdict.GOOD if cores >= _CORES else Verdict.WEAK, str(cores))
    memory = psutil.virtual_memory()
    verdict = Verdict.GOOD if memory.available >= _MEMORY_BYTES else Verdict.WEAK
    mend = "" if verdict is Verdict.GOOD else "close other programs; the default models want 3 GB"
    yield Finding("memory", verdict, f"{size(memory.available)} of {size(memory.total)} available", mend)
    for what, folder in (("data folder", home.folder), ("models folder", ModelSettings().folder.expanduser())):
        yield _room(what, folder)
    device = Path("/dev/nvidia0")
    gpu = device.exists() or shutil.which("nvidia-smi") is not None
    yield Finding(
        "GPU", Verdict.GOOD if gpu else Verdict.OPTIONAL, "NVIDIA" if gpu else "none; the default models run on the CPU"
    )


def _room(what: str, folder: Path) -> Finding:
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free_bytes = shutil.disk_usage(existing).free
    option = "--home" if what == "data folder" else "SETU_MODELS_FOLDER"
    if not os.access(existing, os.W_OK):
        return Finding(what, Verdict.MISSING, f"{folder} can't be written to", f"choose another with {option}")
    verdict = Verdict.GOOD if free_bytes >= _DISK_BYTES else Verdict.WEAK
    return Finding(
        what, verdict, f"{folder}, {size(free_bytes)} free", "" if verdict is Verdict.GOOD else f"make room, or use {option}"
    )


def _programs(home: Home, environment: Mapping[str, str]) -> Iterator[Finding]:
    if environment.get("DATABASE_URL"):
        yield Finding("Postgres", Verdict.GOOD, "DATABASE_URL names one")
    else:
        yield _tried("Postgres", lambda: _postgres(home))
    if environment.get("REDIS_URL"):
        yield Finding("Valkey", Verdict.GOOD, "REDIS_URL names one")
    else:
        yield _tried("Valkey", _valkey)
    for service in SERVICES:
        there = find_spec(service.package) is not None
        yield Finding(
            f"service {service.name}",
            Verdict.GOOD if there else Verdict.MISSING,
            "installed" if there else "not installed",
            "" if there else "make setup",
        )


def _postgres(home: Home) -> str:
    programs = postgres_programs()
    existing = next(parent for parent in (home.folder, *home.folder.parents) if parent.exists())
    account = unprivileged_account([existing, programs / "postgres"])
    return f"PostgreSQL {POSTGRES_MAJOR}, from its package{', run as nobody' if account is not None else ''}"


def _valkey() -> str:
    program = valkey_program()
    return f"{program.name}, from its package" if "_binaries" in program.parts else str(program)


def _port(port: int) -> str:
    check_port(port)
    return "free"


def _models(environment: Mapping[str, str]) -> Iterator[Finding]:
    catalogue = Catalogue.load(ModelSettings())
    for name in models_of(environment):
        if name not in catalogue.names():
            yield Finding(f"model {name}", Verdict.OPTIONAL, "not of the catalogue; whoever serves it has it")
        elif catalogue.has(name):
            yield Finding(f"model {name}", Verdict.GOOD, f"{size(catalogue[name].bytes)}, {catalogue[name].licence}")
        else:
            weight = f"{size(catalogue[name].bytes)}, fetched when the stack starts"
            yield Finding(f"model {name}", Verdict.LATER, weight, "setu up, or setu demo")


def _settings(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Which language models mend lines, and what is set in vain."""
    yield from _mending_models()
    for name in filter(environment.get, _OF_VENDORS):
        yield Finding(name, Verdict.OPTIONAL, "set, and not read: nothing is asked or billed with it", "SETU_LLM_PROVIDERS")
    for each in unread_variables(environment):
        yield Finding(each.name, Verdict.WEAK, "set, and nothing here reads it", " or ".join(each.near))


def _mending_models() -> Iterator[Finding]:
    """By this process's own environment, as its other settings."""
    what = "language model"
    try:
        names, why = mending_models()
    except InvalidRequest:
        yield _tried(what, lambda: ", ".join(mending_models()[0]))
        return
    if names:
        says = f"{', '.join(names)}. {why}" if why else ", ".join(names)
        yield Finding(what, Verdict.WEAK if why else Verdict.GOOD, says)
    elif why:
        yield Finding(what, Verdict.OPTIONAL, "none of SETU_LLM_PROVIDERS mends lines; rules do, where they can", why)


def _stack(state: StackState, home_option: Path | None) -> Iterator[Finding]:
    yield Finding("stack", Verdict.GOOD, f"running at {state.gateway_url}", with_home("setu down", home_option))
    for process in state.processes:
        note = f" ({process.note})" if process.note else ""
        restarts = f", started again {process.restarts} times" if process.restarts else ""
        yield Finding(
            f"process {process.name}",
            Verdict.GOOD if process.settled else Verdict.WEAK,
            f"{process.stage}{restarts}{note}",
            "" if process.settled else with_home(f"setu logs {process.name}", home_option),
        )


def _tried(what: str, look: Callable[[], str]) -> Finding:
    """What a look finds, or what it says that is wrong, after whose last semicolon it says what to do."""
    try:
        return Finding(what, Verdict.GOOD, look())
    except SetuError as error:
        says, _, mend = error.detail.partition("; ")
    except (PermissionError, LookupError) as error:
        says, _, mend = str(error).partition("; ")
    return Finding(what, Verdict.MISSING, says, mend)
