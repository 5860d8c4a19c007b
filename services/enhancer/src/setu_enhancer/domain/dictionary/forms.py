"""The forms of Hindi words: from what is said to the headwords that it may be a form of."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal

from setu_enhancer.domain.text.words import folded

Kind = Literal["verb", "phrase", "noun", "quality", "manner"]
ALL: Final[tuple[Kind, ...]] = ("verb", "noun", "quality", "manner", "phrase")
_OF_VERBS: Final[tuple[Kind, ...]] = ("verb",)
_OF_NAMES: Final[tuple[Kind, ...]] = ("noun", "quality")
_OF_QUALITIES: Final[tuple[Kind, ...]] = ("quality", "noun")

# Behind the root of a verb.
_VERB: Final = tuple(
    sorted(
        map(
            folded,
            "ना नी ने ता ती ते तीं ा ी े ीं या यी ये यीं ई ए ईं एँ ो ओ िए िये इए इये िएगा इएगा ियो इयो ूँ ऊँ ें एँ ूँगा ऊँगा ूँगी ऊँगी ेगा एगा येगा ेगी एगी येगी ेंगे एँगे येंगे ेंगी एँगी ोगे ओगे ोगी ओगी कर के ते ताकि".split(),  # noqa: SIM905
        ),
        key=len,
        reverse=True,
    )
)
# What stands behind a noun or an adjective, and what is there instead in its direct form.
_OTHERS: Final = tuple(
    (folded(ending), tuple(map(folded, instead)))
    for ending, instead in (
        ("े", ("ा",)),
        ("ों", ("", "ा")),
        ("ो", ("", "ा")),
        ("ें", ("",)),
        ("एँ", ("",)),
        ("ओं", ("",)),
        ("ओ", ("",)),
        ("ए", ("",)),
        ("याँ", ("",)),
        ("इयाँ", ("ई",)),
        ("इयों", ("ई",)),
        ("ियाँ", ("ी", "ि", "िया")),
        ("ियों", ("ी", "ि", "िया", "")),
        ("ियो", ("ी", "ि", "िया")),
        ("ुओं", ("ू", "ु")),
        ("ुओ", ("ू", "ु")),
        ("ुएँ", ("ू", "ु")),
        ("एँ", ("ा",)),
        ("जी", ("",)),
    )
)
_FEMALE: Final = folded("ी")
_MALE: Final = folded("ा")
_NASAL_FEMALE: Final = tuple(
    (folded(female), folded(male)) for female, male in (("ईं", "याँ"), ("यीं", "याँ"), ("ीं", "ाँ"))
)  # बाईं is of बायाँ

LIGHT: Final = frozenset(map(folded, "हो कर दे ले जा आ रह सक चुक पा लग पड़ चल बन रख बैठ उठ डाल मार चाह मिल करा करवा होने".split()))  # noqa: SIM905
"""Verbs that mostly help others, or make verbs of nouns."""
SMALL: Final = frozenset(
    map(
        folded,
        "का की के को से में पर ने तक और या तो ही भी कि जो सो यह ये वह वो वे मैं हम तू तुम आप इस उस इन उन मेरा मेरी मेरे तेरा तेरी तेरे हमारा हमारी हमारे तुम्हारा तुम्हारी तुम्हारे "  # noqa: SIM905
        "आपका आपकी आपके इसका इसकी इसके उसका उसकी उसके इनका इनकी इनके उनका उनकी उनके अपना अपनी अपने मुझे मुझको मुझ तुझे तुझ तुझको हमें हमको तुम्हें तुमको आपको उसे उसको उन्हें उनको इसे इसको इन्हें इनको "
        "मैंने तूने हमने तुमने आपने उसने इसने उन्होंने इन्होंने किसने किसी किस किसका किसकी किसके किसे किसको कोई कुछ क्या कौन कौनसा कैसा कैसी कैसे कहाँ कब क्यों क्यूँ कितना कितनी कितने "
        "है हैं हूँ हो था थी थे थीं होगा होगी होंगे नहीं मत न ना जी हाँ एक रे अरे ओ ए वाला वाली वाले सा सी जैसा जैसे जैसी ऐसा ऐसे ऐसी वैसा वैसे वैसी इतना इतनी इतने उतना उतनी उतने जब तब अब जहाँ वहाँ यहाँ "
        "रहा रही रहे गया गयी गई गए गये दिया दी दिए लिया ली लिए कर करके".split(),
    )
)
"""Words that say nothing by themselves that a translation would have to have."""


@lru_cache(maxsize=16_384)
def bases(word: str) -> tuple[tuple[str, tuple[Kind, ...]], ...]:
    """The headwords that a folded word may be a form of, if there are such, and of which kind each would be; itself first."""
    return (word, ALL), *_of_verbs(word), *_of_names(word)


def _of_verbs(word: str) -> Iterator[tuple[str, tuple[Kind, ...]]]:
    for ending in _VERB:
        if len(word) > len(ending) and word.endswith(ending):
            yield word.removesuffix(ending), _OF_VERBS


def _of_names(word: str) -> Iterator[tuple[str, tuple[Kind, ...]]]:
    for ending, instead in _OTHERS:
        if len(word) > len(ending) and word.endswith(ending):
            for each in instead:
                yield word.removesuffix(ending) + each, _OF_NAMES
    if word.endswith(_FEMALE):
        yield word.removesuffix(_FEMALE) + _MALE, _OF_QUALITIES
    for female, male in _NASAL_FEMALE:
        if word.endswith(female):
            yield word.removesuffix(female) + male, _OF_QUALITIES
