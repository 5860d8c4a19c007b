"""Where a word of a draft is to be left as it is: it is the word there, and no name."""

from collections.abc import Sequence
from typing import Final

from setu_enhancer.domain.bearing import is_list, qualifies
from setu_enhancer.domain.dictionary import is_verb, renderings
from setu_enhancer.domain.given import GIVEN, is_borne_loosely, is_noun, is_shown, is_translated, use_of
from setu_enhancer.domain.lexicon.names import NAMES
from setu_enhancer.domain.lexicon.people import DETERMINERS, KIN_BEHIND, SHOUTED, SURNAMES, is_somebody, titles
from setu_enhancer.domain.mending.drafts import CLAUSE, ENDING, Word, runs, split
from setu_enhancer.domain.mending.place import Place, Span
from setu_enhancer.domain.placing import PLACES
from setu_enhancer.domain.said import is_said
from setu_enhancer.domain.text.closed import ARTICLES, CASE_MARKERS, GENITIVES, folded_set
from setu_enhancer.domain.text.names import key
from setu_enhancer.domain.text.numbers import is_of_numbers
from setu_enhancer.domain.text.words import SENTENCE_END, folded, words
from setu_enhancer.domain.words import FUNCTION, is_akin

# How people are called by what they are: as good a translation as the word that a list of characters has for them.
_ADDRESSES: Final = frozenset(
    "mother mom mum mama mummy mommy father dad papa daddy grandma grandmother granny grandpa grandfather granddad uncle aunt auntie sir "  # noqa: SIM905
    " madam ma'am mister missus mr mrs miss doctor nurse teacher professor master boss chief warden inspector constable officer judge "
    "lawyer minister captain major colonel guard watchman driver conductor shopkeeper waiter priest landlord landlady principal".split()
)
_OWNED: Final = frozenset("my your his her our their this that".split())  # noqa: SIM905
_COUNTED: Final = frozenset(
    [
        "a",
        "an",
        "some",
        "any",
        "no",
        "what",
        "which",
        "whose",
        "this",
        "that",
        "these",
        "those",
        "every",
        "each",
        "such",
        "much",
        "more",
        "enough",
        "extra",
        "few",
        "many",
    ]
)
_HELPING: Final = frozenset("will would can could should may might must shall".split())  # noqa: SIM905
_LIKE: Final = folded("वाल")
_IN: Final = folded("में")
_WITHIN: Final = frozenset({"in", "into", "during"})
SHORT: Final = 3
_BE: Final = frozenset("be being been become becomes became get gets got".split())  # noqa: SIM905
_IS: Final = folded_set("है हैं था थी थे हूँ")
_DOING: Final = frozenset("i you he she we they can can't cannot don't doesn't didn't won't couldn't let's".split())  # noqa: SIM905
_WITH_PEOPLE: Final = GENITIVES | folded_set("ने को और")
_ALL: Final = folded_set("सब सभी चुप कोई सबके")
_THERE: Final = frozenset({"there", "there's"})
_ARE: Final = frozenset({"is", "are", "was", "were", "be", "been", "will", "has", "have"})
_STILL: Final = frozenset("still no not little much some any more always only just so such a an the great never now".split())  # noqa: SIM905
_OR: Final = frozenset({"and", "or"})
_AND: Final = folded_set("और या व एवं")
_PLURAL: Final = folded_set("हैं थे थीं गए गये होंगे रहे लगे")
_ORDINAL: Final = ("st", "nd", "rd", "th")
_OF_MANY: Final = "ों"
_OF_ONE: Final = folded_set("को ने के")


def is_free(place: Place, draft: str, span: Span) -> bool:
    """Whether nothing speaks against putting an entry there: the word is a good one, or belongs to what is around it."""
    if all(folded(word) in _ADDRESSES for word in words(draft[span[0] : span[1]])):
        return False  # who is called Dadi may be called Grandma
    if place.is_called_and_said and not _is_called(place, draft, span):
        return False
    if place.entry.shown_by == "place" or (place.entry.shown_by == "read" and place.times == 1):
        return True  # who read the line told that it has the name, and not where
    as_word = len(place.entry.target.split()) == 1 and is_said(folded(place.said[0]), place.source)
    return not (as_word or _is_shouted(place) or _is_said_as_word(place, draft, span)) and (
        is_shown(place.said[0], place.source) or _is_likely(place, draft, span)
    )


