"""Idioms, interjections and words of a culture that must not be translated word by word, by source language.

Written by hand for this project; each language has files of its own here (``hi.toml``, ``hi-said.toml``), whose head tells the form.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, cast, get_args

from setu_enhancer.domain.dictionary import meant
from setu_enhancer.domain.lexicon.matching import (
    BETWEEN_HEARD,
    BETWEEN_WRITTEN,
    MOST_IN_ALL,
    MOST_TOGETHER,
    WHAT,
    Way,
    Ways,
    hindi_ways,
    loose,
    parted,
    plain_way,
)
from setu_enhancer.domain.text.devanagari import is_brahmic
from setu_enhancer.domain.text.names import key
from setu_enhancer.domain.text.words import folded_words, unaccented
from setu_enhancer.domain.words import stem

Kind = Literal["idiom", "interjection", "kinship", "food", "custom", "respect"]
FOLDER: Final = Path(__file__).parent
LANGUAGES: Final = ("hi", "fr", "es", "pt")

STAR: Final = "*"
HEARD: Final = 6  # sounds that a saying needs to be told by its sound alone
# Small words that may come between those of a saying, one at a time, where nothing is known of a language's grammar.
FILLERS: Final = frozenset(
    unaccented(word)
    for word in [
        "नहीं",
        "nahi",
        "nahin",
        "तो",
        "ही",
        "भी",
        "न",
        "ना",
        "मत",
        "बस",
        "भाई",
        "यार",
        "मेरी",
        "मेरे",
        "मेरा",
        "तेरी",
        "तेरे",
        "उसकी",
        "उसके",
        "to",
        "hi",
        "bhi",
        "na",
        "mat",
    ]
)


@dataclass(frozen=True)
class Idiom:
    """Something that is said otherwise in another language.

    Args:
        source: how it is said.
        kind: what it is.
        literal: renderings into English, word by word, that are wrong; a word that ends in ``*`` stands for all of its forms, a lone
            ``*`` for any word.
        meant: ways to say it in English, written alike.
    """

    source: str
    kind: Kind
    literal: tuple[str, ...]
    meant: tuple[str, ...]


@dataclass(frozen=True)
class _Lexicon:
    """The sayings of a language: as they are written, and in any form and spelling (Hindi)."""

    written: Ways[Idiom]
    loosely: Ways[Idiom]


@lru_cache(maxsize=8192)
def idioms_in(text: str, language: str) -> tuple[Idiom, ...]:
    """The idioms of a text, in any of their forms, in the order in which they stand there; longer ones hide shorter ones in them.

    Args:
        text: a line as it is said.
        language: of the text; Hindi is understood in Latin script too.
    """
    return tuple(idiom for idiom in _said(text, language) if idiom.meant) if language in LANGUAGES else ()


def missed(text: str, draft: str, language: str) -> str:
    """What a line says that its English draft has word by word, or in no way at all; empty if there is nothing.

    Idioms are looked for by both, and plain words that go together ("fear felt" for डर लगना) by their literal rendering. A literal rendering
    of one word that is part of a right one ("bread" in "bread and butter") is none.
    """
    for idiom in _said(text, language) if language in LANGUAGES else ():
        plain = unaccented(draft)
        right = [found for phrase in idiom.meant if (found := _search(phrase, plain))]
        for found in right:
            plain = plain.replace(found.group(), " _ ")
        if (idiom.meant and not right and _may_be_literal(idiom, text, draft, language)) or any(
            _search(phrase, unaccented(draft) if " " in phrase else plain) for phrase in idiom.literal
        ):
            return idiom.source
    return ""


def _may_be_literal(idiom: Idiom, text: str, draft: str, language: str) -> bool:
    """Whether a draft has any word of an idiom as the dictionary has it, or nothing is known of its words: else it says it in a way of its own."""
    said = frozenset(folded_words(text))
    alone = (each for word in folded_words(idiom.source) if word in said for each in meant(word, language))
    known = [each for each in alone if not each.light]
    told = frozenset(map(stem, folded_words(draft)))
    return not known or any(each.is_said(told) for each in known)


def entries(language: str) -> Iterator[tuple[list[str], Idiom]]:
    """All that the files of a language have, each with the ways in which it is said, as they are written there."""
    for path in sorted(FOLDER.glob(f"{language}[.-]*toml")):
        for kind, forms, literal, right in _rows(path):
            if kind not in get_args(Kind):
                raise ValueError(f"{path.name} has entries of the unknown kind {kind!r}")
            ways = [way.strip() for way in forms.split("|")]
            checked = cast("Kind", kind)  # above
            yield ways, Idiom(ways[0].replace(STAR, ""), checked, tuple(literal), tuple(right))


def _rows(path: Path) -> Iterator[tuple[str, str, list[str], list[str]]]:
    """The entries of a file, each with its kind. They stand on a line each, and are read so: as TOML it takes ten times as long."""
    kind = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("  ["):
            forms, literal, meant = json.loads(line.rstrip(" ,"))
            yield kind, forms, literal, meant
        elif line.endswith(" = ["):
            kind = line.removesuffix(" = [")


def says(phrases: Sequence[str], text: str) -> str:
    """The first of some phrases, in the form of ``Idiom.literal``, that an English text says; empty if it says none."""
    plain = unaccented(text)
    return next((phrase for phrase in phrases if _search(phrase, plain)), "")


@lru_cache(maxsize=8192)
def _said(text: str, language: str) -> tuple[Idiom, ...]:
    lexicon, said = _lexicon(language), parted(text)
    spans = [*lexicon.written.among(said)]
    if language == "hi" and said and not is_brahmic(text):
        return _longest(spans) or _longest([*_heard().among([key(word) or word for word in said])])
    if language == "hi":
        spans += lexicon.loosely.among([loose(word) for word in said])
    return _longest(spans)


def _longest(spans: Sequence[tuple[int, int, Idiom]]) -> tuple[Idiom, ...]:
    """The idioms that no longer one has in it, in their order."""
    whole = [
        span
        for span in spans
        if not any(other[0] <= span[0] and span[1] <= other[1] and other[1] - other[0] > span[1] - span[0] for other in spans)
    ]
    return tuple(dict.fromkeys(idiom for *_, idiom in sorted(whole, key=lambda span: span[0])))


@lru_cache(maxsize=len(LANGUAGES))
def _lexicon(language: str) -> _Lexicon:
    written: list[tuple[Way, Idiom]] = []
    loosely: list[tuple[Way, Idiom]] = []
    for ways, idiom in entries(language):
        for way in ways:
            if language == "hi" and _has_forms(way):
                loosely += [(each.spelt(loose), idiom) for each in hindi_ways(way)]
            else:
                written.append((plain_way(way), idiom))
    between = frozenset[str]() if language == "hi" else FILLERS
    return _Lexicon(Ways(written, between, (1, MOST_IN_ALL)), Ways(loosely, BETWEEN_WRITTEN, (MOST_TOGETHER, MOST_IN_ALL)))


@lru_cache(maxsize=1)
def _heard() -> Ways[Idiom]:
    """The sayings of Hindi by their sound; most lines are in its own script, and need none of them."""
    ways = [
        (each.spelt(key), idiom)
        for ways, idiom in entries("hi")
        for way in ways
        if _has_forms(way)
        for each in hindi_ways(way)
        if _is_heard(each)
    ]
    return Ways(ways, BETWEEN_HEARD, (MOST_TOGETHER, MOST_IN_ALL))


def _has_forms(way: str) -> bool:
    """Whether a way to say something in Hindi is found in other forms, too: several words in its own script."""
    return len(way.replace("-", " ").split()) > 1 and is_brahmic(way)


def _is_heard(way: Way) -> bool:
    """Whether a way has sounds enough to be told by them alone."""
    heard = [key(word) for word in parted(way.text.replace("-", " ").replace(STAR, ""))]
    return all(heard) and sum(map(len, heard)) >= HEARD and not way.text.startswith(WHAT)


def _search(phrase: str, plain: str) -> re.Match[str] | None:
    """Where a folded text has a phrase. Most have not even its first word, and cost no pattern."""
    first = phrase.partition(" ")[0].removesuffix(STAR)
    return _phrase(phrase).search(plain) if unaccented(first) in plain else None


@lru_cache(maxsize=4096)
def _phrase(phrase: str) -> re.Pattern[str]:
    """What finds a phrase: the same words in the same order, with at most one other between each two, and none that denies them."""
    parts = [_expression(word) for word in phrase.split()]
    return re.compile(r"(?<!\w)" + r"\W+(?:(?!(?:not|never|no)\b)\w+\W+)??".join(parts) + r"(?!\w)")


def _expression(word: str) -> str:
    if word == STAR:
        return r"\S+"
    return re.escape(unaccented(word.removesuffix(STAR))) + (r"\w*" if word.endswith(STAR) else "")
