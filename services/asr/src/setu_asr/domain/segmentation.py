"""From what was heard to the segments of a transcript."""

import math
from collections.abc import Iterable
from dataclasses import replace

from setu_asr.domain.heard import Heard, HeardWord
from setu_asr.domain.phrases import phrases
from setu_common.contracts import Segment, Word


def segments_of(heard: Iterable[Heard], duration_s: float, language: str) -> tuple[Segment, ...]:
    """Put what was heard into the order and shape of a transcript.

    Args:
        heard: in any order; times may overlap or leave the recording a little, as recognisers' times do.
        duration_s: of the recording.
        language: a language code.

    Returns:
        Segments with indices 0..n-1, in order of time, none overlapping the next, all within the recording; none without
        a letter or digit.
    """
    pieces = phrased(heard, language)
    pieces = sorted((_within(piece, duration_s) for piece in pieces), key=lambda piece: (piece.start_s, piece.end_s))
    segments = []
    for index, piece in enumerate(pieces):
        following_s = pieces[index + 1].start_s if index + 1 < len(pieces) else duration_s
        end_s = min(piece.end_s, following_s)
        segments.append(
            Segment(
                index=index,
                start_s=_rounded(piece.start_s),
                end_s=_rounded(end_s),
                text=_tidy(piece.text),
                speaker=piece.speaker,
                words=tuple(_words(piece.words, piece.start_s, end_s)),
                avg_logprob=_finite(piece.avg_logprob),
                no_speech_prob=_finite(piece.no_speech_prob),
                compression_ratio=_finite(piece.compression_ratio),
                transliterated=piece.transliterated,
            )
        )
    return tuple(segments)


def phrased(heard: Iterable[Heard], language: str) -> list[Heard]:
    """Cut what was heard into phrases that can each be a subtitle; those without a letter or digit are left out."""
    return [piece for stretch in heard for piece in _pieces(stretch, language) if _readable(piece.text)]


def _pieces(heard: Heard, language: str) -> Iterable[Heard]:
    if not heard.words:
        yield heard
        return
    for words in phrases(heard.words, language):
        text = "".join(word.text for word in words)
        yield replace(heard, start_s=words[0].start_s, end_s=words[-1].end_s, text=text, words=words)


def _within(piece: Heard, duration_s: float) -> Heard:
    start_s = min(max(piece.start_s, 0.0), duration_s)
    return replace(piece, start_s=start_s, end_s=min(max(piece.end_s, start_s), duration_s))


def _words(words: Iterable[HeardWord], start_s: float, end_s: float) -> Iterable[Word]:
    for word in words:
        text = _tidy(word.text)
        if text:
            word_start_s = min(max(word.start_s, start_s), end_s)
            word_end_s = min(max(word.end_s, word_start_s), end_s)
            yield Word(
                start_s=_rounded(word_start_s),
                end_s=_rounded(word_end_s),
                text=text,
                probability=min(max(word.probability, 0.0), 1.0),
            )
            start_s = word_start_s


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _readable(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _rounded(time_s: float) -> float:
    return math.floor(time_s * 1000) / 1000  # downwards, so that order and bounds hold


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
