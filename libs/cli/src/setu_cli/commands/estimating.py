"""``setu submit --estimate``."""

import asyncio
import io
import json
import mimetypes
import shutil
import subprocess
import wave
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from rich.table import Table

from setu_cli.commands.gateway import Target
from setu_cli.commands.money import asked
from setu_cli.console import ERR, OUT
from setu_cli.view.durations import duration
from setu_common.clients.money import MoneyClient
from setu_common.contracts import JobRequest
from setu_common.contracts.cost import Estimate, EstimateRequest, Span
from setu_common.http import FilePart

_PROBE_S: Final = 20.0
_BEGINNING_BYTES: Final = 4 << 20


def show_estimates(target: Target, sources: Sequence[Path | str], request: JobRequest) -> None:
    """Say what jobs of these recordings would take and cost.

    Of files nothing is sent, or their beginnings where nobody here can tell how long they are; those at an address the gateway looks at.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("recording", "length", "work", "nine in ten", "USD", "nine in ten"):
        table.add_column(title, justify="left" if title == "recording" else "right")
    notes: dict[str, None] = {}
    for source in sources:
        found = asked(target, partial(_estimate, source, request))
        table.add_row(source if isinstance(source, str) else source.name, *_row(found))
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


async def _estimate(source: Path | str, request: JobRequest, client: MoneyClient) -> Estimate:
    wish = EstimateRequest(source_language=request.source_language, target_languages=request.target_languages)
    if isinstance(source, str):
        return await client.estimate(wish.model_copy(update={"media_url": source}))
    media_type = mimetypes.guess_type(source.name)[0] or "application/octet-stream"
    duration_s, size_bytes = duration_of(source), await asyncio.to_thread(_size_of, source)
    if duration_s is None and size_bytes:
        beginning = io.BytesIO(await asyncio.to_thread(_beginning_of, source))
        return await client.estimate_media(FilePart("media", source.name, beginning, media_type), size_bytes, wish)
    kind = "audio" if media_type.startswith("audio/") else "video"
    return await client.estimate(wish.model_copy(update={"duration_s": duration_s, "bytes": size_bytes or None, "kind": kind}))


def _size_of(path: Path) -> int:
    return path.stat().st_size


def _beginning_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_BEGINNING_BYTES)


def _row(found: Estimate) -> tuple[str, ...]:
    length = f"{'about ' if found.duration_guessed else ''}{duration(found.duration_s)}"
    length = "each minute" if found.per_minute else length
    time_s = found.time_s
    times = (duration(time_s.expected), f"{duration(time_s.low)} to {duration(time_s.high)}")
    return (length, *times, *(_money(found.cost_usd) if found.cost_usd is not None else ("not known", "")))


def _money(span: Span) -> tuple[str, str]:
    return f"{span.expected:.4f}", f"{span.low:.4f} to {span.high:.4f}"
