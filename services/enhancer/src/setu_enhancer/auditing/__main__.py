"""Ratings by people, from files: ``python -m setu_enhancer.auditing sample audit.json`` and ``… agreement audit.json anna.csv ben.csv``.

The audit is what ``GET /jobs/{id}/enhancements/{language}`` answers.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from setu_common.contracts import EnhancedTranscript
from setu_enhancer.auditing.rating import SHARE, agreement, read_ratings, sample_csv


def main(arguments: Sequence[str] | None = None) -> None:
    """Write a sample as CSV, or how well its raters agree as JSON, to standard output."""
    parser = argparse.ArgumentParser(prog="python -m setu_enhancer.auditing", description="Ratings of edited lines by people")
    commands = parser.add_subparsers(dest="command", required=True)
    sample = commands.add_parser("sample", help="lines for people to rate, as CSV")
    sample.add_argument("audit", type=Path)
    sample.add_argument("--share", type=float, default=SHARE, help="of the lines, 0..1 (0.1)")
    sample.add_argument("--seed", default="", help="another one gives another sample")
    rated = commands.add_parser("agreement", help="how well raters agree with one another and with the score, as JSON")
    rated.add_argument("audit", type=Path)
    rated.add_argument("ratings", type=Path, nargs="+", help="the sample, rated; one file a person")
    told = parser.parse_args(arguments)
    audit = EnhancedTranscript.model_validate_json(told.audit.read_text("utf-8"))
    if told.command == "sample":
        sys.stdout.write(sample_csv(audit, told.share, told.seed))
        return
    people = [read_ratings(path.read_text("utf-8-sig")) for path in told.ratings]
    sys.stdout.write(json.dumps(asdict(agreement(audit, people)), indent=2) + "\n")


if __name__ == "__main__":
    main()
