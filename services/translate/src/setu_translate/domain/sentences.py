"""Sentences that were said over several segments: joined to be translated as one, and laid back onto their segments."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from setu_common.contracts import Segment
from setu_translate.domain.scripts import is_unspaced, letters

LONGEST_GAP_S: Final = 1.0  # a longer pause ends what was being said
MOST_SEGMENTS: Final = 3
MOST_CHARACTERS: Final = 240
MOST_CHARACTERS_UNSPACED: Final = 80  # of Chinese or Japanese, which say three times as much with each

CLOSING: Final = "\"'”’»›)]}」』）】》"
ENDS_SENTENCE: Final = re.compile(rf"[.!?…。！？｡．।॥؟۔።։။]\s*[{re.escape(CLOSING)}\s]*$")
ENDS_CLAUSE: Final = re.compile(rf"[,;:،؛、，；：—–\-]\s*[{re.escape(CLOSING)}\s]*$")
SENTENCE: Final = re.compile(
    rf"\S.*?(?:[.!?…]+(?:[{re.escape(CLOSING)}]|\s»)*(?=\s)|[。！？｡．।॥؟۔።։။]+[{re.escape(CLOSING)}]*|$)", re.DOTALL
)
INITIAL: Final = re.compile(r"(?:^|\W)(?:\w|Mr|Mrs|Ms|Dr|St|Sr|Sra|Jr|Prof|Mme|M|Sig|डॉ|श्री)\.$")  # a name goes on behind it
# Never at the start of a part: what closes, and what belongs to the character before it.
NOT_FIRST: Final = frozenset(CLOSING + ".,!?…;:。、，；：！？।॥؟۔،؛ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ")

# In shares of the whole length: how far from its ideal place a cut may be moved to stand behind punctuation.
CLAUSE_WORTH: Final = 0.18
SENTENCE_WORTH: Final = 0.25


def units(segments: Sequence[Segment], language: str) -> list[tuple[int, ...]]:
    """Which segments are translated together: tuples of places in ``segments``, all of them, in order.

    Segments of one speaker are joined until a sentence ends, if that is soon enough. A stretch that comes to no end (the speaker
    is interrupted, or the transcript has no punctuation) stays in single segments: nothing says that it is one sentence.
    """
    found: list[tuple[int, ...]] = []
    most = MOST_CHARACTERS_UNSPACED if is_unspaced(language) else MOST_CHARACTERS
    for run in _runs(segments):
        if len(run) > 1 and not _ends_sentence(segments[run[-1]].text):
            found.extend((place,) for place in run)
        else:
            found.extend(_pieces(run, segments, most))
    return found


def joined(texts: Sequence[str], language: str) -> str:
    """The texts of a unit as one; a single one as it is."""
    if len(texts) == 1:
        return texts[0]
    return ("" if is_unspaced(language) else " ").join(text.strip() for text in texts)


def in_sentences(text: str, language: str) -> list[str]:
    """A text in its sentences; what has no letters stays with the sentence before it, or else the one behind it."""
    found: list[str] = []
    for part in (each.group().strip() for each in SENTENCE.finditer(text)):
        if found and (not letters(part) or not letters(found[-1]) or INITIAL.search(found[-1])):
            found[-1] = joined([found[-1], part], language)
        else:
            found.append(part)
    return found


def laid_back(text: str, sources: Sequence[str], language: str) -> tuple[str, ...] | None:
    """A translation in as many parts as it has sources, about as long in proportion, cut between words or clauses.

    Args:
        text: the translation of all sources together.
        sources: what each part is to stand for.
        language: of ``text``.

    Returns:
        The parts, none without letters; joined they are ``text`` but for spaces. None if there are not enough words.
    """
    if len(sources) == 1:
        return (text,)
    total = len(text)
    weights = [max(1, len(letters(source))) for source in sources]
    ideals = [sum(weights[: number + 1]) / sum(weights) for number in range(len(weights) - 1)]
    best: tuple[float, tuple[str, ...]] | None = None
    worth = {cut: _worth(text[:cut]) for cut in _cuts(text, language)}
    for cuts in combinations(worth, len(ideals)):
        cost = sum(abs(cut / total - ideal) - worth[cut] for cut, ideal in zip(cuts, ideals, strict=True))
        if best is None or cost < best[0]:
            parts = tuple(text[start:end].strip() for start, end in zip((0, *cuts), (*cuts, total), strict=True))
            if all(letters(part) for part in parts):
                best = (cost, parts)
    return best[1] if best else None


def _runs(segments: Sequence[Segment]) -> Iterator[list[int]]:
    """Stretches of one speaker without a pause, each up to the end of a sentence."""
    run: list[int] = []
    for place, segment in enumerate(segments):
        if run and not _goes_on(segments[run[-1]], segment):
            yield run
            run = []
        run.append(place)
    if run:
        yield run


def _goes_on(segment: Segment, following: Segment) -> bool:
    return (
        segment.speaker == following.speaker
        and following.start_s - segment.end_s < LONGEST_GAP_S
        and not _ends_sentence(segment.text)
        and bool(letters(segment.text))
        and bool(letters(following.text))
    )


def _ends_sentence(text: str) -> bool:
    return ENDS_SENTENCE.search(text) is not None


def _pieces(run: Sequence[int], segments: Sequence[Segment], most: int) -> Iterator[tuple[int, ...]]:
    """A run in pieces that are short enough, where it must be cut behind a clause if that can be."""
    rest = list(run)
    while rest:
        fitting = 1
        while fitting < min(len(rest), MOST_SEGMENTS) and _length(segments, rest[: fitting + 1]) <= most:
            fitting += 1
        if fitting < len(rest):
            clauses = [count for count in range(1, fitting + 1) if ENDS_CLAUSE.search(segments[rest[count - 1]].text)]
            fitting = clauses[-1] if clauses else fitting
        yield tuple(rest[:fitting])
        rest = rest[fitting:]


def _length(segments: Sequence[Segment], places: Sequence[int]) -> int:
    return sum(len(segments[place].text) for place in places)


def _cuts(text: str, language: str) -> list[int]:
    """Where a text may be cut, as offsets into it."""
    if not is_unspaced(language):
        return [found.start() for found in re.finditer(r"(?<=\S)\s+(?=\S)", text) if text[found.end()] not in NOT_FIRST]
    return [place for place in range(1, len(text)) if _may_be_cut(text[place - 1], text[place])]


def _may_be_cut(before: str, after: str) -> bool:
    if after in NOT_FIRST or after.isspace() or unicodedata.category(after)[0] == "M":
        return False
    return not (
        before.isascii() and after.isascii() and before.isalnum() and after.isalnum()
    )  # inside a Latin word or a number


def _worth(before: str) -> float:
    if _ends_sentence(before):
        return SENTENCE_WORTH
    return CLAUSE_WORTH if ENDS_CLAUSE.search(before) else 0.0
