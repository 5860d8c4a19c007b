"""Words that say how many without a number: both, all, half, twice, a pair, older, an hour and ten minutes.

Each is a fact as a number is. A text is at fault where line and draft say one of them and the text, instead of it, another that neither of them says.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.text.sieve import Sieves, sieve
from setu_enhancer.domain.text.words import folded
from setu_enhancer.domain.words import KEPT, plain

_END: Final = "(?![\u0900-\u0963])"
_START: Final = "(?<![\u0900-\u0963])"


@dataclass(frozen=True)
class Quantity:
    """A word that says how many.

    Args:
        said: it in the line, by language.
        told: it in English, strictly: what surely says so.
        loosely: whatever in English may stand for it.
        drafted: whatever in a draft may have been meant so.
    """

    said: dict[str, re.Pattern[str]]
    told: re.Pattern[str]
    loosely: re.Pattern[str]
    drafted: re.Pattern[str]


def _quantity(hindi: str, told: str, loosely: str = "", drafted: str = "", **others: str) -> Quantity:
    said = {"hi": folded(hindi), **others}
    wide = rf"{told}|{loosely}" if loosely else told
    by_language = {language: re.compile(pattern) for language, pattern in said.items()}
    return Quantity(by_language, re.compile(told), re.compile(wide), re.compile(drafted or wide))


_TWO: Final = r"\b(?:both|two|2|pair|either|neither|each|twins?|couple|double|twice)\b"
# By kind: those of a kind exclude each other. What a line may say is told generously, what a text says strictly.
_KINDS: Final[dict[str, tuple[Quantity, ...]]] = {
    "how often": (
        _quantity(rf"{_START}(?:एक (?:बार|दफ[ेा]|मर्तबा)|इक बार){_END}|\bek (?:baar|dafa)\b", r"\b(?:once|one time|a single time)\b", r"\b(?:one|time|1|ever)\b"),
        _quantity(
            rf"{_START}(?:दो|दोन|दूसर|दुबार|दोबार|दुगुन|दुगन|डबल|जोड़|जुड़व)|\b(?:do|doosri|dusri|dobara|double)\b|फिर|2",
            r"\b(?:twice|two times)\b", r"\b(?:again|second|two|double|2|both|couple|pair)\b",
            fr=r"\b(?:deux|doubl\w+|second\w*)\b|2", es=r"\b(?:dos|dobl\w+|segund\w+)\b|2", pt=r"\b(?:dois|duas|dobr\w+|segund\w+)\b|2",
        ),
        _quantity(
            rf"{_START}(?:तीन|तीस|तिगुन|तिगन|तेबार|ट्रिपल)|\b(?:teen|tin|tigun\w+)\b|3", r"\b(?:thrice|three times|triple|trebled?|tripled)\b", r"\b(?:third|three|3)\b",
            fr=r"\b(?:trois\w*|tripl\w+)\b|3", es=r"\b(?:tres|tripl\w+|tercer\w*)\b|3", pt=r"\b(?:tr[êe]s|tripl\w+|terceir\w+)\b|3",
        ),
    ),
    "which part": (
        _quantity(
            rf"{_START}(?:आध[ािेी]|अद्ध|साढे|डेढ|ढाई|हाफ|पचास|तीस)|\b(?:aadh\w+|adh[aie]|half)\b|[.]5|50|30", r"\b(?:half|halves)\b", r"\b(?:fifty|thirty|mid\w*|50|30)\b",
            fr=r"\b(?:demi\w*|moiti[eé])\b", es=r"\b(?:medi[oa]s?|mitad)\b", pt=r"\b(?:mei[oa]s?|metade)\b",
        ),
        _quantity(
            rf"{_START}(?:पाव|चौथ|सवा|पौन|क्वार्टर|पच्चीस|पंद्रह|तिमाही)|\b(?:paav|pav|chauth\w+|sava|paun\w+|quarter)\b|25|15|45", r"\b(?:(?:a|one|the|first|last) (?:quarter|fourth)|quarters)\b", r"\b(?:quarters?|fourths?|fifteen|forty-five|twenty-five|25|15|45)\b",
            fr=r"\bquarts?\b|quatri", es=r"\bcuart\w+\b", pt=r"\bquart\w+\b",
        ),
        _quantity(
            rf"{_START}(?:तिहाई|दो तिहाई|तीसर|एक बटा तीन|थर्ड)|\b(?:tihai|teesr\w+|third)\b", r"\b(?:(?:a|one|two) thirds?)\b", r"\bthirds?\b",
            fr=r"\b(?:tiers|troisi\w+)\b", es=r"\b(?:terci\w+|tercer\w*)\b", pt=r"\bter[çc]\w+\b",
        ),
    ),
    "of how many": (
        _quantity(
            rf"{_START}(?:दोन|दूसर|आपस|जुड़व){_END}|{_START}दोन|\b(?:dono|donon)\b", r"\bboth\b", _TWO, r"\b(?:both|the two|two of|either|neither|each|twins?|also|too)\b",
            fr=r"\b(?:deux|double)\b", es=r"\b(?:dos|amb[oa]s)\b", pt=r"\b(?:dois|duas|amb[oa]s)\b",
        ),
        _quantity(
            rf"{_START}(?:दो|तीन|चार|कई|कुछ|थोड|चंद|जोड|एकाध)|\b(?:do|kai|kuch|thod\w+)\b", r"\b(?:a couple of|a few|several|a pair of)\b", r"\b(?:couple|few|several|some|two|three|four|pair|many|both|2|3|4)\b",
            fr=r"\b(?:deux|quelques|plusieurs|paire)\b", es=r"\b(?:dos|algun\w+|vari\w+|unos|unas|par)\b", pt=r"\b(?:dois|duas|algu\w+|v[aá]ri\w+|uns|umas|par)\b",
        ),
        _quantity(
            rf"{_START}(?:एक|इक|अकेल|इकलौत|सिंगल|वन){_END}|{_START}अकेल|\bek\b|1", r"\b(?:(?:just |only )?one(?! (?:another|day|more|time))|a single)\b", r"\b(?:one|1|single|alone|an?(?! (?:couple|few|pair|lot))|other)\b",
            fr=r"\b(?:une?|seule?)\b", es=r"\b(?:un[oa]?|sol[oa])\b", pt=r"\b(?:uma?|s[óo]|sozinh[oa])\b",
        ),
    ),
    "how many of them": (
        _quantity(
            rf"{_START}(?:सार[ािेी]|सब|सभी|पूर[ािेी]|तमाम|कुल|समूच|समस्त|हर|प्रत्येक|दोन|तीनों|चारों|पांचों){_END}|{_START}(?:सब|सभ|हर)|\b(?:sab|saare|saari|sara|poor[aie]|har)\b",
            r"\b(?:all|every(?:one|body|thing)?|entire|whole|each)\b", r"\b(?:both|any|total\w*|complete\w*|full\w*|always|through\w*|nobody|none|no)\b",
        ),
        _quantity(
            rf"{_START}(?:कुछ|कई|चंद|थोड़|थोड|बाज|आध|ज्यादातर|अधिकतर|अक्सर|बहुत|कम|कुछेक|एकाध|दो|तीन){_END}|{_START}(?:थोड|आध|कु)|\b(?:kuch|kai|thod\w+|zyadatar)\b",
            r"\b(?:some of|most of|half of|a few of|many of|part of|several of|a few|hardly any)\b", r"\b(?:some|most\w*|few|many|several|part|half|little|bit)\b",
        ),
    ),
}  # fmt: skip
_KINDS["how very many"] = (
    _quantity(rf"{_START}(?:सैकड|सौ|सैंकड)|\b(?:sainkd\w+|saikd\w+|sau)\b", r"\bhundreds\b", r"\bhundred\b", fr="cent", es="cien", pt="cen"),
    _quantity(rf"{_START}(?:हजार)|\bha[zj]a+r", r"(?<!hundreds of )\bthousands\b", r"\bthousand\b", fr="mill", es="mil", pt="mil"),
    _quantity(
        rf"{_START}(?:लाख|करोड|अरब|मिलियन)|\b(?:la(?:kh|c)|karod|crore)", r"\b(?:lakhs|millions|crores|billions|hundreds of thousands)\b", r"\b(?:lakh|million|crore|billion)\b",
        fr="million|milliard", es="mill", pt="milh|bilh",
    ),
)  # fmt: skip
_KINDS["how far"] = (
    _quantity(rf"कम से कम|न्यूनतम|से कम (?:नहीं|न){_END}|kam se kam|minimum", r"\b(?:at least|no fewer than|no less than)\b", r"\b(?:minimum|or more|more|over|above|easily|good)\b", fr="au moins", es="al menos|por lo menos|m[ií]nimo", pt="pelo menos|m[ií]nimo"),
    _quantity(rf"(?:ज्यादा|अधिक) से (?:ज्यादा|अधिक)|हद से हद|से (?:ज्यादा|अधिक|ऊपर) (?:नहीं|न|मत){_END}|zyada se zyada|maximum", r"\b(?:at (?:the )?most|no more than)\b", r"\b(?:maximum|max|tops|limit|up to|not|less|under|only|just)\b|n't", fr="au plus|maximum", es="m[aá]ximo|como mucho", pt="m[aá]ximo"),
    _quantity(rf"से (?:ज्यादा|अधिक|ऊपर|बढ)(?! (?:से|नहीं|न|मत)){_END}|se (?:zyada|upar)", r"\b(?:more than|upwards of)\b", r"\b(?:over|above|more|past|beyond|exceed\w*|at least|plus)\b", fr="plus d", es="m[aá]s de", pt="mais de"),
    _quantity(rf"(?<!कम )से (?:कम|नीचे)(?! (?:से|नहीं|न)){_END}|(?<!kam )se kam\b", r"\b(?:less than|fewer than)\b", r"\b(?:under|below|less|fewer|short|at most|not|only|just)\b|n't", fr="moins d", es="menos de", pt="menos de"),
)  # fmt: skip
_KINDS["which in order"] = (
    _quantity(
        rf"{_START}(?:पहल|प्रथम|फर्स्ट|अव्वल|शुरू|नंबर वन|वन|पहिल)|\b(?:pehl|pahl|first)", r"\b(?:(?:the|my|his|her|our|their|your) first(?! of all)|number one)\b",
        r"\b(?:first|best|top|chief|prime|greatest|champion|before|earlier|one)\b", fr="premi|avant", es="primer|antes", pt="primeir|antes",
    ),
    _quantity(
        rf"{_START}(?:दूसर|सेकंड|सेकेंड|द्वितीय|दो|और|अगल)|\b(?:doosr|dusr|second)", r"\b(?:the|my|his|her|our|their|your|a) second (?!thought|chance|time|opinion)(?=[a-z])",
        r"\b(?:second|two|other|another|next|runner)\b", fr="deux|second|autre", es="segund|otr|dos", pt="segund|outr|dois|duas",
    ),
    _quantity(
        rf"{_START}(?:आखिर|अंत|पिछल|लास्ट|अखिर|बीत|गत)|\b(?:a+khir|last)", r"\b(?:the|my|his|her|our|their|your) last (?=[a-z])",
        r"\b(?:last|final\w*|end|past|ago|latest)\b", fr="derni|fin", es="[uú]ltim|fin", pt="[uú]ltim|fim",
    ),
)  # fmt: skip
_SIEVES: Final = {kind: Sieves(each.told for each in listed) for kind, listed in _KINDS.items()}
_LOOSELY: Final = frozenset(["how many of them", "which part"])
"""Kinds of which a draft's loose words count as well as strict ones."""
_ALTERNATE: Final = sieve(r"\bevery (?:second|other|alternate|third|fourth) |\balternate\b|\bevery (?:two|three|four|2|3|4)\b")
_EVERY: Final = sieve(r"\b(?:every|each) (?=day|week|month|year|night|morning|time)|\bdaily\b")
_OLDER: Final = sieve(r"\b(?:older|elder|eldest|oldest|senior)\b")
_YOUNGER: Final = sieve(r"\b(?:younger|youngest|junior)\b")
_BIG: Final = {
    "hi": re.compile(folded(rf"{_START}(?:बड़[ािेी]|बुज़ुर्ग|सीनियर|बुढ़)")),
    "fr": re.compile(r"a[îi]n[ée]|plus (?:vieux|vieille|[âa]g)"),
    "es": re.compile(r"mayor|viej"),
    "pt": re.compile(r"velh|maior|mais velh"),
}
_SMALL: Final = {
    "hi": re.compile(folded(rf"{_START}(?:छोट[ािेी]|जूनियर|कमउम्र|कम उम्र|जवान)")),
    "fr": re.compile(r"cadet|plus jeune|petit|benjamin"),
    "es": re.compile(r"menor|joven|pequeñ|chic"),
    "pt": re.compile(r"nov|jovem|menor|ca[çc]ula|pequen"),
}
_THAN_ME: Final = sieve(
    r"\b(?:older|younger|senior|junior|elder) (?:than|to) (?:me|i|us|we)\b|\bmy (?:younger|older|elder|youngest|eldest)"
)
_I_AM: Final = sieve(
    r"\b(?:i'm|i am|i was|we're|we are|we were)\b[^.!?]*\b(?:older|younger|senior|junior|elder|oldest|youngest|eldest)\b"
)
_MINE: Final = re.compile(folded(rf"{_START}(?:मेर|हमार)[ािेी]"))
_FROM_ME: Final = re.compile(folded(rf"{_START}(?:मुझसे|मुझ से|हमसे|हम से|मेरे से)"))
_PAIRS: Final = sieve(r"\b(\w+) (?:pairs?|couples?|sets?) of (?:\w+ )?(\w+)")
_ONE_OF: Final = sieve(r"\bone of\b")
_ALL_OF: Final = re.compile(folded(rf"{_START}(?:दोनों|तीनों|चारों|पाँचों|छहों|सातों|आठों|दसों|सारे|सभी|इकलौत|एक ही|अकेल)"))
_SOME_OF: Final = re.compile(folded(rf"में से|में एक|मे से|{_START}(?:कोई|किसी|कौन|एक-एक)"))
_WHOLE: Final = sieve(r"\b(?:all of|whole|entire|full|one(?! half)|a single)\b")
_ALL_TOLD: Final = sieve(r"\b(?:both|all|each|every\w*)\b")
_AGO: Final = sieve(r"\b(?:minutes?|hours?|days?|weeks?|months?|years?) (?:ago|before|earlier|back)\b")
_BEFORE_NOW: Final = re.compile(r"\b(?:ago|before|earlier|back|since|last|past|for|been)\b")
_FROM_NOW: Final = sieve(
    r"\b(?:in|after|within) (?:an? |[a-z-]+ |\d+ )?(?:minutes?|hours?|days?|weeks?|months?|years?)\b|\b(?:hours?|days?|weeks?|months?|years?) (?:later|from now)\b"
)
_AFTER_SAID: Final = re.compile(folded(rf"{_START}(?:बाद|अंदर|भीतर)|\bbaad\b"))
_BEFORE_SAID: Final = re.compile(folded(rf"{_START}(?:पहले|पूर्व|हुए|हो गए|हो गया|बीत|पीछे)|\bpehle\b"))
_HALF: Final = re.compile(r"\bhal(?:f|ves)\b")
_HALF_SAID: Final = re.compile(folded(rf"{_START}(?:आध[ािेी]|हाफ)"))
_MORE_TIME: Final = sieve(
    r"\b(?:an?|one|two|\d+) (hours?|days?|weeks?|months?|years?|minutes?),? (?:and )?(?:an? |\w+ ){1,2}(minutes?|hours?|days?|weeks?|months?|seconds?)\b"
)
_UNIT_SAID: Final = {
    "hour": "घंट|ghant|heure|hora|hour|आवर", "day": r"दिन|\bdin\b|jour|d[ií]a|day|रोज", "week": "हफ्त|सप्ताह|haft|semaine|semana|week", "month": "महीन|माह|mahin|mois|mes|month",
    "year": r"साल|बरस|वर्ष|saal|\ban|añ|year", "minute": "मिनट|minut", "second": "सेकंड|सेकेंड|second|segundo",
}  # fmt: skip
EXCHANGED: Final = "The line says {} otherwise: keep what it says."
ALTERNATE: Final = "The line says at every which time, and this at each."
YEARS: Final = "It says who is older otherwise than the line."
PAIR: Final = "The line counts pairs, and this single ones."
ONLY_ONE: Final = "The line speaks of all or of the only one, and this of one of several."
HALVED: Final = "The line says half, and this more."
WHEN: Final = "It has so long ago for so long after, or the other way round."
LONGER: Final = "It says a longer or a shorter time than the line: keep the time of the line."


