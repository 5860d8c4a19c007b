"""Translations in which a part of the line was left as it is, and those that only look so."""

import itertools
import tomllib
from pathlib import Path

import pytest

from setu_translate.domain.guards import fault
from setu_translate.domain.leftovers import has_leftovers
from setu_translate.domain.prompting import Example
from setu_translate.engines.examples import read_examples

DATA = Path(__file__).parent / "data"
EXAMPLES = read_examples()
TERMS = (Example("chat botté de minuit", "chat botté de minuit"),)


def fault_of(answer: str, line: str, source: str, target: str, examples: tuple[Example, ...] = ()) -> str | None:
    return fault(answer, line, source_language=source, target_language=target, examples=examples, cut_off=False)


def said(value: str | list[str]) -> str:
    return value if isinstance(value, str) else " ".join(value)


@pytest.mark.parametrize(
    ("answer", "line", "source", "target"),
    [
        ("जल्दी कीड़े की दौड़ over the lazy dog.", "The quick brown fox jumps over the lazy dog.", "en", "hi"),
        ("cinco, seis, sept, huit, neuf, dix", "cinq, six, sept, huit, neuf, dix", "fr", "es"),
        ("उसने कहा but they भी आएगा, that पक्का है", "He said he would come too, for sure.", "en", "hi"),
        ("Un deux trois quatre.", "Un, deux, trois, quatre !", "fr", "es"),
        ("My neighbour always repairs very पुराने ट्रैक्टर ठीक करता है", "पड़ोसी पुराने ट्रैक्टर ठीक करता है", "hi", "en"),
        ("He sold it VENDU SA VOITURE", "IL A VENDU SA VOITURE", "fr", "en"),
    ],
)
def test_what_was_left_of_the_line_is_no_translation(answer, line, source, target):
    assert fault_of(answer, line, source, target) == "copy"


@pytest.mark.parametrize(
    ("answer", "line", "source", "target"),
    [
        ("मैंने Maria Silva Santos को देखा", "I saw Maria Silva Santos.", "en", "hi"),
        ("I read Alice Munro Carver there.", "J'ai lu Alice Munro Carver là-bas.", "fr", "en"),
        ("क्या तुमने The Lord of the Rings देखी है?", "Have you seen The Lord of the Rings?", "en", "hi"),
        ("कमरा 12, 14, 15, 16 और IT विभाग", "Rooms 12, 14, 15, 16 and the IT department", "en", "hi"),
        ("विटामिन A, E और O", "As vitaminas A, E e O", "pt", "hi"),
        ("Taxi, radio, piano", "Taxi, radio, piano !", "fr", "en"),
        ("No, no, no, no, he is here!", "No, no, no, no, ¡está aquí!", "es", "en"),
        ("Jeg har en rød bil hjemme.", "Jeg har en rød bil hjemme", "da", "nb"),
        ('She said "I love you so much" and left.', 'उसने "I love you so much" कहा और चली गई।', "hi", "en"),
        ("De repente, se fue de la casa de la playa.", "Soudain, il est parti de la maison.", "fr", "es"),
    ],
)
def test_what_is_rightly_the_same_is_not_taken_for_left(answer, line, source, target):
    assert not has_leftovers(answer, line, source, target, ())


def test_given_terms_may_stand_in_the_answer_as_they_are():
    answer, line = "I saw the chat botté de minuit there.", "J'ai vu le chat botté de minuit là-bas."
    assert fault_of(answer, line, "fr", "en") == "copy"
    assert fault_of(answer, line, "fr", "en", TERMS) is None


def test_no_true_translation_is_taken_for_half_translated():
    rows = [
        *tomllib.loads((DATA / "lines.toml").read_text())["line"],
        *tomllib.loads((DATA / "sentences.toml").read_text())["sentence"],
    ]
    pairs = [(row, pair) for row in rows for pair in itertools.permutations(row, 2)]
    shown = [
        (each.target, each.source, pair)
        for pair in itertools.permutations(EXAMPLES.languages, 2)
        for each in EXAMPLES.between(*pair)
    ]
    true = [(said(row[target]), said(row[source]), (source, target)) for row, (source, target) in pairs]
    assert (len(true), len(shown)) == (520, 720)
    assert [each for each in (*true, *shown) if has_leftovers(each[0], each[1], *each[2], ())] == []
