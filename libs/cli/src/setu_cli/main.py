"""The ``setu`` command."""

import importlib
import select
import tempfile
import traceback
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from typer.core import TyperCommand, TyperGroup

from setu_cli.console import ERR, OUT
from setu_common.errors import SetuError
from setu_common.observability import configure_logging
from setu_common.settings import LogSettings

_INTERRUPTED = 130
_OUTPUTS: Final = (1, 2)


@dataclass(frozen=True)
class _Entry:
    """A command: ``module:name`` of a function, or of a typer app with commands of its own, and what calling it looks like."""

    where: str
    examples: tuple[str, ...]

    def load(self, name: str) -> TyperCommand | TyperGroup:
        """Import its module."""
        module, _, member = self.where.partition(":")
        found: Any = getattr(importlib.import_module(f"setu_cli.commands.{module}"), member)  # Any: function or app
        examples = "\n\n".join(("Examples:", *(f"`{example}`" for example in self.examples)))
        if not isinstance(found, typer.Typer):
            single = typer.Typer(add_completion=False, rich_markup_mode="markdown")
            single.command(name, epilog=examples)(found)
            found = single
        command = typer.main.get_command(found)
        assert isinstance(command, TyperCommand | TyperGroup)  # noqa: S101  what typer makes of a function or an app
        command.name, command.epilog = name, examples
        return command


_COMMANDS: Final = {
    "demo": _Entry("demo:demo", ("setu demo", "setu demo --source pt --out /tmp/demo")),
    "up": _Entry("up:up", ("setu up", "setu up --port 9000 --detach", "DATABASE_URL=postgresql://me@db/setu setu up")),
    "status": _Entry("stack:status", ("setu status", "setu status --json")),
    "logs": _Entry("stack:logs", ("setu logs", "setu logs asr-worker", "setu logs gateway-api --follow")),
    "down": _Entry("stack:down", ("setu down", "setu down --home /var/lib/setu")),
    "submit": _Entry(
        "submit:submit",
        (
            "setu submit film.mkv --to en --to hi --out subtitles",
            "setu submit talk.mp3 --source fr --to en --url http://host:8080",
            "setu submit *.mkv --source hi --to en --term 'राज=Raj' --term @names.txt",
            "setu submit https://media.example.org/talk.mp4 --to en --rules none",
        ),
    ),
    "jobs": _Entry("jobs:jobs", ("setu jobs", "setu jobs ID", "setu jobs ID --follow --out subtitles")),
    "cancel": _Entry("jobs:cancel", ("setu cancel ID",)),
    "retry": _Entry("jobs:retry", ("setu retry ID", "setu retry ID --follow --out subtitles")),
    "plan": _Entry("learning:plan", ("setu plan ID",)),
    "correct": _Entry("learning:correct", ("setu correct ID film.hi.srt --language hi",)),
    "cost": _Entry(
        "money:cost",
        ("setu cost", "setu cost ID", "setu cost --by model --since 2026-11-01", "setu cost --by job --csv > costs.csv"),
    ),
    "budget": _Entry(
        "money:budget",
        (
            "setu budget",
            "setu budget 25",
            "setu budget 25 --alert-url https://hooks.example.org/setu",
            "setu budget 0.50 --job ID",
            "setu budget --remove",
        ),
    ),
    "report": _Entry(
        "report:report",
        (
            "setu report performance --job ID --out reports",
            "setu report cost --job ID",
            "setu report cost-trends --days 30",
            "setu report quality",
        ),
    ),
    "keys": _Entry("keys:keys", ("setu keys create acme --days 90", "setu keys list", "setu keys revoke 3fa9c1d2")),
    "breakers": _Entry(
        "breakers:breakers", ("setu breakers list", "setu breakers open translate-llm", "setu breakers auto translate-llm")
    ),
    "optimizer": _Entry("optimizer:optimizer", ("setu optimizer models", "setu optimizer retrain", "setu optimizer rollback")),
    "history": _Entry("history:history", ("setu history import jobs.csv",)),
    "models": _Entry("models:models", ("setu models", "setu models pull whisper-small", "setu models verify")),
    "doctor": _Entry("doctor:doctor", ("setu doctor",)),
    "migrate": _Entry("stack:migrate", ("setu migrate", "DATABASE_URL=postgresql://me@db/setu setu migrate")),
}


def commands() -> tuple[str, ...]:
    """The names of all commands, in the order in which one needs them."""
    return tuple(_COMMANDS)


class _Commands(TyperGroup):
    """Loads a command when it is called, and turns whatever goes wrong into a sentence."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # noqa: ARG002  typer.Context is the public name
        return list(commands())

    def get_command(self, ctx: typer.Context, cmd_name: str) -> TyperCommand | TyperGroup | None:  # type: ignore[override]  # noqa: ARG002  as above
        entry = _COMMANDS.get(cmd_name)
        return entry.load(cmd_name) if entry is not None else None

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]  # as above
        try:
            return super().invoke(ctx)
        except SetuError as error:
            _complain(_in_words(error))
            raise typer.Exit(1) from error
        except KeyboardInterrupt as interrupt:
            raise typer.Exit(_INTERRUPTED) from interrupt
        except (typer.Exit, typer.Abort, typer.TyperException):
            raise
        except BrokenPipeError as error:
            if not _nobody_reads():
                _complain_of_defect(error)
                raise typer.Exit(1) from error
            raise  # typer ends quietly then
        except ModuleNotFoundError as error:
            _complain(f"this command needs the package {error.name}; run `make setup`, or `pip install 'setu-cli[embedded]'`")
            raise typer.Exit(1) from error
        except Exception as error:  # the last resort, so that nobody is shown a traceback
            _complain_of_defect(error)
            raise typer.Exit(1) from error


app = typer.Typer(
    cls=_Commands, no_args_is_help=True, add_completion=False, rich_markup_mode="markdown", pretty_exceptions_enable=False
)


def _show_version(wanted: bool) -> None:  # noqa: FBT001  typer calls it so
    if wanted:
        OUT.print(f"setu {version('setu-cli')}")
        raise typer.Exit


@app.callback()
def setu(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """A media file in; readable, well-timed subtitles in other languages out."""
    configure_logging(LogSettings(level="WARNING", json_lines=False), "setu")


def _complain(detail: str) -> None:
    ERR.print(f"[bold red]setu:[/] {escape(detail)}", soft_wrap=True)


def _complain_of_defect(error: Exception) -> None:
    _complain(
        f"that is a defect of setu ({type(error).__name__}: {error}). Its traceback is in {_keep_traceback()}; please report it"
    )


def _nobody_reads() -> bool:
    """Whether a pipe that words go to was closed at its other end, as ``head`` does when it has enough."""
    outputs = select.poll()
    for number in _OUTPUTS:
        outputs.register(number, 0)
    return bool(outputs.poll(0))


def _in_words(error: SetuError) -> str:
    fields = "".join(f"; {field.field}: {field.message}" for field in error.problem().errors)
    return f"{error.detail or error.problem().title}{fields}"


def _keep_traceback() -> Path:
    with tempfile.NamedTemporaryFile("w", prefix="setu-defect-", suffix=".txt", delete=False) as file:
        traceback.print_exc(file=file)
    return Path(file.name)


if __name__ == "__main__":
    app()
