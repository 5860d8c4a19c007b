"""Names of which a draft has nothing at all, or no more than a pronoun, or what somebody is to somebody."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from setu_enhancer.domain.bearing import CALLING, is_list, is_order
from setu_enhancer.domain.dictionary import is_verb, kinds, renderings
from setu_enhancer.domain.given import GIVEN, is_shown, use_of
from setu_enhancer.domain.lexicon.people import OWNERS as OWNED_BY
from setu_enhancer.domain.lexicon.people import is_somebody, titles
from setu_enhancer.domain.mending.drafts import CLAUSE, SENTENCE, Word, clauses_of, runs, sentence_of, split
from setu_enhancer.domain.mending.phrases import PREPOSITIONS, phrases
from setu_enhancer.domain.mending.place import OF_OTHERS, Place
from setu_enhancer.domain.mending.writing import put_in
from setu_enhancer.domain.text.closed import ARTICLES, DEMONSTRATIVES, GENITIVES, POSSESSIVES, folded_set
from setu_enhancer.domain.text.names import is_named
from setu_enhancer.domain.text.numbers import is_of_numbers
from setu_enhancer.domain.text.scripts import SMALL_WORDS
from setu_enhancer.domain.text.words import folded, words
from setu_enhancer.domain.words import FUNCTION

# Who is spoken of without a name: who does something, to whom it is done, and whose something is.
_DOERS: Final = DEMONSTRATIVES | folded_set("उसने इसने उन्होंने इन्होंने कोई किसी कुछ ख़ुद")
_SUFFERERS: Final = folded_set("उसे इसे उसको इसको उससे इससे उन्हें इन्हें उनको इनको उनसे इनसे उसमें इसमें उस इस उन इन उसी इसी ख़ुद")
_OWNERS: Final = folded_set("उसका उसकी उसके इसका इसकी इसके उनका उनकी उनके इनका इनकी इनके अपना अपनी अपने")
_OBJECTS: Final = frozenset({"him", "her"})
_SUBJECTS: Final = frozenset({"he", "she", "someone", "somebody", "something"})
_THEIRS: Final = frozenset({"his", "her"})
_KO: Final = folded_set("को से पर")
_NE: Final = folded("ने")
_LIKED: Final = folded_set(
    "पसंद चाहिए हुआ हुई हुए याद प्यार ग़ुस्सा गुस्सा डर नींद भूख प्यास बुख़ार बुखार पता होश शर्म ख़ुशी दुख यक़ीन भरोसा दिखा दिखी मिला मिली"
)
"""What somebody has, feels or gets to whom Hindi has it happen."""
_SEEMING: Final = folded_set("अच्छा अच्छी अच्छे बुरा बुरी बुरे प्यारा प्यारी प्यारे")
_SEEMS: Final = folded("लग")
_MANY: Final = folded_set("हैं थे थीं गए आए चले रहे")
_ARE_MANY: Final = tuple(map(folded, ("ेंगे", "ेंगी", "एँगे", "एँगी")))
_HONOUR: Final = folded("जी")
_COME: Final = folded_set("चलो चल आ आओ")
_AND: Final = folded("और")
_FOR: Final = folded_set("लिए साथ पास")
_CHILDREN: Final = frozenset("son dear child kid boy girl daughter sweetheart darling lad kiddo honey".split())  # noqa: SIM905
_KIN: Final = frozenset("uncle aunt auntie aunty grandma granny grandpa grandmother grandfather brother sister".split())  # noqa: SIM905


def put(place: Place, draft: str, *, several: bool) -> str:
    """A draft in which a name stands that it lacked altogether; the draft itself where nothing tells where it belongs."""
    if not _is_dropped(place, draft):
        return draft
    made = _beside_kin(place, draft)
    if made == draft and not _may_be_called(place):
        made = _for_pronoun(place, draft, several=several)
    return _as_called(place, draft) if made == draft else made


def _is_dropped(place: Place, draft: str) -> bool:
    """Whether the draft has nothing that may be the name, and the line no more of it than one."""
    said = place.said[0]
    plain = folded(said)
    given = GIVEN.get(plain)
    used = use_of(said, place.source) > 0 if given else is_shown(said, place.source)
    doubtful = is_verb(plain, place.pair.source)
    if (doubtful or place.entry.provenance == "text") and not used:
        return False  # "ममता" is missed, but "दिया" is most often no lamp
    return place.times == 1 and not place.is_meant(draft)


def _beside_kin(place: Place, draft: str) -> str:
    """Uncle, who is called in the line with his name."""
    kin = titles(place.behind[0], place.pair.source) if place.behind else frozenset()
    found = [word for word in split(draft) if word.plain in kin and not draft.startswith("-in-law", word.end)]
    if not kin or len(found) != 1 or sum(bool(kin & titles(each, place.pair.source)) for each in place.behind) > 1:
        return draft
    word = found[0]
    run = next(each for each in runs(draft) if word in each)
    at = run.index(word)
    first = at
    while first and (place.account.is_left(run[first - 1]) or place.hits(run[first - 1])):
        first -= 1
    if first and run[first - 1].plain in ARTICLES:
        first -= 1
    if first and (run[first - 1].plain in POSSESSIVES or place.account.is_other(run[first - 1])):
        return draft
    start = run[first].start
    if word.plain in _CHILDREN:
        return f"{draft[:start]}{place.target}{word.text[len(word.bare) :]}{draft[word.end :]}"
    if word.plain not in _KIN:
        return draft
    return f"{draft[:start]}{word.bare.capitalize()} {place.target}{word.text[len(word.bare) :]}{draft[word.end :]}"


def _may_be_called(place: Place) -> bool:
    """Whether a name stands alone between commas, or behind all that its clause says: no pronoun is somebody who is called."""
    clauses = _clauses(place.source)
    own = next((clause for clause in clauses if place.calls_in(clause)), [])
    said = [folded(word) for word in own]
    if clauses == [list(place.said)] or not own:
        return False  # an answer
    return said[-1] == folded(place.said[-1]) or _calls(said, place)


def _clauses(text: str) -> list[list[str]]:
    return [clause for part in SENTENCE.split(text) for each in CLAUSE.split(part) if (clause := words(each))]


def _calls(said: Sequence[str], place: Place) -> bool:
    """Whether some words are a name and by what people are called, and nothing else."""
    own = {*map(folded, place.said)}
    return all(word in own or word in CALLING or titles(word, place.pair.source) for word in said)


def _for_pronoun(place: Place, draft: str, *, several: bool) -> str:
    """Him or her, where the line speaks of nobody else so without a name."""
    if any(each.is_noun(place.pair.source, place.account.rest) for each in phrases(draft, place.account)):
        return draft
    later = "".join(place.behind[1:2])
    owned = place.case in GENITIVES and later not in _FOR
    suffers = place.case in _KO or (place.case in GENITIVES and not owned)
    others, told = (_OWNERS, _THEIRS) if owned else (_SUFFERERS, _OBJECTS) if suffers else (_DOERS, _SUBJECTS)
    if not owned and not suffers and place.case != _NE:
        others |= _SUFFERERS  # "उसे राज मिला": somebody found Raj
    if not others.isdisjoint(place.account.rest) or (not owned and place.case != _NE and _is_liked(place)):
        return draft
    found = [
        word
        for run in runs(draft)
        for at, word in enumerate(run)
        if word.plain in told and (word.plain != "her" or _is_followed(run, at) == owned)
    ]
    given = GIVEN.get(folded(place.said[0]))
    unsure = not several and place.entry.gender is None and given is not None and given.seldom  # a list may err
    if len(found) != 1 or not (unsure or found[0].plain in place.fitting(told)):
        return draft
    word = found[0]
    if any(_is_said_of(word, each) for each in _rivals(place, draft, several=several)):
        return draft
    ending = "'s" if owned else word.text[len(word.bare) :]
    return f"{draft[: word.start]}{place.target}{ending}{draft[word.end :]}"


def _is_liked(place: Place) -> bool:
    """Whether the line says who likes or wants somebody, which English says the other way round."""
    rest = place.account.rest
    return not _LIKED.isdisjoint(rest) or any(one in _SEEMING and other.startswith(_SEEMS) for one, other in pairwise(rest))


def _rivals(place: Place, draft: str, *, several: bool) -> list[str]:
    """The words of a line that may be somebody else of whom its draft has no more than a pronoun, folded."""
    language, told = place.pair.source, split(draft)
    clauses = _clauses(place.source)
    found = []
    for clause in clauses:
        said = [folded(word) for word in clause]
        called = len(clauses) > 1 and sum(word not in CALLING for word in said) == 1
        for word, plain in zip(clause, said, strict=True):
            if word in place.said or called or plain in CALLING or plain in SMALL_WORDS.get(language, ()):
                continue
            own = plain == place.case and titles(plain, language)
            if own or any(place.account.renders(plain, each) or is_named(word, each.bare) for each in told):
                continue
            if _is_somebody(plain, language) or (several and "noun" in kinds(plain, language)):
                found.append(plain)
    return found


def _is_somebody(word: str, language: str) -> bool:
    """Whether a folded word may be a name, or says what people are."""
    known = renderings(word, language)
    if is_verb(word, language) or is_of_numbers(word, language) or word.isdecimal():
        return False
    return word in GIVEN or bool(titles(word, language)) or not known or is_somebody(known)


def _is_said_of(pronoun: Word, somebody: str) -> bool:
    """Whether a pronoun may be somebody, as far as the word for that tells."""
    given = GIVEN.get(somebody)
    gender = given.gender if given else None
    return pronoun.plain not in OF_OTHERS.get(gender or "", frozenset())


def _is_followed(run: tuple[Word, ...], at: int) -> bool:
    """Whether a noun stands behind a word."""
    return at + 1 < len(run) and run[at + 1].plain not in FUNCTION | PREPOSITIONS


def _as_called(place: Place, draft: str) -> str:
    """Who is called in the line, and not in the draft: before the sentence, behind it, or behind its first words."""
    heard = [part for part in SENTENCE.split(place.source) if words(part)]
    at = next((number for number, part in enumerate(heard) if place.calls_in(words(part))), 0)
    sentence = sentence_of(heard, at, draft)
    clauses = [words(part) for part in CLAUSE.split("".join(heard[at : at + 1])) if words(part)]
    own = next((number for number, clause in enumerate(clauses) if place.calls_in(clause)), len(clauses))
    said = [[folded(word) for word in clause] for clause in clauses]
    if sentence is None or own == len(clauses) or _are_listed(said, own, place.pair.source):
        return draft
    told = list(clauses_of(sentence.group(), sentence.start()))
    beside = [folded(word) for word in clauses[own] if word not in place.said]
    if len(told) > len(clauses) or any(
        word.plain in titles(each, place.pair.source) for each in beside for word in split(draft)
    ):
        return draft
    alone = _calls(beside, place)
    cried = at == 0 and len(heard) == len([part for part in SENTENCE.split(draft) if words(part)]) + 1
    if alone and own == 0 and (len(clauses) > 1 or cried):
        return put_in(place, draft, told[0][0].start)
    bidden = own == 0 and len(beside) == 1 and (is_order(beside) or beside[0] in _COME) and clauses[0][-1] == place.said[-1]
    end = None
    if (bidden and len(clauses) == 1) or (alone and 0 < own == len(clauses) - 1):
        end = told[-1][-1].end
    elif bidden and len(told) == len(clauses):
        end = told[0][-1].end
    return f"{draft[:end]}, {place.target}{draft[end:]}" if end is not None else draft


def _are_listed(clauses: list[list[str]], own: int, language: str) -> bool:
    """Whether what stands between commas is a list, of things or of people, or says who is who: "राजू, श्याम और गीता", "राज, मेरा भाई, मर गया"."""
    if len(clauses) == 1:
        return False
    if is_list(clauses) or any(len(each) > 1 and each[0] in GIVEN and each[1] == _AND for each in clauses[1:]):
        return True
    others = [each for number, each in enumerate(clauses) if number != own]
    if any(len(each) == 1 and each[0] not in CALLING and _is_name(each[0], language) for each in others):
        return True
    following = clauses[own + 1] if own + 1 < len(clauses) else []
    many = any(word in _MANY or word.endswith(_ARE_MANY) for word in following[1:]) and _HONOUR not in following
    return (many and _is_name(following[0], language)) or any(_tells_who(each, language) for each in clauses[1:-1])


def _is_name(word: str, language: str) -> bool:
    return not titles(word, language) and (word in GIVEN or not renderings(word, language)) and _is_somebody(word, language)


def _tells_who(said: list[str], language: str) -> bool:
    """Whether words between commas say whose what somebody is: "मेरा भाई", "राज की बहन"."""
    owned = len(said) > 1 and said[-2] in OWNED_BY
    return owned and (bool(titles(said[-1], language)) or _is_somebody(said[-1], language))
