"""``python -m evals.recognition``: hear the labelled recordings with every candidate; go on where it stopped.

``--prepare`` makes the recordings only, ``--until HH:MM`` begins no other recording after that time, ``--first N`` takes the first N.
"""

import argparse
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from evals.recognition.measuring import CANDIDATES, WARM_UP_S, Measuring
from evals.recognition.recordings import Spec, Studio, planned, slow
from evals.voices import RATE_HZ
from setu_common.models import Catalogue
from setu_common.settings import ModelSettings


def main(arguments: list[str]) -> None:
    """Measure, and say how far it is."""
    parser = argparse.ArgumentParser(prog="python -m evals.recognition", description=__doc__)
    parser.add_argument("--prepare", action="store_true", help="make the recordings only")
    parser.add_argument("--first", type=int, default=None, metavar="N", help="take the first N recordings")
    parser.add_argument("--until", default=None, metavar="HH:MM", help="begin no other recording after that time, UTC")
    chosen = parser.parse_args(arguments)
    specs = planned()[: chosen.first]
    catalogue = Catalogue.load(ModelSettings())
    if chosen.prepare:
        _prepare(Studio(catalogue), specs)
        return
    with tempfile.TemporaryDirectory(prefix="setu-recognition-") as folder:
        _measure(Measuring(catalogue, Path(folder)), Studio(catalogue), specs, chosen.until)


def _prepare(studio: Studio, specs: list[Spec]) -> None:
    for number, spec in enumerate(sorted(specs, key=slow), 1):
        made = studio.make(spec)
        print(
            f"{number}/{len(specs)} {spec.name} {spec.kind} {spec.strength:g}: {len(made.samples) / RATE_HZ:.0f} s", flush=True
        )


def _measure(measuring: Measuring, studio: Studio, specs: list[Spec], until: str | None) -> None:
    waiting = measuring.missing(specs)
    print(f"{len(specs)} recordings, {len(CANDIDATES)} candidates; {len(waiting)} are left", flush=True)
    if not waiting:
        return
    measuring.warm_up(studio.make(min(waiting, key=slow)).samples[: WARM_UP_S * RATE_HZ])
    began_s = time.monotonic()
    count = len(waiting)
    for number in range(1, count + 1):
        if until is not None and datetime.now(UTC).strftime("%H:%M") >= until:
            print(f"stopped at {until}; {len(waiting)} are left: run it again", flush=True)
            return
        # Another process may make them meanwhile: what is there comes first.
        spec = next((each for each in waiting if studio.made(each)), min(waiting, key=slow))
        waiting.remove(spec)
        rows = list(measuring.measure(spec))
        left_s = (time.monotonic() - began_s) / number * len(waiting)
        told = ", ".join(f"{row.model} {row.beam_size}: {100 * row.wer:.1f} % in {row.cpu_s:.1f} s" for row in rows)
        spoiled = f"{spec.kind} {spec.strength:g}"
        print(f"{number}/{count} {spec.name} {spoiled}: {told}; {left_s / 60:.0f} min left", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
