"""``python -m evals.recognition``: hear the labelled recordings with every candidate, take their profiles and probes, write the table.

It goes on where it stopped. ``--only`` does one part of it, ``--until HH:MM`` begins no other recording after that time, ``--first N``
takes the first N recordings, which are a fair choice of all.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from evals.recognition import TABLE
from evals.recognition.features import Profiling
from evals.recognition.measuring import CANDIDATES, WARM_UP_S, Measuring
from evals.recognition.recordings import Spec, Studio, planned, slow
from evals.recognition.rows import HEARD, read, recording_of
from evals.recognition.table import write
from evals.voices import RATE_HZ
from setu_common.models import Catalogue
from setu_common.settings import ModelSettings

PARTS: Final = ("recordings", "candidates", "features", "table")


def main(arguments: list[str]) -> None:
    """Measure, and say how far it is."""
    parser = argparse.ArgumentParser(prog="python -m evals.recognition", description=__doc__)
    parser.add_argument("--only", choices=PARTS, default=None, help="do one part")
    parser.add_argument("--first", type=int, default=None, metavar="N", help="take the first N recordings")
    parser.add_argument("--until", default=None, metavar="HH:MM", help="begin no other recording after that time, UTC")
    parser.add_argument("--backwards", action="store_true", help="begin with the last ones: a second process beside a first")
    chosen = parser.parse_args(arguments)
    parts = (chosen.only,) if chosen.only else PARTS[1:]
    specs = planned()[: chosen.first][:: -1 if chosen.backwards else 1]
    catalogue = Catalogue.load(ModelSettings())
    studio = Studio(catalogue)
    with tempfile.TemporaryDirectory(prefix="setu-recognition-") as folder:
        if "recordings" in parts:
            for told in _made(studio, specs):
                print(told, flush=True)
        if "candidates" in parts:
            for told in _heard(Measuring(catalogue, Path(folder)), studio, specs, chosen.until):
                print(told, flush=True)
        if "features" in parts:
            heard = {recording_of(row) for row in read(HEARD)}
            own = [spec for spec in specs if recording_of(spec.cells) in heard]
            for number, cells in enumerate(Profiling(catalogue, Path(folder)).measure(own), 1):
                cost = f"profile {cells['profile_cpu_s']} s, probe {cells['probe_cpu_s']} s"
                print(f"features of {number} of at most {len(own)}, {cells['recording']}: {cost}", flush=True)
    if "table" in parts:
        print(f"{write(catalogue)} rows in {TABLE}")


def _made(studio: Studio, specs: list[Spec]) -> Iterator[str]:
    for number, spec in enumerate(sorted(specs, key=slow), 1):
        duration_s = len(studio.make(spec).samples) / RATE_HZ
        yield f"{number}/{len(specs)} {spec.name} {spec.kind} {spec.strength:g}: {duration_s:.0f} s"


def _heard(measuring: Measuring, studio: Studio, specs: list[Spec], until: str | None) -> Iterator[str]:
    waiting = measuring.missing(specs)
    count = len(waiting)
    yield f"{len(specs)} recordings, {len(CANDIDATES)} candidates; {count} are left"
    if not waiting:
        return
    measuring.warm_up(studio.make(min(waiting, key=slow)).samples[: WARM_UP_S * RATE_HZ])
    began_s = time.monotonic()
    while waiting:
        if until is not None and datetime.now(UTC).strftime("%H:%M") >= until:
            yield f"stopped at {until}; {len(waiting)} are left: run it again"
            return
        # Another process may make them meanwhile: what is there comes first.
        spec = next((each for each in waiting if studio.made(each)), min(waiting, key=slow))
        waiting.remove(spec)
        rows = list(measuring.measure(spec))
        done = count - len(waiting)
        left_s = (time.monotonic() - began_s) / done * len(waiting)
        told = ", ".join(f"{row.model} {row.beam_size}: {100 * row.wer:.1f} % in {row.cpu_s:.1f} s" for row in rows)
        yield f"{done}/{count} {spec.name} {spec.kind} {spec.strength:g}: {told}; {left_s / 60:.0f} min left"


if __name__ == "__main__":
    main(sys.argv[1:])
