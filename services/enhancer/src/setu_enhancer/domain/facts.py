"""What must be the same in a line and its translation: numbers, names and terms, script and language. Denial has a module of its own."""

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import chain, pairwise
from typing import Final

from setu_enhancer.domain.bound import within_guess
from setu_enhancer.domain.given import GIVEN, SURELY_A_WORD, is_noun, is_surely, is_translated, use_of
from setu_enhancer.domain.glossary import Entry, Glossary
from setu_enhancer.domain.lexicon import idioms_in, says
from setu_enhancer.domain.lexicon.people import calls, days, is_english, is_ordinary_name, knows_days
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.text.names import SAME, likeness
from setu_enhancer.domain.text.numbers import below_zero, mismatch, numbers, read
from setu_enhancer.domain.text.scripts import LATIN, SMALL_WORDS, foreign_share, likely_language, scripts_of
from setu_enhancer.domain.text.units import exchanged, swapped
from setu_enhancer.domain.text.words import folded, words
from setu_enhancer.domain.words import KEPT, is_ordinary

MOSTLY: Final = 0.35
STANDS_IN: Final = "\ufffd"  # for a character that was lost on the way
SURE: Final = 0.5
ENOUGH_WORDS: Final = 4
LONG_NAME: Final = 3
COPIED_WORDS: Final = 3
_MOMENTS: Final = frozenset(["second", "minute"])
_HALF_AN_HOUR: Final = re.compile(r"आध[ेा] घंट|aadhe? ghant|half (?:an )?hour|demi-heure|media hora|meia hora")
# What stays of Hindi in a draft, and looks like a name there.
LEFT_IN_HINDI: Final = frozenset(
    "babuji bhaiya bhai didi beta beti maa amma baba papa chacha chachi mausi nana nani dada dadi kaka kaki bhabhi sahab saheb sahib ji "  # noqa: SIM905
    "maaji pitaji mataji guruji swamiji netaji bhagwan yaar arre arey are haan huzoor janab memsahab bitiya munna namaste namaskar".split()
)
FEW_WORDS, LEFT_SHARE = 2, 0.2
ENGLISH_ENOUGH: Final = 0.75
FEWEST_OF_ANOTHER: Final = 2  # small words, without which ``likely_language`` is sure of none
# Days, hours and months that another language counts otherwise: how many are said, how many of what is told instead, and that.
_SPANS: Final = tuple(
    (Decimal(count), None if other is None else Decimal(other), re.compile(span))
    for count, other, span in (
        (15, 2, r"two weeks|fortnight"),
        (15, None, r"a fortnight"),
        (2, None, r"a fortnight"),
        (6, None, r"half a year"),
        (14, 2, r"two weeks"),
        (8, None, r"(?:a|next|one) week"),
        (7, None, r"(?:a|one) week"),
        (24, None, r"(?:a|one) (?:whole |full )?day"),
        (48, 2, r"two days"),
        (12, None, r"(?:a|one) year"),
        (60, None, r"(?:an|one) hour"),
        (50, None, r"half"),
        (100, None, r"percent|completely|absolutely|for sure"),
    )
)
_TOLD_APART: Final = ("en", "hi", "fr", "es", "pt", "de", "it")
# Capitalised in English wherever they stand, and no name of the story.
_ALWAYS_CAPITAL: Final = frozenset(
    "i i'm i'll i've i'd ok tv god lord mr mrs ms dr sir madam ma'am mom mum dad mama papa mother father grandma grandpa uncle aunt auntie "  # noqa: SIM905
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november "
    "december honour honor majesty highness lordship ladyship excellency counsel english hindi urdu french spanish portuguese indian india american british christmas diwali holi eid heaven jesus christ".split()
)
_DANDAS: Final = frozenset("।॥")
_SENTENCE_ENDS: Final = ".!?…:;।\"“”'‘’«»¡¿(-–—♪\n"


@lru_cache(maxsize=KEPT)
def number_faults(line: Line, text: str, pair: Pair) -> tuple[tuple[Decimal, ...], tuple[Decimal, ...]]:
    """The numbers of a line that its translation lacks, and those that it has and the line has not.

    Neither counts what an idiom needs: nobody who makes off "becomes nine two eleven".
    """
    missing, extra = mismatch(line.source, pair.source, text, pair.target)
    if (half := Decimal("0.5")) in missing and Decimal(30) in extra:  # of an hour, in minutes
        missing.remove(half)
        extra.remove(Decimal(30))
    elif extra == [Decimal(30)] and _HALF_AN_HOUR.search(line.source):
        extra = []
    if missing or extra:
        missing, extra = _without_spans(missing, extra, text)
    if (colder := below_zero(line.source, pair.source)) != (told := below_zero(text, pair.target)):
        missing, extra = [*missing, *(colder - told)], [*extra, *(told - colder)]
    if extra and (guessed := within_guess(extra, line.source, pair.source)):
        extra = [value for value in extra if value not in guessed]
    if missing or extra:
        for idiom in idioms_in(line.source, pair.source):
            meant = says(idiom.meant, text)
            extra = [value for value in extra if value not in numbers(meant, pair.target)]
            if not extra or meant:
                missing = [value for value in missing if value not in numbers(idiom.source, pair.source)]
    return tuple(dict.fromkeys(missing)), tuple(dict.fromkeys(extra))


