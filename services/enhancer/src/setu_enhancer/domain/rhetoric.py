"""What Hindi denies by asking, or by telling to leave it: "where do I know to read", "leave the stubbornness".

A question that expects no answer is a denial, and often translated as one, but it is never the statement of what it asks after. And who is told to leave
off crying is told not to cry, in whatever words, and not to cry.
"""

import re
from functools import lru_cache
from typing import Final

from setu_enhancer.domain.dictionary import is_verb, kinds, renderings
from setu_enhancer.domain.lexicon.denials import DENIERS, SILENT
from setu_enhancer.domain.text.closed import PARTICLES, folded_set
from setu_enhancer.domain.text.negation import may_negate
from setu_enhancer.domain.text.segments import segments
from setu_enhancer.domain.text.words import folded, folded_words
from setu_enhancer.domain.words import FUNCTION, KEPT, expanded, plain, stem, with_kin

_QUESTIONS: Final = "कहाँ कहां कब कौन कौनसा कौनसी किसे किसको किसने किससे किसका किसकी किसके kahan kab kaun kisne kise kisko"
_ASKING: Final = folded_set(_QUESTIONS)
_NOT_ASKED: Final = re.compile(
    folded(
        r"(?:^|\s)(?:कि|जहाँ|जब|या)\s.*(?<![\u0900-\u0963])(?:कहाँ|कहां|कब|कौन|किस)|(?<!किसने )(?<!कौन )(?:पूछ|बता|देख)|जानत|जानो|जानन|जाने|पता|मालूम|याद|समझ(?!ा)|सोच|ढूँढ|कब (?:से|का|की|के|तक)(?![\u0900-\u0963])|न जाने|puchh|bata|kab se|\bki\b"
    )
)
"""In which a word that asks is none that denies: it opens a clause, or tells since when."""
_ASKS_TOLD: Final = re.compile(r"\b(?:who|whom|whose|what|where|when|why|how|which)\b(?! to\b)")
_WHICH_ONE: Final = re.compile(
    r"\b(?:one|ones|man|woman|person|people|guy|thing|time|day|place|way) (?:who|which|when|where|that)\b"
)
_RESTRAINED: Final = re.compile(
    r"\b(?:hardly|barely|scarcely|rarely|seldom|doubt\w*|unlikely|as if|as though|like hell|my foot|yeah,? right|fat chance|if only|only if|wish|too|far from|anything but"
    r"|beyond|little|few|instead|gone|lost|miss(?:ing)?|stranger|must be|should be so|please|let|maybe|perhaps|suppose|wonder|any\w*|ever)\b"
)
_NOT_AT_ALL: Final = re.compile(
    folded(r"(?<![\u0900-\u0963])(?:थोड़[ािेी] ?(?:ही|न|ना)|थोड़े?ही)(?![\u0900-\u0963])|\bthod[aei] ?(?:hi|na)\b")
)
_A_LITTLE: Final = re.compile(
    r"\b(?:little|few|short|shortly|soon|only|just|some|bit|while|moments?|slightly|briefly|small|partly)\b"
)
_OF_ALL: Final = re.compile(r"\b(?:everyone|everybody|somebody|someone|all of (?:us|you|them)|always|everywhere)\b")
_WHAT_USE: Final = re.compile(
    folded(
        r"क्या (?:फ़ायदा|फायदा|ज़रूरत|जरूरत|हक़|औक़ात|मजाल|हर्ज)|(?:क्यों|क्यूँ) (?:[^\s।,?]+ )?[^\s।,?]+(?:ूँ|ूं|ऊँ|ऊं)(?![\u0900-\u0963])"
        r"|\bkya (?:fayda|zaroorat|haq)\b"
    )
)
_WHAT_KNOWS: Final = re.compile(
    folded(r"क्या (?:पता|मालूम|ख़बर|जान(?:ूँ|ूं|े|ते|ती|ता))(?![\u0900-\u0963])|\bkya (?:pata|maloom|khabar)\b")
)
_NO_MATTER: Final = re.compile(folded(r"कोई बात (?:नहीं|नही)(?![\u0900-\u0963])|\bkoi baat nahin?\b"))
_NOT_FINE: Final = re.compile(r"(?:\bnot|n't) (?:\w+ )?(?:okay|ok|all right|alright|fine|cool|welcome)\b")
_KNOWS: Final = re.compile(r"\b(?:know|knows|knew|sure|certain|aware)\b")
_ADDRESSES: Final = frozenset("man friend buddy brother sister sir madam dear darling boy girl son daughter uncle aunt".split())  # noqa: SIM905
HALF: Final = 0.5

