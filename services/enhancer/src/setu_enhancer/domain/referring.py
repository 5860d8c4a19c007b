"""Whether a draft refers to who was spoken of: Hindi "वो" is he, she and it, and its verbs say which; who is named before says it, too."""

import re
from collections.abc import Sequence
from typing import Final, Literal

from setu_enhancer.domain.glossary import Entry, Glossary
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.text.closed import DEMONSTRATIVES, folded_set
from setu_enhancer.domain.text.words import SENTENCE_END, folded, unaccented, words

Gender = Literal["female", "male"]

BACK: Final = 3  # lines before a line, in which it may have its antecedent
_HERS: Final = frozenset(["she", "her", "hers", "herself", "she's", "she'll", "she'd"])
_HIS: Final = frozenset(["he", "him", "his", "himself", "he's", "he'll", "he'd"])
_THIRD: Final = folded_set("वो वह उसने उसे उसको उससे उसका उसकी उसके उसपर उसमें")
_THEY: Final = frozenset(["they", "them", "their", "theirs", "they're", "they'll", "they've", "they'd"])
# Hindi speaks of one who is honoured as of several.
_HONOURING: Final = folded_set("उन्हें उनसे उनका उनकी उनके उन्होंने उनको वो वे")
_RESPECTED: Final = (
    "पापा पिता पिताजी बाबूजी अब्बा माँ माता मम्मी अम्मी दादा दादी दादाजी नाना नानी चाचा चाची मामा साहब साहिबा सर मैडम डॉक्टर गुरुजी मास्टर जी अंकल आंटी "
    "पति भैया प्रधानमंत्री मंत्री सेठ मालिक"
)
_HONOURED: Final = folded_set(_RESPECTED)
_SEVERAL: Final = folded_set("लोग लोगों सब सबको दोनों तीनों बच्चे बच्चों वाले वालों लड़के लड़कों लड़कियाँ दोस्त दोस्तों माँ-बाप")

_GERUND: Final = "(?:कर|जा|आ|दे|ले|बोल|कह|रो|हँस|सो|बैठ|चल|भाग|मर|मिल|रह|लग|सक|चाह|जान|मान|लड़|गिर|पढ़|सोच|हो)"
# The verb that ends a clause, of a subject in the nominative. A perfective with "ने" agrees with its object, and tells nothing.
_FEMALE_VERB: Final = re.compile(
    folded(
        rf"(?:{_GERUND}ती (?:है|थी|रहती|हो)|{_GERUND}ती$|रही (?:है|थी|होगी)|रही$|(?:गई|गयी|आई|आयी) (?:है|थी)|(?:गई|गयी|आई|आयी|बोली|रोई|सोई|चली|भागी|बैठी|मरी)$"
        rf"|{_GERUND}(?:ेगी|एगी)$|थी$|होगी$|चुकी (?:है|थी)|चुकी$)"
    )
)
_MALE_VERB: Final = re.compile(
    folded(
        rf"(?:{_GERUND}ता (?:है|था|रहता|हो)|{_GERUND}ता$|रहा (?:है|था|होगा)|रहा$|(?:गया|आया) (?:है|था)|(?:गया|आया|बोला|रोया|सोया|चला|भागा|बैठा|मरा)$"
        rf"|{_GERUND}(?:ेगा|एगा)$|था$|होगा$|चुका (?:है|था)|चुका$)"
    )
)
_PRONOUNS: Final[dict[str, tuple[frozenset[str], frozenset[str]]]] = {
    "fr": (frozenset({"elle", "elles"}), frozenset({"il", "ils"})),
    "es": (frozenset({"ella", "ellas"}), frozenset({"el"})),
    "pt": (frozenset({"ela", "elas"}), frozenset({"ele", "eles"})),
}
# Nobody is meant by them.
_IMPERSONAL: Final = re.compile(
    r"\bil (?:n'|ne )?(?:y a|y avait|faut|fallait|faudra|paraît|pleut|pleuvait|neige|fait|s'agit|vaut|semble|reste|suffit|manque|est (?:tard|tôt|temps|vrai|\w+ heures?))",
    re.IGNORECASE,
)
_SPANISH_HE: Final = re.compile(r"\bél\b", re.IGNORECASE)


