"""How many clauses of a text are negated."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

from setu_enhancer.domain.text.words import SENTENCE_END, folded, unaccented

_BREAKS: Final[dict[str, str]] = {
    "hi": "और लेकिन मगर पर क्योंकि कि ताकि इसलिए तो बल्कि वरना aur lekin magar kyunki kyonki ki taki isliye toh warna",
    "en": "and but then because that so if when while who which though although than since before after",
    "fr": "et mais parce que qu si quand donc car qui",
    "es": "y pero porque que si cuando asi aunque sino",
    "pt": "e mas porque que se quando entao embora",
    "it": "e ma perche che se quando",
    "de": "und aber weil dass wenn sondern denn",
}
_PLAIN: Final[dict[str, str]] = {
    "hi": "नहीं नही नहि मत बिना बग़ैर nahi nahin nai nhi nahii mat bina bagair",
    "en": "not cannot never nobody nothing none nowhere neither nor without noone "
    "dont didnt doesnt isnt arent wasnt werent wouldnt couldnt shouldnt havent hasnt hadnt aint",
    "fr": "pas jamais rien aucun aucune sans ni non nulle",
    "es": "no nunca jamas nada nadie ninguno ninguna ningun tampoco sin ni",
    "pt": "nao nunca jamais nada ninguem nenhum nenhuma sem nem tampouco",
    "it": "non no mai niente nulla nessuno nessuna senza neanche nemmeno",
    "de": "nicht kein keine keinen keinem keiner keines nie niemals niemand nichts nirgends ohne nein",
}
NEGATORS: Final = {language: frozenset(folded(word) for word in listed.split()) for language, listed in _PLAIN.items()}
_CLAUSE_WORDS: Final = {language: frozenset(folded(word) for word in listed.split()) for language, listed in _BREAKS.items()}

# What looks like a negation and is none: tags, "why not", "not only", "or not", idioms. Taken out before anything is counted.
_END: Final = "(?![\u0900-\u0963])"  # of a word in Devanagari, whose vowel signs are no letters to \\b
_TAG: Final = r"(?=\s*(?:[?।.!,…]|$))"
_NONE: Final[dict[str, str]] = {
    "hi": rf"से खाली (?:नहीं|नही){_END}|(?:कभी|कोई|कुछ|कहीं|किसी) (?:न|ना) (?:कभी|कोई|कुछ|कहीं|किसी)|(?:क्यों|क्यूं) (?:न|ना){_END}|(?:कि|या) (?:नहीं|नही|ना)"
    + _TAG
    + rf"|नहीं तो{_END}|जब तक[^।.!?,]*? (?:न|ना|नहीं){_END}|कहीं[^।.!?,]*? न{_END}"
    + r"|(?:kabhi|koi|kuch|kahin|kisi) na (?:kabhi|koi|kuch|kahin|kisi)\b|ky(?:u|o)n na\b|(?:ki|ya) nahin?"
    + _TAG
    + r"|nahin? to(?:h)?\b|jab tak[^.!?,]*?\b(?:na|nahin?)\b",
    "en": r",\s*(?:is|are|was|were|do|does|did|have|has|had|wo|ca|could|would|should|ai|must)n't (?:it|he|she|they|you|we|i|there)(?=\s*\?)"
    r"|,\s*at least not\b|\bwhy (?:not|do(?:n't|nt) (?:we|you|i))\b|\bor not\b|\bno (?:matter|doubt|wonder|sooner|longer than)\b|\bif not\b"
    r"|\b(?:can't|cannot|couldn't) help (?:but|it|\w+ing|myself|yourself|himself|herself)\b|\bnothing but\b|\bwhether or not\b|\blast but not least\b|,\s*no(?=\s*\?)",
    "fr": r"\bn'est[- ]ce pas\b|\bpourquoi (?:pas|ne pas)\b|\bou (?:pas|non)\b|\bsi jamais\b|\bde rien\b|,\s*non(?=\s*\?)|\bsans doute\b",
    "es": r",?\s*¿\s*no(?=\s*\?)|,\s*no(?=\s*\?)|\bde nada\b|\bpor que no\b|\bo no\b|\bsin duda\b|\bsino\b",
    "pt": r",?\s*\bnao (?:e|foi)(?=\s*\?)|\bde nada\b|\bpor que nao\b|\bou nao\b|\bpois nao\b|\bsem duvida\b",
    "it": r",\s*no(?=\s*\?)|\bdi niente\b|\bperche no\b|\bo no\b|\bsenza dubbio\b",
    "de": r",\s*(?:nicht|nicht wahr)(?=\s*\?)|\bwarum nicht\b|\boder nicht\b",
}
_NOTHING_SAID: Final = {
    language: re.compile(folded(pattern) if language == "hi" else pattern) for language, pattern in _NONE.items()
}
_WORD: Final = re.compile(r"[^\s,.;:!?…।\"“”«»()\[\]¿¡–—-]+")
_PAUSE: Final = re.compile(r"[,–—]|\s-\s")

# Hindi: ना at the end of a clause, or behind a verb, asks for assent or softens ("है ना", "चलो ना"); before one it negates ("ना जाओ").
_NA: Final = frozenset({"न", "ना", "na"})
_COPULAS: Final = frozenset(
    [
        "गया",
        "गई",
        "गयी",
        "गए",
        "गये",
        "gaya",
        "gayi",
        "gaye",
        "है",
        "हैं",
        "हूं",
        "हो",
        "था",
        "थे",
        "थी",
        "hai",
        "hain",
        "hoon",
        "hun",
        "ho",
        "tha",
        "the",
        "thi",
    ]
)
_VERB_ENDINGS: Final = (
    "ओ",
    "ो",
    "इए",
    "िए",
    "इये",
    "िये",
    "ूंगा",
    "ूंगी",
    "गा",
    "गे",
    "गी",
    "ao",
    "lo",
    "do",
    "iye",
    "unga",
    "ungi",
    "oge",
    "ogi",
)
_NO_VERBS: Final = frozenset(
    ["वो", "को", "जो", "सो", "तो", "मुझको", "उसको", "हमको", "सबको", "किसको", "wo", "ko", "jo", "to", "toh"]
)
"""Words that end as verbs do, and are none."""
_LONE_NO: Final = frozenset({"no", "nope", "nah"})
_HINTS: Final = _NA | _LONE_NO | {"personne", "plus", "guere", "point", "aucunement"}
_NE_WORDS: Final = frozenset({"personne", "plus", "guere", "point", "aucunement"})


def knows_negation(language: str) -> bool:
    """Whether negations of a language can be told here. Where they can't, ``negations`` says 0, which means nothing."""
    return language in NEGATORS


