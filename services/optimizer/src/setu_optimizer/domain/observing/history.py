"""Past jobs of another system, as a table: CSV with a header, or a JSON list of objects. All of it is taken, or nothing.

Columns: ``recording, duration_s, model, wer`` are needed; ``language`` (en), ``engine`` (faster-whisper), ``beam_size`` (5), ``batch_size`` (8),
``compute_type`` (int8), ``wer_basis`` (known), ``time_s``, ``work`` (its series or film), and figures of the sound under the names of FEATURES may
be there.
"""

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import Field, ValidationError

from setu_common.contracts import Candidate, ComputeType, Contract, LanguageCode, WerBasis
from setu_optimizer.domain.prediction.features import FEATURES

MOST_ROWS: Final = 100_000
_FIGURES: Final = tuple(feature.name for feature in FEATURES if feature.name != "duration_s")


class PastJob(Contract):
    """A job of another system."""

    recording: str = Field(min_length=1, max_length=200, description="Its name there; each stands once")
    duration_s: float = Field(gt=0, allow_inf_nan=False)
    model: str = Field(min_length=1, max_length=100, description="As the catalogue names it, such as whisper-base")
    wer: float = Field(ge=0, le=20, allow_inf_nan=False, description="Errors per word: 0.1 is one word in ten")
    language: LanguageCode = "en"
    engine: str = Field(default="faster-whisper", min_length=1, max_length=40)
    beam_size: int = Field(default=5, ge=1, le=20)
    batch_size: int = Field(default=8, ge=1, le=64)
    compute_type: ComputeType = "int8"
    wer_basis: WerBasis = "known"
    time_s: float | None = Field(default=None, gt=0, allow_inf_nan=False, description="What transcribing took")
    work: str = Field(default="", max_length=200, description="The series or film")
    figures: dict[str, float] = Field(default={}, description="Of the sound, by the names that predictions use")

    @property
    def candidate(self) -> Candidate:
        """The way that it was transcribed."""
        return Candidate(
            engine=self.engine,
            model=self.model,
            beam_size=self.beam_size,
            batch_size=self.batch_size,
            compute_type=self.compute_type,
        )


_COLUMNS: Final = frozenset(PastJob.model_fields) - {"figures"}


@dataclass(frozen=True)
class History:
    """A table that was read.

    Args:
        jobs: its rows; to be taken only if there are no problems.
        unknown: columns that say nothing here, and are left alone.
        problems: what is wrong, each with its line.
    """

    jobs: tuple[PastJob, ...] = ()
    unknown: tuple[str, ...] = ()
    problems: tuple[str, ...] = field(default=())


def read_history(text: str, *, is_json: bool) -> History:
    """Read a table.

    Args:
        text: the file's.
        is_json: whether it is JSON, and CSV otherwise.
    """
    try:
        rows = list(_json_rows(text) if is_json else _csv_rows(text))
    except (ValueError, csv.Error) as error:
        return History(problems=(f"the file can't be read: {error}",))
    if not rows or len(rows) > MOST_ROWS:
        return History(problems=(f"there are {len(rows)} jobs in it; 1 to {MOST_ROWS} can be taken at once",))
    jobs: list[PastJob] = []
    problems: list[str] = []
    lines: dict[str, str] = {}
    for line, row in rows:
        try:
            job = _job(row)
        except ValueError as error:
            problems.append(f"{line}: {_said(error)}")
            continue
        if job.recording in lines:
            problems.append(f"{line}: recording {job.recording!r} stands in {lines[job.recording]} already")
        lines.setdefault(job.recording, line)
        jobs.append(job)
    unknown = dict.fromkeys(name for _, row in rows for name in row if name not in _COLUMNS and name not in _FIGURES)
    return History(tuple(jobs), tuple(unknown), tuple(problems))


def _csv_rows(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:  # Any: cells
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    for row in reader:
        line = f"line {reader.line_num}"
        if None in row or None in row.values():
            raise ValueError(f"{line} has not as many cells as the header")
        yield line, {name.strip(): cell.strip() for name, cell in row.items() if cell.strip()}


def _json_rows(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    rows = json.loads(text)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("it is no list of objects")
    for number, row in enumerate(rows, 1):
        yield f"entry {number}", {name: value for name, value in row.items() if value is not None}


def _job(row: Mapping[str, Any]) -> PastJob:
    figures = {name: _figure(name, row[name]) for name in _FIGURES if name in row}
    if odd := [name for name, value in row.items() if name in _COLUMNS and isinstance(value, str) and "\0" in value]:
        raise ValueError(f"{odd[0]}: there is a NUL character in it")
    # Cells of CSV are text: numbers in them count as numbers.
    return PastJob.model_validate({name: value for name, value in row.items() if name in _COLUMNS} | {"figures": figures})


def _figure(name: str, value: object) -> float:
    try:
        figure = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        figure = math.nan
    if not math.isfinite(figure):
        raise ValueError(f"{name}: it should be a number")
    return figure


def _said(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    parts: Sequence[Any] = error.errors(include_url=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg'][0].lower()}{part['msg'][1:]}" for part in parts)
