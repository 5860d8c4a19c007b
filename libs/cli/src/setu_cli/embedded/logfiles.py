"""Logs of the stack's processes: bounded files that each process appends to by itself."""

import contextlib
import json
from collections import deque
from pathlib import Path

LIMIT_BYTES = 8_000_000
_KEPT_BYTES = 2_000_000
_QUIET_FIELDS = ("event", "level", "timestamp", "logger", "service", "color_message")


def rotate(log: Path) -> None:
    """Set the log of the last run aside, as ``NAME.log.1``."""
    with contextlib.suppress(FileNotFoundError):
        log.rename(log.with_name(f"{log.name}.1"))


def bound(log: Path, limit_bytes: int = LIMIT_BYTES) -> None:
    """Keep a log from growing for ever.

    Its end is copied to ``NAME.log.1`` and the file is emptied in place, since its process has it open for appending. A line that is
    written between the two is lost.
    """
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size <= limit_bytes:
            return
        with log.open("r+b") as opened:
            opened.seek(-min(_KEPT_BYTES, limit_bytes), 2)
            opened.readline()
            log.with_name(f"{log.name}.1").write_bytes(opened.read())
            opened.truncate(0)


def tail(log: Path, lines: int) -> list[str]:
    """The last lines of a log, the one before it included when this one is short."""
    kept: deque[str] = deque(maxlen=lines)
    for path in (log.with_name(f"{log.name}.1"), log):
        with contextlib.suppress(FileNotFoundError), path.open(errors="replace") as opened:
            kept.extend(line.rstrip("\n") for line in opened)
    return list(kept)


def last_line(log: Path) -> str:
    """The last line that says something, in words; empty when there is none."""
    with contextlib.suppress(OSError), log.open("rb") as opened:
        opened.seek(max(0, log.stat().st_size - 2048))
        written = [line for line in opened.read().decode(errors="replace").splitlines() if line.strip()]
        if written:
            return in_words(written[-1], with_time=False)
    return ""


def in_words(line: str, *, with_time: bool = True) -> str:
    """A line of JSON as people read it; any other line as it is."""
    try:
        fields = json.loads(line)
    except ValueError:
        return line
    if not isinstance(fields, dict) or "event" not in fields:
        return line
    said = " ".join(f"{name}={_short(value)}" for name, value in fields.items() if name not in _QUIET_FIELDS)
    clock = str(fields.get("timestamp", ""))[11:23]
    head = f"{clock} {fields.get('level', '')!s:<8}" if with_time else ""
    return f"{head}{fields['event']} {said}".strip()


def _short(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
