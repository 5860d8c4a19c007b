"""Sayings that no lexicon has, by what most of Hindi's are made of: a part of the body or of the mind, and what it does or undergoes.

"बाल पक गए", "the hair has ripened": a noun of a small class with its verb right behind it, which English renders by that noun only where it says the
same. What it says, too, is listed: hands are washed and hearts broken in both languages. A draft that has the noun with anything else is suspect.
"""

from collections.abc import Mapping
from typing import Final

from setu_enhancer.domain.lexicon import idioms_in
from setu_enhancer.domain.lexicon.matching import BETWEEN_WRITTEN, END, loose, parted
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.text.numerals import HINDI
from setu_enhancer.domain.words import stem, words

# The noun in its forms, and what a machine makes of it.
_NOUNS: Final = """सिर सर: head | मुँह: mouth face | हाथ हाथों: hand | पाँव पैर पैरों पाँवों: foot feet leg | ज़बान जीभ: tongue | जान: life | दिल: heart |
जिगर कलेजा कलेजे: liver heart | बाल बालों: hair | घुटना घुटने घुटनों: knee | कान कानों: ear | गला गले: throat neck | आँख आँखें आँखों: eye | नाक: nose | पेट: stomach belly |
टाँग टाँगें टाँगों: leg | अक़्ल अक्ल: wisdom intellect intelligence brain sense | मन: mind heart | दिमाग़ भेजा: mind brain | पीठ: back | कमर: waist back | कंधा कंधे कंधों: shoulder |
उँगली उँगलियाँ: finger | दाँत दाँतों: tooth teeth | हड्डी हड्डियाँ: bone | ख़ून: blood | छाती सीना सीने: chest | माथा माथे: forehead | नज़र नज़रें: look sight eye glance |
होश: sense consciousness | साँस साँसें: breath | नींद: sleep | रूह: soul | भौंहें: eyebrow | मूँछ मूँछें: moustache mustache | पलकें: eyelid eyelash"""
# What is said of them in English as well: beginnings of words.
_LITERAL: Final = """था थे थी धो हिल दुख दर्द पकड़ छोड़ उठ दिख देख खोल बंद काट कट टूट तोड़ बचा ले हटा मिला रख पोंछ बाँध जल छू सूज काँप कँप थाम दबा मना धड़क ठीक साफ़ गंद सफ़ेद
काल लाल नील भूर पील सुंदर लंब बड़ छोट मोट पतल मज़बूत कमज़ोर साथ जैस वाल और या बाद पहल अभी यहाँ वहाँ
में से का के की को पर पे ने तक जी"""


def _nouns() -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for entry in _NOUNS.split("|"):
        forms, _, told = entry.partition(":")
        for form in forms.split():
            found[loose(*parted(form))] = frozenset(stem(f"{word}{end}") for word in told.split() for end in ("", "s"))
    return found


_BY_NOUN: Final = _nouns()
_SAID_ALIKE: Final = tuple(loose(*parted(each)) for each in _LITERAL.split())
_PASSED_OVER: Final = (BETWEEN_WRITTEN - {loose("से")}) | frozenset(_BY_NOUN)
_NUMBERS: Final = frozenset(map(loose, (*HINDI.simple, *HINDI.powers)))
_IS: Final = frozenset(map(loose, parted("है हैं हूँ हो होता होती होते हुआ हुई हुए होगा होगी होंगे")))


def bodily(line: Line, pair: Pair) -> str:
    """What a line has a part of the body do that its draft has it do as well, as English hardly says it; empty if nothing.

    Known for Hindi into English. An idiom that the lexicon has is left to it.
    """
    if (pair.source, pair.target) != ("hi", "en"):
        return ""
    written = parted(line.source)
    said = [loose(word) for word in written]
    told = frozenset(map(stem, words(line.draft)))
    known = {loose(word) for idiom in idioms_in(line.source, pair.source) for word in parted(idiom.source)}
    for at, word in enumerate(said):
        if word in known or _BY_NOUN.get(word, frozenset()).isdisjoint(told):
            continue
        place = next((place for place in range(at + 1, len(said)) if said[place] not in _PASSED_OVER), 0)
        behind, before = said[place] if place else END, said[at - 1] if at else END
        if behind == END or behind in _IS or behind.startswith(_SAID_ALIKE):
            continue
        if not any(number in _NUMBERS for number in (before, behind)):  # a hand is a measure of depth, a waist has inches
            return f"{written[at]} {written[place]}"
    return ""
