"""Comparing what was heard with what was said: the right normaliser, errors, words lost, words invented."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import jiwer
from text_to_num import alpha2digit
from whisper_normalizer.basic import BasicTextNormalizer
from whisper_normalizer.english import EnglishTextNormalizer
from whisper_normalizer.indic import HindiNormalizer
from whisper_normalizer.international import ChineseTextNormalizer, FrenchTextNormalizer, SpanishTextNormalizer

BY_CHARACTER: Final = frozenset(("ja", "zh", "yue", "th"))  # written without spaces: characters are counted, not words
POLISH_NUMBERS: Final = ("jeden", "dwa", "trzy", "cztery", "pięć", "sześć", "siedem", "osiem", "dziewięć", "dziesięć")
SPELLED: Final = frozenset(("pt", "it", "de", "nl"))  # number words that text_to_num knows, beyond the normalisers' own
CHANDRABINDU, ANUSVARA, NUKTA = "\u0901", "\u0902", "\u093c"


@dataclass(frozen=True)
class Piece:
    """A stretch of text with its times, seconds: a word, or a segment where there are no words."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True)
class Errors:
    """Substitutions, deletions and insertions against a number of reference tokens. Adds up."""

    wrong: int
    missing: int
    added: int
    reference: int

    @property
    def rate(self) -> float:
        """Error rate, per cent of the reference."""
        return 100 * (self.wrong + self.missing + self.added) / self.reference if self.reference else 0.0

    def __add__(self, other: "Errors") -> "Errors":
        return Errors(
            self.wrong + other.wrong, self.missing + other.missing, self.added + other.added, self.reference + other.reference
        )


NOTHING: Final = Errors(0, 0, 0, 0)


def tokens(text: str, language: str) -> list[str]:
    """Words (characters in scripts without spaces) as they are compared: no case, no punctuation, numbers as digits.

    Never Whisper's own normaliser for Hindi: it strips the vowel signs.
    """
    normal = _normaliser(language)(text)
    return [sign for sign in normal if sign.isalnum()] if language in BY_CHARACTER else normal.split()


@cache
def _normaliser(language: str) -> Callable[[str], str]:
    known: dict[str, Callable[[], Callable[[str], str]]] = {
        "en": _English,
        "fr": FrenchTextNormalizer,
        "es": SpanishTextNormalizer,
        "zh": ChineseTextNormalizer,
        "ja": ChineseTextNormalizer,  # the same numerals and punctuation
        "hi": _Hindi,
        "pl": _Polish,
    }
    return known[language]() if language in known else _Plain(language)


class _Plain:
    def __init__(self, language: str) -> None:
        self._language = language
        self._basic: Callable[[str], str] = BasicTextNormalizer(preserve_marks=True)

    def __call__(self, text: str) -> str:
        plain = self._basic(text)
        return str(alpha2digit(plain, self._language)) if self._language in SPELLED else plain


class _English:
    """Whisper's own, which makes one number of somebody who counts: three number words and more in a row are taken one by one."""

    def __init__(self) -> None:
        self._own: Callable[[str], str] = EnglishTextNormalizer()

    def __call__(self, text: str) -> str:
        apart = _COUNTING.sub(lambda run: " ".join(map(_digits, re.findall(r"[a-z]+|\d+", run.group().lower()))) + " ", text)
        return " ".join("1" if word == "one" else word for word in self._own(apart).split())


ENGLISH_NUMBERS: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_COUNTING: Final = re.compile(rf"(?:\b(?:{'|'.join(ENGLISH_NUMBERS)})\b[\s,;-]*){{3,}}", re.IGNORECASE)


def _digits(word: str) -> str:
    return str(ENGLISH_NUMBERS.index(word) + 1) if word in ENGLISH_NUMBERS else word


class _Polish(_Plain):
    def __init__(self) -> None:
        super().__init__("pl")

    def __call__(self, text: str) -> str:
        numbers = {word: str(number) for number, word in enumerate(POLISH_NUMBERS, 1)}
        return " ".join(numbers.get(word, word) for word in super().__call__(text).split())


class _Hindi:
    """The Indic normaliser; nuktas, and the two signs for nasal vowels, are spelt either way by good writers and count as the same."""

    def __init__(self) -> None:
        self._indic: Callable[[str], str] = HindiNormalizer(remove_nuktas=True)
        self._basic: Callable[[str], str] = BasicTextNormalizer(preserve_marks=True)

    def __call__(self, text: str) -> str:
        plain = self._basic(self._indic(text))
        return plain.replace(NUKTA, "").replace(CHANDRABINDU, ANUSVARA)


def errors(reference: str, heard: str, language: str) -> Errors:
    """Compare a text with what was said."""
    said, found = tokens(reference, language), tokens(heard, language)
    if not said or not found:
        return Errors(0, len(said), len(found), len(said))
    aligned = jiwer.process_words([" ".join(said)], [" ".join(found)])
    return Errors(aligned.substitutions, aligned.deletions, aligned.insertions, len(said))


def right(reference: str, heard: str, language: str) -> set[int]:
    """Which of the reference's tokens were heard right, by their number."""
    said, found = tokens(reference, language), tokens(heard, language)
    if not said or not found:
        return set()
    [chunks] = jiwer.process_words([" ".join(said)], [" ".join(found)]).alignments
    return {number for chunk in chunks if chunk.type == "equal" for number in range(chunk.ref_start_idx, chunk.ref_end_idx)}


def lost(reference: str, before: str, after: str, language: str) -> int:
    """Tokens that were right before the guard and are missing after it."""
    return len(right(reference, before, language) - right(reference, after, language))


def text_of(pieces: Iterable[Piece], language: str) -> str:
    """Their texts in order of time, with spaces between where the language has any."""
    ordered = sorted(pieces, key=lambda piece: (piece.start_s, piece.end_s))
    joined = ("" if language in BY_CHARACTER else " ").join(piece.text.strip() for piece in ordered)
    return re.sub(r"\s+", " ", joined).strip()


def invented(pieces: Iterable[Piece], spoken: Sequence[tuple[float, float]], language: str, margin_s: float) -> int:
    """Tokens in what lies outside the speech.

    Args:
        pieces: what a system says was said.
        spoken: when somebody really spoke: (start, end), seconds, in order.
        language: of the pieces.
        margin_s: a word's times may be wrong by so much.
    """
    return sum(
        len(tokens(piece.text, language))
        for piece in pieces
        if all(piece.end_s < start_s - margin_s or piece.start_s > end_s + margin_s for start_s, end_s in spoken)
    )
