"""Where a text may be broken, and how much a break hurts."""

from typing import Final

# What a break costs, on one scale with what else is weighed. Source: the order of the Netflix guide (after punctuation, before
# conjunctions and prepositions, never between an article and its noun); the figures are chosen, and tested by examples.
AT_SENTENCE: Final = 0.0
AT_CLAUSE: Final = 8.0
AT_WORD: Final = 25.0
IN_PHRASE: Final = 45.0

SENTENCE_ENDS: Final = (".", "?", "!", "…", "。", "？", "！", "।", "॥", "؟", "۔")
CLAUSE_ENDS: Final = (",", ";", ":", "、", "，", "；", "：", "،", "؛", "–", "—")
CLOSERS: Final = "\"'”’»)]}」』）】》〉"
OPENERS: Final = "\"'“‘«([{「『（【《〈¿¡"
ABBREVIATIONS: Final = frozenset(("mr.", "mrs.", "ms.", "dr.", "st.", "prof.", "vs.", "sr.", "sra.", "jr.", "mme."))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Articles, prepositions and the like, which belong to what follows.
_LEADING: Final[dict[str, frozenset[str]]] = {
    "en": _words(
        "a an the of to in on at by for with from into as and or but nor if that which who my your his her its our their this "
        "these those no not i you he she we they is are was were be am will would can could shall should may might must"
    ),
    "fr": _words(
        "un une le la les de du des à au aux en dans sur sous par pour avec sans et ou mais que qui si je tu il elle on nous vous "
        "ils elles mon ma mes ton ta tes son sa ses ce cet cette ces ne se"
    ),
    "es": _words(
        "un una unos unas el la los las de del a al en con por para sin sobre y o pero que si mi mis tu tus su sus no se lo le"
    ),
    "pt": _words(
        "um uma uns umas o a os as de do da dos das em no na nos nas por para com sem e ou mas que se meu minha seu sua não"
    ),
    "it": _words(
        "un uno una il lo la i gli le di del della dei delle a al alla in nel nella con per da su e o ma che se mio mia non si"
    ),
    "de": _words(
        "ein eine einen einem einer der die das den dem des von vom zu zum zur in im an am auf bei mit für aus nach und oder aber "
        "dass wenn ich du er sie es wir ihr mein dein sein nicht"
    ),
}

# Postpositions and particles, which belong to what stands before them.
_TRAILING: Final[dict[str, frozenset[str]]] = {
    "hi": _words("का के की को में से पर ने तक है हैं था थे थी हूँ भी ही तो"),
    "ur": _words("کا کے کی کو میں سے پر نے تک ہے ہیں تھا تھے تھی بھی ہی تو"),
    "bn": _words("থেকে জন্য দিয়ে মধ্যে কাছে ও না"),
    "mr": _words("च आहे आहेत होता होती पण ही"),
}
_NOTHING: Final[frozenset[str]] = frozenset()


def ends_sentence(text: str) -> bool:
    """Whether a sentence ends with this: "Paris." does, "Dr." and the initial "J." don't."""
    bare = text.rstrip(CLOSERS)
    if not bare.endswith(SENTENCE_ENDS):
        return False
    word = bare.rsplit(" ", 1)[-1].lstrip(OPENERS)
    initial = len(word) == 2 and word[0].isupper() and word[1] == "."  # noqa: PLR2004 one letter and a full stop
    return not initial and word.lower() not in ABBREVIATIONS


def ends_clause(text: str) -> bool:
    """Whether a clause, but no sentence, ends with this."""
    return text.rstrip(CLOSERS).endswith(CLAUSE_ENDS)


def break_cost(before: str, after: str, language: str) -> float:
    """What a break between two neighbouring words costs the reader."""
    if ends_sentence(before):
        return AT_SENTENCE
    if ends_clause(before):
        return AT_CLAUSE
    if before.lower().strip(OPENERS) in _LEADING.get(language, _NOTHING) or after in _TRAILING.get(language, _NOTHING):
        return IN_PHRASE
    return AT_WORD
