"""The smallest parts that a text may be cut into, each with its time."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import accumulate
from typing import Final, NamedTuple

import budoux
import regex

from setu_common.contracts.speech import Segment, Transcript
from setu_common.contracts.translation import TranslatedTranscript
from setu_common.subtitles.breaks import CLOSERS, OPENERS
from setu_common.subtitles.cue import LATEST_S, translated_texts
from setu_common.subtitles.measure import graphemes, is_wide, measure
from setu_common.subtitles.tidy import tidy_text

SLOWEST_MS: Final = 300
"""A text without word times is laid over its segment's span, but no slower than this a character: nobody speaks so."""

FASTEST_MS: Final = 20
"""No word begins sooner than this for each character of the one before. Times that say so are wrong: nobody says fifty a second."""

_WORDLESS: Final = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}]")
_KANA: Final = regex.compile(r"[\p{Hiragana}\p{Katakana}]")
_THAI: Final = regex.compile(r"\p{Thai}")
_HAN: Final = regex.compile(r"\p{Han}")

# Source: JLREQ 3.1.7 and 3.1.8, characters that must not begin a line (in part), and those that must not end one.
_NEVER_FIRST: Final = frozenset(
    CLOSERS + "、。，．・：；？！…‥ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ々〻゛゜,.!?;:%ๆฯ།"
)
_NEVER_LAST: Final = frozenset(OPENERS)


class Unit(NamedTuple):
    """A word, or in scripts without spaces a phrase.

    Args:
        text: never cut any further.
        spaced: whether a space stands before it, unless it begins a line.
        start_ms: when it is spoken; never before the unit ahead of it.
        end_ms: not before ``start_ms``.
        segment_index: the segment that it is of.
        speaker: who says it, if known.
    """

    text: str
    spaced: bool
    start_ms: int
    end_ms: int
    segment_index: int
    speaker: str | None


def units_of(transcript: Transcript, translated: TranslatedTranscript | None, line_characters: int) -> list[Unit]:
    """The units of a transcript, or of its translation, in order of time.

    Args:
        transcript: gives the times, and the text if there is no translation.
        translated: gives the text.
        line_characters: what a line holds; in scripts without spaces, phrases that are longer are cut between characters.

    Raises:
        TranslationMismatch: the translation's indices are not the segments' own, one for one.
    """
    texts = translated_texts(transcript, translated)
    language = translated.target_language if translated else transcript.language
    found: list[Unit] = []
    earliest_ms = 0
    pairs = sorted(zip(transcript.segments, texts, strict=True), key=lambda pair: pair[0].start_s)
    for segment, text in pairs:
        pieces = list(_pieces(text, language, line_characters))
        if not pieces:
            continue
        spaced_first = not (found and is_wide(found[-1].text[-1]) and is_wide(pieces[0][0][0]))
        times = _times(segment, [piece for piece, _ in pieces], spoken=translated is None)
        for place, ((piece, spaced), (start_ms, end_ms)) in enumerate(zip(pieces, times, strict=True)):
            start = max(start_ms, earliest_ms)
            found.append(
                Unit(piece, spaced if place else spaced_first, start, max(start, end_ms), segment.index, segment.speaker)
            )
            earliest_ms = start + FASTEST_MS * len(piece)
    return found


def _pieces(text: str, language: str, line_characters: int) -> Iterator[tuple[str, bool]]:
    """The texts of the units of one segment, and whether a space stands before each."""
    for token in _tokens(tidy_text(text).split(), language, line_characters):
        if _WORDLESS.search(token):
            spaced = True
            for piece in _phrases(token, language, line_characters):
                if bare := piece.strip():
                    yield bare, spaced or piece[0].isspace()
                    spaced = False
                spaced = spaced or piece[-1].isspace()
        else:
            yield token, True


