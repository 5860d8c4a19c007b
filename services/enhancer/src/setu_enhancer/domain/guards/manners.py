"""What a language model says beside what it is asked for: comments, refusals, orders obeyed, loops, lines of its own."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from setu_common.contracts import LANGUAGE_NAMES
from setu_enhancer.domain.lines import Line
from setu_enhancer.domain.text.sieve import Either, Sieves, sieve
from setu_enhancer.domain.words import KEPT, closeness, content, plain, shared, words

KEPT_OF_AN_ORDER: Final = 0.5
STILL_THE_LINE: Final = 0.5
STUTTER_WORDS: Final = 3
TWICE: Final = 2
TRIPLE: Final = 3
OPENING_WORDS: Final = 4
READ_CHARACTERS: Final = 4000  # of an edit; a longer one is out of proportion anyway

_SPACE: Final = r"[^\S\n]*+"  # within a line, and never given back: several in a row would try every way to part it
_LANGUAGES: Final = "|".join(sorted(map(str.lower, LANGUAGE_NAMES.values()), key=len, reverse=True))
_COMMENTS: Final = tuple(
    (re.compile(pattern, re.MULTILINE), told)
    for pattern, told in (
        (rf"^{_SPACE}[\[({{<#]?{_SPACE}(?:line|id|segment|index|seg|no)?{_SPACE}[#.:]?{_SPACE}\d+{_SPACE}(?:[\])}}>|]|:(?!\d\d\b))", "an id or a number before the line"),
        (rf"^{_SPACE}\d+{_SPACE}[.)]\s+\D", "an id or a number before the line"),
        (rf"^{_SPACE}l\d+\b", "an id before the line"),
        (r"[{}]|\"\s*:\s*\"|</?(?!(?:i|b|u|font)\b)[a-z_]+[^>]*>|\\n|\\u[0-9a-f]{4}|\[/?inst\]|<\||\|>", "markup or JSON"),
        (rf"```|\*\*|__|^#{{1,6}}\s|^{_SPACE}[*•]\s|^>\s", "Markdown"),
        (
            r"\b(?:here(?:'s| is| are)|below is|this is)\b[^.!?:]{0,50}\b(?:translation|subtitle|edit|version|line|rewrite|rendering|correction|text)s?\b",
            "an announcement",
        ),
        (
            (r"\b(?:translation|translated|subtitle|corrected|edited|edit|revised|rewritten|improved|output|answer|note|notes|explanation|reason|comment"
            r"|original|source|draft|final|target|literal(?:ly)?|meaning|context|version|suggestion|alternative(?:ly)?|tn|n\.b\.)\s*+(?:text|line|version|note)?\s*+:\s"),
            "a label or a note",
        ),
        (rf"^{_SPACE}(?:in )?(?:{_LANGUAGES}|hinglish){_SPACE}[:=]|\((?:in )?(?:{_LANGUAGES})\)", "the name of a language"),
        (r"[(\[][^)\]]*\b(?:literally|lit|translat\w+|idiom\w*|note|meaning|means|informal|formal|expression|hindi|context|implied|sarcas\w+)\b", "an explanation"),
        (r"\b(?:idiom|literal translation|literally means|translates (?:to|as)|in this context|more natural|the original|the draft|the source)\b", "an explanation"),
        (rf"^{_SPACE}(?:sure|certainly|of course|absolutely|okay|ok)[!,.]?\s+(?:here|i (?:can|will|have|would)|let me|this is the)\b", "an answer to the request"),
        (r"\b(?:let me know if|hope (?:this|that) helps|feel free to|as requested|as you asked|per your|is there anything else|happy to help)\b", "an answer to the request"),
        (r"\b(?:glossary|json|system prompt|post-?edit\w*|mt draft|machine translation|subtitle (?:editor|translator)|characters per second)\b", "words of the request"),
        (r"\s(?:→|->|=>|==>)\s|\S\s+/\s+\S", "more than one version"),
        (r"[(\[]\s*or\b[^)\]]*[)\]]|\bor alternatively\b", "more than one version"),
    )
)  # fmt: skip
_COMMENTED: Final = Sieves(pattern for pattern, _ in _COMMENTS)
_QUOTED: Final = re.compile(r"^\s*([\"“«„'‘`])(.*)([\"”»“'’`])\s*$", re.DOTALL)
_BRACKETED: Final = re.compile(r"[(\[][^)\]]*[)\]]")
_LABEL: Final = re.compile(rf"^{_SPACE}[-–—]?{_SPACE}([^\W\d_][\w.']{{0,30}}(?: [\w.']{{1,20}})?){_SPACE}:\s+\S", re.MULTILINE)
_DASH: Final = re.compile(rf"^{_SPACE}[-–—]\s*\S", re.MULTILINE)
_MARKED: Final = frozenset("<♪♫")
_BARS: Final = frozenset("|｜¦│")
_TAG: Final = re.compile(r"</?[ibu]>|♪|♫")

_ABLE: Final = r"(?:can(?:no|')?t|cannot|can not|am not able to|'m not able to|am unable to|'m unable to|won't|will not|must decline|have to decline|don't feel comfortable|am not comfortable)"
_REFUSALS: Final = Either(
    rf"\b{_ABLE}\b[^.!?]{{0,40}}\b(?:translat\w*|assist\w*|comply|fulfil\w*|provide|generate|process|continue with|complete (?:this|the|that|your)|request|content|edit|produce|engage"
    r"|help (?:you )?with (?:that|this|the))\b"
    r"|\bas an? (?:ai|a\.i\.|artificial|assistant|large language|language) ?\w*|\blanguage model\b|\b(?:my|the|our) (?:guidelines|programming|policy|policies)\b"
    r"|\b(?:goes|is|be) against (?:my|our|the) \w+|\b(?:harmful|inappropriate|offensive|explicit|unsafe|sensitive) (?:content|material|language|text)\b"
    r"|\bwould you like me to\b|\b(?:unable|not able) to (?:translate|assist|comply|provide|process|help)\b|\bno translation (?:available|provided|needed)\b"
    r"|\b(?:please|could you|can you) (?:provide|give|send|share) (?:me )?(?:the|more|additional|a|some) (?:text|line|lines|context|information|source|details)\b"
    r"|\bje ne (?:peux|suis) pas[^.!?]{0,30}\b(?:traduire|aider|demande|contenu)\b|\bno puedo\b[^.!?]{0,30}\b(?:traducir|ayudar\w*|solicitud|contenido)\b"
    r"|(?:अनुवाद|सहायता|मदद)[^।.!?]{0,20}(?:नहीं कर सकता|नहीं कर सकती|असमर्थ)|\bn[ãa]o posso\b[^.!?]{0,30}\b(?:traduzir|ajudar|conte[úu]do)\b"
)  # fmt: skip

_APOLOGIES: Final = sieve(
    r"\bi(?: apologi[sz]e|'m sorry| am sorry)\b[^.!?]{0,30}\bi(?: can(?:'|no)?t| cannot|'m unable| am unable| won't)\b"
)
_SORRY: Final = sieve(r"\b(?:sorry|forgive\w*|excuse|pardon|apolog\w*|regret\w*|mercy)\b")

# What dialogue says to whoever translates it, or seems to. That it is said is no fault; that it is done is one.
_ORDERS: Final = Either(
    r"\b(?:ignore|disregard|forget|override|bypass)\b[^.!?\n]{0,40}\b(?:instruction|prompt|rule|above|previous|prior|everything|guideline|system|line)s?\b"
    r"|\b(?:system|developer|assistant|user|ai|chatgpt|gpt|claude|gemini|llm)\s*:|\b(?:system|new) (?:prompt|instruction|message|order)s?\b"
    r"|\byou are (?:now |an? )?(?:ai|assistant|chatgpt|dan|translator|language model|bot)\b|\b(?:as|dear|hey|hello) (?:an? )?(?:ai|translator|assistant|language model|bot)\b"
    r"|(?<!you )(?<!will )(?<!to )(?<!i )(?<!he )(?<!she )(?<!they )(?<!we )\b(?:answer|reply|respond|output|print|write|return|say|translate|type|repeat|insert|add|append|replace|delete|call|set)\b[^.!?\n]{0,50}"
    r"\b(?:only|just|exactly|with|as|instead|word|phrase|json|line|lines|following|message|subtitle|translation|id|ids|password|key)\b"
    r"|\b(?:do not|don't|stop) translat\w*|\binstead of translat\w*|\bprompt\b|\bjailbreak\b|<\|?\w+\|?>|\[/?(?:inst|system)\]"
    r"|(?:निर्देश|आदेश)[^।.!?\n]{0,30}(?:अनदेखा|नज़रअंदाज़|नजरअंदाज|भूल|मत मान)|(?:अनदेखा|नज़रअंदाज़|नजरअंदाज|भूल)[^।.!?\n]{0,30}(?:निर्देश|आदेश)|(?:अनुवाद)[^।.!?\n]{0,20}(?:मत|बजाय|जगह|ना कर)"
    r"|(?:सिर्फ़|सिर्फ|केवल|बस)[^।.!?\n]{0,30}(?:लिख|जवाब|उत्तर|बोल|कह)|\b(?:nirdesh|instructions?)\b[^.!?\n]{0,30}\b(?:bhool|ignore)\b"
    r"|\bignore[zr]?\b[^.!?\n]{0,30}\binstructions?\b|\bignora\w*\b[^.!?\n]{0,30}\binstruc\w+\b"
    r"|\b(?:r[ée]pond\w*|r[ée]p[èe]te\w*|[ée]cri\w*|traduis|traduisez|dis)\b[^.!?\n]{0,30}\b(?:seulement|uniquement|juste|mot)\b|\b(?:responde|escribe|repite|traduce|di)\b[^.!?\n]{0,30}\b(?:solo|s[óo]lo|solamente|palabra)\b"
)  # fmt: skip

# The same two to five characters four times in a row, or the same longer stretch three times.
_LOOP: Final = re.compile(r"(\w.{1,4}?)\1{3,}|(\w.{5,39}?)\2{2,}", re.DOTALL)


@lru_cache(maxsize=KEPT)
def comments(line: Line, edit: str) -> tuple[str, ...]:
    """What an edit says that nobody says in the film: each in words. What line or draft have as well is dialogue."""
    told, known = plain(edit[:READ_CHARACTERS]), (plain(line.draft), plain(line.source))
    found: list[str] = []
    for at in _COMMENTED.among(told):
        pattern, name = _COMMENTS[at]
        if pattern.search(told) and not any(pattern.search(each) for each in known):
            found.append(f"There is {name} in it: give the line alone.")
    quoted = _QUOTED.match(edit)
    if quoted and len(quoted[2]) > 1 and not any(_QUOTED.match(each) or '"' in each for each in (line.draft, line.source)):
        found.append("It is put in quotation marks: give the line without them.")
    if ("(" in told or "[" in told) and len(_BRACKETED.findall(told)) > max(len(_BRACKETED.findall(each)) for each in known):
        found.append("There is something in brackets that nobody says: give the line alone.")
    if ":" in told and len(_labels(told, known[0])) > max(len(_LABEL.findall(each)) for each in known):
        found.append("There is a speaker or a label before the line: give the line alone.")
    return tuple(found)


def _labels(told: str, drafted: str) -> list[str]:
    """What stands like a label before a text, and is not of the words that the draft begins with: "One condition: no net today"."""
    opening = frozenset(words(drafted)[:OPENING_WORDS])
    return [label for label in _LABEL.findall(told) if not opening.issuperset(words(label))]


@lru_cache(maxsize=KEPT)
def is_refusal(line: Line, edit: str) -> bool:
    """Whether a model declines. People in films are sorry, too, and can't: what the draft says in the same way is theirs."""
    told, drafted = plain(edit[:READ_CHARACTERS]), plain(line.draft)
    declines = _REFUSALS.finds(told) and not _REFUSALS.finds(drafted)
    excuses = _APOLOGIES.search(told) is not None and not _SORRY.search(drafted)
    return (declines or excuses) and closeness(edit, line.draft) < STILL_THE_LINE


