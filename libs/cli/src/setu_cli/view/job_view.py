"""A job on the screen: its stages with progress and times."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from setu_cli.view.durations import duration, size
from setu_common.contracts import JobState, JobView, StageState, StageView

_BAR_WIDTH = 24
_STYLES = {
    StageState.WAITING: "dim",
    StageState.RUNNING: "yellow",
    StageState.SUCCEEDED: "green",
    StageState.FAILED: "red",
    StageState.SKIPPED: "dim",
    StageState.CANCELLED: "dim",
}
_JOB_STYLES = {JobState.SUCCEEDED: "green", JobState.FAILED: "red", JobState.CANCELLED: "dim", JobState.CANCELLING: "dim"}


def stage_label(stage: StageView) -> str:
    """``translate → en``."""
    return f"{stage.stage} → {stage.target}" if stage.target else stage.stage


def stage_table(job: JobView, now: datetime, *, bars: bool = True) -> Table:
    """A row a stage: how far, how long, and what is said about it."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("stage", "state", *(("",) if bars else ()), "time", "in the model", "note"):
        times = title in ("time", "in the model")
        table.add_column(title, justify="right" if times else "left", no_wrap=title != "note", overflow="fold")
    for stage in job.stages:
        bar = (ProgressBar(total=1.0, completed=stage.progress, width=_BAR_WIDTH),) if bars else ()
        table.add_row(
            stage_label(stage),
            f"[{_STYLES[stage.state]}]{stage.state}[/]",
            *bar,
            duration(_time_of(stage, now)),
            duration(stage.model_time_s),
            escape(stage.problem.detail if stage.problem is not None else stage.note),
        )
    return table


def jobs_table(jobs: Iterable[JobView]) -> Table:
    """A row a job, for lists."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("id", "state", "progress", "media", "from", "to", "created"):
        table.add_column(title, no_wrap=title != "media", overflow="fold")
    for job in jobs:
        table.add_row(
            str(job.id),
            state_of(job),
            f"{job.progress:.0%}",
            escape(job.media_name),
            job.source_language or "?",
            " ".join(job.target_languages),
            f"{job.created_at.astimezone():%Y-%m-%d %H:%M}",
        )
    return table


def state_of(job: JobView) -> str:
    """The job's state in its colour, with a mark when something is missing."""
    degraded = " (degraded)" if job.degraded else ""
    return f"[{_JOB_STYLES.get(job.state, 'yellow')}]{job.state}[/]{degraded}"


def print_job(console: Console, job: JobView) -> None:
    """One job in detail."""
    media_size = size(job.media.bytes) if job.media is not None else "not fetched yet"
    console.print(f"[bold]{job.id}[/] {state_of(job)}: {escape(job.media_name)}, {media_size}")
    languages = f"{job.source_language or 'language not known yet'} → {' '.join(job.target_languages) or 'captions only'}"
    took = f", took {duration((job.ended_at - job.created_at).total_seconds())}" if job.ended_at is not None else ""
    console.print(f"{languages}; created {job.created_at.astimezone():%Y-%m-%d %H:%M:%S}{took}\n")
    console.print(stage_table(job, datetime.now(UTC), bars=not job.state.ended))
    print_shortcomings(console, job)
    for deliverable in job.deliverables:
        console.print(f"{deliverable.language}.{deliverable.format}: {deliverable.url} ({size(deliverable.bytes)})")


def print_shortcomings(console: Console, job: JobView) -> None:
    """What is less than was asked, and why."""
    for missing in job.degraded:
        where = f"{missing.stage} → {missing.target}" if missing.target else missing.stage
        console.print(f"[yellow]{where}:[/] {escape(missing.reason)}")
    if job.problem is not None:
        console.print(f"[red]{escape(job.problem.detail or job.problem.title)}[/]")


class JobScreen:
    """Shows a job while it is sent and while it runs.

    Args:
        console: where to; on what is no terminal a line is written for each stage that ends.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._job: JobView | None = None
        self._sending: str = ""
        self._told: set[tuple[str, str, int]] = set()

    @contextmanager
    def shown(self) -> Iterator["JobScreen"]:
        """Keep it on the screen for the time of a ``with`` block."""
        if not self._console.is_terminal:
            yield self
            return
        with Live(get_renderable=self._render, console=self._console, refresh_per_second=8, transient=True):
            yield self

    def sent(self, name: str, sent_bytes: int, all_bytes: int) -> None:
        """So much of the file is sent."""
        self._sending = f"sending {name}: {size(sent_bytes)} of {size(all_bytes)}"

    def say(self, words: str) -> None:
        """Something worth knowing, such as why nothing moves."""
        self._sending = words
        if not self._console.is_terminal:
            self._console.print(escape(words))

    def show(self, job: JobView) -> None:
        """The job has changed."""
        first = self._job is None
        self._job = job
        self._sending = ""
        if self._console.is_terminal:
            return
        if first:
            self._console.print(f"job {job.id}")
        for stage in job.stages:
            key = (stage.stage, stage.target, stage.run)
            if stage.state.ended and key not in self._told:
                self._told.add(key)
                self._console.print(f"{stage_label(stage)} {stage.state} {duration(stage.duration_s)}".rstrip())

    def _render(self) -> RenderableType:
        if self._job is None:
            return Text(self._sending)
        return Group(
            Text(f"job {self._job.id}  {self._job.progress:.0%}", style="bold"),
            stage_table(self._job, datetime.now(UTC)),
            Text(self._sending, style="yellow"),
        )


def _time_of(stage: StageView, now: datetime) -> float | None:
    if stage.duration_s is not None or stage.started_at is None:
        return stage.duration_s
    return max(0.0, ((stage.ended_at or now) - stage.started_at).total_seconds())
