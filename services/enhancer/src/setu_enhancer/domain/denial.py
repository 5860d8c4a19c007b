"""Whether a translation denies what its line denies, and nothing else.

Languages deny in ways that counting negating words does not see: "मत बोलो" is "Be quiet", "कोई बात नहीं" is "It's all right", "छोड़ो" is "Never
mind". So each side is read twice: what surely is denied, and what may be. A translation is at fault only where one side surely denies, and
the other can't be read so.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from setu_enhancer.domain.text.negation import knows_negation, negations
from setu_enhancer.domain.words import KEPT, plain, words

SEVERAL: Final = 2

# A "no" that answers, before what is said.
_ANSWER: Final = {
    "hi": re.compile(r"^\W*(?:(?:जी )?(?:कोई बात नहीं|कोई बात नही|क्यों नहीं|क्यूँ नहीं|नहीं|नही|ना|न)|(?:ji )?(?:koi baat nahin?|ky[ou]n nahin?|nahin|nahi|nai|na))(?:[\s,]+(?:जी|नहीं|नही|ना|ji|nahin|nahi))*\s*[,।.!–—-]+\s*"),
    "en": re.compile(r"^\W*(?:no|nope|nah)(?:[\s,]+(?:no|sir|ma'am|way|thanks))*\s*[,.!–—-]+\s*"),
    "fr": re.compile(r"^\W*non(?:[\s,]+non)*\s*[,.!–—-]+\s*"),
    "es": re.compile(r"^\W*no(?:[\s,]+no)*\s*[,.!–—-]+\s*"),
    "pt": re.compile(r"^\W*n[ãa]o(?:[\s,]+n[ãa]o)*\s*[,.!–—-]+\s*"),
}  # fmt: skip

# Phrases whose negation may stand for none, or for which another language may have none.
_LOOSE: Final = {
    "en": re.compile(
        r"\bno (?:problem|worries|way|kidding|idea|need|big deal|harm done|more|longer|one knows|less than)\b|\bnever mind\b|\bnot only\b"
        r"|\bdon't (?:worry|mind|bother|mention it|be (?:scared|afraid|sad|silly))\b|\bcan't (?:wait|believe|stand|thank)\b|\bwhy not\b"
        r"|\bnot (?:at all|bad|just|to mention|yet)\b|\bdon't you (?:know|see|think|get|understand|remember|dare)\b|\bif it (?:isn't|weren't)\b"
        r"|\bwithout (?:a )?(?:doubt|fail)\b|\bnothing (?:but|else than)\b|\bisn't that (?:so|right)\b"
        r"|(?:^|[.!?,;] ?)(?:(?:but|and|so|hey|well|oh),? )?(?:do|does|did|is|are|was|were|have|has|ca|wo|would|could|should)n't (?:i|you|he|she|it|we|they)\b[^.!?]*\?"
    ),
    "hi": re.compile(
        r"है न(?:ा)?\s*[?,।]|नहीं तो|वरना|जब तक|न(?:ा)?\s*[?।!,]?\s*$|कहीं .* न|न सिर्फ|न केवल|"
        r"नहीं क्या|नहीं\s*\?|hai na\b|jab tak|na\s*[?!.,]?\s*$|nahi\s*\?"
    ),
}  # fmt: skip

# Words that deny in themselves. One that stands in the draft, too, is what is denied: "I don't hate you" is not "I hate you".
_SILENT: Final = {
    "en": re.compile(
        r"\b(?:without|stop|quit|refus\w+|fail(?:s|ed)?|hardly|barely|scarcely|rarely|seldom|impossible|unable|unless|lacks?|den(?:y|ied|ies)|avoid\w*"
        r"|hate[sd]?|dislike[sd]?|im(?:patient|polite|mature|moral)|in(?:sane|visible|complete|correct|decent|dependent)|dis(?:agree|honest|respect|obey)\w*"
        r"|un(?:happy|fair|well|kind|true|safe|lucky|known|likely|aware|sure|real|wanted|welcome|married|grateful|believable|necessary|clear|important))\b"
        r"|\b(?:sleep|worth|use|help|home|hope|care|point|meaning|shame|fear|speech)less\b|\bout of\b"
    ),
    "fr": re.compile(r"\b(?:sans|cesse[sz]?|arr[êe]te[sz]?|refus\w+|impossible|incapable|[ée]vite\w*|d[ée]teste\w*|m[ée]content\w*|faux|fausse)\b"),
    "es": re.compile(r"\b(?:sin|deja|dejad|dejen|basta|nieg\w+|imposible|incapaz|evita\w*|odi\w+|fals[oa])\b"),
    "pt": re.compile(r"\b(?:sem|para|pare|deixa|chega|nega\w*|imposs[íi]vel|incapaz|evita\w*|odei\w+|fals[oa])\b"),
}  # fmt: skip


_WITHOUT: Final = {
    "hi": re.compile(r"बिना|बग़ैर|बगैर|\b(?:bina|bagair)\b"),
    "en": re.compile(r"\bwithout\b"),
    "fr": re.compile(r"\bsans\b"),
    "es": re.compile(r"\bsin\b"),
    "pt": re.compile(r"\bsem\b"),
}


@dataclass(frozen=True)
class _Cue:
    """Words of a line that deny without saying so, and how they come out in English."""

    said: re.Pattern[str]
    told: re.Pattern[str]


Cues = Mapping[str, tuple[_Cue, ...]]


def _cues(*pairs: tuple[str, str]) -> tuple[_Cue, ...]:
    return tuple(_Cue(re.compile(said), re.compile(told)) for said, told in pairs)


# What is surely denied in the line, and how it may come out in English with no negation.
_UNSAID: Final = {
    "hi": _cues(
        (r"नहीं तो|वरना|nahi to|warna", r"\b(?:or|else|otherwise)\b"),
        (r"जब तक|jab tak", r"\b(?:until|till|unless|before|while)\b"),
        (r"कोई बात|koi baat", r"okay|\bok\b|all right|alright|fine|welcome|relax|forget|cool"),
        (r"क्यों नहीं|क्यूँ नहीं|ky(?:u|o)n nahi", r"of course|\bsure|certainly|absolutely|definitely|gladly|yes"),
        (r"पता|मालूम|जान|pata|maloom|jaan", r"(?:who|god|heaven|lord) (?:only )?knows|beats me|wonder|clueless|search me|stranger"),
        (r"ठीक|अच्छ|सही|theek|accha|sahi", r"\b(?:sick|ill|bad|wrong|off|upset|awful|terrible|under the weather)\b"),
        (r"(?:^|\s)(?:मत|न|ना|mat|na)(?=[\s।!?.,]|$)", r"\b(?:quiet|shut|hush|silence|relax|calm|easy|cheer|keep|stay|leave|hold|hands off|wait|enough|forget|let|spare|dare|beware|watch|save|skip|drop|cut|hurry|careful|get off|back off|go away|be a man|be brave|grow up|pull yourself|snap out|come on)\b"),
        (r"फ़िक्र|फिक्र|चिंता|चिन्ता|घबरा|डर|टेंशन|fikar|chinta|tension|ghabra|dar", r"relax|calm|cheer|easy|okay|all right|brave|trust me|chin up|safe"),
        (r"सिवा|अलावा|सिर्फ़|सिर्फ|बस|siva|sirf", r"\b(?:only|but|except|just|all)\b"),
        (r"इतन|itna|itni", r"\btoo\b"),
        (r"रहा|रहे|रही|raha|rahe|rahi", r"\b(?:dead|died|gone|passed|late|left us|lost|over|stopped|used to|broke up|no more)\b"),
        (r"पसंद|pasand", r"\b(?:hate|dislike|can't stand)"),
        (r"नींद|सो|neend|so", r"awake|sleepless|insomnia|up all night|toss"),
        (r"परवाह|फ़र्क|फर्क|फ़र्क़|parwah|farak|farq", r"who cares|whatever|all the same|so what|care less"),
        (r"कुछ|kuch", r"forget it|never mind|it's fine|okay"),
        (r"मिल|दिख|नज़र|नजर|mil|dikh|nazar", r"\b(?:missing|gone|lost|disappeared|vanished|out of sight|alone)\b"),
        (r"याद|yaad", r"forg[eo]t\w*|slipped|blank"),
        (r"बोल|बात|कह|bol|baat|keh", r"quiet|shut|silence|hush|mum|silent|speechless"),
        (r"बर्दाश्त|सह|bardasht|seh", r"enough|had it|fed up|sick of|last straw|limit"),
        (r"देर|der", r"hurry|soon|quick|\bnow\b|right away|at once|on time"),
        (r"झूठ|jhoo?t", r"truth|honest|straight|come clean"),
        (r"हार|haar", r"keep (?:going|fighting|trying)|hang in|stay strong|fight on"),
        (r"बकवास|मज़ाक|मजाक|नाटक|नखर|bakwas|mazaak|natak", r"serious|cut|enough|come on|spare"),
        (r"शक|संदेह|shak", r"\b(?:sure|certain|certainly|clearly|surely|undoubtedly)\b"),
        (r"काम|kaam", r"broken|useless|jobless|out of order|dead"),
        (r"मुमकिन|संभव|हो सकता|mumkin", r"impossible|as if|in your dreams"),
        (r"अकेल|akel", r"together|with you|by your side"),
        (r"आता|आती|aata|aati", r"\b(?:stranger to|new to|clueless|bad at)\b"),
        (r"पैस|paisa|paise", r"\b(?:broke|penniless|skint)\b"),
    ),
}  # fmt: skip

# What is not said to be denied in the line, and how it may be denied in English.
_ANY: Final = r"n't\b|\b(?:no|not|never|nothing|nobody|none|cannot|without)\b"
_CUES: Final = {
    "hi": _cues(
        (r"छोड़|छोड|जाने दो|रहने दो|chhod|chod", r"never mind|don't (?:bother|worry)|no (?:matter|need)|not worth"),
        (r"चुप|खामोश|ख़ामोश|chup", r"(?:don't|not|no) (?:say|talk|speak|talking|another|a word|one word|more)"),
        (r"रुक|ठहर|ruk|theher", r"don't (?:go|move|leave|you go|run)|not so fast"),
        (r"क्या पता|कौन जान|खुदा जान|भगवान जान|kya pata|kaun jaan", _ANY),
        (r"बेकार|फ़िज़ूल|फालतू|फ़ालतू|bekaar|bekar", r"no (?:use|good|point)|not worth|nothing|pointless"),
        (r"के सिवा|ke siva", _ANY),
        (r"मना |मना$|इनकार|इंकार|inkaar|inkar|mana kar", _ANY),
        (r"मुश्किल|कठिन|नामुमकिन|असंभव|mushkil|namumkin", r"(?:isn't|not|wasn't|won't be|can't) (?:be )?(?:easy|simple|possible|do)?"),
        (r"झूठ|jhooth|jhoot", r"(?:isn't|not|wasn't) (?:true|real)|don't lie|not telling|no truth|didn't tell the truth"),
        (r"ग़लत|गलत|galat", r"(?:isn't|not|wasn't|aren't|ain't) (?:right|fair|correct|true|good)"),
        (r"भूल|bhool|bhul", r"(?:don't|can't|didn't|doesn't) remember|never mind"),
        (r"दूर|door", r"don't (?:come|touch|go|get)|not (?:close|near)"),
        (r"सावधान|ख़बरदार|खबरदार|ध्यान|संभल|सँभल|khabardar", r"don't (?:you|fall|slip|forget|lose|let|drop|get)"),
        (r"फ़िक्र|फिक्र|चिंता|चिन्ता|घबरा|डर|टेंशन|बेफ़िक्र|fikar|fikr|chinta|tension|ghabra", r"don't (?:worry|be|panic)|no (?:worries|need|problem)"),
        (r"ज़रूर|जरूर|बिल्कुल|बेशक|zaroor|bilkul|beshak|kyun nahi", r"no (?:doubt|problem)|why not|without (?:a )?doubt|absolutely|not at all"),
        (r"सच|वाक़ई|क्या बात|क्या कह|sach|kya baat", r"no (?:way|kidding)|can't be|don't (?:tell me|say)|not (?:really|kidding)"),
        (r"थोड़[ीे] (?:ही|न|ना|है)|थोड़[ीे] ही|thod[ie] (?:hi|na|hai)", _ANY),
        (r"कम |कम$|\bkam\b", r"not (?:much|many|enough|a lot|very)"),
        (r"^(?!.*(?:कि |पूछ|बता|जान|पता|मालूम|puchh|bata|jaan)).*(?:कहाँ|कहां|कौन|कैसे|kahan|kaun|kaise)", rf"^[^?]*(?:{_ANY})[^?]*$"),
        (r"काश|kaash", r"wish [^.!?]*(?:n't|not|never)"),
        (r"बस|bas\b", r"no more|not another|no need|that's not"),
        (r"ख़ाली|खाली|सूना|अकेल|khaali|khali|akel", r"nobody|no one|nothing|none"),
        (r"शुक्रिया|धन्यवाद|shukriya|dhanyavad", r"don't mention|no problem|not at all"),
        (r"हार|haar", r"didn't win|don't give up|can't win"),
        (r"बर्दाश्त|सह|bardaasht", r"can't (?:stand|bear|take)|won't"),
        (r"हमेशा|सदा|hamesha", r"never (?:leave|stop|fail|forget)|won't ever"),
        (r"बंद कर|band kar", r"don't (?:do|say|start|make|be|act)\b|no more"),
        (r"बस की|अक़्ल|अक्ल|होश|हिम्मत", r"n't (?:you )?(?:have|any|dare)|no (?:sense|brain)"),
        (r"यक़ीन|यकीन|विश्वास|yakeen|yakin", r"no doubt"),
        (r"इंतज़ार|इंतजार|intezaar|intezar", r"can't wait"),
        (r"ठीक|अच्छा|बढ़िया|theek|accha", r"not bad|no problem"),
        (r"दो-चार|एक-दो|जल्दी|jaldi", r"not (?:much )?(?:late|long)|no time|don't (?:be late|delay)"),
    ),
}  # fmt: skip


@lru_cache(maxsize=KEPT)
def denial_fault(source: str, text: str, draft: str, source_language: str, target_language: str) -> str:
    """What is wrong with what a translation denies.

    Args:
        source: what is said.
        text: its translation.
        draft: the machine's translation, the only witness where a language's negation is not known here.
        source_language: of ``source``.
        target_language: of ``text`` and ``draft``.

    Returns:
        In words that a translator can act on; empty if nothing is wrong, or nothing can be told.
    """
    if not knows_negation(target_language):
        return ""
    known = knows_negation(source_language)
    said, language = (source, source_language) if known else (draft, target_language)
    surely, perhaps = _denies(said, language)
    surely_told, perhaps_told = _denies(text, target_language)
    silent = _is_silent(text, draft, target_language) or _is_cued(_UNSAID, source, text, source_language, target_language)
    cued = known and _is_cued(_CUES, source, text, source_language, target_language)
    faults = (
        (surely and not perhaps_told and not silent, "The line denies something, and this does not: keep its negation."),
        (
            known and _keeps_only_without(said, text, source_language, target_language),
            "The line denies something beside what it says is without: keep both negations.",
        ),
        (surely_told and not perhaps and not cued, "The line denies nothing, and this does: take the negation out."),
        (
            known and perhaps_told and _loses_one(surely, surely_told, perhaps_told, draft, target_language),
            "The line denies more than one thing: keep each negation.",
        ),
    )
    return next((told for holds, told in faults if holds), "")


def _keeps_only_without(source: str, text: str, source_language: str, target_language: str) -> bool:
    """Whether a line denies something, and has something without something, and its translation only the latter."""
    with_it, without = _WITHOUT.get(source_language), _WITHOUT.get(target_language)
    if with_it is None or without is None or not with_it.search(plain(source)) or not without.search(plain(text)):
        return False
    denied, _ = _denies(with_it.sub(" ", plain(source)), source_language)
    _, told = _denies(without.sub(" ", plain(text)), target_language)
    return bool(denied) and not told


@lru_cache(maxsize=KEPT)
def _denies(text: str, language: str) -> tuple[int, int]:
    """How many things a text surely denies, and how many it may. An answering "no" with more behind it is neither."""
    said = plain(text)
    rest = _ANSWER[language].sub("", said, count=1) if language in _ANSWER else said
    if words(rest):
        said = rest
    perhaps = negations(said, language)
    loose = _LOOSE.get(language)
    surely = negations(loose.sub(" ", said), language) if loose else perhaps
    return min(surely, perhaps), max(perhaps, 1 if loose and loose.search(said) and perhaps else perhaps)


def _is_silent(text: str, draft: str, language: str) -> bool:
    silent = _SILENT.get(language)
    return silent is not None and bool(set(silent.findall(plain(text))) - set(silent.findall(plain(draft))))


def _is_cued(cues: Cues, source: str, text: str, source_language: str, target_language: str) -> bool:
    if target_language != "en":
        return False
    said, told = plain(source), plain(text)
    return any(cue.said.search(said) and cue.told.search(told) for cue in cues.get(source_language, ()))


def _loses_one(surely: int, surely_told: int, perhaps_told: int, draft: str, language: str) -> bool:
    """Whether a translation denies less than its line and its draft, which agree."""
    drafted, _ = _denies(draft, language)
    return surely >= SEVERAL and drafted == surely and perhaps_told < surely and surely_told < surely