@lru_cache(maxsize=KEPT)
def quantity_fault(line: Line, text: str, pair: Pair) -> str:
    """What is wrong with how many or how much a text says without a number; empty if nothing is, or nothing can be told."""
    if pair.target != "en" or not line.draft:
        return ""
    told, drafted, said = plain(text), plain(line.draft), folded(line.source)
    if told == drafted:
        return ""
    for kind in _KINDS:
        if _is_exchanged(kind, said, drafted, told, pair.source):
            return EXCHANGED.format(kind)
    return next((fault for holds, fault in _OTHERS if holds(said, drafted, told, pair.source)), "")


def _is_exchanged(kind: str, said: str, drafted: str, told: str, language: str) -> bool:
    """Whether a text has one quantity of a kind, which neither line nor draft has, instead of another that both have."""
    listed = _KINDS[kind]
    for at in _SIEVES[kind].among(told):
        new = listed[at]
        if not new.told.search(told) or new.drafted.search(drafted) or _may_say(new, said, language):
            continue
        for old in listed:
            if old is not new and _may_say(old, said, language) and not old.loosely.search(told):
                is_in_draft = (old.loosely if kind in _LOOSELY else old.told).search(drafted) is not None
                if is_in_draft or (kind == "which part" and not any(each.drafted.search(drafted) for each in listed)):
                    return True
    return False