def _without_spans(missing: list[Decimal], extra: list[Decimal], text: str) -> tuple[list[Decimal], list[Decimal]]:
    """The same without spans of time that another language counts otherwise: fifteen days are two weeks."""
    told = folded(text)
    for count, other, span in _SPANS:
        if count in missing and (other is None or other in extra) and span.search(told):
            missing = [value for value in missing if value != count]
            extra = [value for value in extra if value != other]
    return missing, extra


@lru_cache(maxsize=KEPT)
def swapped_units(line: Line, text: str, pair: Pair) -> tuple[str, str] | None:
    """What a line counts in, and what a text with the same numbers counts in instead."""
    said = read(line.source, pair.source).said
    if not dict.__eq__(said, read(text, pair.target).said):
        return None  # of other numbers another unit may be right: seven days are a week
    counted = swapped(line.source, pair.source, text, pair.target) if said else None
    found = counted or exchanged(line.source, pair.source, text, pair.target, line.draft)
    return None if found and not said and _MOMENTS.issuperset(found) else found  # one minute is a second to who waits


@lru_cache(maxsize=KEPT)
def glossary_faults(line: Line, text: str, glossary: Glossary, language: str) -> tuple[Entry, ...]:
    """The entries that a line has and its translation lacks. Who is called by what they are may be called so in other words."""
    missing = [entry for entry in glossary.missing(line.source, text) if not _is_word_after_all(entry, line, text)]
    if not missing:
        return ()
    said = {folded(word) for entry in glossary.in_line(line.source) if entry not in missing for word in _spelled(entry)}
    return tuple(
        entry
        for entry in missing
        if not any(_is_called_otherwise(each, text, language) and not is_surely(each, line.source) for each in entry.source)
        and not (entry.provenance == "text" and said.issuperset(map(folded, _spelled(entry))))
    )


def _is_word_after_all(entry: Entry, line: Line, text: str) -> bool:
    """Whether what the text alone seemed to show is a name is rendered as the word that it is as well, with nothing in the line against it."""
    given = GIVEN.get(folded(entry.source[0])) if entry.provenance == "text" else None
    if given is None or given.meanings == () or frozenset(given.meanings).isdisjoint(map(folded, words(text))):
        return False
    said = entry.source[0]
    return not is_surely(said, line.source) and (not is_translated(given, text) or use_of(said, line.source) <= 0)


def _is_called_otherwise(spelling: str, text: str, language: str) -> bool:
    """Whether all words of a name are such as people are called by, and a text has them in English."""
    return all(calls(word, language, text) for word in words(spelling))


def _spelled(entry: Entry) -> list[str]:
    return [word for spelling in entry.source for word in words(spelling)]


@lru_cache(maxsize=KEPT)
def _heard(source: str) -> tuple[list[str], list[str]]:
    """The words of a line that may be names, and those that surely are none."""
    said = words(source)
    meant = [word for word in said if use_of(word, source) <= SURELY_A_WORD]
    return [word for word in said if word not in meant], meant


@lru_cache(maxsize=KEPT)
def lost_names(line: Line, text: str, pair: Pair) -> tuple[str, ...]:
    """Names that the line and its draft have and a text has not, whether or not anyone listed them.

    A name is a capitalised word of the draft that sounds like a word of the line, or stands in it.
    """
    (heard, _), told = _heard(line.source), words(text)
    said = [word for word in heard if folded(word) in GIVEN or not is_noun(folded(word))]
    sayings = [word for idiom in idioms_in(line.source, pair.source) for word in words(idiom.source)]
    found = [
        word
        for word, opens in _capitalised(line.draft)
        if not is_ordinary(folded(word))
        and not (opens and pair.target == "en" and is_english(folded(word)))
        and folded(word) not in LEFT_IN_HINDI
        and _sounds_in(word, said)
        and not _sounds_in(word, sayings)
    ]
    return tuple(dict.fromkeys(name for name in found if not _sounds_in(name, told)))


