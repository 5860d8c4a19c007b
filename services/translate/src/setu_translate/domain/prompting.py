"""Prompts that have a base model, one that only goes on with a text, translate: a few examples, then the line.

The form and the number of examples are those that did best with the embedded model. chrF, mean over 14 lines each from and into
French, Portuguese, Spanish and Hindi, the other side English: labelled 60.1 with 10 examples and 57.7 with 3; as a sentence with
both texts in quotes 59.8; with arrows 56.7. Into English alone, quotes are as good or a little better; into Hindi, labels are.
Two runs differ by up to 2, since the server computes several lines at once. Examples cost nothing but the first line's time where
the server keeps their computation. Source: ``python -m bench prompts``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from setu_common.contracts import LANGUAGE_NAMES

STOP: Final = "\n"


@dataclass(frozen=True)
class Example:
    """A sentence in two languages."""

    source: str
    target: str


class ExampleTable:
    """Sentences, each in every one of some languages.

    Args:
        sentences: each maps language codes to texts; all have the same languages.

    Raises:
        ValueError: a sentence lacks a language, or there is none.
    """

    def __init__(self, sentences: Sequence[Mapping[str, str]]) -> None:
        if not sentences or any(sentence.keys() != sentences[0].keys() for sentence in sentences):
            raise ValueError("every example needs the same languages")
        self._sentences = tuple(sentences)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that can be translated between, sorted."""
        return tuple(sorted(self._sentences[0]))

    def between(self, source_language: str, target_language: str) -> tuple[Example, ...]:
        """The sentences in these two languages, in the table's order."""
        return tuple(Example(each[source_language], each[target_language]) for each in self._sentences)


def prompt(examples: Sequence[Example], source_language: str, target_language: str, line: str) -> str:
    """A text that a model goes on with by translating ``line``; its own line ends with ``STOP``."""
    source, target = LANGUAGE_NAMES[source_language], LANGUAGE_NAMES[target_language]
    shown = (f"{source}: {each.source}\n{target}: {each.target}\n\n" for each in examples)
    return f"{''.join(shown)}{source}: {line}\n{target}:"


def one_line(text: str) -> str:
    """Text as a prompt needs it: no line ends, since those end an example."""
    return " ".join(text.split())


def longest_answer_tokens(line: str) -> int:
    """A bound for the answer: translations grow, and a script that a model knows badly costs it two tokens a letter."""
    return min(24 + 2 * len(line), 600)
