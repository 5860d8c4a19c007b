"""Which lines are worth a call to a language model, and why.

A reason is evidence that a draft is probably wrong, or that a model could do better; that a line has a name, or a number, is none.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from setu_common.contracts import EnhancementMode, Reason, ReasonKind
from setu_enhancer.domain.denial import denial_fault
from setu_enhancer.domain.glossary import Entry, Glossary, says
from setu_enhancer.domain.lexicon import idioms_in, missed
from setu_enhancer.domain.lexicon.people import titles
from setu_enhancer.domain.lines import Line, Pair, scenes
from setu_enhancer.domain.referring import BACK, wrong_reference
from setu_enhancer.domain.spelt import spelt_otherwise
from setu_enhancer.domain.strangers import called_as_word
from setu_enhancer.domain.text.measures import limit_of, reading_speed
from setu_enhancer.domain.text.negation import knows_negation, negations
from setu_enhancer.domain.text.numbers import mismatch
from setu_enhancer.domain.text.scripts import LATIN, foreign_share, likely_language, script_counts, scripts_of
from setu_enhancer.domain.text.words import folded, words
from setu_enhancer.domain.thresholds import Thresholds

CLEAR: Final = frozenset({"idiom", "interjection", "custom"})
"""Kinds that are hardly ever rendered right word by word."""


ASKED: Final = Reason(kind="asked")
_FEWEST_FOR_MEDIAN: Final = 8
_USUAL_RATIO: Final = 1.1
_ENOUGH_WORDS: Final = 5
# English that denies without a word for it.
_TURNED: Final = re.compile(
    r"\b(?:stop|quit|forget|avoid|refuse[sd]?|fail(?:s|ed)?|leave|hardly|barely|unless|until|lack\w*|impossible|un\w+|dis\w+|in(?:sane|visible|complete)\w*"
    r"|\w+less|hate[sd]?|otherwise|all ?right|ok(?:ay)?|fine|worr\w+|relax|easy|why|free|safe|quiet|calm|off|out|too)\b",
    re.IGNORECASE,
)


def select(
    lines: Sequence[Line], pair: Pair, glossary: Glossary, thresholds: Thresholds, mode: EnhancementMode
) -> Mapping[int, tuple[Reason, ...]]:
    """The lines that are worth a call, each with its reasons, by index.

    Args:
        lines: of a whole text, in its order.
        pair: its languages.
        glossary: its names and terms.
        thresholds: from where on something is a reason.
        mode: ``selective``; ``all`` takes every line that says anything; ``off`` none.
    """
    if mode == "off":
        return {}
    found: dict[int, tuple[Reason, ...]] = {}
    looking = _Looking(pair, glossary, thresholds, _usual_ratio(lines))
    for scene in scenes(lines, thresholds.scene_gap_s):
        for at, line in enumerate(scene):
            if not words(line.source):
                continue
            reasons = tuple(looking.reasons(line, scene[max(0, at - BACK) : at]))
            if reasons or mode == "all":
                found[line.index] = reasons or (ASKED,)
    return found


@dataclass(frozen=True)
class _Looking:
    """Looks for reasons in the lines of a text; ``usual`` is how many times as long as their sources its drafts are."""

    pair: Pair
    glossary: Glossary
    thresholds: Thresholds
    usual: float

    def reasons(self, line: Line, before: Sequence[Line]) -> Iterator[Reason]:
        """All of a line, which says something."""
        if not words(line.draft):
            yield Reason(kind="length", detail="there is no translation")
            return
        if line.confidence is not None and line.confidence < self.thresholds.confidence:
            yield Reason(kind="confidence", detail=f"{line.confidence:.2f}")
        missing = [
            entry
            for entry in self.glossary.missing(line.source, line.draft)
            if not _is_written_small(entry, line.draft, self.pair)
        ]
        yield from (Reason(kind=entry.kind, detail=f"{entry.source[0]} is to be {entry.target}") for entry in missing)
        for entry in self.glossary.in_line(line.source):
            for start, end in spelt_otherwise(entry, line.source, line.draft):
                yield Reason(kind="name", detail=f"{line.draft[start:end]} is spelt {entry.target}")
        told: tuple[tuple[ReasonKind, str], ...] = (
            ("name", f"{word} may be a name" if not missing and (word := self._unread_name(line)) else ""),
            ("idiom", _mistaken_idiom(line, self.pair)),
            ("script", _left_over(line, self.pair, self.thresholds)),
            ("length", _odd_length(line, self.thresholds, self.usual)),
            ("number", _wrong_numbers(line, self.pair)),
            ("negation", _lost_negation(line, self.pair)),
            ("reference", wrong_reference(line, before, self.pair, self.glossary)),
            ("reading-speed", _too_fast(line, self.pair, self.thresholds)),
        )
        yield from (Reason(kind=kind, detail=detail) for kind, detail in told if detail)

    def _unread_name(self, line: Line) -> str:
        """A word that may be a name, of a line in which nobody read the names."""
        return "" if self.glossary.readings.has(line.source) else called_as_word(line, self.pair)


def _is_written_small(entry: Entry, draft: str, pair: Pair) -> bool:
    """Whether a draft has a name in small letters, which may well be no name: what people are called by ("papa"), or a guess ("server", Sarwar)."""
    guessed = entry.provenance == "text" or all(titles(word, pair.source) for each in entry.source for word in words(each))
    return entry.kind == "name" and guessed and says(entry, draft.title())


def _lost_negation(line: Line, pair: Pair) -> str:
    """What is wrong with what a draft denies. Machines keep negations where people may turn them, so a longer line that lost all of its is suspect."""
    if fault := denial_fault(line.source, line.draft, "", pair.source, pair.target):
        return fault
    if len(words(line.source)) < _ENOUGH_WORDS or not knows_negation(pair.target) or _TURNED.search(line.draft):
        return ""
    lost = negations(line.source, pair.source) and not negations(line.draft, pair.target)
    return "the line denies something, and the draft nothing" if lost else ""


def _wrong_numbers(line: Line, pair: Pair) -> str:
    missing, extra = mismatch(line.source, pair.source, line.draft, pair.target)
    return ", ".join([*(f"{value:f} is missing" for value in missing), *(f"{value:f} is not said" for value in extra)])


def _too_fast(line: Line, pair: Pair, thresholds: Thresholds) -> str:
    limit = thresholds.characters_per_s or limit_of(pair.target)
    speed = reading_speed(line.draft, line.duration_s, pair.target)
    if not line.duration_s or speed <= limit * thresholds.reading_speed:
        return ""
    return f"{speed:.0f} characters a second, {limit:.0f} are allowed"


def _mistaken_idiom(line: Line, pair: Pair) -> str:
    """The idiom of a line that its draft seems to have missed; empty if there is none.

    Meanings are known in English: into any other language an idiom is a reason by itself.
    """
    if pair.target == "en":
        return missed(line.source, line.draft, pair.source)
    return next((idiom.source for idiom in idioms_in(line.source, pair.source) if idiom.kind in CLEAR), "")


def _left_over(line: Line, pair: Pair, thresholds: Thresholds) -> str:
    """What tells that a draft was not translated: letters of another script, the line itself, its language."""
    if pair.source == pair.target:
        return ""
    share = foreign_share(line.draft, pair.target)
    own = scripts_of(pair.target)
    strange = {script for script in script_counts(line.draft) if script not in own}
    if share > thresholds.foreign_share and (strange - LATIN or share > thresholds.latin_share):
        return f"{share:.0%} of it is in another script"
    said, drafted = [folded(word) for word in words(line.source)], [folded(word) for word in words(line.draft)]
    if len(drafted) >= thresholds.fewest_words:
        if said == drafted:
            return "it was left as it is"
        likely, sure = likely_language(line.draft, (pair.target, pair.source))
        if likely == pair.source and sure >= thresholds.wrong_language:
            return f"it seems to be in {pair.source}"
    return ""


def _odd_length(line: Line, thresholds: Thresholds, usual: float) -> str:
    said, drafted = len(line.source.strip()), len(line.draft.strip())
    if _repeats_itself(line.draft) and not _repeats_itself(line.source):
        return "it repeats itself"
    if said <= thresholds.longest_ignored:
        return ""
    times = drafted / (said * usual)
    if times > thresholds.longer:
        return f"{times:.1f} times as long as usual"
    return f"{1 / times:.1f} times as short as usual" if times * thresholds.shorter < 1 else ""


def _repeats_itself(text: str) -> bool:
    """Whether the same two words or more stand there three times in a row, or one word four times."""
    said = [folded(word) for word in words(text)]
    for size, times in ((1, 4), (2, 3), (3, 3), (4, 3)):
        span = size * times
        for start in range(len(said) - span + 1):
            part = said[start : start + size]
            if said[start : start + span] == part * times:
                return True
    return False


def _usual_ratio(lines: Sequence[Line]) -> float:
    """How many times as long as their sources drafts are, as a rule, in this text."""
    ratios = [len(line.draft) / len(line.source) for line in lines if words(line.source) and words(line.draft)]
    return median(ratios) if len(ratios) >= _FEWEST_FOR_MEDIAN else _USUAL_RATIO
