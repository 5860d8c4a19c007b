"""What the words of a Hindi line come to in English, whatever their forms."""

import re
from itertools import pairwise

import pytest

from setu_enhancer.domain.dictionary import FOLDER, KINDS, is_known, is_verb, meant, renderings
from setu_enhancer.domain.text.words import folded
from setu_enhancer.domain.words import stem, words

HINDI = sorted((FOLDER / "hi").glob("*.txt"))


def told(word: str) -> frozenset[str]:
    return renderings(folded(word), "hi")


@pytest.mark.parametrize(
    ("word", "rendering"),
    [
        ("लड़का", "boy"),
        ("लड़के", "boy"),
        ("लड़कों", "boy"),
        ("कुर्सियाँ", "chair"),
        ("कुर्सियों", "chair"),
        ("किताबें", "book"),
        ("दवाइयों", "medicine"),
        ("अच्छी", "good"),
        ("अच्छे", "good"),
        ("खाऊँगा", "eat"),
        ("खाइए", "eat"),
        ("सुनो", "listen"),
        ("सुनकर", "listen"),
        ("गया", "go"),
        ("कल", "yesterday"),
        ("कल", "tomorrow"),
        ("ज़मीन", "land"),
        ("जमीन", "land"),  # without its dot
    ],
)
def test_a_word_is_known_in_its_forms_and_spellings(word, rendering):
    assert stem(rendering) in told(word)


def test_a_word_that_is_none_of_the_language_is_not_known():
    assert told("सिमरन") == frozenset()
    assert renderings("boy", "xx") == frozenset()
    assert not is_known("xx")
    assert is_known("hi")


def test_verbs_are_told_from_other_words():
    assert is_verb(folded("सुनाओ"), "hi")
    assert not is_verb(folded("कुर्सी"), "hi")


def said(line: str, text: str) -> list[str]:
    """The words of a line that a text says."""
    stems = frozenset(map(stem, words(text)))
    return [each.said for each in meant(line, "hi") if each.is_said(stems)]


def test_a_phrase_is_known_with_words_between_its_own():
    assert folded("इंतज़ार") in said("मेरा इंतज़ार मत करना", "Don't wait for me")
    assert folded("माफ़") in said("मुझे माफ़ कर दीजिए", "Forgive me")


def test_what_a_text_leaves_out_is_not_said():
    assert said("वो पुरानी किताब कहाँ है?", "Where is the old letter?") == [folded("पुरानी")]


def test_small_words_and_helping_verbs_are_not_what_a_line_says():
    assert [each.said for each in meant("वह घर जा रहा था", "hi") if not each.light] == [folded("घर")]


@pytest.mark.parametrize("path", HINDI, ids=lambda path: path.stem)
def test_each_entry_is_written_as_it_is_read(path):
    assert path.stem in KINDS
    heads: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        head, sign, ways = line.partition(" = ")
        assert sign, f"{path.name}:{number}"
        assert re.fullmatch(r"[\u0900-\u097f \-/.]+", head), f"{path.name}:{number}"
        assert all(re.fullmatch(r"[A-Za-z0-9' .\-éè&/]+", way) and way == way.strip() for way in ways.split(", ")), (
            f"{path.name}:{number}"
        )
        heads += head.split(" / ")
    again = [one for one, other in pairwise(sorted(heads)) if one == other]
    assert again == []
