"""Telling a translation from what else a language model may answer."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from typing import Final

from setu_common.contracts import LANGUAGE_NAMES
from setu_translate.domain.leftovers import has_leftovers
from setu_translate.domain.prompting import Example
from setu_translate.domain.scripts import is_in_script_of, letters, strays
from setu_translate.domain.wording import is_of_another_language

# The same two to five characters four times in a row, or the same longer stretch three times.
REPETITION: Final = re.compile(r"(\w.{1,4}?)\1{3,}|(\w.{5,39}?)\2{2,}", re.DOTALL)
STUTTER_WORDS: Final = 3
SMALL_SCRIPTS: Final = ("ja", "zh")
GROWTH: Final = 4.0
GROWTH_FROM_SMALL: Final = 12.0  # one Chinese character may be a whole English word
SLACK_CHARACTERS: Final = 40
SHRINKING: Final = 6.0
SHRINKING_INTO_SMALL: Final = 14.0
LONG_LETTERS: Final = 30
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
        One of ``empty``, ``prompt``, ``runaway``, ``shrunk``, ``script``, ``copy``, ``language``; None if nothing is wrong with it.
    """
    faults: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("empty", lambda: not letters(answer)),
        ("prompt", lambda: _repeats_prompt(answer, line, (source_language, target_language), examples)),
        ("runaway", lambda: cut_off or _runs_away(answer, line, source_language)),
        ("shrunk", lambda: _is_shrunk(answer, line, target_language)),
        ("script", lambda: not is_in_script_of(answer, target_language)),
        ("script", lambda: bool(strays(answer, source_language, target_language))),
        ("copy", lambda: answer.casefold() == line.casefold() and len(line.split()) >= COPY_WORDS),
        ("copy", lambda: has_leftovers(answer, line, source_language, target_language, examples)),
        ("language", lambda: is_of_another_language(answer, target_language)),
    )
    return next((name for name, holds in faults if holds()), None)


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


def _is_shrunk(answer: str, line: str, target_language: str) -> bool:
    """Whether hardly anything is left of a long line: a refusal, or an answer to what somebody in the film asks."""
    said = len(letters(line))
    shrinking = SHRINKING_INTO_SMALL if target_language in SMALL_SCRIPTS else SHRINKING
    return said >= LONG_LETTERS and len(letters(answer)) * shrinking < said


def _repeats_itself(text: str) -> bool:
    words = [word for word in map(letters, text.casefold().split()) if word]
    most = max(Counter(words).values(), default=0)
    return REPETITION.search(text) is not None or (most >= STUTTER_WORDS and most > len(words) / 2)
