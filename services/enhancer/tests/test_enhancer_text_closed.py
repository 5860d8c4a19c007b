"""Closed classes: the small words by which lines and drafts are read."""

import pytest

from setu_enhancer.domain.text.closed import (
    ARTICLES,
    CASE_MARKERS,
    CLAUSE_OPENERS,
    DEMONSTRATIVES,
    GENITIVES,
    NEGATIVES,
    PARTICLES,
    POSSESSIVES,
    POSTPOSITIONS,
    folded_set,
)
from setu_enhancer.domain.text.words import folded_words


def test_a_word_is_in_a_set_in_each_of_its_spellings():
    assert folded_set("ज़रा यहाँ") == folded_set("जरा यहां") != folded_set("ज़रा")


def test_a_list_may_go_on_in_another_line_and_tell_a_word_twice():
    assert folded_set("का की\n  के का") == GENITIVES


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("राज की किताब", GENITIVES),
        ("राज में हिम्मत", CASE_MARKERS),
        ("राज तक ख़बर", POSTPOSITIONS),
        ("वह आया", DEMONSTRATIVES),
        ("राज भी आया", PARTICLES),
        ("क्योंकि राज आया", CLAUSE_OPENERS),
        ("An apple fell", ARTICLES),
        ("Their apple fell", POSSESSIVES),
        ("Nobody fell", NEGATIVES),
    ],
)
def test_of_each_class_one_word_of_a_text_is_found_as_it_stands_there(text: str, listed: frozenset[str]):
    assert len(listed.intersection(folded_words(text))) == 1


def test_each_genitive_marks_a_case_and_each_mark_of_case_is_a_postposition():
    assert GENITIVES < CASE_MARKERS < POSTPOSITIONS