def _tokens(words: Iterable[str], language: str, line_characters: int) -> list[str]:
    """Words, with marks that stand alone put to the word that they belong to."""
    found: list[str] = []
    opening = ""
    for word in words:
        if any(character.isalnum() for character in word):
            joined = f"{opening} {word}" if opening else word
            if opening and measure(joined, language) > line_characters:
                found.append(opening)
                joined = word
            found.append(joined)
            opening = ""
        elif word[-1] in "-–—«“‘([¿¡♪♫" and not opening:
            opening = word
        elif not opening and found and measure(f"{found[-1]} {word}", language) <= line_characters:
            found[-1] = f"{found[-1]} {word}"
        else:
            found.extend((opening, word) if opening else (word,))
            opening = ""
    if opening:
        found.append(opening)
    return found


def _phrases(token: str, language: str, line_characters: int) -> list[str]:
    """Phrases of a text without spaces, as a reader would group it."""
    phrases = _raw_phrases(token, language)
    seen = list(accumulate(map(len, graphemes(token))))
    whole = set(seen)
    found: list[str] = []
    start = 0
    for end in accumulate(map(len, phrases)):
        if end not in whole:
            continue
        piece = token[start:end]
        start = end
        if measure(piece, language) > line_characters:
            found.extend(_glued(graphemes(piece), language, line_characters))
        else:
            found.append(piece)
    return _glued(found, language, line_characters)


def _glued(pieces: Sequence[str], language: str, line_characters: int) -> list[str]:
    """Pieces, of which none begins or ends with a mark that must not stand there, where the line's length allows that."""
    found: list[str] = []
    for piece in pieces:
        belongs = bool(found) and (piece[0] in _NEVER_FIRST or found[-1][-1] in _NEVER_LAST)
        if belongs and measure(found[-1] + piece, language) <= line_characters:
            found[-1] += piece
        else:
            found.append(piece)
    return found


def _raw_phrases(token: str, language: str) -> list[str]:
    if _THAI.search(token):
        return _parser("th").parse(token)
    if language == "ja" or _KANA.search(token):
        return _parser("ja").parse(token)
    if _HAN.search(token):
        return _parser("zh").parse(token)
    return graphemes(token)


@cache
def _parser(script: str) -> budoux.Parser:
    if script == "th":
        return budoux.load_default_thai_parser()
    if script == "ja":
        return budoux.load_default_japanese_parser()
    return budoux.load_default_simplified_chinese_parser()


def _times(segment: Segment, pieces: Sequence[str], *, spoken: bool) -> list[tuple[int, int]]:
    """When each piece is said, milliseconds."""
    lengths = [len("".join(piece.split())) for piece in pieces]
    ends = list(accumulate(lengths))
    if spoken and segment.words:
        said = [("".join(tidy_text(word.text).split()), _ms(word.start_s), _ms(word.end_s)) for word in segment.words]
        if "".join(text for text, _, _ in said) == "".join("".join(piece.split()) for piece in pieces):
            return _times_by_words([each for each in said if each[0]], lengths, ends)
    start_ms = _ms(segment.start_s)
    span_ms = min(max(0, _ms(segment.end_s) - start_ms), SLOWEST_MS * ends[-1])
    return [
        (start_ms + span_ms * (end - length) // ends[-1], start_ms + span_ms * end // ends[-1])
        for end, length in zip(ends, lengths, strict=True)
    ]


def _times_by_words(said: Sequence[tuple[str, int, int]], lengths: Sequence[int], ends: Sequence[int]) -> list[tuple[int, int]]:
    """Times of pieces that may begin or end within a word."""
    starts = [0, *accumulate(len(text) for text, _, _ in said)]

    def at(offset: int, *, ending: bool) -> int:
        place = min(bisect_right(starts, offset - ending) - 1, len(said) - 1)
        text, start_ms, end_ms = said[place]
        return start_ms + max(0, end_ms - start_ms) * (offset - starts[place]) // len(text)

    return [(at(end - length, ending=False), at(end, ending=True)) for end, length in zip(ends, lengths, strict=True)]


def _ms(seconds: float) -> int:
    return round(min(seconds, LATEST_S) * 1000)
