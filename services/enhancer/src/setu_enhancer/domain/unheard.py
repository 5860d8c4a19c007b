"""Words of a line that nobody knows, and that nothing in its draft sounds like: names, most of all, of villages and of people that no list has."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from rapidfuzz.distance import Indel

from setu_enhancer.domain.dictionary import is_borrowed, is_word
from setu_enhancer.domain.dictionary.forms import SMALL
from setu_enhancer.domain.given import GIVEN
from setu_enhancer.domain.lexicon.people import CALLS, KIN_BEHIND, KINDRED, SURNAMES, titles
from setu_enhancer.domain.text.closed import GENITIVES, folded_set
from setu_enhancer.domain.text.devanagari import is_brahmic
from setu_enhancer.domain.text.names import likeness, romanised, sounds
from setu_enhancer.domain.text.numbers import is_of_numbers
from setu_enhancer.domain.text.scripts import SMALL_WORDS
from setu_enhancer.domain.text.words import folded, words

SHORTEST: Final = 3
UNLIKE: Final = 0.5
"""Below it a word of the draft is no spelling of one of the line, however bad."""
AS_HEARD: Final = 0.75
"""From it on what is left of two words without vowels is the same, as loan words are written: क्लच, clutch."""
_OF_VERBS: Final = re.compile(
    folded(r"(?:[ेए]ग[ाीे]|[ेए]ंग[ेी]|[ोओ]ग[ेी]|[ूऊ]ंग[ाी]|ोगा|ोंगे|ीं|ईं|एं|ाए|ाई|ाया|ाते|ाती|ाता|ाना|ाने|ाओ|ाकर|ें|ों|ो|ओ|िए|इए)") + "$"
)
_NO_NAMES: Final = (
    SMALL
    | KIN_BEHIND
    | folded_set(
        "साहिबा साहिब बाऊजी अम्माजी वाला वाली वाले वालों होत लें दें हों उनमें इनमें इसमें उसमें जिसमें किसमें मुझमें तुझमें हममें तुममें अरी रे री हां चलो"
    )
)
_CLAUSE: Final = re.compile(r"[,.!?।;…—–:]+")
_AHEAD: Final = folded_set("पहले फिर और चल चलो अरे तो हाँ नहीं मेरी मेरे मेरा")
_PLACES: Final = folded_set("गाँव थाना ज़िला तहसील मोहल्ला पोस्ट")
_OF_PLACES: Final = tuple(folded_set("पुर पुरा पुरवा गंज नगर टोला टोली टेकरी डीह गढ़ डिहा खेड़ा वाड़ी पाड़ा बरसा हाट सराय"))
_WHO, _FROM, _TO, _NE = map(folded, ("कौन", "से", "को", "ने"))
_COMES: Final = tuple(folded_set("आए आया आई आते आता आती लौट भाग"))
_SAYS: Final = tuple(folded_set("कह पूछ बोल मिल शादी"))
_DONE_TO: Final = tuple(folded_set("बुला कह बोल पूछ समझा जगा बिठा बैठा डाँट फ़ोन बता दे भेज मार"))
_PEOPLE: Final = KINDRED | folded_set("लोग लोगों औरतें औरतों मर्द जवान मुखिया सरपंच घर मकान खेत दुकान यहाँ")
_TAKES: Final = folded_set("ले चला चली भाग")
_AWAY: Final = folded_set("गया गई गयी आया आई गए")
_VOWELS: Final = re.compile(r"[aeiouyh'’.]+")
_ALIKE: Final = str.maketrans({"w": "v", "c": "k", "q": "k", "z": "s", "f": "p", "x": "k", "g": "j"})


def unheard(source: str, draft: str) -> Iterator[str]:
    """The words of a Hindi line that nobody knows, that stand there as names do, and that its draft in English has in no spelling.

    Args:
        source: the line.
        draft: its draft.
    """
    told = words(draft)
    for part in _CLAUSE.split(source):
        clause = words(part)
        said = [folded(each) for each in clause]
        for at, word in enumerate(clause):
            if is_strange(word) and _stands_as_name(said, at) and not is_heard(word, told):
                yield word


def _stands_as_name(said: Sequence[str], at: int) -> bool:
    """Whether a strange word has kin behind it, is a place by its ending or by what stands around, is all that is said, or does what people do."""
    before = said[at - 1] if at else ""
    behind, rest = (said[at + 1] if at + 1 < len(said) else ""), said[at + 2 :]
    if behind in KIN_BEHIND | SURNAMES or said[at].endswith(_OF_PLACES) or before in _PLACES or before == _WHO:
        return True
    if len(said) == 1 or (at == len(said) - 1 and all(each in CALLS | _AHEAD for each in said[:at])):
        return True
    if behind == _FROM and rest:
        return rest[0].startswith(_COMES) or rest[0].startswith(_SAYS)
    if behind == _TO and rest:
        return any(each.startswith(_DONE_TO) for each in rest[:2])
    if behind in GENITIVES and not _PEOPLE.isdisjoint(rest[:2]):
        return True
    return behind == _NE or (bool(rest) and behind in _TAKES and rest[0] in _AWAY)


@lru_cache(maxsize=16_384)
def is_strange(word: str) -> bool:
    """Whether a word in Devanagari is in no list: it is no name, no word of the dictionary in any form, no number and nothing that people are called by."""
    plain = folded(word)
    return not (
        len(plain) < SHORTEST
        or plain in GIVEN
        or plain in SMALL_WORDS["hi"]
        or plain in _NO_NAMES
        or not is_brahmic(word)
        or _OF_VERBS.search(plain)
        or is_word(plain, "hi")
        or is_borrowed(plain, "hi")
        or is_of_numbers(plain, "hi")
        or titles(word, "hi")
    )


def is_heard(word: str, told: Sequence[str]) -> bool:
    """Whether a word of a line stands in a draft in any spelling.

    Args:
        word: in Devanagari.
        told: the words of the draft.
    """
    said = sounds(word)
    bones = _bones(romanised(word))
    return any(
        not said.isdisjoint(sounds(each)) or likeness(word, each) >= UNLIKE or _is_alike(bones, _bones(each)) for each in told
    )


@lru_cache(maxsize=16_384)
def _bones(word: str) -> str:
    """The consonants of a word in English letters, those that are alike as one."""
    return _VOWELS.sub("", word.casefold().removesuffix("'s")).translate(_ALIKE)


def _is_alike(bones: str, others: str) -> bool:
    if min(len(bones), len(others)) < SHORTEST - 1:
        return False
    return bones == others or Indel.normalized_similarity(bones, others) >= AS_HEARD
