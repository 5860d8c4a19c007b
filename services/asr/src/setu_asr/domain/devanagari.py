"""Urdu's script read as Devanagari, letter by letter.

Hindi and Urdu are one spoken language in two scripts, and small recognisers confuse them. Urdu writes no short vowels; Devanagari's
consonants carry the commonest one (a) by themselves. So letters come out right and some vowels don't: کتاب (kitab) becomes कताब
instead of किताब. The commonest words, which make up a third of any text, are listed whole. What is made so is to be marked.

Source: the letters' values as in the ALA-LC romanisation tables for Urdu and Hindi (2012 and 2011); the words by hand.
"""

import re
import unicodedata
from typing import Final

ARABIC: Final = re.compile(r"[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufeff]")
_WORD: Final = re.compile(r"[\u0620-\u065f\u066e-\u06d3\u06d5-\u06dc\u06ee\u06ef\u06fa-\u06ff\u0750-\u077f]+")

_CONSONANTS: Final = {
    "ب": "ब", "پ": "प", "ت": "त", "ٹ": "ट", "ث": "स", "ج": "ज", "چ": "च", "ح": "ह", "خ": "ख़", "د": "द", "ڈ": "ड", "ذ": "ज़",
    "ر": "र", "ڑ": "ड़", "ز": "ज़", "ژ": "झ़", "س": "स", "ش": "श", "ص": "स", "ض": "ज़", "ط": "त", "ظ": "ज़", "غ": "ग़", "ف": "फ़",
    "ق": "क़", "ک": "क", "گ": "ग", "ل": "ल", "م": "म", "ن": "न", "ہ": "ह",
}  # fmt: skip
_ASPIRATED: Final = {
    "क": "ख", "ग": "घ", "च": "छ", "ज": "झ", "ट": "ठ", "ड": "ढ", "ड़": "ढ़", "त": "थ", "द": "ध", "प": "फ", "ब": "भ",
}  # fmt: skip
_ALONE: Final = {"ا": "अ", "آ": "आ", "و": "व", "ی": "य", "ے": "ए", "ع": "अ", "ئ": "", "ؤ": "ओ", "ء": ""}
_SIGNS: Final = {"ا": "ा", "آ": "आ", "و": "ो", "ی": "ी", "ے": "े", "ع": "", "ؤ": "ओ", "ء": "", "ٰ": "ा"}
_AFTER_HAMZA: Final = {"ی": "ई", "ے": "ए", "و": "ओ", "ا": "आ"}
_MARKS: Final = {"َ": "", "ِ": "ि", "ُ": "ु", "ْ": "्", "ً": "न", "ں": "ं"}
_SHADDA: Final = "ّ"
_HEAVY_H: Final = "ھ"
_VOWELS: Final = frozenset("اآویے")
_CARRYING: Final = frozenset(sign[-1] for sign in (*_CONSONANTS.values(), *_ASPIRATED.values(), "व", "य"))  # a dot below too

# One letter of each row has several forms in Unicode; Arabic and Persian keyboards mix them.
_FORMS: Final = str.maketrans(
    {"ك": "ک", "ي": "ی", "ى": "ی", "ه": "ہ", "ة": "ہ", "ۃ": "ہ", "ۂ": "ہ", "أ": "ا", "إ": "ا", "ٱ": "ا", "ۓ": "ئے", "ـ": ""}
)
_OTHERS: Final = str.maketrans(
    {"۔": "।", "،": ",", "؛": ";", "؟": "?", "٪": "%"}
    | {chr(0x06F0 + digit): str(digit) for digit in range(10)}
    | {chr(0x0660 + digit): str(digit) for digit in range(10)}
)

_COMMON: Final = """
=
ہے=है ہیں=हैं ہوں=हूँ ہو=हो تھا=था تھی=थी تھے=थे میں=में مے=में نے=ने کو=को کا=का کی=की کے=के سے=से پر=पर تک=तक اور=और یا=या
کہ=कि جو=जो یہ=यह وہ=वह اس=इस ان=उन ہم=हम تم=तुम آپ=आप مجھے=मुझे میرا=मेरा میری=मेरी میرے=मेरे تو=तो بھی=भी ہی=ही نہ=न نہیں=नहीं
مت=मत کیا=क्या کیوں=क्यों کیسے=कैसे کب=कब کہاں=कहाँ کون=कौन اب=अब جب=जब پھر=फिर یہاں=यहाँ وہاں=वहाँ ایک=एक دو=दो تین=तीन چار=चार
پانچ=पाँच چھ=छह چھے=छह سات=सात آٹھ=आठ نو=नौ دس=दस کر=कर کرو=करो کرتا=करता کرتے=करते رہا=रहा رہی=रही رہے=रहे گیا=गया گئی=गई گئے=गए
گا=गा گی=गी گے=गे لیے=लिए لئے=लिए ساتھ=साथ بہت=बहुत کچھ=कुछ سب=सब دن=दिन ابھی=अभी اگر=अगर لیکن=लेकिन والا=वाला والے=वाले دنیا=दुनिया نمستے=नमस्ते
"""
_WORDS: Final = dict(pair.split("=") for pair in _COMMON.split())


def in_arabic_script(text: str) -> bool:
    """Whether there is a letter of it."""
    return any(character.isalpha() for character in ARABIC.findall(text))


def devanagari(text: str) -> str:
    """Read what is in Urdu's script as Devanagari; everything else stays as it is."""
    plain = unicodedata.normalize("NFC", text).translate(_FORMS)
    return _WORD.sub(lambda word: _WORDS.get(word.group()) or _spelt(word.group()), plain).translate(_OTHERS)


def _spelt(word: str) -> str:
    """One word, letter by letter; what it is made of so far says whether a vowel is a sign on a consonant or stands alone."""
    made: list[str] = []
    for place, letter in enumerate(word):
        carries = bool(made) and made[-1][-1:] in _CARRYING
        hamza = place > 0 and word[place - 1] == "ئ"
        if letter == _HEAVY_H:
            made[-1:] = [_ASPIRATED.get(made[-1], made[-1] + "ह")] if made else ["ह"]
        elif letter == _SHADDA:
            made[-1:] = [made[-1] + "्" + made[-1]] if carries else made[-1:]
        elif letter in _MARKS:
            made.append(_MARKS[letter])
        elif hamza and letter in _AFTER_HAMZA:
            made.append(_AFTER_HAMZA[letter])
        elif letter == "ہ" and carries and place == len(word) - 1:
            made.append("ा")  # a silent h at the end stands for the vowel before it: بچہ is bachcha
        elif letter in _CONSONANTS:
            made.append(_CONSONANTS[letter])
        elif letter in _VOWELS and carries and not _opens_syllable(word, place):
            made.append(_SIGNS[letter])
        else:
            made.append((_SIGNS if carries and letter not in _VOWELS else _ALONE).get(letter, ""))
    return "".join(made)


def _opens_syllable(word: str, place: int) -> bool:
    """Whether و or ی is a consonant here, as before a long vowel: دنیا is duniya, ہوا is hava."""
    return word[place] in "وی" and place + 1 < len(word) and word[place + 1] in "اآ"