@lru_cache(maxsize=KEPT)
def wrong_days(line: Line, text: str, pair: Pair) -> tuple[str, ...]:
    """Days of a text, by name, that are not those of its line, if the line has others."""
    if not knows_days(pair.source) or not knows_days(pair.target):
        return ()
    if not (said := _days(line.source, pair.source)):
        return ()
    return tuple(word for word in words(text) if (told := days(word, pair.target)) and not told <= said)


@lru_cache(maxsize=KEPT)
def _days(source: str, language: str) -> frozenset[int]:
    return days(source, language)


@lru_cache(maxsize=KEPT)
def strange_names(line: Line, text: str, glossary: Glossary) -> tuple[str, ...]:
    """Names in a text that neither its line nor its draft has.

    Whom a pronoun means is a guess, so a name of the glossary is no less strange where the line does not have it; nor is one that sounds
    like a word of the line which is surely no name there.
    """
    _, meant = _heard(line.source)
    known, plainly = _there(line)
    found = []
    for word, opens in _capitalised(text):
        plain = folded(word).removesuffix("'s")
        if plain in _ALWAYS_CAPITAL or (plain in plainly and (opens or not _is_put_into_english(word, line))):
            continue
        if plain not in plainly and not _sounds_in(word, meant):
            is_listed = plain in _listed(glossary)
            if not is_listed and (is_ordinary(plain) or (opens and (is_english(plain) or not _is_called(word, text)))):
                continue
            if _sounds_in(word, known) or _is_in_entry(word, line, glossary):
                continue
        found.append(word)
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=KEPT)
def _there(line: Line) -> tuple[tuple[str, ...], frozenset[str]]:
    """The words of a line and its draft that may be names, two of the line together as well; and all of these folded."""
    told, _ = _heard(line.source)
    known = (*told, *map("".join, pairwise(told)), *words(line.draft))
    return known, frozenset(map(folded, known))


def _is_put_into_english(word: str, line: Line) -> bool:
    """Whether what a text has as a name is a common word of the draft, which is how machines take a name: "this is rose", "Uncle Sea"."""
    plain = folded(word).removesuffix("'s")
    if not is_ordinary_name(plain) or _sounds_in(word, words(line.source)):
        return False
    return not any(each == word and not opens for each, opens in _capitalised(line.draft))


def _is_in_entry(word: str, line: Line, glossary: Glossary) -> bool:
    """Whether a word is one of how an entry of the line may be written."""
    return any(
        folded(word).removesuffix("'s") == folded(each)
        for entry in glossary.in_line(line.source)
        for form in (entry.target, *entry.accepted)
        for each in words(form)
    )


@lru_cache(maxsize=8)
def _listed(glossary: Glossary) -> frozenset[str]:
    """The words of a glossary's names, folded, but those by which people are called whatever their names."""
    spelled = (word for entry in glossary.entries if entry.kind == "name" for word in (*words(entry.target), *_spelled(entry)))
    return frozenset(folded(word) for word in spelled if len(word) >= LONG_NAME and not is_ordinary(folded(word)))


@lru_cache(maxsize=KEPT)
def _capitalised(text: str) -> tuple[tuple[str, bool], ...]:
    """The capitalised words of a text that is not all in capitals, and whether each opens a sentence."""
    if text == text.upper():
        return ()
    found: list[tuple[str, bool]] = []
    normal, at = unicodedata.normalize("NFC", text), 0
    for word in words(text):
        at = normal.find(word, at)
        before = normal[:at].rstrip()
        at += len(word)
        if word[:1].isupper() and len(word) >= LONG_NAME and folded(word) not in _ALWAYS_CAPITAL:
            found.append((word, not before or before[-1] in _SENTENCE_ENDS))
    return tuple(found)


def _is_called(word: str, text: str) -> bool:
    """Whether somebody is addressed by a word that opens a sentence: "Ravi, come here"."""
    return re.search(rf"\b{re.escape(word)}\s*[,!]", text) is not None


def _sounds_in(name: str, said: Sequence[str]) -> bool:
    plain = name.removesuffix("'s")
    return any(likeness(plain, word) >= SAME or likeness(plain, word.removesuffix("'s")) >= SAME for word in said)


