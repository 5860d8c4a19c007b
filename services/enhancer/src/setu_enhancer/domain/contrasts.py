"""Of two things in a line of which one is denied, which: "not the seventh but the twentieth", "we'll give our heads and won't bow them".

A text that denies as much as its line may still deny the other thing. What is denied and what is affirmed is read from the line as far as its words are
known, and from the draft where that denies as the line does.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from setu_enhancer.domain.affirming import FORBIDS
from setu_enhancer.domain.dictionary import renderings
from setu_enhancer.domain.dictionary.forms import SMALL
from setu_enhancer.domain.text.closed import NEGATIVES, folded_set
from setu_enhancer.domain.text.negation import may_negate
from setu_enhancer.domain.text.numbers import numbers
from setu_enhancer.domain.text.segments import segments
from setu_enhancer.domain.text.words import folded_words
from setu_enhancer.domain.words import FUNCTION, KEPT, expanded, plain, stem, words

Stems = frozenset[str]
Verdict = Literal["kept", "moved", ""]
SEVERAL, MOST = 2, 4
"""Parts of a line that is held against its translation for what is denied and what is not."""
_DENY: Final = folded_set("नहीं नही मत nahi nahin mat")
FEW: Final = 3
_JOINTS: Final = folded_set("पर लेकिन मगर बल्कि और par lekin magar balki aur")
_DENIERS: Final = NEGATIVES | {"without"}
_BESIDE: Final = frozenset(["than", "before", "instead"])
"""Behind which stands what is not to be: "die before I beg"."""
_ENGLISH_JOINTS: Final = frozenset(["and", "but", "yet"])
_HELPERS: Final = "do does did is are am was were be have has had will would can could shall should may might must need dare to"
_HELPING: Final = frozenset(_HELPERS.split())
_PRONOUNS: Final = {
    form: each
    for each, forms in (("i", "i me my mine"), ("he", "he him his"), ("she", "she her hers"), ("we", "we us our ours"), ("they", "they them their theirs"), ("you", "you your yours"))
    for form in forms.split()
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sides:
    """What a text denies and what it affirms, as stems of English words and numbers, without what it does both of."""

    denied: Stems
    affirmed: Stems

    def __bool__(self) -> bool:
        return bool(self.denied and self.affirmed)

    def own(self) -> "Sides":
        """The same without what is on both sides."""
        return Sides(self.denied - self.affirmed, self.affirmed - self.denied)


@lru_cache(maxsize=KEPT)
def contrast(source: str, text: str, draft: str, language: str) -> Verdict:
    """Whether an English text denies of two things the one that its line denies, or the other; empty if that can't be told.

    Args:
        source: what is said, of which one part is denied and another is not.
        text: its translation.
        draft: the machine's.
        language: of ``source``.
    """
    if language != "hi" or not may_negate(plain(source), language):
        return ""
    there, denied = _in_line(source)
    if not denied:
        return ""
    told = _in_english(text, with_pronouns=False)
    if not _in_english(text, with_pronouns=True).denied and (len(segments(text, pauses=True)) > 1 or not _is_short(source)):
        return ""
    is_rather = not _BESIDE.isdisjoint(words(text))
    found = _held(there, told, is_rather=is_rather)
    if found or not draft:
        return found
    drafted = _parts(draft, with_pronouns=True)
    if sorted(is_denied for is_denied, _ in drafted) != sorted(denied):
        return ""
    return _held(_united(drafted).own(), _in_english(text, with_pronouns=True), is_rather=is_rather)


def _held(there: Sides, told: Sides, *, is_rather: bool) -> Verdict:
    if not there or not told:
        return "kept" if there and _is_rest(there, told) else ""
    kept = bool(there.denied & told.denied), bool(there.affirmed & told.affirmed)
    moved = bool(there.affirmed & told.denied), bool(there.denied & told.affirmed)
    if all(moved) and not kept[0]:
        return "moved"
    return "kept" if kept[0] and not moved[0] and (kept[1] or (is_rather and not moved[1])) else ""


def _is_short(source: str) -> bool:
    """Whether what a line denies is only what something or somebody is: "no angel"."""
    denied = (folded_words(part) for part in segments(source, pauses=True))
    return all(len(part) <= FEW and FORBIDS.isdisjoint(part) for part in denied if not _DENY.isdisjoint(part))


def _is_rest(there: Sides, told: Sides) -> bool:
    """Whether a text only says what its line affirms, which says enough: "I'm only human" for "I'm human, no angel"."""
    return not told.denied and bool(told.affirmed) and told.affirmed <= there.affirmed


@lru_cache(maxsize=KEPT)
def _in_line(source: str) -> tuple[Sides, tuple[bool, ...]]:
    """What the parts of a Hindi line deny and affirm, in English, and which of them deny; nothing if none does, or all do."""
    parts = [part for each in segments(source, pauses=True) for part in _split(folded_words(each), _JOINTS)]
    denied = tuple(not _DENY.isdisjoint(part) for part in parts)
    if not SEVERAL <= len(parts) <= MOST or sum(denied) != 1:
        return Sides(frozenset(), frozenset()), ()
    return _united([(so, _meant(part)) for so, part in zip(denied, parts, strict=True)]).own(), denied


def _meant(part: list[str]) -> Stems:
    known = [renderings(word, "hi") for word in part if word not in SMALL and word not in _DENY]
    counted = (f"#{value}" for value in numbers(" ".join(part), "hi"))
    return frozenset(word for word in frozenset[str]().union(*known) if word not in FUNCTION).union(counted)


@lru_cache(maxsize=KEPT)
def _in_english(text: str, *, with_pronouns: bool) -> Sides:
    return _united(_parts(text, with_pronouns=with_pronouns)).own()


@lru_cache(maxsize=KEPT)
def _parts(text: str, *, with_pronouns: bool) -> tuple[tuple[bool, Stems], ...]:
    """The parts of an English text that say something, whether each denies, and its stems and numbers."""
    found = []
    for each in segments(text, pauses=True):
        for part in _split(expanded(plain(each)), _ENGLISH_JOINTS):
            for is_denied, said in _apart(part):
                if stems := _stems(said, with_pronouns=with_pronouns):
                    found.append((is_denied, stems))
    return tuple(found)


def _apart(part: list[str]) -> Iterator[tuple[bool, list[str]]]:
    """A part of a sentence, or two: what stands before a "not" or "than" that only goes with what is behind it."""
    for at, word in enumerate(part):
        bare = word == "not" and at > 1 and part[at - 1] not in _HELPING and at + 1 < len(part)
        if bare or (word in _BESIDE and at > 1):
            yield False if bare else not _DENIERS.isdisjoint(part[:at]), part[:at]
            yield True, part[at + 1 :]
            return
    yield not _DENIERS.isdisjoint(part), part


def _stems(said: list[str], *, with_pronouns: bool) -> Stems:
    told = {stem(word) for word in said if word not in FUNCTION and word not in _DENIERS}
    if with_pronouns:
        told.update(_PRONOUNS[word] for word in said if word in _PRONOUNS)
    told.update(f"#{value}" for value in numbers(" ".join(said), "en"))
    return frozenset(told)


def _united(parts: Iterable[tuple[bool, Stems]]) -> Sides:
    denied, affirmed = set[str](), set[str]()
    for is_denied, stems in parts:
        (denied if is_denied else affirmed).update(stems)
    return Sides(frozenset(denied), frozenset(affirmed))


def _split(said: Iterable[str], joints: frozenset[str]) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for word in said:
        if word in joints:
            found.append([])
        else:
            found[-1].append(word)
    return [part for part in found if part]
