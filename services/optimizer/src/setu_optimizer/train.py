"""Trains a model from a table: ``python -m setu_optimizer.train --table measured.csv --out starting.zip``.

With ``--split`` it learns from those lines alone whose column ``split`` says so. It writes the file and nothing else: who wants the model to be
asked offers it, or ships it with the package.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from setu_common.errors import SetuError
from setu_optimizer.predictors.bundle import unpacked
from setu_optimizer.predictors.learning_table import read_table
from setu_optimizer.predictors.manifest import Manifest
from setu_optimizer.predictors.tables import published
from setu_optimizer.predictors.training import train


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, write the file, and say how good the model is."""
    asked = _parser().parse_args(arguments)
    sizes = {name: each.size for name, each in published().items()}
    try:
        examples = read_table(asked.table, asked.split)
        data = train(examples, sizes, kind=asked.name, description=asked.description, now=datetime.now(UTC))
    except SetuError as error:
        sys.stderr.write(f"{error.detail}\n")
        return 1
    asked.out.write_bytes(data)
    sys.stdout.write(f"{described(unpacked(data).manifest)}\n{asked.out}: {len(data)} bytes\n")
    return 0


def described(manifest: Manifest) -> str:
    """A model in some lines."""
    learned, metrics = manifest.learned_from, manifest.metrics
    ways = ", ".join(f"{each.candidate.model} beam {each.candidate.beam_size}" for each in manifest.candidates)
    times = "" if metrics.time_error is None else f", of logarithms of times {metrics.time_error:.3f}"
    return (
        f"{manifest.name}: {learned.recordings} recordings of {learned.groups} groups in {', '.join(learned.languages)}; {ways}\n"
        f"left out in {metrics.folds} parts by groups: error of error rates {metrics.wer_error:.4f}{times}, "
        f"correlation {metrics.wer_correlation:.3f}, {100 * metrics.wer_coverage:.1f} % within their ranges"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m setu_optimizer.train", description="Train a model from a table of recordings."
    )
    parser.add_argument("--table", type=Path, required=True, help="CSV, as evals/recognition/measured.csv")
    parser.add_argument("--out", type=Path, required=True, help="the model's file")
    parser.add_argument("--split", help="only lines whose column split says so")
    parser.add_argument("--name", default="starting", help="the first part of the model's name")
    parser.add_argument("--description", default="recordings measured by make bench-asr", help="of the recordings, for people")
    return parser


if __name__ == "__main__":
    sys.exit(main())
