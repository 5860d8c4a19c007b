"""Names in Devanagari, and in the scripts that Unicode lays out like it, as they are written in English.

Every consonant carries a short "a" that is written but often not spoken: राज is Raj, सिमरन Simran. It falls silent at the end of a word,
and in the middle between a spoken vowel and a consonant that has a vowel, looked at from the end (Source: the rule of M. Ohala, Aspects of
Hindi Phonology, 1983: ə → ∅ / VC_CV). Consonants joined to one another keep it: मित्र is Mitra, पार्वती Parvati.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from setu_common.spelling.words import JOINERS

BLOCK_SIZE: Final = 0x80
DEVANAGARI: Final = 0x0900
DROPPING: Final = (
    0x0900,
    0x0980,
    0x0A00,
    0x0A80,
)  # Devanagari, Bengali, Gurmukhi, Gujarati: scripts whose readers drop the "a"
KEEPING: Final = (0x0B00, 0x0B80, 0x0C00, 0x0C80, 0x0D00)  # Odia, Tamil, Telugu, Kannada, Malayalam
LAST_ALIKE: Final = 0x6F
_LETTERS: Final = r"\u0900-\u0963\u0970-\u097f\u0980-\u09ff\u0a00-\u0aff\u0b00-\u0d7f"
RUN: Final = re.compile(rf"[{_LETTERS}][{_LETTERS}{JOINERS}]*")

VIRAMA: Final = "\u094d"
NUKTA: Final = "\u093c"
NASALS: Final = frozenset("\u0901\u0902")
VISARGA: Final = "\u0903"
LABIALS: Final = frozenset("पफबभम")

CONSONANTS: Final = {
    "क": "k", "ख": "kh", "ग": "g", "घ": "gh", "ङ": "n", "च": "ch", "छ": "chh", "ज": "j", "झ": "jh", "ञ": "n", "ट": "t", "ठ": "th", "ड": "d",
    "ढ": "dh", "ण": "n", "त": "t", "थ": "th", "द": "d", "ध": "dh", "न": "n", "प": "p", "फ": "f", "ब": "b", "भ": "bh", "म": "m", "य": "y",
    "र": "r", "ल": "l", "ळ": "l", "व": "v", "श": "sh", "ष": "sh", "स": "s", "ह": "h",
}  # fmt: skip
DOTTED: Final = {
    "क": "q",
    "ख": "kh",
    "ग": "gh",
    "ज": "z",
    "ड": "r",
    "ढ": "rh",
    "फ": "f",
    "य": "y",
    "न": "n",
    "र": "r",
    "ळ": "l",
}
VOWELS: Final = {
    "अ": "a", "आ": "aa", "इ": "i", "ई": "ii", "उ": "u", "ऊ": "uu", "ऋ": "ri", "ए": "e", "ऐ": "ai", "ओ": "o", "औ": "au", "ऍ": "e", "ऑ": "o", "ऎ": "e",
    "ऒ": "o",
}  # fmt: skip
SIGNS: Final = {
    "ा": "aa", "ि": "i", "ी": "ii", "ु": "u", "ू": "uu", "ृ": "ri", "े": "e", "ै": "ai", "ो": "o", "ौ": "au", "ॅ": "e", "ॉ": "o", "ॆ": "e", "ॊ": "o",
}  # fmt: skip
FULL: Final = {"aa": "a", "ii": "i", "uu": "u"}
SCHWA: Final = "a"
# What English spells otherwise than it sounds; without chandrabindu and dots, as they are often left out.
WHOLE: Final = {
    "सिंह": "singh", "सिन्हा": "sinha", "मां": "maa", "दिल्ली": "delhi", "लखनऊ": "lucknow", "लंदन": "london", "अमेरिका": "america", "अमरीका": "america",
    "कलकत्ता": "calcutta", "गोवा": "goa", "पेरिस": "paris", "न्यूयॉर्क": "new york", "कनाडा": "canada", "जर्मनी": "germany", "इलाहाबाद": "allahabad",
    "हैदराबाद": "hyderabad", "वर्मा": "verma", "बुद्ध": "buddha",
    "माइकल": "michael", "जॉर्ज": "george", "एलेक्स": "alex", "मैरी": "mary", "जेम्स": "james", "चार्ल्स": "charles", "माइक": "mike", "स्टीव": "steve",
    "एलिस": "alice", "जेन": "jane", "थॉमस": "thomas", "पीटर": "peter", "डेविड": "david", "जॉन": "john", "एमिली": "emily", "केट": "kate",
}  # fmt: skip
ROUNDING: Final = frozenset({"s", "sh", "t", "d", "k", "g"})  # स्वाति is Swati, पार्वती Parvati
HARD_LAST: Final = frozenset("yrlvnmh")
JOINED: Final = (("jn", "gy"), ("nb", "mb"), ("np", "mp"))


@dataclass
class _Syllable:
    """Consonants joined to one another and the vowel behind them; ``vowel`` is empty where it is not spoken."""

    onset: list[str]
    vowel: str
    inherent: bool = False
    coda: str = ""  # a nasal or a breath


def is_brahmic(text: str) -> bool:
    """Whether a text has letters that ``latin`` can read."""
    return RUN.search(text) is not None


@lru_cache(maxsize=16_384)
def latin(word: str) -> str:
    """A word in Devanagari or a script like it as English would write it, in small letters."""
    first = next((ord(each) for each in word if ord(each) >= DEVANAGARI and each not in JOINERS), DEVANAGARI)
    block = first - first % BLOCK_SIZE
    plain = unicodedata.normalize("NFD", _in_devanagari(word, block))
    known = WHOLE.get(plain.replace("\u0901", "\u0902").replace(NUKTA, ""))
    if known is not None:
        return known
    syllables = _syllables(plain)
    if block in DROPPING:
        _drop_silent(syllables)
    return _written(syllables)


def _in_devanagari(word: str, block: int) -> str:
    return "".join(
        chr(ord(each) - block + DEVANAGARI) if 0 <= ord(each) - block <= LAST_ALIKE else each
        for each in word
        if each not in JOINERS
    )


def _syllables(text: str) -> list[_Syllable]:
    found: list[_Syllable] = []
    joins = False
    for at, each in enumerate(text):
        if each in CONSONANTS:
            dotted = at + 1 < len(text) and text[at + 1] == NUKTA
            sound = DOTTED.get(each, CONSONANTS[each]) if dotted else CONSONANTS[each]
            if joins and found:
                found[-1].onset.append(sound)
            else:
                found.append(_Syllable([sound], SCHWA, inherent=True))
            joins = False
        elif each in SIGNS and found:
            found[-1].vowel, found[-1].inherent = SIGNS[each], False
        elif each == VIRAMA and found:
            joins = True
        elif each in VOWELS:
            found.append(_Syllable([], VOWELS[each]))
        elif each in NASALS and found:
            following = text[at + 1] if at + 1 < len(text) else ""
            found[-1].coda = "m" if following in LABIALS else "n"
        elif each == VISARGA and found:
            found[-1].coda = "h"
    if joins and found:
        found[-1].vowel, found[-1].inherent = "", False
    return found


def _drop_silent(syllables: list[_Syllable]) -> None:
    last = len(syllables) - 1
    if last > 0 and _may_fall_silent(syllables[last]) and not _is_priya(syllables):
        syllables[last].vowel = ""
    for at in range(last - 1, 0, -1):
        here, before, after = syllables[at], syllables[at - 1], syllables[at + 1]
        if (
            len(here.onset) == 1
            and _may_fall_silent(here)
            and before.vowel
            and not before.coda
            and after.vowel
            and len(after.onset) == 1
        ):
            here.vowel = ""


def _may_fall_silent(syllable: _Syllable) -> bool:
    """A doubled consonant may lose its "a" (अब्बास), and one behind another, but for what is hard to say at an end: मित्र, कृष्ण."""
    first, *others = syllable.onset or [""]
    easy = all(each.startswith(first[:1]) or each[0] not in HARD_LAST for each in others)
    return syllable.inherent and not syllable.coda and easy


def _is_priya(syllables: list[_Syllable]) -> bool:
    """Whether a word ends in "iya", whose last "a" is heard: प्रिय, भारतीय."""
    return syllables[-1].onset == ["y"] and syllables[-2].vowel in ("i", "ii")


def _written(syllables: list[_Syllable]) -> str:
    parts: list[str] = []
    for at, syllable in enumerate(syllables):
        sounds = ["w" if sound == "v" and before in ROUNDING else sound for before, sound in pairwise(["", *syllable.onset])]
        vowel = FULL.get(syllable.vowel, syllable.vowel)
        closed_by_r = (
            syllable.vowel == "uu" and at == len(syllables) - 2 and syllables[-1].onset == ["r"] and not syllables[-1].vowel
        )
        if at == 0 and len(syllables) > 1 and syllable.onset and syllable.vowel == "ii":
            vowel = "ee"
        elif closed_by_r:
            vowel = "oo"
        parts.append("".join(sounds) + vowel + syllable.coda)
    whole = "".join(parts).replace("chchh", "chch").replace("ngn", "gn")
    for wrong, right in JOINED:
        whole = whole.replace(wrong, right)
    return whole