_LEAVE: Final = re.compile(folded(r"छोड़(?:ो|िए|िये|ना|ें|ूँ|ूं|ेंगे|ूँगा|ूँगी|ेगा|ेगी|ा|ी|े|कर|ते|ता|ती)?$|बंद$|chhod\w*$|chod\w*$|band$"))
_SHUTTING: Final = folded_set("बंद band")
_DOES: Final = re.compile(folded(r"(?:कर|कीज|किय|क[ीि]$|हो|हु[आईए]|kar|kij|kiy|ho$|hog|hon|hua|hui)"))
_DOINGS: Final = folded_set(
    "शोर शोरगुल बात बातें बकवास नाटक ड्रामा नौटंकी तमाशा हल्ला झगड़ा लड़ाई मज़ाक मस्ती शरारत बदतमीज़ी हँसी चुगली गाली शिकायत बहस "
    "shor baat baatein bakwas natak drama nautanki tamasha halla jhagda ladai mazaak masti"
)
"""What is done, and done no more if it is बंद; a mouth or a shop is only shut."""
_SHUT: Final = re.compile(r"\b(?:shut|closed?|off|sealed|locked)\b")
_BETWEEN: Final = PARTICLES | folded_set("अब ये यह अपना अपनी to ab ye")
_INFINITIVE: Final = tuple(map(folded, ["ना", "ने"]))
_STATES: Final = (
    "be being become becoming get getting got start starts started starting begin began keep keeps kept continue throw throwing throws up taken took "
    "stay show go"
)
_BEING: Final = frozenset(_STATES.split())
_SLIGHT: Final = frozenset("a an the to your my his her so very more too all on being it".split())  # noqa: SIM905
_LETTING: Final = frozenset(map(stem, "leave let stop quit drop give close shut abandon forget".split()))  # noqa: SIM905
_NO_MORE: Final = re.compile(r"\b(?:any ?more|any longer|no longer|no more|again)\b")


def may_be_rhetoric(source: str) -> bool:
    """Whether a line may deny by asking or by telling to leave something; if not, nothing else here holds of it."""
    return _reads(source)[2]


@lru_cache(maxsize=KEPT)
def _reads(source: str) -> tuple[bool, frozenset[str], bool]:
    """Whether a line asks in a way that may deny; what may render what it tells to leave off; whether there is any of it."""
    said = folded_words(source)
    plainly = folded(source)
    asks = _WHAT_USE.search(plainly) is not None or (
        sum(map(_ASKING.__contains__, said)) == 1 and not _NOT_ASKED.search(plainly)
    )
    asks = asks and not may_negate(plain(source), "hi")
    ceased = _ceased(said)
    is_any = asks or bool(ceased) or _NOT_AT_ALL.search(plainly) is not None or _WHAT_KNOWS.search(plainly) is not None
    return asks, ceased, is_any


def _ceased(said: list[str], *, surely: bool = False) -> frozenset[str]:
    """What may render, in English, what a line tells to leave off or stop: what is done, or how somebody is."""
    found: set[str] = set()
    for at, word in enumerate(said):
        if at and _LEAVE.match(word):
            before = next((each for each in reversed(said[:at]) if each not in _BETWEEN), "")
            if not surely or _is_left_off(before, word, next((each for each in said[at + 1 :] if each not in _BETWEEN), "")):
                found |= renderings(before, "hi")
    return frozenset(found - FUNCTION)


@lru_cache(maxsize=KEPT)
def _surely_ceased(source: str) -> frozenset[str]:
    return _ceased(folded_words(source), surely=True)