@lru_cache(maxsize=KEPT)
def script_fault(line: Line, text: str, pair: Pair, glossary: Glossary) -> str:
    """What stands in a script that the language is not written in. Names and words in Latin may stand in every script, but not make up the text."""
    share = foreign_share(text, pair.target)
    left = [] if text.isascii() else [each for each in text if not each.isascii() and (each in _DANDAS or each.isdecimal())]
    if left and scripts_of(pair.target) == LATIN:
        return f"{_quoted(left)} is not in the script of the target language."
    if STANDS_IN in text and STANDS_IN not in line.source and STANDS_IN not in line.draft:
        return f"{_quoted([STANDS_IN])} stands where a character was lost."
    if not share:
        return ""
    strange = [word for word in words(text) if foreign_share(word, pair.target) > 0]
    if scripts_of(pair.target) == LATIN:
        return f"{_quoted(strange)} is not in the script of the target language."
    kept = frozenset(map(folded, chain(words(line.source), *(words(entry.target) for entry in glossary.entries))))
    left = [word for word in strange if not _may_stay(word, kept, pair)]
    letters = sum(map(len, left))
    return (
        f"{_quoted(left)} is not in the script of the target language."
        if any(not word.isascii() for word in left) or letters > MOSTLY * sum(map(len, words(text)))
        else ""
    )


def _may_stay(word: str, kept: frozenset[str], pair: Pair) -> bool:
    """Whether a word may keep its script: Latin abbreviations, names, and words of a line in Latin that are written so anywhere."""
    if not word.isascii():
        return False
    return word.isupper() or (folded(word) in kept and (scripts_of(pair.source) != LATIN or word[:1].isupper()))


@lru_cache(maxsize=KEPT)
def language_fault(line: Line, text: str, pair: Pair) -> str:
    """What tells that a text is in another language than it should be, the line's own among others."""
    said, told = [folded(word) for word in words(line.source)], [folded(word) for word in words(text)]
    if (
        pair.source != pair.target
        and len(told) >= COPIED_WORDS
        and told == said
        and told != [folded(w) for w in words(line.draft)]
    ):
        return "This is the line itself, not its translation."
    if len(told) < ENOUGH_WORDS:
        return _few_hindi_words(line, text, pair)
    if left := _romanised_words(told, pair):
        return f"{_quoted(left)} is the line's own language in other letters."
    if _reads_well(text, told, pair):
        return ""
    language, sure = likely_language(text, dict.fromkeys((pair.target, pair.source, *_TOLD_APART)))
    if language != pair.target and sure >= SURE:
        return f"This reads as {language!r}, and is to be {pair.target!r}."
    return ""


def _reads_well(text: str, told: list[str], pair: Pair) -> bool:
    """Whether a text's words are those of its language, or too few are of another for ``likely_language`` to be sure of that one."""
    if pair.target == "en" and sum(map(is_ordinary, told)) >= ENGLISH_ENOUGH * len(told):
        return True  # small words of one language are words of another: "come" is Italian, too
    few = text.isascii() and sum(map(_of_others(pair).__contains__, told)) < FEWEST_OF_ANOTHER
    return few and scripts_of(pair.target) == LATIN


@lru_cache(maxsize=64)
def _of_others(pair: Pair) -> frozenset[str]:
    """Small words of the languages that a text may be in instead of its own."""
    others = {pair.source, *_TOLD_APART} - {pair.target}
    return frozenset().union(*(SMALL_WORDS[each] for each in others & SMALL_WORDS.keys()))


def _few_hindi_words(line: Line, text: str, pair: Pair) -> str:
    """What tells of too few words for a language to be told that most are none of English, and stand in the line."""
    said = words(line.source)
    left = [word for word in words(text) if word.islower() or word == words(text)[0]]
    left = [word for word in left if _is_hindi(folded(word)) and folded(word) not in LEFT_IN_HINDI and _sounds_in(word, said)]
    if str(pair) != "hi-en" or len(left) < FEW_WORDS or len(left) <= len(words(text)) / 2:
        return ""
    return f"{_quoted(left)} is the line's own language in other letters."


def _is_hindi(word: str) -> bool:
    """Whether a word is none of English; lists of English have some small words of Hindi that are places as well, such as Gaya."""
    return not is_english(word) or (word in SMALL_WORDS["hi"] and not is_ordinary(word))


def _romanised_words(told: list[str], pair: Pair) -> list[str]:
    """Small words of Hindi in Latin letters, if they are no rarity in a text."""
    if pair.source != "hi" or pair.target == "hi":
        return []
    own = SMALL_WORDS.get(pair.target, frozenset())
    left = [word for word in told if word in SMALL_WORDS["hi"] and word not in own and not is_ordinary(word)]
    return left if len(left) >= FEW_WORDS and len(left) >= LEFT_SHARE * len(told) else []


@lru_cache(maxsize=KEPT)
def literal_idioms(line: Line, text: str, pair: Pair) -> tuple[str, ...]:
    """The idioms of a line that a text renders word by word. Their meanings are known in English."""
    return tuple(
        idiom.source
        for idiom in idioms_in(line.source, pair.source)
        if says(idiom.literal, text) and not says(idiom.meant, text)
    )


def _quoted(found: list[str]) -> str:
    return ", ".join(f"“{word}”" for word in found[:3])
