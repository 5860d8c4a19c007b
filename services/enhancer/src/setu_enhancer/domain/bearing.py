"""What is said of people and hardly of things: by it a Hindi word is somebody's name, whatever it means as a word.

"हिम्मत को बुलाओ" calls Himmat, since courage is not called; "मेरा मोती बूढ़ा है" speaks of Moti, since no pearl is old and tired. Nothing of it needs a list of names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from setu_enhancer.domain.dictionary import kinds
from setu_enhancer.domain.lexicon.names import NAMES
from setu_enhancer.domain.lexicon.people import (
    CALLED_BY,
    CALLS,
    CRIED,
    DETERMINERS,
    HAILS,
    HONOURED,
    KIN_BEHIND,
    KINDRED,
    OWNED,
    OWNERS,
    SHOUTED,
    SPEAKERS,
    STATES,
    STRICTLY_OWNED,
    SURNAMES,
    TITLES,
    TO_YOU,
    days,
    titles,
)
from setu_enhancer.domain.text.closed import CASE_MARKERS, CLAUSE_OPENERS, DEMONSTRATIVES, GENITIVES, PARTICLES, folded_set
from setu_enhancer.domain.text.numbers import is_of_numbers
from setu_enhancer.domain.text.words import SENTENCE_END, folded, words


def _starts(listed: str) -> tuple[str, ...]:
    return tuple(map(folded, listed.split()))


CALLING: Final = CALLS | CALLED_BY
"""Before a word that is called may stand all of them, behind it no call: हाथी देखो."""
OF_ME: Final = folded_set("मैं मैंने मुझे मुझको मुझसे हम हमने हमें हमको हमसे मेरा मेरी मेरे")
ORDERS: Final = folded_set(
    "कर दे ले जा आ सुन देख बोल चल रुक बैठ उठ रख बता छोड़ मान सोच पकड़ खोल हट लगा निकल उतर चढ़ समझ पूछ पढ़ लिख खा पी भाग दौड़ चुप आजा डाल मार भेज ला बन हो"
)
ORDERED: Final = _starts("ो ओ िए इए िएगा इएगा ना")
BE: Final = folded_set("है हैं हूँ था थी थे थीं हो होगा होगी होंगे रहा रही रहे गया गई गए गयी चुका चुकी लगता लगती लग")
DOING: Final = frozenset(
    folded(root + ending)
    for root in "सो रो हँस नहा जाग रूठ चिल्ला झगड़ शरमा नाच बोल मुस्कुरा हकला ऊँघ खाँस छींक".split()  # noqa: SIM905
    for ending in ("", "ा", "ी", "े", "या", "यी", "ई", "ए", "ता", "ती", "ते")
)
# By what stands behind a word, what goes on there with people only.
TO_PEOPLE: Final = {
    folded("को"): _starts(
        "बुला कह बोल पूछ समझा मनाओ मनाना मनाने जगा नहला सुला रुला पढ़ा सिखा टहला बिठा चिढ़ा सता डाँट धमका छेड़ स्टेशन एयरपोर्ट लेने टीका बता बताओ ख़बर इत्तला स्कूल अस्पताल नौकरी पुलिस"
    ),
    folded("से"): _starts("पूछ बोल कह शादी मिलना मिलने मिलो मिलवा मिलूँ मिलकर बात झगड़ लड़"),
}
SURELY_TO_PEOPLE: Final = {
    folded("को"): _starts("पूछ नहला टहला चिढ़ा डाँट धमका एयरपोर्ट स्टेशन इत्तला"),
    folded("से"): _starts("पूछ शादी"),
}
"""The same of words that are seldom names: hope is met, fought and awakened, too, and hunger told."""
DONE_BY: Final = _starts("कहा पूछ बताया बोल लौटा ख़रीद बेच पहन लिख पढ़ पकाया बनाया फ़ोन देखा सोचा माँग पैसे शादी")
"""What people have done that feelings and things have not."""
HANDLED: Final = folded_set(
    "होमवर्क खाना खीर रोटी चाय पानी दवा दवाई फ़ीस बर्तन कपड़े गिलास चाबी टिकट गाड़ी बैग झाड़ू दाल सब्ज़ी दूध गेंद बिल चिट्ठी पार्सल मनीऑर्डर"
)
"""What people have to do with, and what nobody tells a feeling of."""
LIMBS: Final = folded_set("पैर हाथ सिर सर पेट घुटने घुटना कंधे कंधा दाँत कान नाक माथे माथा बाल बुख़ार तबीयत तबियत ज़िद")
SEEN: Final = _starts("देख पकड़ सुना सुन")
DOING_IT: Final = _starts("ते ता ती")
_WRITE: Final = _starts("लिख ख़त चिट्ठी कर चेक")
_NE, _KO, _SE, _AND, _NAME, _KE, _I = map(folded, ("ने", "को", "से", "और", "नाम", "के", "मैं"))
_COPULA: Final = folded_set("है हैं हूँ हो था थी थे थीं")
_QUESTIONS: Final = folded_set("क्या क्यों क्यूँ कब कहाँ कौन कैसे कैसा कैसी किधर कितना कितने")
_OF_FORCES: Final = folded_set("काका काकी चाचा चाची भैया भाई दीदी बुआ मौसी भाभी ताई ताऊ आंटी अंकल मैम मैडम सर")
_YEARS: Final = folded_set("साल बरस महीने")
_PLACES: Final = folded_set(
    "घर ऑफ़िस स्कूल कॉलेज बाज़ार दफ़्तर गाँव अस्पताल दिल्ली मुंबई बंबई लखनऊ पटना कोलकाता जयपुर भोपाल पुणे लंदन दुबई अमेरिका बाहर अंदर छत"
)
_GOES: Final = _starts("जाएग जाऊ जात जा गया गई आएग आत आया आई आए लौट पहुँच भाग चल")
_PHONES: Final = folded_set("फ़ोन कॉल मैसेज")
_POLITELY: Final = folded_set("जी मैम मैडम सर मिस टीचर")
_ON, _WORK, _NOT = folded("पर"), folded("काम"), folded("नहीं")
_THAT: Final = DEMONSTRATIVES | {folded("क्या")}
_POLITE: Final = _starts("िए इए िएगा इएगा")
_MADE: Final = _starts("जा गई गए")
_WHERE, _LIVES = folded("कहाँ"), _starts("रहता रहती")
_ALWAYS_A: Final = folded_set("राजा नेता पिता देवता दाता आत्मा राणा बाबा चाचा मामा दादा नाना काका अब्बा")
_ASKED, _PUT, _HEY, _IN, LONG_A = map(folded, ("बोल", "रख", "अरे", "में", "ा"))
FEW: Final = 3
MOST_BESIDE, OFTEN = 2, 2
_YOUR_HONOUR: Final = folded_set("आप आपका आपकी आपके आपको आपने")


@dataclass(frozen=True)
class Word:
    """What is known of a word that may be a name.

    Args:
        folded: it.
        somebody: whether it says what people are, so that what is said of people tells nothing.
        acts: whether it does things as people do, without being anybody: animals, the wind, fate.
        alive: whether it is tired or ill as people are: animals.
        manner: whether "with it" tells how something is done: प्रेम से.
        bends: whether it is another word before a postposition where it is no name: हीरे को, but Heera is हीरा को.
        listed: whether it is a name of a list: then less is enough.
        seldom: whether the word is said far more often than the name, or nobody ever heard of the name: then only what is hardly ever said of anything else counts.
    """

    folded: str
    somebody: bool = False
    acts: bool = False
    alive: bool = False
    manner: bool = False
    bends: bool = False
    listed: bool = False
    seldom: bool = False


@lru_cache(maxsize=16_384)
def is_borne(word: Word, text: str) -> bool:
    """Whether something in a Hindi line says that a word of it is the name of somebody.

    Args:
        word: of the line.
        text: the line.
    """
    sentences = [clauses for part in SENTENCE_END.split(text) if (clauses := _clauses(part))]
    for number, clauses in enumerate(sentences):
        following = sentences[number + 1][0] if number + 1 < len(sentences) else ()
        for place, said in enumerate(clauses):
            if word.folded in said and _Standing(word, said, said.index(word.folded)).is_borne(clauses, place, following):
                return True
    return False


def _clauses(sentence: str) -> list[tuple[str, ...]]:
    parts = sentence.replace("—", ",").replace("–", ",").split(",")
    return [said for part in parts if (said := tuple(folded(each) for each in words(part)))]


@dataclass(frozen=True)
class _Standing:
    """A word in its clause.

    Args:
        word: it.
        said: the words of the clause, folded.
        at: where it stands there.
    """

    word: Word
    said: tuple[str, ...]
    at: int

    @property
    def before(self) -> str:
        """The word before it."""
        return self.said[self.at - 1] if self.at else ""

    @property
    def behind(self) -> str:
        """The word behind it."""
        return self.said[self.at + 1] if self.at + 1 < len(self.said) else ""

    @property
    def rest(self) -> tuple[str, ...]:
        """The words behind it."""
        return self.said[self.at + 1 :]

    def is_borne(self, clauses: Sequence[tuple[str, ...]], place: int, following: tuple[str, ...]) -> bool:
        """Whether anything says so; the clauses are those of its sentence, and the first of the one that follows."""
        if self.word.somebody or self._is_told():
            return self._is_told()
        called = self._is_called(clauses, place, following)
        if self._is_bidden(clauses, following) if called and self.word.seldom else called:
            return True
        if self._is_like_people() or (self._is_of_nobody() and not self.word.seldom):
            return True
        if self._is_of_kin():
            introduced = self.at == FEW and self.said[0] in _THAT and self.behind in _COPULA
            return introduced or (self.behind not in BE and not (self.word.manner and self.behind == _SE))
        before = self.before
        if before and (before in DETERMINERS - _THAT or qualifies(before) or is_of_numbers(before, "hi")):
            return False
        return self._owns() or (before not in _THAT and (self._has_kin() or self._is_dealt_with() or self._is_beside()))

    def _owns(self) -> bool:
        """Whether it has what only people have, or what things have not."""
        if self.behind not in GENITIVES or not self.rest[1:]:
            return False
        if self.rest[1] in STRICTLY_OWNED:
            return True
        nobody = self.word.acts or self.word.folded in HONOURED or (self.word.seldom and not self.word.listed)
        return not nobody and self.rest[1] in (OWNED if self.word.seldom else OWNED | LIMBS)

    def _is_told(self) -> bool:
        """Whether a name is what it is said to be: it has a title, or "name" beside it."""
        before, behind, rest = self.before, self.behind, self.rest
        if before in TITLES and behind not in KIN_BEHIND and self.word.folded not in KIN_BEHIND:
            return True
        if before == _NAME and (not behind or behind in BE or behind.startswith(_PUT)):
            return True
        if behind == _NAME and rest[1:] and rest[1] in GENITIVES:
            return True
        if rest[:2] == (_KE, _NAME) and len(rest) > FEW:
            return rest[3].startswith(_WRITE)
        return before == _I and behind.startswith(_ASKED) and len(rest) > 1

    def _is_called(self, clauses: Sequence[tuple[str, ...]], place: int, following: Sequence[str]) -> bool:
        """Whether a word is all there is before or behind a comma, and the rest is said to somebody."""
        word = self.word.folded
        ahead = self.said[: self.at]
        alone = all(each in CALLING | CLAUSE_OPENERS for each in ahead) and all(each in CALLED_BY for each in self.rest)
        if word in CRIED or len(self.said) > MOST_BESIDE + 1 or not alone or days(word, "hi"):
            return False
        if is_list(clauses):
            return False
        if len(clauses) == 1:
            heard = is_order(following) or not TO_YOU.isdisjoint(following[:1])
            return heard and not self.word.acts and word not in SHOUTED
        rest = [each for number, each in enumerate(clauses) if number != place]
        if any(CALLS.issuperset(each) for each in rest):
            return not self.word.acts
        if place not in (0, len(clauses) - 1) or len(clauses) > FEW or (self.word.acts and place):
            return False
        return self._is_heard(rest, ahead, first=place == 0)

    def _is_bidden(self, clauses: Sequence[tuple[str, ...]], following: tuple[str, ...]) -> bool:
        """Whether a word that is called is hailed, told to do something or told of what people have or do: "ए छोटू", "खुशी, इधर आओ", "तेरी माँ"."""
        told = [each for each in clauses if each != self.said] or [following]
        if self.word.listed and any(_is_said_to_people(each, DONE_BY if not self.word.acts else ()) for each in told):
            return True
        if self.word.acts or not self.word.listed or self.word.folded in SHOUTED:
            return False
        first = clauses[0] == self.said
        bidden = any(is_order(each) and _QUESTIONS.isdisjoint(each) for each in clauses if each != self.said)
        hailed = HAILS | {_HEY} if len(clauses) > 1 else HAILS
        return (bidden and (first or not self.word.manner)) or not hailed.isdisjoint(self.said[: self.at])

    def _is_heard(self, rest: Sequence[tuple[str, ...]], ahead: Sequence[str], *, first: bool) -> bool:
        """Whether the rest of a sentence is said to who would be called; ahead is what stands before the word."""
        word = self.word.folded
        if word in HONOURED and any(each[-1].endswith(_POLITE) or not _YOUR_HONOUR.isdisjoint(each) for each in rest):
            return False
        if any(is_order(each) or not (TO_YOU | _QUESTIONS).isdisjoint(each) for each in rest) or not CALLS.isdisjoint(ahead):
            return True
        likely = self.word.listed and not self.word.acts and word not in SHOUTED | HONOURED and len(rest) == 1
        return first and any(len(each) >= FEW and (likely or not OF_ME.isdisjoint(each)) for each in rest)

    def _is_like_people(self) -> bool:
        """Whether what a clause is about is what only people, or animals that have names, are."""
        ahead, rest = self.said[: self.at], self.rest
        aside = any(each not in CLAUSE_OPENERS | OWNERS for each in ahead) or self.behind in CASE_MARKERS
        if self.word.alive or aside or len(rest) <= 1 or qualifies(self.word.folded):
            return False
        states = rest[-1] in BE and any(each in STATES and behind in BE | {_IN} for each, behind in pairwise(rest))
        if states and not self.word.seldom:
            return True
        if ahead or self.word.acts:
            return False
        if self.word.listed and (self._is_of_age() or self._goes()):
            return True
        lives = self.behind == _WHERE and rest[1].startswith(_LIVES)
        if self.word.seldom:
            return False
        return lives or (_NE not in rest and any(each in DOING and behind in BE for each, behind in pairwise(rest)))

    def _is_of_age(self) -> bool:
        """Whether so many years are its: "पाँच साल की"."""
        return any(
            is_of_numbers(one, "hi") and other in _YEARS and last in GENITIVES
            for one, other, last in zip(self.rest, self.rest[1:], self.rest[2:], strict=False)
        )

    def _goes(self) -> bool:
        """Whether it goes to a place as people do."""
        rest = tuple(each for each in self.rest if each != _NOT)
        there = any(each in _PLACES and behind == _ON and rest[-1] in _COPULA for each, behind in pairwise(rest))
        works = any(rest[at : at + 2] == (_WORK, _ON) and rest[at + 2].startswith(_GOES) for at in range(len(rest) - 2))
        goes = any(each in _PLACES and behind.startswith(_GOES) for each, behind in pairwise(rest))
        return there or works or (goes and not self.word.manner)

    def _is_of_nobody(self) -> bool:
        """Whether somebody is said to be what nobody is: "आप आनंद हैं?"."""
        ahead = [each for each in self.said[: self.at] if each not in PARTICLES]
        return (
            self.word.manner and ahead[-1:] != [] and ahead[-1] in SPEAKERS and len(self.rest) == 1 and self.behind in _COPULA
        )

    def _has_kin(self) -> bool:
        if self.behind in SURNAMES:
            return True
        called = KIN_BEHIND if not self.word.acts else frozenset() if self.word.alive else _OF_FORCES
        return self.behind in called and (not qualifies(self.word.folded) or self.behind in _POLITELY)

    def _is_dealt_with(self) -> bool:
        """Whether somebody of that name does something, is spoken to, or is seen doing something."""
        case, rest = self.behind, self.rest[1:]
        if case not in CASE_MARKERS or (self.word.seldom and not self.word.listed):
            return False
        if (self.word.bends and not self.word.alive) or (case == _KO and _is_seen(rest)):
            return True
        if self.word.acts or self.word.folded in HONOURED:
            return False
        return self._does(rest) if case == _NE else self._suffers(case, rest)

    def _does(self, rest: Sequence[str]) -> bool:
        """Whether it does what people do; if it is seldom a name, what things and feelings don't: "खुशी ने पागल कर दिया" is no Khushi."""
        return not self.word.seldom or qualifies(self.word.folded) or _is_of_people(rest, DONE_BY)

    def _suffers(self, case: str, rest: Sequence[str]) -> bool:
        """Whether something is done to it, or with it, that is done to people."""
        if qualifies(self.word.folded) and case in GENITIVES | {_KO} and not _is_done(rest):
            return True
        if case not in TO_PEOPLE or (case == _SE and self.word.manner):
            return False
        to_people = (SURELY_TO_PEOPLE if self.word.seldom else TO_PEOPLE)[case]
        phoned = case == _KO and any(each in _PHONES and other not in GENITIVES for each, other in pairwise((*rest[:FEW], "")))
        return phoned or any(each.startswith(to_people) for each in rest[:FEW])

    def _is_beside(self) -> bool:
        """Whether a word stands beside who speaks: "हिम्मत और मैं"."""
        other = self.rest[1] if self.rest[:1] == (_AND,) and len(self.rest) > 1 else ""
        if self.before == _AND and self.at > 1:
            other = self.said[self.at - 2]
        known = NAMES.get(other) if self.word.listed and not self.word.acts else None
        thing = self.word.acts or (self.word.seldom and not (self.word.listed and _is_of_people(self.rest)))  # "नींद और मैं"
        return (other in SPEAKERS and not thing) or (known is not None and not known.meanings and known.gender is not None)

    def _is_of_kin(self) -> bool:
        return self.at > 1 and self.before in KINDRED and self.said[self.at - 2] in OWNERS


