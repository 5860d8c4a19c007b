"""Cutting a flow of words into phrases that can each be a subtitle: at sentences and pauses, and where they grow too long."""

from collections.abc import Sequence
from typing import Final

from setu_asr.domain.heard import HeardWord

# Source: Netflix timed text style guide, general requirements: at most 7 s, and two lines of 42 characters
# (Japanese 23, Korean and Chinese 16, Thai 35).
LONGEST_S: Final = 7.0
LINES: Final = 2
LINE_CHARACTERS: Final = {"ja": 23, "ko": 16, "zh": 16, "yue": 16, "th": 35}
DEFAULT_LINE_CHARACTERS: Final = 42

PAUSE_S: Final = 0.8  # a silence that viewers hear as a break
SHORTEST_S: Final = 1.0  # a sentence shorter than this stays with the next one, unless a breath parts them
BREATH_S: Final = 0.3

SENTENCE_ENDS: Final = (".", "?", "!", "…", "。", "？", "！", "।", "॥", "؟", "۔")
CLAUSE_ENDS: Final = (",", ";", ":", "、", "，", "；", "：", "،", "؛", "–", "—")
CLOSERS: Final = "\"'”’»)]}」』"
ABBREVIATIONS: Final = frozenset(("mr.", "mrs.", "ms.", "dr.", "st.", "prof.", "vs.", "sr.", "sra.", "jr.", "mme."))


def phrases(words: Sequence[HeardWord], language: str) -> list[tuple[HeardWord, ...]]:
    """Cut words into phrases.

    Args:
        words: in order of time.
        language: a language code; it decides how many characters fit.

    Returns:
        The phrases; joined they are the words again.
    """
    longest_characters = LINES * LINE_CHARACTERS.get(language, DEFAULT_LINE_CHARACTERS)
    found: list[tuple[HeardWord, ...]] = []
    start = 0
    for index in range(1, len(words) + 1):
        if index == len(words) or _breaks(words[start:index], words[index]):
            found.extend(_fitting(words[start:index], longest_characters))
            start = index
    return found


def _breaks(phrase: Sequence[HeardWord], following: HeardWord) -> bool:
    """Whether a phrase ends before ``following``."""
    gap_s = following.start_s - phrase[-1].end_s
    if gap_s >= PAUSE_S:
        return True
    long_enough = phrase[-1].end_s - phrase[0].start_s >= SHORTEST_S or gap_s >= BREATH_S
    return long_enough and ends_sentence(phrase[-1].text)


def ends_sentence(word: str) -> bool:
    """Whether a sentence ends with this word: "Paris." does, "Dr." and the initial "J." don't."""
    bare = word.strip().rstrip(CLOSERS)
    if not bare.endswith(SENTENCE_ENDS):
        return False
    initial = len(bare) == 2 and bare[0].isupper() and bare[1] == "."  # noqa: PLR2004 one letter and a full stop
    return not initial and bare.lower() not in ABBREVIATIONS


def _fitting(phrase: Sequence[HeardWord], longest_characters: int) -> list[tuple[HeardWord, ...]]:
    """Halve a phrase, where it hurts least, until each part fits."""
    waiting, found = [tuple(phrase)], []
    while waiting:
        part = waiting.pop()
        characters = len("".join(word.text for word in part).strip())
        if len(part) < 2 or (part[-1].end_s - part[0].start_s <= LONGEST_S and characters <= longest_characters):  # noqa: PLR2004
            found.append(part)
        else:
            cut = max(range(1, len(part)), key=lambda index: (_merit(part, index), -index))
            waiting.extend((part[cut:], part[:cut]))
    return found


def _merit(part: Sequence[HeardWord], index: int) -> float:
    """How well a phrase could be cut before the word ``index``: at punctuation, at a pause, near the middle."""
    before = part[index - 1]
    bare = before.text.strip().rstrip(CLOSERS)
    punctuation = 1.0 if bare.endswith(SENTENCE_ENDS) else 0.7 if bare.endswith(CLAUSE_ENDS) else 0.0
    gap_s = min(max(part[index].start_s - before.end_s, 0.0), 1.0)
    return punctuation + 2 * gap_s - 2 * abs(index / len(part) - 0.5)
