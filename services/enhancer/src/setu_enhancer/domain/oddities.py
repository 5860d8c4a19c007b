"""What a draft says that nobody would, since a name was taken for the word that it is as well: "the rose uncle", "ask Courage", "the peacock hill".

Each needs a word of the line that stands there as a name does, and its meaning where the draft has it as no word can stand.
"""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from itertools import pairwise
from typing import Final

from setu_enhancer.domain.bearing import DOING, is_order, qualifies
from setu_enhancer.domain.dictionary import kinds, renderings
from setu_enhancer.domain.dictionary.forms import SMALL
from setu_enhancer.domain.given import GIVEN, SURELY_A_WORD, is_borne_loosely, is_noun, use_of
from setu_enhancer.domain.lexicon.names import NAMES
from setu_enhancer.domain.lexicon.people import (
    CALLS,
    CRIED,
    DETERMINERS,
    HONOURED,
    KIN_BEHIND,
    SHOUTED,
    SURNAMES,
    TO_YOU,
    days,
    is_creature,
    is_somebody,
    titles,
)
from setu_enhancer.domain.mending import meanings
from setu_enhancer.domain.said import is_said
from setu_enhancer.domain.text.closed import (
    ARTICLES,
    CLAUSE_OPENERS,
    DEMONSTRATIVES,
    GENITIVES,
    POSSESSIVES,
    POSTPOSITIONS,
    folded_set,
)
from setu_enhancer.domain.text.numbers import is_of_numbers
from setu_enhancer.domain.text.scripts import SMALL_WORDS
from setu_enhancer.domain.text.words import SENTENCE_END, folded, words
from setu_enhancer.domain.unheard import is_heard
from setu_enhancer.domain.words import FUNCTION, KEPT, LONG_TEXT, akin, stem

_CLAUSE: Final = re.compile(r"[,.!?।;…—–]+")


