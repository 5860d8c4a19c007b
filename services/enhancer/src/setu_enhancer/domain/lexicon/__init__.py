"""Idioms, interjections and words of a culture that must not be translated word by word, by source language.

Written by hand for this project; each language has a file of its own here, whose head tells the form.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, cast, get_args

from setu_enhancer.domain.text.devanagari import is_brahmic
from setu_enhancer.domain.text.names import key
from setu_enhancer.domain.text.words import unaccented, words

Kind = Literal["idiom", "interjection", "kinship", "food", "custom", "respect"]
LANGUAGES: Final = ("hi", "fr", "es", "pt")

STAR: Final = "*"
HEAD: Final = 2  # characters of a pattern's first word, under which it is looked up
HEARD: Final = 6  # sounds that a pattern needs to be told by its sound alone
# Small words that may come between those of a saying: "आँखों में तो धूल मत झोंको".
_SMALL: Final = "नहीं nahi nahin तो ही भी न ना मत बस भाई यार मेरी मेरे मेरा तेरी तेरे उसकी उसके to hi bhi na mat"
FILLERS: Final = frozenset(unaccented(word) for word in _SMALL.split())


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
class _Pattern:
    """One way to say an idiom: its words, each with whether it stands for all of its forms."""

    idiom: Idiom
    words: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class _Lexicon:
    """The patterns of a language, by the first characters of their first words: as they are written, and as they sound."""

    written: Mapping[str, Sequence[_Pattern]]
    heard: Mapping[str, Sequence[_Pattern]]


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
        if (idiom.meant and not right) or any(
            _search(phrase, unaccented(draft) if " " in phrase else plain) for phrase in idiom.literal
        ):
            return idiom.source
    return ""


def says(phrases: Sequence[str], text: str) -> str:
    """The first of some phrases, in the form of ``Idiom.literal``, that an English text says; empty if it says none."""
    plain = unaccented(text)
    return next((phrase for phrase in phrases if _search(phrase, plain)), "")


@lru_cache(maxsize=8192)
def _said(text: str, language: str) -> tuple[Idiom, ...]:
    lexicon = _lexicon(language)
    said = [unaccented(word) for word in words(text)]
    patterns = lexicon.written
    if language == "hi" and said and not is_brahmic(text):
        found = _found(said, patterns)
        return found or _found([key(word) for word in said], lexicon.heard)
    return _found(said, patterns)


def _found(said: Sequence[str], patterns: Mapping[str, Sequence[_Pattern]]) -> tuple[Idiom, ...]:
    spans: list[tuple[int, int, Idiom]] = []
    for start, word in enumerate(said):
        for pattern in patterns.get(word[:HEAD], ()):
            end = _end(said, start, pattern.words)
            if end is not None:
                spans.append((start, end, pattern.idiom))
    whole = [
        span
        for span in spans
        if not any(other[0] <= span[0] and span[1] <= other[1] and other[1] - other[0] > span[1] - span[0] for other in spans)
    ]
    return tuple(dict.fromkeys(idiom for *_, idiom in whole))


def _end(said: Sequence[str], start: int, pattern: Sequence[tuple[str, bool]]) -> int | None:
    """Where a pattern that begins at ``start`` ends; None if it isn't there. Single small words may stand in between."""
    at = start
    for place, (word, is_open) in enumerate(pattern):
        if place and at < len(said) and not _is_form(said[at], word, is_open=is_open) and said[at] in FILLERS:
            at += 1
        if at >= len(said) or not _is_form(said[at], word, is_open=is_open):
            return None
        at += 1
    return at


def _is_form(said: str, word: str, *, is_open: bool) -> bool:
    return said.startswith(word) if is_open else said == word


@lru_cache(maxsize=len(LANGUAGES))
def _lexicon(language: str) -> _Lexicon:
    file = Path(__file__).with_name(f"{language}.toml")
    written: dict[str, list[_Pattern]] = defaultdict(list)
    heard: dict[str, list[_Pattern]] = defaultdict(list)
    for kind, entries in tomllib.loads(file.read_text(encoding="utf-8")).items():
        if kind not in get_args(Kind):
            raise ValueError(f"{language}.toml has entries of the unknown kind {kind!r}")
        for forms, literal, meant in entries:
            ways = [way.strip() for way in forms.split("|")]
            idiom = Idiom(ways[0].replace(STAR, ""), cast("Kind", kind), tuple(literal), tuple(meant))  # cast: checked above
            for way in ways:
                pattern = _pattern(idiom, way)
                written[pattern.words[0][0][:HEAD]].append(pattern)
                sounds = tuple((key(word), is_open) for word, is_open in pattern.words)
                if (
                    language == "hi"
                    and len(sounds) > 1
                    and all(sound for sound, _ in sounds)
                    and sum(len(s) for s, _ in sounds) >= HEARD
                ):
                    heard[sounds[0][0][:HEAD]].append(_Pattern(idiom, sounds))
    return _Lexicon(written, heard)


def _pattern(idiom: Idiom, way: str) -> _Pattern:
    """A way to say an idiom, in folded words."""
    parts: list[tuple[str, bool]] = []
    for each in way.replace("-", " ").split():
        *before, last = map(unaccented, words(each.removesuffix(STAR)))
        parts += [*((word, False) for word in before), (last, each.endswith(STAR))]
    return _Pattern(idiom, tuple(parts))


def _search(phrase: str, plain: str) -> re.Match[str] | None:
    """Where a folded text has a phrase. Most have not even its first word, and cost no pattern."""
    first = phrase.partition(" ")[0].removesuffix(STAR)
    return _phrase(phrase).search(plain) if unaccented(first) in plain else None


@lru_cache(maxsize=4096)
def _phrase(phrase: str) -> re.Pattern[str]:
    """What finds a phrase: the same words in the same order, with at most one other between each two."""
    parts = [_expression(word) for word in phrase.split()]
    return re.compile(r"(?<!\w)" + r"\W+(?:\w+\W+)??".join(parts) + r"(?!\w)")


def _expression(word: str) -> str:
    if word == STAR:
        return r"\S+"
    return re.escape(unaccented(word.removesuffix(STAR))) + (r"\w*" if word.endswith(STAR) else "")
