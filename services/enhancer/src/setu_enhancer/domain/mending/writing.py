"""How an entry is written where something stands for it."""

import re
from typing import Final

from setu_enhancer.domain.bearing import is_order, qualifies
from setu_enhancer.domain.lexicon.people import CALLS, is_ordinary_name, titles
from setu_enhancer.domain.mending.account import BESIDE
from setu_enhancer.domain.mending.drafts import CLAUSE, ENDING, SENTENCE, Word, split
from setu_enhancer.domain.mending.place import Place, Span
from setu_enhancer.domain.text.closed import DEMONSTRATIVES, GENITIVES, folded_set
from setu_enhancer.domain.text.words import folded, words
from setu_enhancer.domain.words import FUNCTION

_ARTICLE: Final = re.compile(r"(?i)(?<![\w'’])(?:the|a|an)\s+$")
_THAT: Final = re.compile(r"(?i)(?<![\w'’])(?:this|that)\s+$")
_PREPOSITION: Final = re.compile(r"(?i)\s(?:to|at|for|on|with|from)\s+$")
_IN_LAW: Final = re.compile(r"^-in-law\b")
_ASKED_FOR: Final = re.compile(r"(?i)\b(ask(?:s|ed|ing)?\s+)for\s+$")
_POINTING: Final = DEMONSTRATIVES | folded_set("उस इस उन इन कि")
_FROM: Final = folded("से")
# What stands before what is said: tags, brackets, dashes, quotation marks, notes, and who speaks.
_LEAD: Final = re.compile(r"(?:[\s\-–\"“♪…]|\.\.\.|\{[^{}]*\}|<[^<>]*>|\[[^\[\]]*\]|\([^()]*\)|[A-Z][A-Z .]+:)*")
_CAPITAL: Final = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february april june july august september october november december god english "  # noqa: SIM905
    "hindi urdu india indian china jesus christmas diwali holi eid mother father grandma grandpa mom dad mama papa sir madam".split()
)
_KIN: Final = frozenset(
    "uncle aunt auntie aunty grandma granny grandpa grandmother grandfather granddad brother sister".split()  # noqa: SIM905
)


def written(place: Place, draft: str, span: Span) -> str:
    """A draft with an entry in the place of some words: a name takes no article, and keeps an ending, or takes one where it owns what follows.

    Kin that stands behind a name in Hindi stands before it in English: "the light sister" is Sister Roshni.
    """
    start, end = span
    before, behind = draft[:start], _IN_LAW.sub("", draft[end:])
    if place.entry.kind != "name":
        return before + place.target + _ending(draft[start:end]) + behind
    if place.pair.target == "en" and _is_bidden(place) and _is_within(before, behind):
        return _called_last(place, before, draft[start:end], behind) or draft
    before = _ARTICLE.sub("", before)
    if place.pair.target == "en" and place.ahead not in _POINTING:
        before = _THAT.sub("", before)
    if place.case == _FROM:
        before = _ASKED_FOR.sub(r"\1", before)
    if place.pair.target == "en" and (kin := _kin(place, behind)):
        gap, word = kin.group(1), kin.group(2)
        owner = _ending(gap + word)
        return f"{before}{ENDING.sub('', word).capitalize()} {place.target}{owner}{behind[kin.end() :]}"
    ending = _ending(draft[start:end]) or ("'s" if _owns(place, behind) else "")
    return before + place.target + ending + behind


def _is_bidden(place: Place) -> bool:
    """Whether the line calls a name, alone behind a comma or before it, and bids who bears it do something."""
    sentence = next((part for part in SENTENCE.split(place.source) if place.calls_in(words(part))), "")
    clauses = [said for part in CLAUSE.split(sentence) if (said := words(part))]
    own = next((clause for clause in clauses if place.calls_in(clause)), [])
    if len(clauses) == 1 or tuple(own) != place.said or own not in (clauses[0], clauses[-1]):
        return False
    beside = [folded(word) for word in clauses[1 if own == clauses[0] else -2]]
    return is_order(beside) or CALLS.issuperset(beside)


def _is_within(before: str, behind: str) -> bool:
    """Whether no comma parts some words of a draft from the rest of their sentence."""
    said, rest = SENTENCE.split(before)[-1], SENTENCE.split(behind)[0]
    beside = all(word.plain in BESIDE for word in split(said))
    return not beside and not CLAUSE.search(said) and not CLAUSE.match(rest.lstrip())


def _called_last(place: Place, before: str, meant: str, behind: str) -> str:
    """A draft whose last words are who is called: "Leave the patience." is "Leave it, Dheeraj."; empty if they are not."""
    if place.times > 1 or words(SENTENCE.split(behind)[0]) or ENDING.search(meant):
        return ""
    bare = _ARTICLE.sub("", before)
    said = _PREPOSITION.sub("", bare)
    it = " it" if said == bare != before else ""
    return f"{said.rstrip()}{it}, {place.target}{behind}"


def _ending(text: str) -> str:
    return found.group() if (found := ENDING.search(text)) else ""


def _kin(place: Place, behind: str) -> re.Match[str] | None:
    """What somebody is, behind where the name is to stand, where the line has it beside the name."""
    found = re.match(r"(\s+)([\w'’]+)(?![\w'’-])", behind)
    if found is None or not found.group(2).islower():
        return None
    word = folded(ENDING.sub("", found.group(2)))
    is_kin = word in _KIN and word in titles(place.case, place.pair.source)
    return found if is_kin or word in titles(place.ahead, place.pair.source) else None


def _owns(place: Place, behind: str) -> bool:
    """Whether the line has a genitive of the name, and the draft what belongs to it behind the name: "the gem goat"."""
    if place.case not in GENITIVES or place.pair.target != "en":
        return False
    following = re.match(r"\s+([\w'’]+)", behind)
    if following is None or folded(following.group(1)) in FUNCTION:
        return False
    if qualifies(folded(place.said[0])):
        return True
    word = split(following.group(1))
    owned = place.behind[1:2]
    return bool(word and owned) and place.account.renders(owned[0], word[0])


def put_in(place: Place, draft: str, at: int) -> str:
    """A draft that calls somebody before what stands at a place.

    Args:
        place: the name of who is called.
        draft: it.
        at: where its sentence begins.
    """
    lead = at + len(_LEAD.match(draft[at:]).group())  # type: ignore[union-attr]  # it matches nothing as well
    rest = draft[lead:]
    first = split(rest)[:1]
    small = bool(first) and not first[0].text.startswith("I") and not first[0].text.isupper()
    if small and first[0].plain not in _CAPITAL and _is_small(first[0], place):
        rest = rest[: first[0].start] + rest[first[0].start : first[0].start + 1].casefold() + rest[first[0].start + 1 :]
    return f"{draft[:lead]}{place.target}, {rest}"


def _is_small(word: Word, place: Place) -> bool:
    return word.plain in FUNCTION or (is_ordinary_name(word.plain) and not place.account.is_other(word))
