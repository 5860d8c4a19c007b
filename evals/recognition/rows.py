"""Rows in files that grow while something is measured: a line each, in JSON, safe against being killed."""

import json
from pathlib import Path
from typing import Final

from evals.recognition.recordings import FOLDER

Cells = dict[str, str | float | int | None]

HEARD: Final = FOLDER / "rows.jsonl"
FEATURES: Final = FOLDER / "features.jsonl"


def read(path: Path) -> list[Cells]:
    """What is in a file; a line that was being written when the process was killed is cut off."""
    if not path.is_file():
        return []
    text = path.read_text("utf-8")
    if text and not text.endswith("\n"):
        text = text[: text.rfind("\n") + 1]
        path.write_text(text, "utf-8")
    return [json.loads(line) for line in text.splitlines()]


def recording_of(cells: Cells) -> tuple[str, ...]:
    """Which recording a row is of: that of its name, spoiled as it says."""
    return tuple(str(cells[name]) for name in ("recording", "texts", "voice", "kind", "strength"))


def append(path: Path, cells: Cells) -> None:
    """Put a row behind the others."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(cells) + "\n")
