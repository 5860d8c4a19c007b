"""``setu demo``."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer
from rich.markup import escape
from rich.table import Table

from setu_cli.commands.gateway import Target, demand_delivered, follow, save, send
from setu_cli.commands.options import HomeOption, home_of
from setu_cli.commands.up import heed_settings
from setu_cli.console import ERR, OUT
from setu_cli.embedded.home import Home, is_free
from setu_cli.embedded.running import StackRequest, running_stack, until_told
from setu_cli.embedded.stack import models_of
from setu_cli.embedded.state import StackState, load_state
from setu_cli.fetching import fetch_missing
from setu_cli.view.durations import duration
from setu_cli.view.job_view import JobScreen, print_shortcomings, stage_table
from setu_cli.view.stack_view import StackView
from setu_common.contracts import LANGUAGE_NAMES, JobRequest, JobView
from setu_common.models import Catalogue
from setu_common.settings import ModelSettings
from setu_common.subtitles import Cue, parse

SOURCE = "fr"
TARGET = "en"
SAMPLES = "speech-samples"
_INTERRUPTED = 130


def demo(
    source: Annotated[str, typer.Option(help="The clip's language: fr, pt, es, it, …", metavar="CODE")] = SOURCE,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where the subtitles are saved; default: demo in the data folder.", show_default=False),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Turn a real speech clip into English subtitles, through the real services.

    Uses the stack that runs here, or starts one for the time of the demo. The first time, models are fetched.
    """
    began = time.monotonic()
    chosen = home_of(home)
    catalogue = Catalogue.load(ModelSettings())
    running = load_state(chosen) if not is_free(chosen) else None
    if running is None:
        heed_settings()
    models = running.models if running is not None else models_of(os.environ)
    for error in fetch_missing(catalogue, (SAMPLES, *models), ERR):
        raise error
    clip = catalogue.sample(source)
    shown = _Demo(chosen, catalogue, clip, source, out or chosen.folder / "demo")
    if asyncio.run(until_told(shown.run(), lambda: ERR.print("Stopping."))):
        raise typer.Exit(_INTERRUPTED)
    OUT.print(f"\nAll of it took {duration(time.monotonic() - began)}.")


class _Demo:
    """One demonstration."""

    def __init__(self, home: Home, catalogue: Catalogue, clip: Path, source: str, out: Path) -> None:
        self._home = home
        self._catalogue = catalogue
        self._clip = clip
        self._source = source
        self._out = out

    async def run(self) -> None:
        async with self._stack() as state:
            target = Target(state.gateway_url)
            screen = JobScreen(ERR)
            request = JobRequest(source_language=self._source, target_languages=(TARGET,))
            async with target.client() as client:
                with screen.shown():
                    job = await send(client, self._clip, request, str(uuid4()), screen)
                    job = await follow(client, job, screen)
                    paths = await save(client, job, self._out)
            demand_delivered(job, target)
            self._show(job, paths, state.models)

    @asynccontextmanager
    async def _stack(self) -> AsyncIterator[StackState]:
        state = load_state(self._home)
        if state is not None and state.ready and not is_free(self._home):
            ERR.print(f"Using the stack that runs at {state.gateway_url}.")
            yield state
            return
        ERR.print("Starting a stack for the time of the demo.")
        view = StackView(ERR, next_steps="")
        async with AsyncExitStack() as stack:
            with view.shown():
                request = StackRequest(self._home, 0, dict(os.environ))
                supervisor = await stack.enter_async_context(running_stack(request, view))
            yield supervisor.state

    def _show(self, job: JobView, paths: tuple[Path, ...], models: tuple[str, ...]) -> None:
        files = {path.suffixes[-2].lstrip("."): path for path in paths if path.suffix == ".srt"}
        cues = {language: parse(path.read_text("utf-8"), "srt") for language, path in files.items()}
        OUT.print(_subtitles(cues, job.source_language or self._source))
        OUT.print()
        OUT.print(stage_table(job, datetime.now(UTC), bars=False))
        print_shortcomings(OUT, job)
        OUT.print("\nThe subtitles:")
        for path in paths:
            OUT.print(f"  {escape(str(path))}", soft_wrap=True)
        OUT.print("Made with:")
        for name in models:
            if name in self._catalogue.names():
                model = self._catalogue[name]
                OUT.print(f"  {model.title}: {model.licence}, {model.licence_url}", soft_wrap=True)
            else:
                OUT.print(f"  {escape(name)}: a model of your own choice")
        samples = self._catalogue[SAMPLES]
        OUT.print(f"  the speech: {samples.title}: {samples.licence}, {samples.licence_url}", soft_wrap=True)


def _subtitles(cues: dict[str, tuple[Cue, ...]], source: str) -> Table:
    """What was said beside what it means."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    languages = sorted(cues, key=lambda language: language != source)
    for title in ("from", "to", *(LANGUAGE_NAMES.get(language, language) for language in languages)):
        table.add_column(title, justify="right" if title in ("from", "to") else "left", overflow="fold")
    for row in abreast(cues):
        texts = ("\n".join(cue.text.replace("\n", " ") for cue in row.get(language, ())) for language in languages)
        shown = [cue for found in row.values() for cue in found]
        start_s, end_s = min(cue.start_s for cue in shown), max(cue.end_s for cue in shown)
        table.add_row(f"{start_s:.1f} s", f"{end_s:.1f} s", *map(escape, texts))
    return table


def abreast(cues: Mapping[str, Sequence[Cue]]) -> list[dict[str, list[Cue]]]:
    """Cues of several languages side by side: those that are seen at the same time stand in one row, as each is cut by its own rules."""
    rows: list[dict[str, list[Cue]]] = []
    until_s = 0.0
    for language, cue in sorted(
        ((name, each) for name, found in cues.items() for each in found), key=lambda pair: pair[1].start_s
    ):
        if not rows or cue.start_s >= until_s:
            rows.append({})
        rows[-1].setdefault(language, []).append(cue)
        until_s = max(until_s, cue.end_s)
    return rows
