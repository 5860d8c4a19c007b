"""Examples as a table in a file: CSV, a line for each recording and way.

Columns: ``recording, kind, texts, language`` (absent: English), ``duration_s, engine`` (absent: faster-whisper), ``model, beam_size, batch_size,
compute_type, wer, cpu_s``, and the recording's figures under the names of FEATURES; empty where a figure is not known. Others are left alone.
Lines that begin with ``#`` are comments.
"""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from setu_common.contracts import Candidate
from setu_optimizer.domain.prediction.examples import Example
from setu_optimizer.domain.prediction.features import FEATURES, vector_from

CLEAN: Final = "clean"


def read_table(path: Path, split: str | None = None) -> list[Example]:
    """Read examples.

    Recordings that are spoiled in one way are a group; clean ones are one by what is said in them.

    Args:
        path: of the file.
        split: only lines whose column ``split`` says so; None: all.

    Raises:
        KeyError: a column is missing.
        ValueError: a figure is none.
    """
    return [example_of(line) for line in _lines(path) if split is None or line["split"] == split]


def example_of(line: Mapping[str, str]) -> Example:
    """An example from a line of the table."""
    kind = line["kind"]
    figures = {feature.name: float(text) for feature in FEATURES if (text := line.get(feature.name) or "")}
    return Example(
        recording=line["recording"],
        group=f"{kind}: {line['texts']}" if kind == CLEAN else kind,
        language=line.get("language") or "en",
        figures=vector_from(figures),
        candidate=Candidate.model_validate(
            {
                "engine": line.get("engine") or "faster-whisper",
                "model": line["model"],
                "beam_size": int(line["beam_size"]),
                "batch_size": int(line["batch_size"]),
                "compute_type": line["compute_type"],
            }
        ),
        wer=float(line["wer"]),
        time_factor=float(line["cpu_s"]) / float(line["duration_s"]),
    )


def _lines(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(line for line in file if not line.startswith("#"))
