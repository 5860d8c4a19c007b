"""Telling a translation from what else a language model may answer."""

import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

from setu_common.contracts import LANGUAGE_NAMES
from setu_translate.domain.prompting import Example
from setu_translate.domain.scripts import is_in_script_of, letters, strays

# The same two to five characters four times in a row, or the same longer stretch three times.
REPETITION: Final = re.compile(r"(\w.{1,4}?)\1{3,}|(\w.{5,39}?)\2{2,}", re.DOTALL)
STUTTER_WORDS: Final = 3
SMALL_SCRIPTS: Final = ("ja", "zh")
GROWTH: Final = 4.0
GROWTH_FROM_SMALL: Final = 12.0  # one Chinese character may be a whole English word
SLACK_CHARACTERS: Final = 40
COPY_WORDS: Final = 4
ALIKE: Final = 0.6


def fault(
    answer: str, line: str, *, source_language: str, target_language: str, examples: Sequence[Example], cut_off: bool
) -> str | None:
    """Why an answer can't be the translation of a line.

    Args:
        answer: what the model said, without space around it.
        line: what it was to translate.
        source_language: of ``line``.
        target_language: of the translation.
        examples: those of the prompt.
        cut_off: whether the model was still talking when it had to stop.

    Returns:
        One of ``empty``, ``prompt``, ``runaway``, ``script``, ``copy``; None if nothing is wrong with it.
    """
    if not letters(answer):
        return "empty"
    if _repeats_prompt(answer, line, (source_language, target_language), examples):
        return "prompt"
    if cut_off or _runs_away(answer, line, source_language):
        return "runaway"
    if not is_in_script_of(answer, target_language) or strays(answer, source_language, target_language):
        return "script"
    if answer.casefold() == line.casefold() and len(line.split()) >= COPY_WORDS:
        return "copy"
    return None


def _repeats_prompt(answer: str, line: str, languages: tuple[str, str], examples: Sequence[Example]) -> bool:
    if any(f"{LANGUAGE_NAMES[language]}:" in answer for language in languages):
        return True
    return any(answer in (each.source, each.target) and not _says_the_same(line, each.source) for each in examples)


def _says_the_same(line: str, other: str) -> bool:
    """Whether two lines differ so little that they may have the same translation."""
    return SequenceMatcher(None, letters(line).casefold(), letters(other).casefold()).ratio() >= ALIKE


def _runs_away(answer: str, line: str, source_language: str) -> bool:
    growth = GROWTH_FROM_SMALL if source_language in SMALL_SCRIPTS else GROWTH
    if len(answer) > growth * len(line) + SLACK_CHARACTERS:
        return True
    return _repeats_itself(answer) and not _repeats_itself(line)


def _repeats_itself(text: str) -> bool:
    words = [word for word in map(letters, text.casefold().split()) if word]
    most = max(Counter(words).values(), default=0)
    return REPETITION.search(text) is not None or (most >= STUTTER_WORDS and most > len(words) / 2)
