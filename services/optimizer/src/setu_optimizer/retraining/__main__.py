"""Ships what was measured with the service: ``python -m setu_optimizer.retraining --table evals/recognition/measured.csv``.

It puts the table into this package, for models that are trained later, and draws the line from a recogniser's confidence to its errors through
those rows that models learn from. What it says of the others is told, and changes nothing.
"""

import argparse
import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from setu_optimizer.domain.observing.estimating import Confided, Estimator, fit, signals_from
from setu_optimizer.observing import confidence
from setu_optimizer.retraining import measured

ENGINE: Final = "faster-whisper"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write both files, and say how good the estimates are."""
    parser = argparse.ArgumentParser(
        prog="python -m setu_optimizer.retraining", description="Ship a measured table with the service."
    )
    parser.add_argument("--table", type=Path, required=True, help="CSV, as evals/recognition/measured.csv")
    parser.add_argument("--measured", type=Path, default=Path(__file__).with_name(measured.FILE), help="where the table goes")
    parser.add_argument(
        "--estimator",
        type=Path,
        default=Path(confidence.__file__).with_name(confidence.FILE),
        help="where what confidence speaks for goes",
    )
    asked = parser.parse_args(arguments)
    text = asked.table.read_text("utf-8")
    lines = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    taught = [_confided(line) for line in lines if line["split"] == measured.TAUGHT]
    try:
        estimator = fit(taught, engine=ENGINE, description=f"{len(taught)} transcripts of {asked.table.name}")
    except ValueError as error:
        sys.stderr.write(f"{error}.\n")
        return 1
    asked.measured.write_text(text, "utf-8")
    asked.estimator.write_text(f"{estimator.model_dump_json(indent=1)}\n", "utf-8")
    sys.stdout.write(
        f"{len(lines)} rows: {asked.measured}\n{estimator.recordings} transcripts, left out by groups: correlation "
        f"{estimator.correlation:.3f}, mean error {100 * estimator.wer_error:.1f} points: {asked.estimator}\n"
    )
    held = [_confided(line) for line in lines if line["split"] == measured.HELD]
    if held:
        sys.stdout.write(f"{_held(estimator, held)}\n")
    return 0


def _confided(line: Mapping[str, str]) -> Confided:
    row = {name: float(value) for name, value in line.items() if name in _SIGNALS and value}
    return Confided(
        line["kind"], signals_from(row, float(line["duration_s"])), float(line["wer"]), line.get("language") or "en"
    )


_SIGNALS: Final = ("avg_logprob", "low_logprob", "no_speech_prob", "compression_ratio", "removed_s", "words_per_s")


def _held(estimator: Estimator, held: Sequence[Confided]) -> str:
    pairs = [(guess, each.wer) for each in held if (guess := estimator.estimate(each.signals)) is not None]
    guesses, true = np.array(pairs).T
    correlation = float(np.corrcoef(guesses, true)[0, 1])
    return (
        f"{len(pairs)} of kinds that it has not seen: correlation {correlation:.3f}, "
        f"mean error {100 * float(np.mean(np.abs(guesses - true))):.1f} points"
    )


if __name__ == "__main__":
    sys.exit(main())
