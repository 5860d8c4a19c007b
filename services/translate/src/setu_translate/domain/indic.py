"""How IndicTrans2 wants its lines, and how what it says is read.

It learnt all Indian languages in one script, Devanagari, tokenised, with numbers and addresses behind placeholders. Unicode lays the
Brahmic scripts out alike, so that a letter of one is the letter at the same offset in another's block.
Source: inference/engine.py and normalize_regex_inference.py of AI4Bharat/IndicTrans2; unicode_transliterate of indic_nlp_library.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

BLOCK_SIZE: Final = 0x80
BLOCKS: Final = {
    "Beng": 0x0980, "Deva": 0x0900, "Gujr": 0x0A80, "Guru": 0x0A00, "Knda": 0x0C80, "Mlym": 0x0D00, "Taml": 0x0B80, "Telu": 0x0C00,
}  # fmt: skip
DEVANAGARI: Final = BLOCKS["Deva"]
LAST_ALIKE: Final = 0x6F  # offsets behind it are each script's own
DANDAS: Final = "।॥"
# Where rows of stops begin, क च ट त प: plain, aspirated, voiced, voiced aspirated, nasal.
ROWS: Final = (0x15, 0x1A, 0x1F, 0x24, 0x2A)
JA: Final = 0x1C

# Letters with a dot that Unicode has as one character and models know as two.
DOTTED: Final = str.maketrans({
    "\u0929": "\u0928\u093c", "\u0931": "\u0930\u093c", "\u0934": "\u0933\u093c", "\u200b": "", "\ufeff": "", "\u00a0": " ", "|": "।",
})  # fmt: skip
QUOTES: Final = str.maketrans(dict.fromkeys("“”„«»", '"') | dict.fromkeys("‘’‚`", "'") | dict.fromkeys("–—", "-"))

EMAIL: Final = r"[\w.%+-]+@[\w.-]+\.[A-Za-z]{2,}"
URL: Final = r"(?:https?://\S*[\w/]|\bwww\.\S+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|net|in|gov|edu|io)(?:/\S*)?)"
NUMERAL: Final = r"\d+(?:[-/.,:']\d+)+%?|\d+(?:\.\d+)?\s?%"
HANDLE: Final = r"[#@]\w+"
KEPT: Final = re.compile(f"{EMAIL}|{URL}|{NUMERAL}|{HANDLE}")
SHORTEST_KEPT: Final = 4  # shorter ones the model gets right by itself

PUNCTUATION: Final = re.compile(r"([!\"#$%&()*+,/:;<=>?@\[\\\]^_`{|}~।॥…]|\.+|--+)")
APOSTROPHE: Final = re.compile(r"((?<=[A-Za-z])'(?=[A-Za-z]))|'")  # in a contraction, or a quote
ABBREVIATIONS: Final = re.compile(r"\b(Mr|Mrs|Ms|Dr|St|Prof|Jr|Sr|[A-Z]) \.(?= \S)")
NUMBER_APART: Final = re.compile(r"(?<=\d) ([.,:/%]) (?=\d)")
PLACEHOLDER: Final = re.compile(r"<\s*([^\W\d_]{2,4}|आई\s*\.?\s*डी\s*\.?)\s*(\d+)\s*>")
PLACEHOLDER_APART: Final = re.compile(r"<\s*ID\s*(\d+)\s*>")

NO_SPACE_BEFORE: Final = re.compile(r"\s+([.,!?:;%)\]}।॥…]+)")
NO_SPACE_AFTER: Final = re.compile(r"([(\[{$£€₹])\s+")
QUOTED: Final = re.compile(r"([\"'])\s+([^\"']*?)\s+\1(?=\W|$)")
CONTRACTION: Final = re.compile(r"(?<=\w) '(?=(?:s|t|re|ve|ll|d|m)\b)", re.IGNORECASE)
NEGATION: Final = re.compile(r"\b(\w+) n't\b")


@dataclass(frozen=True)
class Prepared:
    """A line as the model wants it.

    Args:
        text: tokenised, in Devanagari if it is Indian.
        kept: what its placeholders stand for, by number.
    """

    text: str
    kept: tuple[str, ...]


def prepared(text: str, code: str) -> Prepared:
    """Make a line ready.

    Args:
        text: the line.
        code: its language in FLORES-200, such as ``hin_Deva``.
    """
    plain = "".join(str(unicodedata.decimal(each)) if unicodedata.decimal(each, None) is not None else each for each in text)
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        if len(found.group().replace(" ", "")) < SHORTEST_KEPT:
            return found.group()
        kept.append(found.group())
        return f" <ID{len(kept)}> "

    plain = KEPT.sub(keep, plain)
    script = code.partition("_")[2]
    tokenised = _tokenised_english(plain) if script == "Latn" else _tokenised_indic(plain)
    return Prepared(to_devanagari(tokenised, script), tuple(kept))


def restored(text: str, code: str, kept: tuple[str, ...]) -> str:
    """What the model said in the language ``code``, as one would write it, with what the placeholders stood for."""

    def put_back(found: re.Match[str]) -> str:
        number = int(found.group(2))
        return kept[number - 1] if 1 <= number <= len(kept) else ""

    script = code.partition("_")[2]
    whole = PLACEHOLDER.sub(put_back, text)
    if script != "Latn":
        whole = from_devanagari(whole, script)
    return _detokenised(whole)


def to_devanagari(text: str, script: str) -> str:
    """A text in one of the Brahmic scripts, in Devanagari; in any other, as it is."""
    start = BLOCKS.get(script, DEVANAGARI)
    if start == DEVANAGARI:
        return text
    return "".join(chr(ord(each) - start + DEVANAGARI) if 0 <= ord(each) - start <= LAST_ALIKE else each for each in text)


def from_devanagari(text: str, script: str) -> str:
    """A text in Devanagari, in one of the Brahmic scripts. Letters that it lacks become the nearest that it has, or go."""
    start = BLOCKS.get(script, DEVANAGARI)
    if start == DEVANAGARI:
        return text
    return "".join(_letter(ord(each) - DEVANAGARI, start) if _is_shared(each) else each for each in text)


def _is_shared(character: str) -> bool:
    return 0 <= ord(character) - DEVANAGARI <= LAST_ALIKE and character not in DANDAS


def _letter(offset: int, start: int) -> str:
    if start == BLOCKS["Taml"] and offset != JA:  # it has one letter for the four stops of a row, and ஜ
        offset = next((first for first in ROWS if first < offset < first + 4), offset)
    found = chr(start + offset)
    return found if unicodedata.name(found, "") else ""


def _tokenised_indic(text: str) -> str:
    normal = unicodedata.normalize("NFC", text).translate(DOTTED).translate(QUOTES)
    return _apart(normal.replace("'", " ' "))


def _tokenised_english(text: str) -> str:
    normal = unicodedata.normalize("NFC", text).translate(QUOTES).replace("…", "...").replace("\u00a0", " ")
    return ABBREVIATIONS.sub(r"\1.", _apart(APOSTROPHE.sub(lambda found: " '" if found.group(1) else " ' ", normal)))


def _apart(text: str) -> str:
    """Punctuation apart from words, but not inside of numbers and placeholders."""
    spaced = " ".join(PUNCTUATION.sub(r" \1 ", text).split())
    return NUMBER_APART.sub(r"\1", PLACEHOLDER_APART.sub(r"<ID\1>", spaced))


def _detokenised(text: str) -> str:
    joined = QUOTED.sub(r"\1\2\1", " ".join(text.split()))
    joined = NO_SPACE_AFTER.sub(r"\1", NO_SPACE_BEFORE.sub(r"\1", joined))
    return NEGATION.sub(r"\1n't", CONTRACTION.sub("'", joined)).strip()