_PIECE: Final = re.compile(r"[^\s,.;:!?…।॥\"“”„«»()\[\]¿¡–—'-]+")
_MAY_NEGATE: Final = {language: negators | _HINTS for language, negators in NEGATORS.items()}


@lru_cache(maxsize=8192)
def may_negate(text: str, language: str) -> bool:
    """Whether any word of a text may negate something; if none does, none of its parts has a negation.

    Args:
        text: a line, with plain apostrophes.
        language: of the text, one that is known here.
    """
    spelled = folded(text) if language == "hi" else unaccented(text)
    return "n't" in spelled or not _MAY_NEGATE[language].isdisjoint(_PIECE.findall(spelled))


def negations(text: str, language: str) -> int:
    """How many clauses of a text are negated.

    However many negating words a clause has, it counts once: "कोई नहीं", "no vi nada", "ne … rien". A "no" or "नहीं" that stands alone
    counts as a clause, several in a row as one. Tags ("है ना?", "isn't it?", "¿no?", "né?"), "why not", "or not" and the like are no
    negations. Hindi is understood in both of its scripts.

    Args:
        text: a line.
        language: of the text. Known are Hindi, English, French, Spanish, Portuguese, Italian and German; 0 for any other.
    """
    if language not in NEGATORS:
        return 0
    return _negations(folded(text) if language == "hi" else unaccented(text), language)


@lru_cache(maxsize=8192)
def _negations(spelled: str, language: str) -> int:
    """The same of a folded text."""
    negators = NEGATORS[language]
    said = _WORD.findall(spelled)
    if (
        "n't" not in spelled
        and _MAY_NEGATE[language].isdisjoint(said)
        and ("'" not in spelled or negators.isdisjoint(word.partition("'")[0] for word in said))
    ):
        return 0
    spelled = _NOTHING_SAID[language].sub(" ", spelled)
    is_negated = _RULES.get(language, _by_words)
    found, after_bare = 0, False
    for clause in _clauses(spelled, language):
        negated = is_negated(clause, negators)
        bare = negated and all(word in negators or word in _NA or word in _LONE_NO for word in clause)
        if negated and not (bare and after_bare):
            found += 1
        after_bare = bare
    return found


def _clauses(text: str, language: str) -> Iterator[list[str]]:
    """The words of each clause: of what stands between commas and stops, and between conjunctions."""
    joints = _CLAUSE_WORDS[language]
    for sentence in SENTENCE_END.split(text):
        for part in _PAUSE.split(sentence):
            clause: list[str] = []
            for word in _WORD.findall(part):
                if word in joints and clause:
                    yield clause
                    clause = []
                elif word not in joints:
                    clause.append(word)
            if clause:
                yield clause


def _by_words(clause: list[str], negators: frozenset[str]) -> bool:
    return any(word in negators for word in clause)


def _hindi(clause: list[str], negators: frozenset[str]) -> bool:
    for at, word in enumerate(clause):
        if word in negators:
            return True
        if word in _NA and (len(clause) == 1 or _negates_what_follows(clause, at)):
            return True
    return False


def _negates_what_follows(clause: list[str], at: int) -> bool:
    if at + 1 == len(clause):
        return False
    before = clause[at - 1] if at else ""
    return before in _NO_VERBS or not (before in _COPULAS or before.endswith(_VERB_ENDINGS))


def _english(clause: list[str], negators: frozenset[str]) -> bool:
    return any(word.partition("'")[0] in negators or word.endswith("n't") or word in _LONE_NO for word in clause)


def _french(clause: list[str], negators: frozenset[str]) -> bool:
    """A bare "ne" before a verb of fear or doubt negates nothing, nor does "plus" or "personne" without "ne"."""
    has_ne = any(word == "ne" or word.startswith("n'") for word in clause)
    return any(word in negators or (has_ne and word in _NE_WORDS) for word in clause)


_RULES: Final[dict[str, Callable[[list[str], frozenset[str]], bool]]] = {"hi": _hindi, "en": _english, "fr": _french}
