"""Hindi given names, and whether a word that is one, too, is one in a line."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from setu_enhancer.domain.bearing import Word, bends, is_borne, is_list, qualifies
from setu_enhancer.domain.dictionary import is_borrowed, kinds, renderings
from setu_enhancer.domain.lexicon.names import NAMES, Given
from setu_enhancer.domain.lexicon.people import (
    CALLED_BY,
    CALLS,
    CRIED,
    DETERMINERS,
    HONOURED,
    KIN_BEHIND,
    KINDRED,
    OWNERS,
    SPEAKERS,
    SURNAMES,
    TITLES,
    is_creature,
    is_somebody,
    titles,
)
from setu_enhancer.domain.placing import is_placed
from setu_enhancer.domain.said import is_form, is_said, may_be_said
from setu_enhancer.domain.text.closed import ARTICLES, DEMONSTRATIVES, GENITIVES, PARTICLES, POSSESSIVES, folded_set
from setu_enhancer.domain.text.devanagari import NUKTA
from setu_enhancer.domain.text.numbers import is_of_numbers
from setu_enhancer.domain.text.scripts import SMALL_WORDS
from setu_enhancer.domain.text.words import SENTENCE_END, folded, unaccented, words
from setu_enhancer.domain.words import FUNCTION, stem

SURELY_A_WORD: Final = -2
PAIR: Final = 2
GIVEN: Final[Mapping[str, Given]] = NAMES
"""By the folded name in Devanagari."""

_BEFORE_A_NAME: Final = (CALLS - {folded("देखो")}) | TITLES | folded_set("बाय नाम थैंक्यू शुक्रिया माफ़ मैं हाय गुड")
_BEHIND_A_NAME: Final = KIN_BEHIND | SURNAMES | folded_set("ने नाम")
_OF_THINGS: Final = folded_set("एक कोई कुछ हर सब सारा सारी सारे इतना इतनी इतने कितना कितनी बहुत थोड़ा थोड़ी ऐसा ऐसी दो तीन")
_GOING_ON: Final = folded("रह")  # "राज बता रहा है" may be Raj, "राज बताओ" is a secret
_ANSWERING: Final = folded_set("हाँ नहीं")
_LOOKED_AT: Final = folded_set("देख देखो देखिए देखना दिखाओ दिखा")
_IS: Final = folded_set("है था थी हैं")
_WITH: Final = folded("और")
_BY: Final = folded("से")
_CASES: Final = GENITIVES | folded_set("को से")
_ANSWERS: Final = GENITIVES | folded_set("को ने")  # behind who it was, where that is all that is said
_NE: Final = folded("ने")
_NOT: Final = folded("नहीं")
_Z: Final = f"ज{NUKTA}"
_GROWN: Final = re.compile(r"^\s+(?:का|की|के)\s+(?:फूल|पेड़|कली|ख़?ुशबू|माला|बेल|पत्त|पौध|इत्र)")
_MINE: Final = OWNERS - GENITIVES
_WHEN: Final = [[folded(each)] for each in ("समय", "बाद", "पहले", "सवाल", "मौसम")]
_LIKE: Final = folded_set("जैसा जैसे जैसी")
_ON: Final = folded("पर")
_DONE_TO: Final = tuple(
    map(
        folded,
        [
            "बुला",
            "बोल",
            "पूछ",
            "मिल",
            "कह",
            "फ़ोन",
            "फोन",
            "शादी",
            "प्यार",
            "घर",
            "भाई",
            "बहन",
            "पापा",
            "पिता",
            "माँ",
            "मम्मी",
            "बाप",
            "बेट",
            "पति",
            "पत्नी",
            "दोस्त",
            "जन्मदिन",
            "बर्थडे",
            "नंबर",
            "कमर",
            "साथ",
            "पास",
            "लिए यहाँ",
            "भेज",
            "मार",
            "छोड़",
            "डाँट",
        ],
    )
)
_SPOKEN_TO: Final = folded_set("तुम तू आप तुझे तुम्हें आपको इधर उधर यहाँ चल चलो आ आओ जा जाओ रुक रुको उठ उठो")
_SPOKEN_BEFORE: Final = tuple(map(folded, ["ओ", "ो", "इए", "िए", "हूँ", "ूँगा", "ूँगी"]))
_SAYING: Final = folded_set("बोला बोली बोल कहता कहती कह पूछ पूछता पूछती सो रो हँस पढ़ नाच भाग कहाँ")
_ARTICLES: Final = ARTICLES | POSSESSIVES | folded_set("this that no some any every of one new each")


@lru_cache(maxsize=16_384)
def use_of(word: str, text: str) -> int:
    """Whether a word that is a name, too, is one in a line: 1 if something says so, 0 if nothing does.

    Below 0 something says that it is the word: -1, or ``SURELY_A_WORD``.

    A name is called ("राज, सुनो"), does something (राज ने), has a title or "जी"; a word has a determiner ("मेरा सपना") or what goes with it
    ("आशा है"). What is only a name is one.

    Args:
        word: as it stands in the line, in Devanagari.
        text: the line.
    """
    name = folded(word)
    given = GIVEN.get(name)
    placed = is_placed(name, text)
    if given is None:
        return SURELY_A_WORD if is_said(name, text) else -1 if placed is False else 1
    if placed or not given.meanings:
        return 1
    if is_said(name, text):
        return SURELY_A_WORD
    if _Z in unicodedata.normalize("NFD", word) and _Z not in unicodedata.normalize("NFD", given.source):
        return SURELY_A_WORD  # राज़ is a secret, and never Raj
    return _use_of_word(given, name, text)


def _use_of_word(given: Given, name: str, text: str) -> int:
    """The same of a listed name that is a word."""
    if is_borne(_known(name), text) or (_is_of_poems(given, name) and not _is_thing(given, text)):
        return 1
    if may_be_said(name, text) and not is_borne(replace(_known(name), seldom=False), text):
        return SURELY_A_WORD
    if given.somebody:
        return 0
    found = [_use(given, name, clause) for sentence in SENTENCE_END.split(text) for clause in _clauses(sentence)]
    use = max(found, key=abs, default=0)
    return min(use, -1 if _is_thing(given, text) else 0 if given.seldom else 1)


@lru_cache(maxsize=16_384)
def _known(name: str) -> Word:
    """What is known of a folded word that may be a name, listed or not."""
    given = GIVEN.get(name)
    alive = name in NAMES.animals
    acts = alive or name in NAMES.forces
    if given is not None:
        bare = given.gender == "male" and bends(name)
        manner = _is_mass(given) or (given.seldom and not NAMES.mass.isdisjoint(given.meanings))
        return Word(name, given.somebody, acts, alive, manner, bare and not given.somebody, listed=True, seldom=given.seldom)
    meant = renderings(name, "hi")
    acts = acts or is_creature(meant)
    return Word(name, is_somebody(meant), acts, acts, not _mass().isdisjoint(meant), seldom=True)


@lru_cache(maxsize=1)
def _mass() -> frozenset[str]:
    return frozenset(map(stem, NAMES.mass))


def is_surely(word: str, text: str) -> bool:
    """Whether what is said of a word in a line is said of people only, be it a listed name or a noun that nobody listed as one."""
    name = folded(word)
    given = GIVEN.get(name)
    if is_said(name, text):
        return False
    if given is not None and _is_of_poems(given, name) and not _is_thing(given, text):
        return True
    return (given is not None or is_noun(name)) and is_borne(_known(name), text)


def is_likely(word: str, text: str) -> bool:
    """Whether a line may well call somebody by a word that is seldom a name: no more than a reason to ask, unless another line tells, too."""
    name = folded(word)
    given = GIVEN.get(name)
    return (
        given is not None and given.seldom and not is_said(name, text) and is_borne(replace(_known(name), seldom=False), text)
    )


def is_borne_loosely(word: str, text: str) -> bool:
    """Whether a line says of a noun what is said of people as a rule, and now and then of things."""
    name = folded(word)
    known = _known(name)
    if is_said(name, text) or known.somebody or (name not in GIVEN and known.acts):
        return False
    return is_borne(replace(known, listed=True, seldom=False), text)


def is_shown(word: str, text: str) -> bool:
    """Whether a line shows a name of which another source or another line says that somebody bears it."""
    return is_surely(word, text) or is_likely(word, text)


def _is_of_poems(given: Given, name: str) -> bool:
    """Whether a name that is a word is one that only poems have, and no dictionary of what people say."""
    return bool(given.meanings) and not given.somebody and not given.seldom and not renderings(name, "hi")


def _is_thing(given: Given, text: str) -> bool:
    """Whether what bears a name in a line is a thing: it has flowers there, or an adjective before it."""
    for found in re.finditer(re.escape(given.source), text):
        before = words(text[: found.start()])[-1:]
        if _GROWN.match(text[found.end() :]) or (before and qualifies(folded(before[0]))):
            return True
    return False


@lru_cache(maxsize=16_384)
def is_noun(name: str) -> bool:
    """Whether a folded word of Hindi is a noun, and says neither how something is nor how it is done, nor what people are called by."""
    known = kinds(name, "hi")
    return (
        "noun" in known
        and not known & {"quality", "manner"}
        and name not in SMALL_WORDS["hi"]
        and name not in CRIED
        and not titles(name, "hi")
        and not is_borrowed(name, "hi")
    )


def is_seldom(name: str) -> bool:
    """Whether a folded word is far more often the word than a name, which has to be shown in each line."""
    given = GIVEN.get(name)
    return given.seldom if given is not None else is_noun(name)


def _clauses(sentence: str) -> list[tuple[list[str], bool]]:
    """What stands between commas: the folded words, and whether there was a comma on any side; nothing in a list of things."""
    parts = [[folded(word) for word in words(part)] for part in sentence.replace("—", ",").replace("–", ",").split(",")]
    return [(part, len(parts) > 1) for part in parts if part] if not is_list(parts) else []


def _use(given: Given, name: str, clause: tuple[list[str], bool]) -> int:
    said, between_commas = clause
    if name not in said:
        return 0
    at = said.index(name)
    before = said[at - 1] if at else ""
    behind = next((word for word in said[at + 1 :] if word not in PARTICLES), "")
    nobody = name in NAMES.forces or name in NAMES.animals or name in HONOURED or before in DETERMINERS
    called = between_commas and not nobody and _is_called(said, at)
    if called or (behind in _BEHIND_A_NAME and not nobody) or before in _BEFORE_A_NAME:
        return 1
    if before in DEMONSTRATIVES and (behind == _NOT or (behind in _IS and at + 2 == len(said))):
        return SURELY_A_WORD if behind == _NOT else 0  # "ये राज है": this is Raj, or this is a secret
    if behind in _LIKE or (behind and any(is_form(behind, each) for each in given.followers)):
        return -1 if len(said) > at + 2 and said[at + 2].startswith(_GOING_ON) else SURELY_A_WORD
    how = _is_mass(given) and (behind == _BY or (behind in _CASES and said[at + 2 : at + 3] in _WHEN))
    counted = before in _OF_THINGS or (before and is_of_numbers(before, "hi"))
    looked_at = behind in _LOOKED_AT  # who is looked at is told by "को"
    if counted or how or looked_at or before in DETERMINERS or said[-1] in _MINE:
        return SURELY_A_WORD if counted else -1
    return 1 if len(said) == 1 or _acts(given, said, at) else 0


def _acts(given: Given, said: Sequence[str], at: int) -> bool:
    """Whether a word is called without a comma, does or suffers what people do, or stands beside a name."""
    behind = [*said[at + 1 : at + 3], "", ""]
    nobody = said[at] in NAMES.forces or said[at] in NAMES.animals
    if len(said) == PAIR and at == 0 and (behind[0] in _ANSWERS or (behind[0] == _ON and _is_mass(given))):
        return True  # "संतोष को।" answers whom
    if at > 1 and said[at - 1] in KINDRED and said[at - 2] in OWNERS and behind[0] not in _IS:
        return not (behind[0] == _BY and _is_mass(given))  # "मेरी बहन शांति"
    if behind[0] in _CASES:
        how = behind[0] == _BY and _is_mass(given)  # "प्रेम से" is lovingly
        return not how and not nobody and behind[1].startswith(_DONE_TO)
    if (at == 0 and behind[0] in _SPOKEN_TO) or (at == len(said) - 1 and at > 1 and said[at - 1].endswith(_SPOKEN_BEFORE)):
        return True
    if behind[0] == _WITH or (at > 1 and said[at - 1] == _WITH):
        beside = behind[1] if behind[0] == _WITH else said[at - 2]
        other = GIVEN.get(beside)
        return (beside in SPEAKERS and not nobody) or (other is not None and not other.meanings)
    return behind[0] in _SAYING


def _is_mass(given: Given) -> bool:
    """Whether a name means nothing that could be counted or stood upon."""
    return NAMES.mass.issuperset(given.meanings)


def _is_called(said: Sequence[str], at: int) -> bool:
    """Whether a word between commas is the one that is called: it is all there is, but for "अरे" and "जी"."""
    beside = _BEHIND_A_NAME | CALLED_BY | _ANSWERING
    return all(word in beside | _BEFORE_A_NAME for word in said[:at]) and all(word in beside for word in said[at + 1 :])


def is_translated(given: Given, draft: str) -> str:
    """The word into which a name was translated, without an article, as no thing in English could stand; empty if it wasn't.

    Args:
        given: the name.
        draft: of a line in which it stands, in English.
    """
    said = [unaccented(word).removesuffix("'s") for word in words(draft)]
    for at, word in enumerate(said):
        if word not in given.meanings or word in NAMES.mass or word.removesuffix("s") in set(given.meanings) - {word}:
            continue
        first = next(place for place in range(at, -1, -1) if place == 0 or said[place - 1] not in given.meanings)
        before = said[max(0, first - 2) : first]
        has_article = before[-1:] != [] and (before[-1] in _ARTICLES or (before[0] in _ARTICLES and before[-1] not in FUNCTION))
        if not has_article:
            return word
    return ""