def _may_say(quantity: Quantity, said: str, language: str) -> bool:
    pattern = quantity.said.get(language)
    return pattern is not None and pattern.search(said) is not None


def _is_every_one(_: str, drafted: str, told: str, _language: str) -> bool:
    return bool(_ALTERNATE.search(drafted)) and bool(_EVERY.search(told)) and not _ALTERNATE.search(told)


def _is_other_way_round(said: str, _: str, told: str, language: str) -> bool:
    """Whether a text has the older for the younger; not where it only tells so of the other one."""
    for of, line_has, line_lacks in ((_OLDER, _SMALL, _BIG), (_YOUNGER, _BIG, _SMALL)):
        has, lacks = line_has.get(language), line_lacks.get(language)
        if has is None or lacks is None or not of.search(told) or not has.search(said) or lacks.search(said):
            continue
        turned = (
            bool(_I_AM.search(told))
            if language == "hi" and _FROM_ME.search(said)
            else bool(_THAN_ME.search(told)) and not _MINE.search(said)
        )
        if not turned:
            return True
    return False


def _is_unpaired(_: str, drafted: str, told: str, _language: str) -> bool:
    if (
        (found := _PAIRS.search(drafted)) is None
        or "pair" in told
        or "couple" in told
        or found[1] in ("a", "the", "one", "this")
    ):
        return False
    return re.search(rf"\b{re.escape(found[1])} (?:\w+ )?{re.escape(found[2])}", told) is not None