def _told(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_PLACED: Final = folded_set("मोहल्ला मोहल्ले गली चौक घाट कुटीर निवास भवन सदन बाड़ी विहार कॉलोनी चाल बस्ती बाज़ार")
_SURELY_PLACED: Final = folded_set("टोला टोली टोले टेकरी नगर गंज पुरा पुरवा डीह तलैया पाड़ा खेड़ा")
_ROUND_PLACES: Final = folded_set(
    "सब्ज़ी मछली पुलिस बस रेल कपड़ा शेयर काला सराफ़ा अनाज फल फूल मीना मज़दूर गरीब कच्ची झुग्गी बीच दूसरा शहर राज सरकारी"
)
_WHO: Final = folded("कौन")
_JI: Final = folded("जी")
_NEVER: Final = SMALL | CRIED | DETERMINERS | CALLS
_KIN_TOLD: Final = _told(
    "uncle aunt auntie aunty sister brother ji bhai bhaiya didi kaka kaki chacha chachi mama mami mausi bua tai tau dada dadi nana nani bhabhi grandpa grandma grandfather grandmother sir madam ma'am"
)
_SPOKEN: Final = _told(
    "said says asked asks told tells knows knew thinks thought wants wanted ate eats drank drinks sat sits slept sleeps sleeping cried cries crying laughed laughs laughing wrote writes "
    "studies studied studying called promised lied swore forgot remembers remembered agreed refused stole bought sold cooked phoned married hid scolded complained took sings sang scared hungry drunk "
    "afraid educated pregnant"
)
"""What is done, or is, by who is somebody."""
_SPOKEN_TO: Final = _told("ask tell marry arrest invite scold phone inform greet asked told")
_OF_SOMEBODY: Final = _told(
    "mother father brother sister son daughter wife husband wedding marriage birthday house phone job salary school goat cow shop uncle aunt friend record bicycle bike case file voice"
)
_BEFORE_BARE: Final = _told("and or for to with from of by about than like but because that if when where who why")
_SE: Final = folded("से")
_SAID_TO: Final = tuple(folded_set("कह पूछ बोल मिल मिलवा शादी बात"))
_DEALT_WITH: Final = folded_set("ने को से")
_WITH: Final = frozenset((folded("के"), each) for each in folded_set("साथ पास यहाँ घर बारे लिए बिना सामने नाम"))
_WHEN: Final = frozenset((case, each) for case in folded_set("के की से") for each in folded_set("बाद समय दौरान पहले वक़्त दिन रात"))
_HARMS: Final = folded_set(
    "घेर बर्बाद पागल मार मारा तोड़ तोड़ा साथ छीन छीना बदल बदला रोक रोका डरा जगा घायल जीत जकड़ डुबो बहा लूट जला मिटा"
)
"""What things, illness and feelings do to people."""
_GOES: Final = folded_set("आया आई गया गई आएगा आएगी जाएगा जाएगी आता आती जाता जाती आए पहुँचा पहुँची लौटा लौटी")
_OPENING: Final = CLAUSE_OPENERS | folded_set("तब वहाँ यहाँ रात")
_WHERE: Final = _told("school house home shop hut field office hospital")
_NOT_BEHIND_SURNAMES: Final = folded_set("रंग है हैं था थी थे हो पड़ कर वाला वाली वाले")
_BE: Final = _told("is was are were has had have will would does did")
_ARTICLES: Final = ARTICLES | POSSESSIVES | {"this", "that"}
_ADJECTIVES: Final = _told(
    "old dear poor little big elder younger good own new young other oh hey listen yes no and ok okay please"
)


def taken_for_words(source: str, draft: str) -> Iterator[str]:
    """Words of a Hindi line that may be names, and that its draft in English has as what they mean, or has lost.

    Args:
        source: the line.
        draft: its draft.
    """
    if max(len(words(source)), len(words(draft))) > LONG_TEXT:
        return
    if not any(map(may_be_borne, words(source))):
        yield from _of_places(source, draft)
        return
    yield from _with_kin(source, draft)
    yield from _of_places(source, draft)
    yield from _asked_who(source)
    yield from _as_people(source, draft)
    yield from _before_surnames(source, draft)
    yield from _left_unsaid(source, draft)
    yield from _lost(source, draft)
    yield from _borne(source, draft)
    yield from _bare(source, draft)
    yield from _standing(source, draft)


@lru_cache(maxsize=16_384)
def may_be_borne(word: str) -> bool:
    """Whether a word is a noun, or what a name is made of, and says neither what somebody is nor how, when or where."""
    plain = folded(word)
    known = kinds(plain, "hi")
    if plain in SMALL_WORDS["hi"] or plain in _NEVER or titles(word, "hi") or is_of_numbers(plain, "hi"):
        return False
    given = GIVEN.get(plain)
    if given.somebody if given is not None else _is_mostly_somebody(renderings(plain, "hi")):
        return False
    return "manner" not in known and (given is not None or is_noun(plain))


def _is_said(plain: str, source: str) -> bool:
    """Whether a line has a folded word as people say the word, and of a listed name whether nothing speaks for somebody there."""
    return is_said(plain, source) or (plain in GIVEN and use_of(plain, source) == SURELY_A_WORD)


def _is_mostly_somebody(stems: AbstractSet[str]) -> bool:
    return sum(is_somebody({each}) for each in stems) * 2 >= len(stems) > 0


def _with_kin(source: str, draft: str) -> Iterator[str]:
    """A word with kin behind it that the draft has beside kin as what it means, or with a word that nothing in the line means, or has lost."""
    told = _beside_kin(draft)
    for clause in _clauses(source):
        for at, (one, other) in enumerate(pairwise(clause)):
            plain = folded(one)
            if folded(other) not in KIN_BEHIND or not may_be_borne(one) or _is_said(plain, source):
                continue
            meant = meanings(one, "hi")
            if any(stem(each) in meant for each in told):
                yield one
            elif (folded(other) == _JI or titles(other, "hi")) and at == 0 and not qualifies(plain):
                rest = _meant_by(source, without=one)
                lost = (
                    plain in GIVEN and meant.isdisjoint(_stems(draft)) and not _KIN_TOLD.isdisjoint(map(folded, words(draft)))
                )
                if lost or any(stem(each) not in rest for each in told):
                    yield one


@lru_cache(maxsize=KEPT)
def _beside_kin(draft: str) -> Sequence[str]:
    """Words of a draft in English that stand beside kin as a name does: "rose uncle", "Uncle pole"."""
    found: list[str] = []
    for clause in _clauses(draft):
        plain = [folded(each) for each in clause]
        for at, word in enumerate(plain):
            if word.removesuffix("'s") not in _KIN_TOLD:
                continue
            beside = (plain[at - 1] if at else "", plain[at + 1] if at + 1 < len(plain) else "")
            found += [each for each in beside if each and each not in FUNCTION | _ADJECTIVES | _KIN_TOLD and each.isalpha()][:1]
    return found


def _of_places(source: str, draft: str) -> Iterator[str]:
    """A noun before what a place is, with no case between, that the draft has as what it means."""
    told = _stems(draft)
    for clause in _clauses(source):
        for at, (one, other) in enumerate(pairwise(clause)):
            plain, kind = folded(one), folded(other)
            if kind not in _PLACED | _SURELY_PLACED or plain in _ROUND_PLACES | POSTPOSITIONS | DETERMINERS | SMALL:
                continue
            if at and folded(clause[at - 1]) in DETERMINERS - DEMONSTRATIVES:
                continue
            if (kind in _SURELY_PLACED and not is_of_numbers(plain, "hi") and kinds(plain, "hi")) or (
                may_be_borne(one) and not qualifies(plain) and not told.isdisjoint(meanings(one, "hi"))
            ):
                yield one


def _asked_who(source: str) -> Iterator[str]:
    """A noun of which somebody asks who that is: "कौन इमरती?"."""
    for clause in _clauses(source):
        if len(clause) == len((_WHO, "")) and folded(clause[0]) == _WHO and may_be_borne(clause[1]):
            yield clause[1]


def _as_people(source: str, draft: str) -> Iterator[str]:
    """A noun whose meaning does or suffers in the draft what only people do, or has what they have."""
    odd = _doing(draft)
    if not odd:
        return
    for word in words(source):
        plain = folded(word)
        if not may_be_borne(word) or plain in NAMES.forces or plain in NAMES.animals or _is_said(plain, source):
            continue
        meant = meanings(word, "hi")
        if meant.isdisjoint(odd) or is_creature(renderings(plain, "hi")) or is_somebody(meant):
            continue
        yield word


def _before_surnames(source: str, draft: str) -> Iterator[str]:
    """A noun before a surname that the draft has as what it means, too: "the red quarter" for Chavanni Lal."""
    told = words(draft)
    for clause in _clauses(source):
        for at, (one, other) in enumerate(pairwise(clause)):
            behind = folded(clause[at + 2]) if at + 2 < len(clause) else ""
            if folded(other) not in SURNAMES or not may_be_borne(one) or behind in _NOT_BEHIND_SURNAMES:
                continue
            if not is_heard(other, told):
                yield one


def _left_unsaid(source: str, draft: str) -> Iterator[str]:
    """A noun that is all that is said before or behind a comma, to somebody, of which nothing is left in the draft."""
    clauses = list(_clauses(source))
    told = _stems(draft)
    if len(clauses) == 1 or len(list(_clauses(draft))) >= len(clauses):
        return
    for place, clause in enumerate(clauses):
        bare = [each for each in clause if folded(each) not in CALLS]
        if len(bare) != 1 or not may_be_borne(bare[0]) or folded(bare[0]) in SHOUTED | HONOURED:
            continue
        others = [[folded(word) for word in each] for number, each in enumerate(clauses) if number != place]
        spoken = any(is_order(each) or not TO_YOU.isdisjoint(each) for each in others)
        if spoken and meanings(bare[0], "hi").isdisjoint(told):
            yield bare[0]


def _lost(source: str, draft: str) -> Iterator[str]:
    """A listed name, in a case or first in its clause, of which nothing is left in the draft, or a pronoun: "make him sit" for "धीरज को बैठाओ"."""
    told = frozenset(_stems(draft))
    for clause in _clauses(source):
        for at, word in enumerate(clause):
            plain = folded(word)
            given = GIVEN.get(plain)
            behind = folded(clause[at + 1]) if at + 1 < len(clause) else ""
            if (
                given is None
                or not given.meanings
                or (at and given.seldom and behind not in POSTPOSITIONS)
                or plain in NAMES.forces
            ):
                continue
            meant = frozenset(meanings(word, "hi"))
            if may_be_borne(word) and not _is_said(plain, source) and meant.isdisjoint(told) and not akin(meant, told):
                yield word


def _borne(source: str, draft: str) -> Iterator[str]:
    """A noun that the draft has as what it means, of which the line says what is said of people, and of a thing only now and then."""
    told = _stems(draft)
    for word in words(source):
        plain = folded(word)
        if plain not in GIVEN and ("verb" in kinds(plain, "hi") or not _HARMS.isdisjoint(map(folded, words(source)))):
            continue
        if may_be_borne(word) and not meanings(word, "hi").isdisjoint(told) and is_borne_loosely(word, source):
            yield word


def _standing(source: str, draft: str) -> Iterator[str]:
    """A listed name that the draft has as what it means, and that stands as people do, called, with "ने", or before what people do; or anywhere, if it is a name more often than the word."""
    told = _stems(draft)
    owners = {stem(folded(each.removesuffix("'s"))) for each in words(draft) if each.endswith("'s")}
    for sentence in SENTENCE_END.split(source):
        clauses = [clause for part in sentence.split(",") if (clause := words(part))]
        for place, clause in enumerate(clauses):
            said = [folded(each) for each in clause]
            for at, word in enumerate(clause):
                if not _may_stand(word, source) or meanings(word, "hi").isdisjoint(told):
                    continue
                called = len(clauses) > 1 and place in (0, len(clauses) - 1) and all(each in CALLS for each in said[:at])
                owner = at + 1 < len(said) and said[at + 1] in GENITIVES and not owners.isdisjoint(meanings(word, "hi"))
                if (
                    owner
                    or (called and at == len(said) - 1 and said[at] not in SHOUTED)
                    or _does(said, at)
                    or _is_free(said, at)
                ):
                    yield word


def _is_free(said: Sequence[str], at: int) -> bool:
    """Whether nothing tells how a word is, and it is as often a name as the word, or somebody is with it."""
    behind = tuple(said[at + 1 : at + 3])
    likely = behind in _WITH or (not GIVEN[said[at]].seldom and behind not in _WHEN)
    return likely and not _is_told_how(said, at)


def _may_stand(word: str, source: str) -> bool:
    plain = folded(word)
    known = GIVEN.get(plain)
    return (
        known is not None
        and plain not in NAMES.forces | NAMES.animals | HONOURED
        and may_be_borne(word)
        and not days(word, "hi")
        and not _is_said(plain, source)
    )


def _does(said: Sequence[str], at: int) -> bool:
    """Whether a word stands where who does or suffers something does, with no determiner before it."""
    behind, rest = (said[at + 1] if at + 1 < len(said) else ""), said[at + 1 :]
    if _is_told_how(said, at) or not _HARMS.isdisjoint(rest):
        return False
    if behind in _DEALT_WITH:
        return behind != _SE or any(each.startswith(_SAID_TO) for each in rest[1:3])
    opens = all(each in _OPENING for each in said[:at]) and behind not in POSTPOSITIONS
    return opens and any(each in _GOES or each in DOING for each in rest)


def _is_told_how(said: Sequence[str], at: int) -> bool:
    """Whether a word has a determiner, a number or an adjective before it."""
    before = said[at - 1] if at else ""
    return before in DETERMINERS or is_of_numbers(before, "hi") or qualifies(before)


def _bare(source: str, draft: str) -> Iterator[str]:
    """A listed name whose meaning stands in the draft without an article where a thing would have one."""
    told: set[str] = set()
    for clause in _clauses(draft):
        plain = [*map(folded, clause), ""]
        for at, word in enumerate(plain[:-1]):
            bare = at == 0 or plain[at - 1] in _BEFORE_BARE
            alone = plain[at + 1] in FUNCTION | _BE or (not plain[at + 1] and at == 0)
            if bare and word not in FUNCTION and (word.endswith("'s") or (alone and not word.endswith("s"))):
                told.add(stem(word.removesuffix("'s")))
    for word in words(source) if told else ():
        name = folded(word)
        given = GIVEN.get(name)
        if (
            given is None
            or given.seldom
            or name in NAMES.forces
            or not NAMES.mass.isdisjoint(given.meanings)
            or _is_said(name, source)
        ):
            continue
        if may_be_borne(word) and not meanings(word, "hi").isdisjoint(told):
            yield word


@lru_cache(maxsize=KEPT)
def _doing(draft: str) -> AbstractSet[str]:
    """The stems of words in a draft that are said to do what people do, or to have what people have."""
    found: set[str] = set()
    for clause in _clauses(draft):
        plain = [folded(each) for each in clause]
        for at, word in enumerate(plain):
            before = plain[at - 1] if at else ""
            behind = plain[at + 1 : at + 3]
            if word in FUNCTION or word in _SPOKEN | _SPOKEN_TO:
                continue
            owner = word.endswith("'s") and behind[:1] != [] and behind[0] in _OF_SOMEBODY
            opens = at == 0 or (at == 1 and before in _ARTICLES)
            acts = (
                opens
                and behind[:1] != []
                and (behind[0] in _SPOKEN or (behind[0] in _BE and behind[1:] != [] and behind[1] in _SPOKEN))
            )
            ahead = [each for each in plain[max(0, at - 3) : at] if each not in _ARTICLES | _ADJECTIVES]
            spoken_to = ahead[-1:] != [] and ahead[-1] in _SPOKEN_TO and (ahead[:-1] == [] or ahead[-2] not in _BE)
            within = ahead[-1:] == ["of"] and ahead[:-1] != [] and ahead[-2] in _WHERE and before == "of"
            if owner or acts or spoken_to or within:
                found.add(stem(word.removesuffix("'s")))
    return found


def _meant_by(source: str, *, without: str) -> AbstractSet[str]:
    return frozenset[str]().union(*(meanings(each, "hi") for each in words(source) if each != without))


@lru_cache(maxsize=KEPT)
def _stems(draft: str) -> frozenset[str]:
    return frozenset(stem(folded(each.removesuffix("'s"))) for each in words(draft))


@lru_cache(maxsize=KEPT)
def _clauses(text: str) -> tuple[list[str], ...]:
    return tuple(found for part in _CLAUSE.split(text) if (found := words(part)))