def _is_called(place: Place, draft: str, span: Span) -> bool:
    """Whether a span is who is called between commas."""
    called = place.called(draft)
    return called is not None and called[0] <= span[0] and span[1] <= called[1]


def _is_likely(place: Place, draft: str, span: Span) -> bool:
    """Whether a name that the line does not show may be put there."""
    said, entry = place.said[0], place.entry
    given = GIVEN.get(folded(said)) if entry.shown_by == "use" and len(place.said) == 1 else None
    if given and given.meanings and use_of(said, place.source) <= 0 and not is_translated(given, draft):
        return False  # "hope" and "pearls" tell nothing
    before = words(draft[: span[0]])
    if entry.provenance == "text" and before and before[-1].casefold() in ARTICLES:
        return False  # that it is a name is a guess, and a name has no article
    owned = place.ahead in DETERMINERS and bool(renderings(folded(said), place.pair.source))
    return not (owned and before and before[-1].casefold() in _OWNED) or _is_of_who_is_called(place, draft, span)


def _is_of_who_is_called(place: Place, draft: str, span: Span) -> bool:
    """Whether what follows in the draft belongs to the name in the line: "my innocent granddaughter" is मेरी भोली की नातिन."""
    if len(place.behind) == 1 or place.behind[:1] not in [(each,) for each in GENITIVES]:
        return False
    if titles(place.said[0], place.pair.source) or ENDING.search(draft[span[0] : span[1]]):
        return False  # "my brother's friend"
    following = next((word for word in split(draft) if word.start >= span[1]), None)
    return following is not None and place.account.has(following) and following.plain not in FUNCTION


def _is_said_as_word(place: Place, draft: str, span: Span) -> bool:
    """Whether the draft has something as people say the word and not the name: as more than one, as one of many, with what describes it."""
    if len(place.said) > 1 or not _is_word(place) or _is_used_as_name(place):
        return False
    run = next(each for each in runs(draft) if each[0].start <= span[0] < each[-1].end)
    within = [word for word in run if word.start >= span[0] and word.end <= span[1]]
    if not any(is_akin(word.stem, each) for word in within for each in place.meant):
        return False  # a misspelt name
    singular = place.case in CASE_MARKERS and not place.said[0].endswith(_OF_MANY)
    before = [word for word in run if word.end <= span[0]]
    opening = not any(word.plain not in ARTICLES for word in before) and not _PLURAL.isdisjoint(place.behind)
    many = not singular and any(_is_of_many(word, opening=opening) for word in within[-1:])
    drafted = split(draft)
    if many or _is_the_only_one(place, before) or _is_there(drafted, within[0]) or _is_beside_word(place, drafted, within):
        return True
    after = next((word for word in run if word.start >= span[1]), None)
    if not before:
        return _is_listed(place)
    opens = len(before) == 1
    where = next((folded(word.text) for word in reversed(before) if word.plain != "the"), "")
    within_it = where in _WITHIN or (place.case == _IN and where == "at") or place.case.startswith(_LIKE)
    if _is_person(place) and within_it:
        return True  # nobody is in somebody: "in the rain"; nor is one the sort of another: रात वाली
    return _is_one_of(place, before[-1], within[0], opens=opens) or _is_described(place, before[-1], after)


def _is_listed(place: Place) -> bool:
    """Whether the line has it in a list of things."""
    clauses = [[folded(word) for word in words(part)] for part in CLAUSE.split(place.source)]
    return is_list([clause for clause in clauses if clause])


def _is_one_of(place: Place, before: Word, first: Word, *, opens: bool) -> bool:
    """Whether the word before tells of something that there is more of, or that comes to be: "a light", "it will be light"."""
    last = folded(before.text)
    if last in _DOING or (last in _HELPING and not opens):
        return True  # "I can't sleep"
    if last in _COUNTED or (is_of_numbers(last, place.pair.target) and not last.endswith(_ORDINAL)):
        return place.case not in _OF_ONE  # these stand behind what is known, not behind one of many
    return last in _BE and place.case not in _IS and first.text.islower()


def _is_described(place: Place, before: Word, after: Word | None) -> bool:
    """Whether what stands beside a word describes it, or is what it describes, in the draft as in the line: "a mother's love", "a cool breeze"."""
    if before.text != before.bare and place.ahead in DETERMINERS:
        return True
    if qualifies(place.ahead) and place.account.renders(place.ahead, before):
        return True
    somebody = titles(place.case, place.pair.source) or is_somebody(renderings(place.case, place.pair.source))
    describes = qualifies(folded(place.said[0])) and not somebody and before.text.casefold() in ARTICLES
    return describes and after is not None and place.account.renders(place.case, after)


