"""A stack on the screen while it starts and runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from setu_cli.embedded.state import ProcessStage, ProcessState, StackState

_TOLD_RESTARTS = 3
_STYLES = {
    ProcessStage.WAITING: "dim",
    ProcessStage.STARTING: "yellow",
    ProcessStage.READY: "green",
    ProcessStage.DONE: "green",
    ProcessStage.RESTARTING: "red",
    ProcessStage.STOPPED: "dim",
    ProcessStage.FAILED: "bold red",
}


def process_table(state: StackState, *, details: bool = False) -> Table:
    """A row a process.

    Args:
        state: the snapshot.
        details: with pids, ports and restarts.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("process", "state", "ready after", *(("pid", "port", "restarts") if details else ()), "note"):
        table.add_column(
            title, justify="right" if title in ("ready after", "pid", "port", "restarts") else "left", no_wrap=True
        )
    for process in state.processes:
        more = (str(process.pid or ""), str(process.port or ""), str(process.restarts or "")) if details else ()
        table.add_row(process.name, _stage(process), _ready_after(process), *more, escape(process.note))
    return table


class StackView:
    """Shows how a stack comes up, and afterwards tells what happens to it.

    Args:
        console: where to.
        next_steps: what one does when it is ready; empty: nothing is said of that.
    """

    def __init__(self, console: Console, next_steps: str) -> None:
        self._console = console
        self._next_steps = next_steps
        self._state: StackState | None = None
        self._live: Live | None = None
        self._spinner = Spinner("dots", "starting")

    @contextmanager
    def shown(self) -> Iterator["StackView"]:
        """Keep the table on the screen until the stack is ready; on what is no terminal, write a line a process."""
        if not self._console.is_terminal:
            yield self
            return
        with Live(get_renderable=self._render, console=self._console, refresh_per_second=8, transient=True) as live:
            self._live = live
            try:
                yield self
            finally:
                self._live = None

    def found(self, words: str) -> None:
        """See ``Audience``."""
        self._console.print(f"[yellow]{escape(words)}[/]")

    def changed(self, state: StackState) -> None:
        """See ``Audience``."""
        before, self._state = self._state, state
        if self._live is not None:
            return
        for process in state.processes:
            earlier = before.process(process.name) if before is not None else None
            self._tell(process, earlier)

    def ready(self, state: StackState) -> None:
        """See ``Audience``."""
        self._state = state
        if self._live is not None:
            self._live.stop()
            self._live = None
            self._console.print(process_table(state))
        last_s = max((process.ready_after_s or 0.0 for process in state.processes), default=0.0)
        self._console.print(f"\n[bold green]Setu is ready[/] at [bold]{state.gateway_url}[/] after {last_s:.1f} s.")
        for process in state.processes:
            if not process.settled:
                self._console.print(
                    f"[yellow]It does without {process.name}, which {escape(process.note)}; its log: {process.log}[/]",
                    soft_wrap=True,
                )
        if self._next_steps:
            self._console.print(self._next_steps, soft_wrap=True)

    def stopping(self) -> None:
        """See ``Audience``."""
        if self._live is not None:
            self._live.stop()
            self._live = None
        self._console.print("Stopping: running work is handed back, data is written.")

    def _tell(self, process: ProcessState, earlier: ProcessState | None) -> None:
        stage_before = earlier.stage if earlier is not None else ProcessStage.WAITING
        if process.stage is stage_before:
            return
        if process.settled:
            again = " again" if process.restarts else f" after {_ready_after(process)}"
            self._console.print(f"{process.name} is {'done' if process.stage is ProcessStage.DONE else 'ready'}{again}")
        elif process.stage is ProcessStage.RESTARTING:
            self._console.print(
                f"[red]{process.name} {escape(process.note)}[/]; it is being started again. Its log: {process.log}"
            )

    def _render(self) -> RenderableType:
        if self._state is None:
            return self._spinner
        settled = sum(process.settled for process in self._state.processes)
        self._spinner.update(text=f"starting: {settled} of {len(self._state.processes)} ready")
        return Group(process_table(self._state), Text(), self._spinner)


def _stage(process: ProcessState) -> str:
    return f"[{_STYLES[process.stage]}]{process.stage}[/]"


def _ready_after(process: ProcessState) -> str:
    return f"{process.ready_after_s:.1f} s" if process.ready_after_s is not None else ""
