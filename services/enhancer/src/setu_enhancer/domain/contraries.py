"""Whether a text says the contrary of its draft in a word: "unhappy" for "happy", "hate" for "like", "after" for "before".

A draft is literal, and mostly has the line's words right. So where an edit has a word's contrary in its place, and denies as much, it turns what is said;
unless the line itself has a word that may come to that, for then the draft may be what is wrong.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, combinations
from pathlib import Path
from typing import Final

from setu_enhancer.domain.dictionary import is_known, kinds, renderings
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.text.closed import folded_set
from setu_enhancer.domain.text.negation import may_negate, negations
from setu_enhancer.domain.text.numbers import numbers
from setu_enhancer.domain.text.segments import segments
from setu_enhancer.domain.text.sieve import sieve
from setu_enhancer.domain.text.words import folded, folded_words
from setu_enhancer.domain.words import FUNCTION, KEPT, LONG_LETTERS, expanded, plain, stem, words

Sides = tuple[frozenset[str], frozenset[str]]


def _pairs(listed: str) -> Iterator[Sides]:
    """Of each line every two of its sides."""
    for line in listed.strip().splitlines():
        yield from combinations(map(_forms, line.split("|")), 2)


def _forms(listed: str) -> frozenset[str]:
    """The stems of words in their regular forms."""
    ed = ((word, f"{word}s", f"{word}d" if word.endswith("e") else f"{word}ed") for word in listed.split())
    return frozenset(stem(form) for forms in ed for form in forms)


def _sides(table: str) -> dict[str, list[Sides]]:
    """Of each word the words on its own side, and those on the other."""
    found: dict[str, list[Sides]] = {}
    for each in _READ[table]:
        for one, other in _pairs(each[table if table == "kinds" else "pairs"]):
            for word in one:
                found.setdefault(word, []).append((one, other))
            for word in other:
                found.setdefault(word, []).append((other, one))
    return found


_READ: Final = tomllib.loads((Path(__file__).parent / "contraries.toml").read_text(encoding="utf-8"))
_DENIED: Final = _sides("denied")
_OPPOSED: Final = _sides("opposed")
_KINDS: Final = _sides("kinds")
_CROSSED: Final = tuple(sides for each in _READ["crossed"] for sides in _pairs(each["pairs"]))
PREFIXES: Final = ("un", "in", "im", "il", "ir", "dis", "non")
_HOUR: Final = re.compile(r"बजे|बजकर|\bbaje\b")
_MORNING: Final = stem("morning")
DAWN: Final = 6
_EITHER_DAY: Final = folded("कल")
_NO_DAY: Final = folded_set("से का की के वाला वाली वाले तक कि रात शाम जो जब अगर")
"""Beside which nothing tells which day is meant: "since yesterday", "he says that …"."""
_IS: Final = folded_set("है हैं")
_WAS: Final = folded_set("था थी थे थीं")
_WILL: Final = tuple(map(folded, ["गा", "गी", "गे"]))
_MUST_BE: Final = folded_set("होगा होगी होंगे होगे हूँगा हूँगी रहेगा रहेगी मांगा माँगा माँगी माँगे लगा लगी लगे भागा भागी भागे जागा जागी जागे")
"""Which tell what must have been, or end as what will be does and are past."""
_TURNING: Final = re.compile(rf"(?:{'|'.join(PREFIXES)})(?=[a-z]{{4}})")
SEVERAL: Final = 2
_FAILING: Final = sieve(
    r"\b(?:fail(?:s|ed)? to|unable to|impossible (?:for [\w']+ )?to|refus(?:e|es|ed) to|forg[eo]t(?:s|ten)? to|quit|stopped|gave up) ([a-z]+)"
)


@lru_cache(maxsize=KEPT)
def turned(line: Line, text: str, pair: Pair) -> str:
    """The word of a text by which it denies what its draft affirms, or the other way round; empty if there is none."""
    if not _comparable(line, text, pair):
        return ""
    drafted, told = _stems(line.draft), _stems(text)
    for word in _turning(told - drafted):
        bare = _TURNING.sub("", word, count=1)
        if bare != word and stem(bare) in drafted and not _may_mean(line, word, pair):
            return word
    for word in _turning(drafted - told):
        bare = _TURNING.sub("", word, count=1)
        if bare != word and stem(bare) in told and stem(bare) not in drafted and not _may_mean(line, stem(bare), pair):
            return stem(bare)
    for found in _FAILING.finditer(plain(text)):
        done = stem(found[1])
        if (
            (_is_done(line, done, drafted, pair))
            and not _FAILING.search(plain(line.draft))
            and not any(_may_mean(line, each, pair) for each in ("fail", stem(found[0].partition(" ")[0])))
        ):
            return found[0]
    return next(_across(line, drafted, told, pair, _DENIED, known=False), "")


@lru_cache(maxsize=KEPT)
def opposed(line: Line, text: str, pair: Pair) -> str:
    """The word of a text that is the contrary of one in its draft, where the line is known to say the draft's; empty if there is none."""
    if not _comparable(line, text, pair):
        return ""
    drafted, told = _stems(line.draft), _stems(text)
    across = chain(*(_across(line, drafted, told, pair, sides, known=True) for sides in (_OPPOSED, _KINDS)))
    among = (word for word in across if word != _MORNING or not _is_after_midnight(line.source, pair.source))
    return next(among, "") or _crossed(line.draft, text) or _on_another_day(line.source, text)


