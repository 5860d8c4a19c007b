"""What audits and ratings by people show, from files.

    python -m setu_enhancer.auditing sample audit.json > anna.csv
    python -m setu_enhancer.auditing agreement audit.json anna.csv ben.csv
    python -m setu_enhancer.auditing compare audit.json another.json
    python -m setu_enhancer.auditing compare audit.json --ratings anna.csv ben.csv

An audit is what ``GET /jobs/{id}/enhancements/{language}`` answers.
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
from setu_enhancer.auditing.comparison import compare
from setu_enhancer.auditing.rating import SHARE, agreement, mean_ratings, read_ratings, sample_csv

WANTED: Final = "Save what GET /jobs/{id}/enhancements/{language} answers, with `curl --fail`."
RATED: Final = "Give the sample as CSV, with commas, in UTF-8, and its column `rating` filled in."


def main(arguments: Sequence[str] | None = None) -> None:
    """Write a sample as CSV, or how well its raters agree or what a trial has shown as JSON, to standard output.

    Raises:
        SystemExit: the arguments or the files are not what they should be; one line to standard error says what to do, and nothing is written.
    """
    parser = argparse.ArgumentParser(
        prog="python -m setu_enhancer.auditing", description="What audits of edited lines, and ratings by people, show"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    sample = commands.add_parser("sample", help="lines for people to rate, as CSV")
    sample.add_argument("audit", type=Path)
    sample.add_argument("--share", type=float, default=SHARE, help="of the lines, 0..1 (0.1)")
    sample.add_argument("--seed", default="", help="another one gives another sample")
    rated = commands.add_parser("agreement", help="how well raters agree with one another and with the score, as JSON")
    rated.add_argument("audit", type=Path)
    rated.add_argument("ratings", type=Path, nargs="+", help="the sample, rated; one file a person")
    compared = commands.add_parser(
        "compare", help="what a model or prompt has shown that was tried beside the usual one, as JSON"
    )
    compared.add_argument("audit", type=Path, nargs="+")
    compared.add_argument(
        "--ratings", type=Path, nargs="+", default=(), help="the sample of one audit, rated; one file a person"
    )
    told = parser.parse_args(arguments)
    try:
        if told.command == "compare":
            written = _compared(told.audit, told.ratings)
        elif told.command == "sample":
            written = sample_csv(_audit(told.audit), told.share, told.seed)
        else:
            people = [_ratings(path) for path in told.ratings]
            written = json.dumps(asdict(agreement(_audit(told.audit), people)), indent=2) + "\n"
    except ValueError as error:
        sys.exit(str(error))
    sys.stdout.write(written)


def _compared(paths: Sequence[Path], ratings: Sequence[Path]) -> str:
    if ratings and len(paths) > 1:
        raise ValueError("Ratings are of one audit: compare that one alone, or all without --ratings.")
    people = [_ratings(path) for path in ratings]
    found = compare({str(path): _audit(path) for path in paths}, mean_ratings(people))
    if not found:
        raise ValueError(
            "Nothing was tried beside what is delivered, or nothing that could be scored. Set SETU_ENHANCER_TRIAL_SHARE."
        )
    return json.dumps([asdict(each) for each in found], indent=2, default=str, ensure_ascii=False) + "\n"


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
