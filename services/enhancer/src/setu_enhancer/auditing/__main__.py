"""Ratings by people, from files: ``python -m setu_enhancer.auditing sample audit.json`` and ``… agreement audit.json anna.csv ben.csv``.

The audit is what ``GET /jobs/{id}/enhancements/{language}`` answers.
"""

import argparse
import csv
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from setu_common.contracts import EnhancedTranscript
from setu_common.contracts.problem import Problem
from setu_enhancer.auditing.rating import SHARE, agreement, read_ratings, sample_csv

WANTED: Final = "Save what GET /jobs/{id}/enhancements/{language} answers, with `curl --fail`."
RATED: Final = "Give the sample as CSV, with commas, in UTF-8, and its column `rating` filled in."


def main(arguments: Sequence[str] | None = None) -> None:
    """Write a sample as CSV, or how well its raters agree as JSON, to standard output.

    Raises:
        SystemExit: the arguments or the files are not what they should be; one line to standard error says what to do, and nothing is written.
    """
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
    try:
        audit = _audit(told.audit)
        if told.command == "sample":
            written = sample_csv(audit, told.share, told.seed)
        else:
            people = [_ratings(path) for path in told.ratings]
            written = json.dumps(asdict(agreement(audit, people)), indent=2) + "\n"
    except ValueError as error:
        sys.exit(str(error))
    sys.stdout.write(written)


def _audit(path: Path) -> EnhancedTranscript:
    text = _text(path, WANTED)
    try:
        return EnhancedTranscript.model_validate_json(text)
    except ValidationError as error:
        raise ValueError(f"{path} {_what_else(text)}. {WANTED}") from error


def _what_else(text: str) -> str:
    """What a file is that is no audit."""
    try:
        problem = Problem.model_validate_json(text)
    except ValidationError as error:
        if not text.strip():
            return "is empty"
        return "is no JSON" if any(each["type"] == "json_invalid" for each in error.errors()) else "is JSON, but no audit"
    return f"is no audit, but the answer to a request that failed: {' '.join((problem.detail or problem.title).split()).rstrip('.')}"


def _ratings(path: Path) -> Mapping[str, float]:
    text = _text(path, RATED)
    try:
        return read_ratings(text)
    except (ValueError, csv.Error) as error:
        raise ValueError(f"{path}: {error}. {RATED}") from error


def _text(path: Path, wanted: str) -> str:
    """What a file says.

    Args:
        path: where it is.
        wanted: what to do if it says nothing that can be read.
    """
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8. {wanted}") from error
    except OSError as error:
        raise ValueError(f"{path} can't be read: {error.strerror}. {wanted}") from error


if __name__ == "__main__":
    main()