@lru_cache(maxsize=KEPT)
def obeys(line: Line, edit: str, language: str) -> bool:
    """Whether an edit does what its line seems to order, and does not say it."""
    if not any(_ORDERS.finds(plain(each)) for each in (line.source, line.draft)):
        return False
    said, told = content(line.draft, language), content(edit, language)
    if not said:
        return False
    if not told:
        return True
    kept = shared(line.draft, edit, language)
    return kept < KEPT_OF_AN_ORDER or len(words(edit)) < KEPT_OF_AN_ORDER * len(words(line.draft))


@lru_cache(maxsize=KEPT)
def runs_in_circles(line: Line, edit: str) -> bool:
    """Whether an edit says the same again and again, and neither line nor draft does."""
    return _circles(edit[:READ_CHARACTERS]) and not _circles(line.draft) and not _circles(line.source)


def _circles(text: str) -> bool:
    said = words(text)
    most = max(Counter(said).values()) if len(said) - len(set(said)) >= STUTTER_WORDS else 0
    return (_repeats(plain(text)) and _LOOP.search(plain(text)) is not None) or (most > STUTTER_WORDS and most > len(said) / 2)


def _repeats(text: str) -> bool:
    """Whether any three letters stand in a text three times, without which nothing in it goes in circles."""
    triples = [text[at : at + TRIPLE] for at in range(len(text) - TWICE)]
    return len(triples) - len(set(triples)) >= TWICE and max(Counter(triples).values()) > TWICE


def layout_faults(line: Line, edit: str) -> Iterator[str]:
    """What an edit does to speakers' dashes, lines' ends and marks."""
    dashes, drafted = _dashes(edit), _dashes(line.draft)
    spoken = max(drafted, _dashes(line.source))
    if dashes not in (drafted, spoken):
        yield f"It has {dashes} lines with a speaker's dash, and the draft {drafted}: keep them."
    if edit.strip().count("\n") > max(line.draft.strip().count("\n"), line.source.strip().count("\n")):
        yield "It has more lines than the draft: give one line, which is broken where it is shown."
    if not _BARS.isdisjoint(edit) and _BARS.isdisjoint(line.draft) and _BARS.isdisjoint(line.source):
        yield "It has a bar that nobody says: give the line alone."
    if _MARKED.isdisjoint(edit) and _MARKED.isdisjoint(line.draft):
        return
    marks, kept = Counter(_TAG.findall(edit)), (Counter(_TAG.findall(line.draft)), Counter(_TAG.findall(line.source)))
    if marks not in kept:
        yield "Its tags or notes are not those of the draft: keep them."


def _dashes(text: str) -> int:
    return len(_DASH.findall(text)) if "-" in text or "–" in text or "—" in text else 0