def _is_after_midnight(source: str, language: str) -> bool:
    """Whether a line tells an hour that is of the night in Hindi and of the morning in English."""
    return _HOUR.search(source) is not None and any(0 < hour < DAWN for hour in numbers(source, language))


def _on_another_day(source: str, text: str) -> str:
    """The day that a Hindi line does not mean by its word for both yesterday and tomorrow, if a text has it: its verb tells which."""
    said = [part for each in segments(source, pauses=True) if _EITHER_DAY in (part := folded_words(each))]
    told = frozenset(words(text)) & {"yesterday", "tomorrow"}
    if len(said) != 1 or len(told) != 1 or said[0][-1] == _EITHER_DAY or not _NO_DAY.isdisjoint(said[0]):
        return ""
    *before, last = said[0]
    is_thing = bool(before) and kinds(before[-1], "hi") == {"noun"}
    is_past = is_thing and last in _WAS
    is_ahead = (is_thing and last in _IS) or (last.endswith(_WILL) and last not in _MUST_BE)
    wrong = "tomorrow" if is_past else "yesterday" if is_ahead else ""
    return wrong if wrong in told else ""


def _crossed(draft: str, text: str) -> str:
    """The word of a text beside which it says what its draft, which has both, says beside the contrary, in another part."""
    drafted, told = _by_part(draft), _by_part(text)
    if len(drafted) < SEVERAL or len(told) < SEVERAL:
        return ""
    for one, other in _CROSSED:
        before, now = (_sided(parts, one, other) for parts in (drafted, told))
        moved = sorted(word for word in before.keys() & now.keys() if before[word] != now[word])
        kept = any(before[word] == now[word] for word in before.keys() & now.keys())
        if moved and not kept:
            return min((one if now[moved[0]] else other) & _stems(text))
    return ""


def _sided(parts: Sequence[frozenset[str]], one: frozenset[str], other: frozenset[str]) -> dict[str, bool]:
    """What is said beside one of two contraries alone, each in parts of its own, and whether that is the first; nothing if one of them is not said."""
    sided = [(bool(part & one), part) for part in parts if bool(part & one) != bool(part & other)]
    if len({side for side, _ in sided}) < SEVERAL or any(part & one and part & other for part in parts):
        return {}
    found: dict[str, set[bool]] = {}
    for side, part in sided:
        for word in part - one - other - FUNCTION:
            found.setdefault(word, set()).add(side)
    return {word: sides.pop() for word, sides in found.items() if len(sides) == 1}


@lru_cache(maxsize=KEPT)
def _by_part(text: str) -> tuple[frozenset[str], ...]:
    """The stems of each part of an English text, between pauses; "and" mostly joins words ("day and night")."""
    return tuple(map(_stems, segments(text, pauses=True)))


def _turning(words_of: Iterable[str]) -> list[str]:
    return sorted(word for word in words_of if word.startswith(PREFIXES))


def _is_done(line: Line, done: str, drafted: frozenset[str], pair: Pair) -> bool:
    """Whether a draft or its line says that something is done."""
    return done not in FUNCTION and (done in drafted or _may_mean(line, done, pair))


@lru_cache(maxsize=KEPT)
def _comparable(line: Line, text: str, pair: Pair) -> bool:
    """Whether draft and text are in English, and deny as much as each other and as their line."""
    if pair.target != "en" or not is_known(pair.source) or not line.draft:
        return False
    denied = [negations(plain(each), "en") for each in (line.draft, text)]
    return denied[0] == denied[1] and (denied[0] > 0 or not may_negate(plain(line.source), pair.source))


@lru_cache(maxsize=KEPT)
def _stems(text: str) -> frozenset[str]:
    return frozenset(map(stem, {*words(text), *expanded(text)}))


def _across(
    line: Line, drafted: frozenset[str], told: frozenset[str], pair: Pair, sides: Mapping[str, Sequence[Sides]], *, known: bool
) -> Iterator[str]:
    """The words of a text that stand on the other side than the draft's; ``known``: only where the line is known to say the draft's."""
    for new in sorted((told - drafted) & sides.keys()):
        for theirs, mine in sides[new]:
            lost = mine & drafted
            if lost and not mine & told and not theirs & drafted:
                if known:
                    meant = [
                        ways for ways in _meant_by_word(line.source, pair.source) if any(_is_among(old, ways) for old in lost)
                    ]
                    sure = bool(meant) and not any(_is_among(each, ways) for ways in meant for each in theirs)
                else:
                    sure = not any(_may_mean(line, each, pair) for each in theirs)
                if sure:
                    yield new


def _may_mean(line: Line, told: str, pair: Pair) -> bool:
    """Whether a word of a line may come to a stem, as far as the line's words are known."""
    return any(_is_among(told, ways) for ways in _meant_by_word(line.source, pair.source))


def _is_among(told: str, ways: frozenset[str]) -> bool:
    return told in ways or (len(told) >= LONG_LETTERS and any(each.startswith(told[:LONG_LETTERS]) for each in ways))


@lru_cache(maxsize=KEPT)
def _meant_by_word(source: str, language: str) -> tuple[frozenset[str], ...]:
    """What each word of a line that is known may come to."""
    return tuple(ways for word in folded_words(source) if (ways := renderings(word, language)))