def is_order(said: Sequence[str]) -> bool:
    """Whether some words tell somebody to do something."""
    left = [each for each in said if each not in PARTICLES and each not in CALLING]
    if not left:
        return False
    last = left[-1]
    return last in ORDERS or (last.endswith(ORDERED) and "verb" in kinds(last, "hi") and last not in BE)


def is_list(clauses: Sequence[Sequence[str]]) -> bool:
    """Whether nouns stand alone between commas that are hardly all names: "धूप, हवा, पानी, सब मुफ़्त है"."""
    alone = {each[0] for each in clauses if len(each) == 1 and "noun" in kinds(each[0], "hi")} - CALLING - CRIED - ORDERS
    known = [NAMES.get(each) for each in alone if not titles(each, "hi")]
    return len(known) >= OFTEN and any(given is None or given.seldom for given in known)


def _is_done(rest: Sequence[str]) -> bool:
    """Whether what stands behind "की" shows that it is the verb: "तैयार की हैं", "स्थगित की जाती है"."""
    return not rest or rest[0] in BE or rest[0].startswith(_MADE)


def _is_of_people(said: Sequence[str], starts: tuple[str, ...] = ()) -> bool:
    """Whether some words say what people only have to do with, or have a word that begins so."""
    return any(each in HANDLED | _PLACES or (starts and each.startswith(starts)) for each in said)


def _is_said_to_people(said: Sequence[str], starts: tuple[str, ...]) -> bool:
    """Whether some words are said to somebody: "तेरी माँ", "चाय ला"; words that begin so tell, too, where "you" comes first."""
    owned = any(one in TO_YOU and other in OWNED | HANDLED for one, other in pairwise(said))
    done = len(said) > FEW and said[0] in TO_YOU and _is_of_people(said, starts)
    return owned or done or (bool(starts) and len(said) > 1 and _is_of_people(said))


def _is_seen(rest: Sequence[str]) -> bool:
    """Whether who is meant was seen doing something to something: "आग लगाते देखा"."""
    return any(
        place and each.endswith(DOING_IT) and behind.startswith(SEEN) for place, (each, behind) in enumerate(pairwise(rest))
    )


@lru_cache(maxsize=4096)
def qualifies(word: str) -> bool:
    """Whether a word is nothing but an adjective, or says how much."""
    known = kinds(word, "hi")
    return bool(known) and "noun" not in known and "quality" in known


def bends(word: str) -> bool:
    """Whether a noun or adjective ends as those do that are other words before a postposition, if it is a man's name: हीरा."""
    return word.endswith(LONG_A) and word not in _ALWAYS_A and not titles(word, "hi")