def drafted_gender(draft: str) -> Gender | None:
    """Whom an English draft speaks of: her, him; None if of both, or of neither."""
    said = {unaccented(word).removesuffix("'s") for word in words(draft)} | {unaccented(word) for word in words(draft)}
    hers, his = bool(said & _HERS), bool(said & _HIS)
    return None if hers == his else "female" if hers else "male"


def said_gender(source: str, language: str) -> Gender | None:
    """Whom a line speaks of, as its verb or pronoun says; None if it doesn't."""
    if language == "hi":
        return _hindi_gender(source)
    if language not in _PRONOUNS:
        return None
    said = {unaccented(word) for word in words(_IMPERSONAL.sub(" ", source))}
    female, male = _PRONOUNS[language]
    hers = bool(said & female)
    his = bool(_SPANISH_HE.search(source)) if language == "es" else bool(said & male)
    return None if hers == his else "female" if hers else "male"


def _hindi_gender(source: str) -> Gender | None:
    found: set[Gender] = set()
    for sentence in SENTENCE_END.split(source):
        for clause in sentence.split(","):
            said = [folded(word) for word in words(clause)]
            if not said or said[0] not in DEMONSTRATIVES or not _is_alone(said):
                continue
            text = " ".join(said)
            if _FEMALE_VERB.search(text):
                found.add("female")
            elif _MALE_VERB.search(text):
                found.add("male")
    return found.pop() if len(found) == 1 else None


def _is_alone(said: Sequence[str]) -> bool:
    """Whether "वो" is who does it: no noun stands behind it that the verb could agree with ("वो लड़की", "वो बात")."""
    return len(said) <= 5 and folded("ने") not in said  # noqa: PLR2004 - short enough to have no other subject


def wrong_reference(line: Line, before: Sequence[Line], pair: Pair, glossary: Glossary) -> str:
    """What tells that a draft takes a woman for a man, a man for a woman, or one for several; empty if nothing does.

    Args:
        line: the line.
        before: the lines of its scene before it.
        pair: into English, or nothing is told.
        glossary: with the genders of who is named.
    """
    if pair.target != "en":
        return ""
    drafted = drafted_gender(line.draft)
    if drafted is None:
        return _wrong_number(line, before) if pair.source == "hi" else ""
    said = said_gender(line.source, pair.source)
    if said is not None:
        return f"it is {said}, and the draft says {drafted}" if said != drafted else ""
    refers = pair.source == "hi" and bool(_THIRD & {folded(word) for word in words(line.source)})
    named = _named_before(before, glossary) if refers and not glossary.in_line(line.source) else None
    if named is None or named.gender == drafted:
        return ""
    return f"{named.target} is {named.gender}, and the draft says {drafted}"


def _wrong_number(line: Line, before: Sequence[Line]) -> str:
    """What tells that a draft takes one who is honoured for several."""
    said = {folded(word) for word in words(line.source)}
    if not said & _HONOURING or not _THEY & {unaccented(word) for word in words(line.draft)} or said & _SEVERAL:
        return ""
    for earlier in (line, *reversed(before[-BACK:])):
        named = {folded(word) for word in words(earlier.source)}
        if named & _SEVERAL:
            return ""
        if named & _HONOURED:
            return "it may be one person who is honoured, and the draft says they"
    return ""


def _named_before(before: Sequence[Line], glossary: Glossary) -> Entry | None:
    """The last who was spoken of, if only women were named there, or only men."""
    for earlier in reversed(before[-BACK:]):
        named = [entry for entry in glossary.in_line(earlier.source) if entry.gender]
        if named:
            sure = len({entry.gender for entry in named}) == 1 and not _is_called(named[0].source, earlier.source)
            return named[0] if sure else None
    return None


def _is_called(spellings: Sequence[str], source: str) -> bool:
    """Whether somebody is only spoken to, not of."""
    return any(
        re.search(rf"(?:^|[,।!?]\s*){re.escape(each)}\s*[,!।?]|,\s*{re.escape(each)}\s*[।!?.]?$", source) for each in spellings
    )
