"""What people think of lines: a sample for them to rate, blind, and how well they agree with one another and with the score."""

import csv
import hashlib
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Final

from setu_common.contracts import EnhancedTranscript, Enhancement

SHARE: Final = 0.1
COLUMNS: Final = ("id", "source", "translation", "rating")
HIGHEST: Final = 100.0
MOST_TOLD: Final = 40
_DRAFT: Final = "d"
_EDIT: Final = "e"
_TRIED: Final = "t"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Agreement:
    """How well people agree.

    Args:
        texts: that somebody has rated.
        raters: how many people.
        alpha: Krippendorff's alpha of the raters, for figures: 1 is perfect, 0 is chance; None if no text was rated by two.
        spearman: rank correlation of the mean rating and the score, -1..1; None if there are fewer than three, or all are the same.
        preferred: of lines whose draft and edit were both rated, the share where people rated what was delivered higher; None if
            they found none different.
    """

    texts: int
    raters: int
    alpha: float | None
    spearman: float | None
    preferred: float | None


def sample_csv(audit: EnhancedTranscript, share: float = SHARE, seed: str = "") -> str:
    """Lines for people to rate from 0 to 100, as CSV with an empty column for that.

    Which lines is decided by a hash, so the same audit gives the same sample. Where an edit was offered both it and the draft are there, in an
    order that says nothing of which is which; no score stands beside them.

    Args:
        audit: what became of the lines.
        share: of the lines, 0..1.
        seed: another one gives another sample.
    """
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    rows = [
        (key, line.source, text)
        for line in audit.lines
        if _hash(seed, "line", str(line.segment_index), line.source) < share
        for key, text in _texts(line)
    ]
    for key, source, text in sorted(rows, key=lambda row: _hash(seed, "row", row[0], row[2])):
        writer.writerow([key, _cell(source), _cell(text), ""])
    return written.getvalue()


def read_ratings(text: str) -> Mapping[str, float]:
    """The ratings of one person, by id; texts without one are left out.

    Raises:
        ValueError: the file lacks a column, or a rating is no number from 0 to 100.
    """
    reader = csv.DictReader(io.StringIO(text))
    if missing := {"id", "rating"} - set(reader.fieldnames or ()):
        raise ValueError(f"the file has no column {', '.join(sorted(missing))}")
    found = {}
    for row in reader:
        if (told := (row["rating"] or "").strip()) == "":
            continue
        rating = _number(told)
        if rating is None or not 0 <= rating <= HIGHEST:
            raise ValueError(f"{row['id']}: a rating is a number from 0 to 100, not {told[:MOST_TOLD]!r}")
        found[row["id"]] = rating
    return found


def _number(told: str) -> float | None:
    try:
        return float(told)
    except ValueError:
        return None


def agreement(audit: EnhancedTranscript, people: Sequence[Mapping[str, float]]) -> Agreement:
    """How well people agree with one another, and with the score.

    Args:
        audit: what the sample was taken from.
        people: the ratings of each, by id.
    """
    scores = {key: score for line in audit.lines for key, score in _scores(line)}
    known = {key for line in audit.lines for key, _ in _texts(line)}
    by_text = {key: [each[key] for each in people if key in each] for key in sorted(known)}
    rated = {key: fmean(ratings) for key, ratings in by_text.items() if ratings}
    both = [key for key in rated if key in scores]
    return Agreement(
        texts=len(rated),
        raters=len(people),
        alpha=krippendorff_alpha(list(by_text.values())),
        spearman=spearman([rated[key] for key in both], [scores[key] for key in both]),
        preferred=_preferred(audit, rated),
    )


def krippendorff_alpha(units: Iterable[Sequence[float]]) -> float | None:
    """Agreement of raters on figures: 1 - observed / expected disagreement, by squared differences.

    Source: Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011, interval data with values missing.

    Args:
        units: what each thing was rated.

    Returns:
        None if nothing was rated twice; 1 if all ratings are the same.
    """
    paired = [list(unit) for unit in units if len(unit) > 1]
    values = [value for unit in paired for value in unit]
    if not values:
        return None
    observed = sum(_squares(unit) / (len(unit) - 1) for unit in paired) / len(values)
    expected = _squares(values) / (len(values) * (len(values) - 1))
    return 1.0 if expected == 0 else 1 - observed / expected


def spearman(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Rank correlation; those that are equal share their ranks' mean. None for fewer than three pairs, or where all of one are equal."""
    if len(one) < 3 or len(set(one)) == 1 or len(set(other)) == 1:  # noqa: PLR2004
        return None
    a, b = _ranks(one), _ranks(other)
    mean_a, mean_b = fmean(a), fmean(b)
    shared = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True))
    spread = math.sqrt(sum((x - mean_a) ** 2 for x in a) * sum((y - mean_b) ** 2 for y in b))
    return shared / spread


def _preferred(audit: EnhancedTranscript, rated: Mapping[str, float]) -> float | None:
    found = []
    for line in audit.lines:
        draft, edit = rated.get(f"{line.segment_index}{_DRAFT}"), rated.get(f"{line.segment_index}{_EDIT}")
        if draft is not None and edit is not None and draft != edit:
            found.append((edit > draft) == line.changed)
    return fmean(found) if found else None


def _texts(line: Enhancement) -> Iterator[tuple[str, str]]:
    yield f"{line.segment_index}{_DRAFT}", line.draft
    if line.offered and line.offered != line.draft:
        yield f"{line.segment_index}{_EDIT}", line.offered
    if line.tried and line.tried.text not in (line.draft, line.offered):
        yield f"{line.segment_index}{_TRIED}", line.tried.text


def rated_texts(line: Enhancement, rated: Mapping[str, float]) -> tuple[float, float] | None:
    """What people gave what is delivered of a line, and what was tried beside it; None unless both were rated, or nothing was tried.

    Args:
        line: one of an audit.
        rated: the mean ratings of texts, by id.
    """
    if line.tried is None:
        return None
    by_text = {text: rated[key] for key, text in _texts(line) if key in rated}
    delivered, tried = by_text.get(line.text), by_text.get(line.tried.text)
    return None if delivered is None or tried is None else (delivered, tried)


def mean_ratings(people: Sequence[Mapping[str, float]]) -> Mapping[str, float]:
    """What people rated texts on average, by id."""
    return {key: fmean(each[key] for each in people if key in each) for key in {key for each in people for key in each}}


def _scores(line: Enhancement) -> Iterator[tuple[str, float]]:
    if line.score_before is not None:
        yield f"{line.segment_index}{_DRAFT}", line.score_before.total
    if line.score_after is not None:
        yield f"{line.segment_index}{_EDIT}", line.score_after.total
    if line.tried and line.tried.score is not None:
        yield f"{line.segment_index}{_TRIED}", line.tried.score.total


def _squares(values: Sequence[float]) -> float:
    """The sum over all ordered pairs of the squared differences."""
    mean = fmean(values)
    return 2 * len(values) * sum((value - mean) ** 2 for value in values)


def _ranks(values: Sequence[float]) -> list[float]:
    places: dict[float, list[int]] = {}
    for place, value in enumerate(sorted(values)):
        places.setdefault(value, []).append(place)
    return [median(places[value]) for value in values]


def _hash(*parts: str) -> float:
    """Evenly from 0 to 1."""
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8]) / 2**64


def _cell(text: str) -> str:
    """Dialogue that a spreadsheet would take for a formula is kept from that."""
    return f"'{text}" if text.startswith(_FORMULA) else text