def _is_of_many(word: Word, *, opening: bool) -> bool:
    """Whether it tells of more than one; opening: whether it may have a capital only since a sentence begins there."""
    plain = word.plain
    many = plain.endswith("s") and not plain.endswith(("ss", "us", "is", "ness")) and len(plain) > SHORT
    return many and (opening or word.text.islower())


def _is_the_only_one(place: Place, before: Sequence[Word]) -> bool:
    """Whether the draft has a thing that acts, as the sun and the wind, with its article, and nothing in the line says that somebody does."""
    plain = folded(place.said[0])
    if before[-1:] == [] or before[-1].plain != "the" or plain not in NAMES.forces | NAMES.animals:
        return False
    if place.case in KIN_BEHIND | SURNAMES | _WITH_PEOPLE or is_shown(place.said[0], place.source):
        return False
    return not is_borne_loosely(place.said[0], place.source)


def _is_shouted(place: Place) -> bool:
    """Whether it is all that is said before all are told to do something: "Silence! Be quiet, everybody!"."""
    plain = folded(place.said[0])
    heard = [clause for part in SENTENCE_END.split(place.source) if (clause := [folded(word) for word in words(part)])]
    return plain in SHOUTED and heard[0] == [plain] and len(heard) > 1 and heard[1][0] in _ALL


def _is_there(drafted: Sequence[Word], first: Word) -> bool:
    """Whether the draft says that there is such a thing: "there was still hope"."""
    ahead = [word.plain for word in drafted if word.end <= first.start]
    while ahead and ahead[-1] in _STILL:
        ahead.pop()
    while ahead and ahead[-1] in _ARE:
        ahead.pop()
    return first.text.islower() and ahead[-1:] != [] and ahead[-1] in _THERE


def _is_beside_word(place: Place, drafted: Sequence[Word], within: Sequence[Word]) -> bool:
    """Whether the line has it beside a word that is nobody's name, and the draft, too: "life and death"."""
    at = next(number for number, word in enumerate(drafted) if word.start == within[0].start)
    following = [word for word in drafted[at + len(within) :] if word.plain not in ARTICLES]
    ahead = [word for word in drafted[:at] if word.plain not in ARTICLES]
    told = [some[1] for some in (following[:2], ahead[::-1][:2]) if len(some) == len(("and", "")) and some[0].plain in _OR]
    heard = [some[1] for some in (place.behind[:2], _ahead(place)) if len(some) == len(("और", "")) and some[0] in _AND]
    things = [word for word in told if not is_somebody({word.stem})]
    return any(_is_thing(place, other) and any(place.account.renders(other, word) for word in things) for other in heard)


def _ahead(place: Place) -> tuple[str, ...]:
    """The two words before it in the line, the nearest first."""
    return tuple(map(folded, place.heard[: place.at][::-1][:2]))


def _is_thing(place: Place, other: str) -> bool:
    """Whether a folded word of the line is a noun that is no name, and nobody is called so."""
    given = GIVEN.get(other)
    if titles(other, place.pair.source):
        return False
    return given.seldom if given is not None else is_noun(other)


def _is_used_as_name(place: Place) -> bool:
    """Whether the line uses a word as a name: of one that no list has, no less than what is said of people only will do."""
    said = place.said[0]
    return use_of(said, place.source) > 0 if folded(said) in GIVEN else is_shown(said, place.source)


def _is_person(place: Place) -> bool:
    """Whether the name is one that people bear, and no place."""
    given = GIVEN.get(folded(place.said[0]))
    return given is not None and given.gender is not None and folded(place.said[0]) not in PLACES.also_words


def _is_word(place: Place) -> bool:
    """Whether the name is a word as well."""
    plain = folded(place.said[0])
    given = GIVEN.get(plain)
    return bool(given.meanings) if given else bool(renderings(plain, place.pair.source))


def is_another_word(place: Place) -> bool:
    """Whether what sounds like a name in a line is a form of a verb or another word that is known: सुनिए is listen, and not Suhani."""
    plain = folded(place.said[0])
    if len(place.said) > 1 or plain in GIVEN or not is_verb(plain, place.pair.source):
        return False
    return key(plain) not in map(key, place.entry.source)
