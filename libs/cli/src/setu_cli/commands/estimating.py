"""``setu submit --estimate``."""

import json
import mimetypes
import shutil
import subprocess
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import typer
from rich.table import Table

from setu_cli.commands.gateway import Target
from setu_cli.commands.money import asked
from setu_cli.console import ERR, OUT
from setu_cli.view.durations import duration
from setu_common.clients.money import MoneyClient
from setu_common.contracts import JobRequest
from setu_common.contracts.cost import Estimate, EstimateRequest, Span

_PROBE_S: Final = 20.0


def show_estimates(target: Target, sources: Sequence[Path | str], request: JobRequest) -> None:
    """Say what jobs of these recordings would take and cost.

    Raises:
        typer.BadParameter: a recording lies elsewhere, so nobody here can tell how long it is.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("recording", "length", "work", "nine in ten", "USD", "nine in ten"):
        table.add_column(title, justify="left" if title == "recording" else "right")
    notes: dict[str, None] = {}
    for source in sources:
        if isinstance(source, str):
            raise typer.BadParameter(f"how long {source!r} is can't be told from here; estimate a file")
        wish = _wish(source, request)

        async def ask(client: MoneyClient, wish: EstimateRequest = wish) -> Estimate:
            return await client.estimate(wish)

        found = asked(target, ask)
        table.add_row(source.name, *_row(found))
        notes.update(dict.fromkeys(found.notes))
    OUT.print(table)
    for note in notes:
        ERR.print(note)


def duration_of(path: Path) -> float | None:
    """How long a recording is, seconds, by its header alone: of a WAV file, or of whatever ``ffprobe`` reads, where that is installed."""
    try:
        with wave.open(str(path)) as sound:
            return sound.getnframes() / sound.getframerate() or None
    except (wave.Error, EOFError, OSError):
        return _probed(path)


def _probed(path: Path) -> float | None:
    probe = shutil.which("ffprobe")
    if probe is None:
        return None
    command = [
        probe,
        "-v",
        "error",
        "-show_entries",
        "format=duration",
        "-of",
        "json",
        "-protocol_whitelist",
        "file",
        str(path.resolve()),
    ]
    try:
        told = subprocess.run(command, capture_output=True, timeout=_PROBE_S, check=False)  # noqa: S603  (no shell, and a path of our own)
        return float(json.loads(told.stdout)["format"]["duration"]) or None
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return None


def _wish(path: Path, request: JobRequest) -> EstimateRequest:
    kind = (mimetypes.guess_type(path.name)[0] or "").startswith("audio/")
    return EstimateRequest(
        duration_s=duration_of(path),
        bytes=path.stat().st_size or None,
        kind="audio" if kind else "video",
        source_language=request.source_language,
        target_languages=request.target_languages,
    )


def _row(found: Estimate) -> tuple[str, ...]:
    length = f"{'about ' if found.duration_guessed else ''}{duration(found.duration_s)}"
    time_s = found.time_s
    times = (duration(time_s.expected), f"{duration(time_s.low)} to {duration(time_s.high)}")
    return (length, *times, *(_money(found.cost_usd) if found.cost_usd is not None else ("not known", "")))


def _money(span: Span) -> tuple[str, str]:
    return f"{span.expected:.4f}", f"{span.low:.4f} to {span.high:.4f}"
