"""Telling languages of one script apart by their small words; enough to notice an answer in the wrong one."""

from collections import Counter
from typing import Final

ENOUGH_WORDS: Final = 4
ENOUGH_OTHERS: Final = 2

_SMALL: Final[dict[str, str]] = {
    "de": "der die das und ist nicht ich du sie wir ein eine den dem mit auf für von zu sich auch wie war haben wird aber dass",
    "en": "the and is are was were you he she they we it of to in that this not for with have has be do does what my your his her i",
    "es": "el la los las y es no que de en un una por para con lo le se está pero como más mi tu su yo qué muy hay fue son al",
    "fr": "le la les et est pas que de des un une je tu il elle nous vous ce cette dans pour sur avec qui ne se au du plus mais être sont",
    "it": "il lo la gli le e è non che di un una per con sono mi ti si ma come più della del nel alla questo anche ho hai",
    "nl": "de het een en is niet ik je hij zij wij van op te dat met voor zijn maar aan er ook wat naar heeft hebben",
    "pl": "i nie jest się w na że to z do jak co mnie ty on ona jestem był była ale czy tak już ma dla",
    "pt": "o a os as e é não que de do da um uma por para com eu você ele ela se mas como mais meu minha seu foi são em no na está",
}
_ENGLISH_TOO: Final = "a as come den die do hay jest met on per plus pour son sur van war"
_KNOWN_TO: Final = Counter(word for words in _SMALL.values() for word in set(words.split()))
# The words that only one of them has.
MARKS: Final = {
    language: frozenset(
        word for word in words.split() if _KNOWN_TO[word] == 1 and (language == "en" or word not in _ENGLISH_TOO.split())
    )
    for language, words in _SMALL.items()
}


def small_words(language: str) -> frozenset[str]:
    """The small words of a language; none where they are not known here."""
    return frozenset(_SMALL.get(language, "").split())


def is_of_another_language(text: str, language: str) -> bool:
    """Whether a text of some words has more words that mark another language than small words of its own. False where that can't be told."""
    if language not in MARKS:
        return False
    words = [word.strip(".,;:!?…¿¡\"'()«»“”").casefold() for word in text.replace("’", "'").split()]
    if len(words) < ENOUGH_WORDS:
        return False
    found = Counter(other for word in set(words) for other, marks in MARKS.items() if word in marks and other != language)
    own = len(set(words) & set(_SMALL[language].split()))
    return max(found.values(), default=0) >= max(ENOUGH_OTHERS, own + 1)
