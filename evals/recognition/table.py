"""The measured table: a row for each recording and candidate, with what is known of the recording beforehand."""

import csv
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Final

from evals.recognition import TABLE
from evals.recognition.recordings import Spec, planned
from evals.recognition.rows import FEATURES, HEARD, Cells, read, recording_of
from setu_common.models import Catalogue

PROVENANCE: Final = TABLE.with_name("README.md")
PACKAGES: Final = ("faster-whisper", "ctranslate2", "onnxruntime", "numpy", "av")
WRITTEN: Final = """# How `measured.csv` came about

`make bench-asr` wrote it; the command goes on where it was stopped, and a machine of two cores needs about two hours. {recordings} recordings of
{hours:.1f} hours in all, each heard by {candidates} candidates: {rows} rows.

- One thread, int8, batches of eight, doubtful stretches heard again, as shipped; `cpu_s` is the processor's time of the whole
  operation, the model being in memory. It was taken beside other work on the machine: compare rows of one recording.
- `wer` is (substitutions + deletions + insertions) / words, after the normaliser that `make eval-asr` uses.
- `profile_cpu_s` and `probe_cpu_s` are what the recording's own figures cost; `probe_…` columns are the probe's figures. When probes came to hear
  once, all were taken again, less loaded; the probe's times are given in proportion to the profile's, which was taken beside both.
- `split`: texts, voices and ways of being spoiled of `test` are never in `train` (clean speech is in both). See
  `evals/recognition/recordings.py` and `degradations.py`.
- Recordings are synthetic speech from texts that were written for this (evals/texts/optimizer); the catalogue's three clips of real
  voices are heard among the sentences of some.

Processor: {processor}. Packages: {packages}. Models by their files' SHA-256: {models}.
"""


def rows(specs: Iterable[Spec], heard: Path = HEARD, features: Path = FEATURES) -> list[Cells]:
    """All rows of these recordings that every candidate has heard and whose figures are known, in order of their names."""
    wanted = {recording_of(spec.cells) for spec in specs}
    known = {recording_of(row): row for row in read(features)}
    own = (row for row in read(heard) if recording_of(row) in known.keys() & wanted)
    measured = list({(recording_of(row), *_candidate(row)): row for row in own}.values())  # two processes may have heard one
    candidates = {_candidate(row) for row in measured}
    by: dict[tuple[str, ...], set[tuple[str, int]]] = {}
    for row in measured:
        by.setdefault(recording_of(row), set()).add(_candidate(row))
    whole = [row | known[recording_of(row)] for row in measured if by[recording_of(row)] == candidates]
    return sorted(whole, key=lambda row: (str(row["recording"]), *_candidate(row)))


def write(catalogue: Catalogue, path: Path = TABLE) -> int:
    """Write the table and how it came about; returns the number of rows."""
    table = rows(planned())
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)
    PROVENANCE.write_text(_provenance(table, catalogue), "utf-8")
    return len(table)


def _candidate(row: Cells) -> tuple[str, int]:
    return str(row["model"]), int(str(row["beam_size"]))


def _provenance(table: Sequence[Cells], catalogue: Catalogue) -> str:
    lengths = {row["recording"]: float(str(row["duration_s"])) for row in table}
    models = sorted({str(row["model"]) for row in table})
    sums = [f"{name} {file.sha256[:12]}…" for name in models for file in catalogue[name].files if file.name == "model.bin"]
    return WRITTEN.format(
        recordings=len(lengths),
        hours=sum(lengths.values()) / 3600,
        candidates=len({_candidate(row) for row in table}),
        rows=len(table),
        processor=_processor(),
        packages=", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES),
        models=", ".join(sums),
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines() if Path("/proc/cpuinfo").is_file() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{named[0]}, {len(named)} cores" if named else "not told by the system"