def _is_one_of_all(said: str, drafted: str, told: str, language: str) -> bool:
    if language != "hi" or not _ONE_OF.search(told) or "one of" in drafted:
        return False
    return bool(_ALL_OF.search(said)) and not _SOME_OF.search(said)


def _is_all_of_one(said: str, drafted: str, told: str, _: str) -> bool:
    """Whether a text has both or all of whom line and draft have one: "only one of both", "both"."""
    if "one of" not in drafted or not _SOME_OF.search(said):
        return False
    return _ALL_TOLD.search(told) is not None and re.search(r"\b(?:one|1|either|single|only|none|neither)\b", told) is None


def _is_other_time(said: str, drafted: str, told: str, language: str) -> bool:
    """Whether a text has so long ago for so long after, or the other way round."""
    if language != "hi":
        return False
    before, after = _AGO.search(told), _FROM_NOW.search(told)
    if before and not after and not _BEFORE_NOW.search(drafted) and _AFTER_SAID.search(said) and not _BEFORE_SAID.search(said):
        return True
    is_before = _BEFORE_SAID.search(said) is not None and not _AFTER_SAID.search(said) and _AGO.search(drafted) is not None
    return is_before and after is not None and not _BEFORE_NOW.search(told)


def _is_shorter(said: str, drafted: str, told: str, _: str) -> bool:
    """Whether a text has only the lesser of two units in a row: "twenty minutes" for "one hour twenty minutes"."""
    if (found := _MORE_TIME.search(drafted)) is None:
        return False
    more, less = found[1].rstrip("s"), found[2].rstrip("s")
    if more == less or less not in told or more in told or not re.search(_UNIT_SAID[more], said):
        return False
    return bool(re.search(_UNIT_SAID[less], said)) and found[0].split()[-2] in told


