"""Names that nobody listed and that a draft has as the word they mean: told by where they stand, and not by what they are.

What is found is a reason to ask, and no more: it goes into no glossary, nothing is put right by it, and no edit is held to it.
"""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import Final

from setu_enhancer.domain.bearing import Word, is_borne
from setu_enhancer.domain.dictionary import kinds, renderings
from setu_enhancer.domain.given import GIVEN, is_likely, is_noun
from setu_enhancer.domain.lexicon.people import CALLS, CRIED, DETERMINERS, SPEAKERS, SURNAMES, TO_YOU, is_somebody, titles
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.mending import meanings
from setu_enhancer.domain.oddities import taken_for_words
from setu_enhancer.domain.text.names import sounds
from setu_enhancer.domain.text.scripts import SMALL_WORDS
from setu_enhancer.domain.text.words import folded, words
from setu_enhancer.domain.unheard import is_heard, is_strange, unheard
from setu_enhancer.domain.words import stem

_CLAUSE: Final = re.compile(r"[,.!?।;…—–]+")
_SENTENCE: Final = re.compile(r"[.!?।…]+")
_AND: Final = folded("और")
SPOKEN: Final = 2
# What stands before kin and is no name: when, where, which.
_NO_NAMES: Final = DETERMINERS | frozenset(
    map(
        folded,
        "आज कल परसों अब अभी फिर तब जब कब यहाँ वहाँ कहाँ घर बाहर अंदर ऊपर नीचे सुबह शाम रात दोपहर बूढ़ा बूढ़ी बूढ़े प्यारा प्यारी प्यारे मोटा मोटी मोटे लंबा लंबे काला काली काले गोरा गोरी "  # noqa: SIM905
        "अकेला दूसरा दूसरी दूसरे पहला पहली पहले सगा सगी सगे बेचारा बेचारी बेचारे मझला मझली मझले सच झूठ पागल गधा गधे मूर्ख शाबाश वाह हाय हाँ नहीं अच्छा ठीक माफ़ शुक्रिया धन्यवाद क्यों कैसे".split(),
    )
)


def called_as_word(line: Line, pair: Pair) -> str:
    """A word of a line that is used as a name there and stands in the draft as what it means; empty if there is none.

    It is called before "you" ("उजाला, तूने…", "Light, you…"), has a surname, is named
    beside who speaks ("हिम्मत और मैं"), or has kin behind it that the draft puts behind its meaning ("समुंदर काका", "sea uncle"). A word that no dictionary has
    need not be translated for that: it is enough that it does or suffers what people do, and that nothing in the draft sounds like it. Known for Hindi into English.
    """
    if (pair.source, pair.target) != ("hi", "en"):
        return ""
    told = {stem(folded(word.removesuffix("'s"))) for word in words(line.draft)}
    heard = frozenset[str]().union(*(sounds(word) for word in words(line.draft)))
    likely = (word for word in words(line.source) if is_likely(word, line.source))
    for word in (*likely, *_called(line), *_before_surnames(line), *_beside_speakers(line), *_before_kin(line)):
        if not heard.isdisjoint(sounds(word)) or not _may_be_name(word) or _is_written(word, told):
            continue
        if not told.isdisjoint(meanings(word, pair.source)):
            return word
    found = next((word for word in words(line.source) if heard.isdisjoint(sounds(word)) and _is_unheard(word, line)), "")
    return found or _odd(line)


def _odd(line: Line) -> str:
    """A word that nobody knows and nothing in the draft sounds like, or whose meaning stands there as no word can stand."""
    odd = (word for word in taken_for_words(line.source, line.draft) if not is_heard(word, words(line.draft)))
    return next(odd, "") or next(unheard(line.source, line.draft), "")


def _is_written(word: str, told: AbstractSet[str]) -> bool:
    """Whether a listed name stands in a draft as it is written, which may be what it means as well: Lovely."""
    given = GIVEN.get(folded(word))
    return given is not None and stem(folded(given.target)) in told


def _is_unheard(word: str, line: Line) -> bool:
    """Whether a word is none that anybody knows, is used as a name is, and sounds like nothing in the draft."""
    return is_strange(word) and is_borne(Word(folded(word)), line.source) and not is_heard(word, words(line.draft))


def _may_be_name(word: str) -> bool:
    """Whether nothing speaks against it: it is not what people are called by, and no verb, number or small word."""
    plain = folded(word)
    adjective = f"{plain[:-1]}ा" if plain.endswith(("ा", "े", "ी")) else plain  # छोटे, छोटी: छोटा
    known = kinds(plain, "hi")
    return not (
        plain in _NO_NAMES
        or adjective in _NO_NAMES
        or plain in SMALL_WORDS["hi"]
        or titles(word, "hi")
        or "manner" in known
        or ("verb" in known and "noun" not in known)
    )


def _called(line: Line) -> Iterator[str]:
    """A word that is all there is before a comma, where the next word is "you", and is so in the draft, too."""
    heard = [clause for part in _CLAUSE.split(line.source) if (clause := words(part))]
    told = [clause for part in _CLAUSE.split(line.draft) if (clause := words(part))]
    commas = {
        word
        for sentence in _SENTENCE.split(line.source)
        for word in words(sentence.partition(",")[0] if "," in sentence else "")
    }
    for clause, following in pairwise(heard):
        bare = [word for word in clause if folded(word) not in CALLS]
        if len(bare) != 1 or len(following) <= 1:
            continue
        likely = bare[0] in commas and len(following) > SPOKEN and _may_be_called(folded(bare[0]))
        if folded(following[0]) in TO_YOU or likely:
            meant = meanings(bare[0], "hi")
            if any(len(each) == 1 and stem(folded(each[0])) in meant for each in told):
                yield bare[0]


def _may_be_called(plain: str) -> bool:
    """Whether nothing but a name is likely to be called so: it is a noun, no cry, and nothing that somebody is."""
    return is_noun(plain) and plain not in CRIED and not is_somebody(renderings(plain, "hi"))


def _before_surnames(line: Line) -> Iterator[str]:
    for one, other in _pairs(line.source):
        if folded(other) in SURNAMES:
            yield one


def _beside_speakers(line: Line) -> Iterator[str]:
    for sentence in _SENTENCE.split(line.source):
        said = [folded(word) for word in words(sentence)]
        if len(said) > SPOKEN and said[1] == _AND and said[2] in SPEAKERS:
            yield words(sentence)[0]


def _before_kin(line: Line) -> Iterator[str]:
    """A word at the beginning of a sentence with kin behind it, whose meaning has kin behind it in the draft."""
    beside = [(stem(folded(one)), folded(other)) for one, other in _pairs(line.draft)]
    for sentence in _SENTENCE.split(line.source):
        said = words(sentence)
        if len(said) > 1 and not is_somebody(renderings(folded(said[0]), "hi")) and (kin := titles(said[1], "hi")):
            meant = meanings(said[0], "hi")
            if any(one in meant and other in kin for one, other in beside):
                yield said[0]


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Words beside one another, with no comma between them."""
    for clause in _CLAUSE.split(text):
        yield from pairwise(words(clause))