def _is_left_off(before: str, leave: str, behind: str) -> bool:
    """Whether something is told to be left off, not only shut ("keep the mouth shut"), nor left as it is ("leave me alone")."""
    if leave in _SHUTTING:
        return bool(_DOES.match(behind)) and (before in _DOINGS or (before.endswith(_INFINITIVE) and is_verb(before, "hi")))
    return not kinds(before, "hi") or bool(kinds(before, "hi") & {"noun", "verb"})


@lru_cache(maxsize=KEPT)
def states_what_is_asked(source: str, text: str, draft: str) -> bool:
    """Whether an English text states plainly what its Hindi line asks after without wanting to know."""
    asks = _reads(source)[0]
    told, plainly, ceased = plain(text), folded(source), _surely_ceased(source)
    if "?" in told or may_negate(told, "en"):
        return False
    if ceased and not _SHUT.search(told) and _takes_up(ceased, text, source):
        return True
    if _NOT_AT_ALL.search(plainly) and not _A_LITTLE.search(told):
        return not _is_restrained(told, draft)
    if _WHAT_KNOWS.search(plainly):
        return bool(_KNOWS.search(told)) and not _ASKS_TOLD.search(told) and not _is_restrained(told, draft)
    if not asks or _is_restrained(told, draft) or _ASKS_TOLD.search(_WHICH_ONE.sub(" ", told)):
        return False
    return _OF_ALL.search(told) is not None or _has_in_common(text, _asked_part(draft))


def says_it_matters(source: str, text: str) -> bool:
    """Whether an English text denies what a Hindi line comforts with, though that has a word that denies: "no matter", "it's not all right"."""
    comforts = _NO_MATTER.sub(" ", folded(source), count=1)
    return comforts != folded(source) and not may_negate(comforts, "hi") and _NOT_FINE.search(plain(text)) is not None


def _is_restrained(told: str, draft: str) -> bool:
    """Whether a text says anything that keeps it from being a plain statement, but what its draft says, too."""
    return _RESTRAINED.search(told) is not None or bool(
        set(SILENT["en"].findall(told)) - set(SILENT["en"].findall(plain(draft)))
    )


def _asked_part(draft: str) -> str:
    """The part of a draft that asks; all of it, if none does."""
    return next((part for part in segments(draft, pauses=True) if _ASKS_TOLD.search(plain(part))), draft)


def _has_in_common(text: str, asked: str) -> bool:
    """Whether half of what a draft asks after is in a text."""
    stems = [stem(word) for word in expanded(plain(asked)) if word not in FUNCTION and word not in _ADDRESSES]
    told = frozenset(stem(word) for word in expanded(plain(text)) if word not in FUNCTION)
    if not stems:
        return set(expanded(plain(text))) <= set(expanded(plain(asked)))
    return len(with_kin(stems, told)) >= HALF * len(stems)


def _takes_up(ceased: frozenset[str], text: str, source: str) -> bool:
    """Whether a text tells to be, to get or to start what its line tells to leave off."""
    infinitive = any(word.endswith(_INFINITIVE) and is_verb(word, "hi") for word in folded_words(source))
    for part in (expanded(plain(each)) for each in segments(text, pauses=True)):
        for at, word in enumerate(part):
            if stem(word) not in ceased or word in FUNCTION:
                continue
            if not DENIERS.isdisjoint(part[:at]) or "leave" in part or "drop" in part or "enough" in part:
                continue
            before = next((each for each in reversed(part[:at]) if each not in _SLIGHT), "")
            if before in _BEING or (infinitive and not at):
                return True
    return False


@lru_cache(maxsize=KEPT)
def denies_what_ceases(source: str, text: str) -> bool:
    """Whether what an English text denies is what its Hindi line tells to leave off, or is done no more: "don't cry", "I don't smoke anymore"."""
    _, ceased, _ = _reads(source)
    if not ceased:
        return False
    told = plain(text)
    if _NO_MORE.search(told):
        return True
    for part in (expanded(each) for each in segments(told, pauses=True)):
        place = next((at for at, word in enumerate(part) if word in DENIERS), len(part))
        behind = [stem(word) for word in part[place + 1 :] if word not in FUNCTION]
        if behind and stem(part[place + 1]) not in _LETTING and with_kin(behind[:2], ceased):
            return True
    return False