def _is_no_half(said: str, drafted: str, told: str, language: str) -> bool:
    if language != "hi" or (whole := _WHOLE.search(told)) is None or whole[0] in drafted:
        return False
    halves = min(len(_HALF_SAID.findall(said)), len(_HALF.findall(drafted)))
    return halves > len(_HALF.findall(told)) and not re.search(r"\b(?:thirty|fifty|30|50|mid\w*)\b", told)


def _is_longer(said: str, drafted: str, told: str, _: str) -> bool:
    if (found := _MORE_TIME.search(told)) is None:
        return False
    more, less = found[1].rstrip("s"), found[2].rstrip("s")
    return (
        more != less
        and more not in drafted
        and less in drafted
        and not re.search(_UNIT_SAID[more], said)
        and bool(re.search(_UNIT_SAID[less], said))
    )


_OTHERS: Final[tuple[tuple[Callable[[str, str, str, str], bool], str], ...]] = (
    (_is_every_one, ALTERNATE),
    (_is_other_way_round, YEARS),
    (_is_unpaired, PAIR),
    (_is_one_of_all, ONLY_ONE),
    (_is_all_of_one, ONLY_ONE),
    (_is_other_time, WHEN),
    (_is_shorter, LONGER),
    (_is_no_half, HALVED),
    (_is_longer, LONGER),
)
