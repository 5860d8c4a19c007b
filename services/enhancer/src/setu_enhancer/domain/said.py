"""What is said with a Hindi word where it is the word, and hardly ever of who bears it as a name: clouds gather, and patience is kept.

What goes with each word is a file, written by hand; that what somebody sees, buys or sings stands without "को" holds for all of them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import zip_longest
from pathlib import Path
from typing import Final

from setu_enhancer.domain.dictionary import kinds
from setu_enhancer.domain.dictionary.forms import LIGHT
from setu_enhancer.domain.lexicon.names import NAMES
from setu_enhancer.domain.lexicon.people import KIN_BEHIND, SURNAMES, TITLES
from setu_enhancer.domain.text.closed import CLAUSE_OPENERS, PARTICLES, POSTPOSITIONS, folded_set
from setu_enhancer.domain.text.words import SENTENCE_END, folded, words

_ANY: Final = "*"
_FILE: Final = Path(__file__).parent / "lexicon" / "said-hi.txt"
_CLAUSE: Final = re.compile(r"[,—–]")


MOST_BETWEEN: Final = 2
SHORT: Final = 2
BEGINNING: Final = 4
"""Letters from which on the beginning of a word tells it; of a shorter one the whole word has to be a form."""
_PASSED_OVER: Final = PARTICLES | folded_set(
    "नहीं न मत बहुत ज़्यादा ज़रा थोड़ा थोड़ी कुछ कैसे क्यों कब अब फिर पूरी पूरा सारी सारा अपना अपनी सा सी"
)
_IS: Final = folded_set("है था थी थे नहीं")
_WHO: Final = folded_set("ने को")
_MEASURES: Final = folded_set("पाव किलो ग्राम सेर लीटर तोला दर्जन चम्मच कप गिलास मुट्ठी बोरी टोकरी शुभ")
_NE: Final = folded("ने")
_KI: Final = folded("की")
_DID: Final = folded("किया")
_DONE: Final = folded_set("है हैं थी थीं होगी गई गयी जाए जाएगी जाती जा")
_NAME: Final = folded("नाम")
_DOERS: Final = folded_set("मैंने तूने तुमने उसने इसने हमने आपने उन्होंने इन्होंने किसने सबने")
_SPEAKERS: Final = folded_set("मैं हम तू तुम आप वो वह ये यह वे मुझे हमें तुम्हें तुझे उसे इसे उन्हें इन्हें आपको मुझको")
_ENDING: Final = re.compile(
    folded(
        r"(?:|गा|गी|गे|ंगे|या|यी|ये|ई|ए|ना|ने|नी|ता|ती|ते|ा|ी|े|ो|ओ|ों|ें|ियां|ियों|कर|के|ि?ए|इए|ि?एगा|इएगा|ू|ूं|ऊं|ऊ|[ूऊ]ंग[ाी]|[ेए]ग[ाी]|[ेए]ंग[ेी]|[ोओ]ग[ेी]|एं|ाया|ायी|ाई|ाए|ाते|ाता|ाती|ाना|ाने|ाओ|ाकर|ाके|ाऊं|ाएग[ाी]|वा|वाया|वाई|वाना|वाने|वाओ)"
    )
)
_IRREGULAR: Final = {
    folded(root): tuple(map(folded, forms.split()))
    for root, forms in {
        "कर": "किया किए किये कीजिए कीजिएगा",
        "जा": "गया गई गए गयी गये",
        "दे": "दिया दी दिए दिये दो दूँ दूँगा दूँगी दीजिए",
        "ले": "लिया ली लिए लो लूँ लूँगा लूँगी लीजिए",
        "हो": "हुआ हुई हुए हूँ",
        "पी": "पिया पिए पियो पियूँगा पीजिए",
    }.items()
}
_TAKEN: Final = tuple(map(folded, "बेच ख़रीद पहन पका उगा सिल तोड़ फेंक उड़ा बजा लिख ढूँढ उठा पकड़ बाँट चुरा देख सुन काट".split()))  # noqa: SIM905
_OPENING: Final = CLAUSE_OPENERS | folded_set("तब वहाँ यहाँ अरे")
_AS_A_RULE: Final = tuple(map(folded, "ता ती ते ेगा ेगी एगा एगी ेंगे ेंगी".split()))  # noqa: SIM905
_GOING_ON: Final = folded("रह")
_DONE_BY_PEOPLE: Final = folded_set(
    "लिख पढ़ सुन सुना सुनो गा खेल कर दे ले बना बेच ख़रीद खा पी देख बोल माँग रख पहन काट तोड़ उठा ला सीख सिखा छोड़ बता खींच पकड़ मार खोल चढ़ा उतार लगा बाँट सजा नाच मना"
)
"""What people do with such things, and who is called so does with others."""
_CALLED_SO: Final = tuple(map(folded, "समझ बना कह पुकार मान बुला बोल लिख बता पूछ सोच कहलवा है हैं था थी थे हो".split()))  # noqa: SIM905


@dataclass(frozen=True)
class _Along:
    """What goes with a word.

    Args:
        before: words, or their beginnings, in a row before it.
        behind: the same behind it.
        near: how many words may stand between.
        weak: whether it tells nothing where anything says that somebody is meant.
    """

    before: tuple[str, ...]
    behind: tuple[str, ...]
    near: int
    weak: bool

    @property
    def is_of_names(self) -> bool:
        """Whether it has the word for a name beside it, and tells of no name nevertheless: "नाम अमर रहेगा"."""
        return _NAME in (*self.before[-1:], *self.behind[:1])

    def is_with(self, said: Sequence[str], at: int) -> bool:
        """Whether it stands with the word at that place."""
        ahead = list(said[:at])
        if self.before and not any(
            _are(ahead[len(ahead) - gap - len(self.before) : len(ahead) - gap], self.before)
            for gap in range((0 if self.behind else 1) + 1)
            if len(ahead) >= gap + len(self.before)
        ):
            return False
        if not self.behind:
            return True
        rest = list(said[at + 1 :])
        while rest and rest[0] in _PASSED_OVER and not _are(rest[: len(self.behind)], self.behind):
            rest.pop(0)
        return any(_are(rest[gap : gap + len(self.behind)], self.behind) for gap in range(self.near + 1))


class _Companions:
    @cached_property
    def _told(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for line in folded(_FILE.read_text(encoding="utf-8")).splitlines():
            heads, is_entry, told = line.partition(": ")
            for head in heads.split() if is_entry and not line.startswith("#") else ():
                found.setdefault(head, []).append(told)
        return found

    @lru_cache(maxsize=2048)  # noqa: B019 - there is one, for good
    def of(self, word: str) -> Mapping[str, Sequence[_Along]]:
        """What goes with a folded word, by the word that it begins with."""
        found: dict[str, list[_Along]] = {}
        for told in (*self._told.get(word, ()), *(self._told[_ANY] if word in NAMES else ())):
            behind, _, before = told.partition(" / ")
            with_it = [_behind(each.strip()) for each in behind.split(",") if each.strip()]
            ahead = [_Along(tuple(each.split()), (), 0, weak=False) for each in before.split(",") if each.strip()]
            for along in (*with_it, *ahead):
                found.setdefault((along.behind or along.before)[0], []).append(along)
        return found

    def among(self, said: Sequence[str], at: int) -> Iterator[_Along]:
        """What goes with the word at that place and may be with it there, as the words around it begin."""
        listed = self.of(said[at])
        if listed:
            for root in dict.fromkeys(root for word in said for root in _roots(word)):
                yield from listed.get(root, ())


def _behind(told: str) -> _Along:
    """``_`` stands for the word itself, ``+`` before what stands directly behind it, ``?`` before what tells little."""
    weak, told = told.startswith("?"), told.removeprefix("?")
    before, is_between, behind = told.rpartition(" _ ")
    near = told.startswith("+")
    parts = tuple((behind if is_between else told).removeprefix("+").split())
    light = parts[0] in _IS or any(is_form(parts[0], root) for root in LIGHT)  # "संध्या नाराज़ हो गई"
    bound = near or weak or light or bool(before) or parts[0] in POSTPOSITIONS or (len(parts) == 1 and len(parts[0]) <= SHORT)
    return _Along(tuple(before.split()), parts, 0 if bound else MOST_BETWEEN, weak)


_COMPANIONS: Final = _Companions()


@lru_cache(maxsize=16_384)
def is_said(word: str, text: str) -> bool:
    """Whether each time that a Hindi line has a word, it stands with what is said of the word and not of somebody of that name.

    Args:
        word: of the line, folded.
        text: the line.
    """
    return _is_said(word, text, weakly=False)


@lru_cache(maxsize=16_384)
def may_be_said(word: str, text: str) -> bool:
    """The same with what tells little, and counts only where nothing speaks for somebody."""
    return _is_said(word, text, weakly=True)


def _is_said(word: str, text: str, *, weakly: bool) -> bool:
    places = [(said, at) for said in _clauses(text) for at, each in enumerate(said) if each == word]
    return bool(places) and all(_is_word(said, at, weakly=weakly) for said, at in places)


@lru_cache(maxsize=1024)
def _clauses(text: str) -> tuple[tuple[str, ...], ...]:
    """The folded words of each."""
    parts = (part for sentence in SENTENCE_END.split(text) for part in _CLAUSE.split(sentence))
    return tuple(_with_verbs([folded(each) for each in words(part)]) for part in parts)


def _with_verbs(said: Sequence[str]) -> tuple[str, ...]:
    """The words of a clause, in which "की" of "करना" ("पूजा की", "पूजा की थी") is told from the case ("पूजा की थाली")."""
    followed = zip_longest(said, said[1:], fillvalue="")
    return tuple(_DID if word == _KI and (not behind or behind in _DONE) else word for word, behind in followed)


def _is_word(said: Sequence[str], at: int, *, weakly: bool) -> bool:
    behind = said[at + 1] if at + 1 < len(said) else ""
    before = said[at - 1] if at else ""
    if before in _MEASURES:
        return True
    if before in TITLES:
        return False
    called = _NAME in (before, behind)
    named = behind in KIN_BEHIND or behind in SURNAMES
    bound = named or behind in _WHO
    open_to_doubt = _does_it(said, at)
    for each in _COMPANIONS.among(said, at):
        if (open_to_doubt and each.behind and each.behind[-1] in _DONE_BY_PEOPLE) or (called and not each.is_of_names):
            continue
        if (weakly or not each.weak) and (not bound or each.behind[:1] == (behind,)) and each.is_with(said, at):
            return True
    return not named and not called and _is_taken(said, at)


def _does_it(said: Sequence[str], at: int) -> bool:
    """Whether it stands first, before what goes on, is done as a rule or will be done: "कविता लिख रही है" may be a poem, or Kavita who writes."""
    if not _OPENING.issuperset(said[:at]) or said[at] in NAMES.animals or said[at] in NAMES.forces:
        return False
    return any(each.endswith(_AS_A_RULE) or each.startswith(_GOING_ON) for each in said[at + 1 : at + 4])


def _is_taken(said: Sequence[str], at: int) -> bool:
    """Whether somebody did something to it, without "को": "मैंने मोर देखा"."""
    behind = said[at + 1] if at + 1 < len(said) else ""
    if not behind or behind in POSTPOSITIONS or behind.startswith(_CALLED_SO) or "verb" not in kinds(behind, "hi"):
        return False
    ahead = said[:at]
    if _NAME in ahead:
        return False
    if any(each in _DOERS or each == _NE for each in ahead):
        return True
    return behind.startswith(_TAKEN) and not _SPEAKERS.isdisjoint(ahead)


def _are(said: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether words in a row are, or begin with, some."""
    return len(said) == len(parts) and all(is_form(word, part) for word, part in zip(said, parts, strict=True))


@lru_cache(maxsize=16_384)
def _roots(word: str) -> tuple[str, ...]:
    """All that a folded word may be a form of; see ``is_form``."""
    return (*(word[:end] for end in range(1, len(word) + 1)), *(root for root, forms in _IRREGULAR.items() if word in forms))


@lru_cache(maxsize=65_536)
def is_form(word: str, part: str) -> bool:
    """Whether a folded word is what is listed, in any form: the whole of it with an ending, or, of what is long, its beginning.

    Args:
        word: it.
        part: what is listed, folded.
    """
    if word == part:
        return True
    if part in POSTPOSITIONS:
        return False
    if word in _IRREGULAR.get(part, ()):
        return True
    if not word.startswith(part):
        return False
    return len(part) >= BEGINNING or _ENDING.fullmatch(word[len(part) :]) is not None
