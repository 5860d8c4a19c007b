"""Places whose Hindi is a word, or has one in it, that machines translate: "आज़ाद मैदान" is no free field."""

from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from setu_enhancer.domain.lexicon.names import NAMES
from setu_enhancer.domain.lexicon.people import DETERMINERS
from setu_enhancer.domain.text.closed import GENITIVES, folded_set
from setu_enhancer.domain.text.words import SENTENCE_END, folded, words

_FILE: Final = Path(__file__).parent / "lexicon" / "places-hi.txt"


class Place(NamedTuple):
    """A place that a line has.

    Args:
        source: in Devanagari.
        target: in English.
        others: what else it is called there.
    """

    source: str
    target: str
    others: tuple[str, ...] = ()


# What is built or laid out, and bears somebody's name before it: how English writes it, and what it means.
_KINDS: Final = {
    folded(kind): told
    for kind, told in {
        "मैदान": ("Maidan", "Ground"),
        "नगर": ("Nagar",),
        "गंज": ("Ganj",),
        "पुरा": ("Pura",),
        "विहार": ("Vihar",),
        "चौक": ("Chowk",),
        "कॉलोनी": ("Colony",),
        "एन्क्लेव": ("Enclave",),
        "टॉकीज़": ("Talkies",),
        "रोड": ("Road",),
        "घाट": ("Ghat",),
        "पार्क": ("Park",),
        "अपार्टमेंट": ("Apartment", "Apartments"),
        "निवास": ("Niwas",),
        "भवन": ("Bhavan", "Bhawan", "House"),
        "सदन": ("Sadan",),
        "कुंज": ("Kunj",),
        "मार्केट": ("Market",),
        "कॉम्प्लेक्स": ("Complex",),
        "टावर": ("Tower", "Towers"),
        "हाइट्स": ("Heights",),
        "इंटर": ("Inter",),
    }.items()
}
_OF: Final = GENITIVES | folded_set("वाला वाली वाले")
_OFTEN: Final = folded_set("पुरी गया सूरत मंडी दमन ऊना सागर बांदा बाँदा")  # "of" it there are tickets and trains
_IN: Final = folded_set("में से तक")
_THERE: Final = folded_set(
    "शहर ज़िला ज़िले स्टेशन जंक्शन बस ट्रेन गाड़ी लोकल टिकट यूनिवर्सिटी कोर्ट जेल थाना थाने पुलिस वाला वाले वाली लाइन हाईवे एक्सप्रेस "
    "मेल पैसेंजर गाँव रहते रहता रहती पहुँचे पहुँचा पहुँची उतरना उतरे ट्रांसफ़र तबादला पोस्टिंग"
)
_LOOKS: Final = tuple(map(folded, ["लग", "दिख", "पहचान", "शरीफ", "भोल", "देख", "नफ़रत", "मिलत"]))


class _Places:
    @cached_property
    def _read(self) -> tuple[dict[str, list[tuple[tuple[str, ...], Place]]], dict[str, Place], dict[str, Place]]:
        several: dict[str, list[tuple[tuple[str, ...], Place]]] = {}
        alone: dict[str, Place] = {}
        also_words: dict[str, Place] = {}
        section = ""
        text = _FILE.read_text(encoding="utf-8")
        for plain, line in zip(folded(text).splitlines(), text.splitlines(), strict=True):
            source, is_entry, told = line.partition(" = ")
            if line.startswith("["):
                section = line.strip("[]")
            elif is_entry and not line.startswith("#"):
                said = tuple(plain.partition(" = ")[0].split())
                target, *others = told.split(", ")
                place = Place(source, target, tuple(others))
                if len(said) > 1:
                    several.setdefault(said[0], []).append((said, place))
                else:
                    (also_words if section == "words" else alone)[said[0]] = place
        return several, alone, also_words

    @property
    def several(self) -> dict[str, list[tuple[tuple[str, ...], Place]]]:
        """Of several words, by the first, folded."""
        return self._read[0]

    @property
    def alone(self) -> dict[str, Place]:
        """Of one word."""
        return self._read[1]

    @property
    def also_words(self) -> dict[str, Place]:
        """Of one word that people say in other senses."""
        return self._read[2]


PLACES: Final = _Places()


def places(text: str) -> Iterator[Place]:
    """The places of a Hindi line, those of which nobody has any doubt."""
    for sentence in SENTENCE_END.split(text):
        spelt = words(sentence)
        said = [folded(word) for word in spelt]
        taken: set[int] = set()
        for at, word in enumerate(said):
            for parts, place in PLACES.several.get(word, ()):
                if tuple(said[at : at + len(parts)]) == parts and not (at and said[at - 1] in _COUNTED):
                    taken.update(range(at, at + len(parts)))
                    yield place
        for at, (one, other) in enumerate(pairwise(said)):
            if not taken & {at, at + 1} and (told := _KINDS.get(other)) and _names_places(one, said, at):
                name = NAMES[one].target
                yield Place(f"{spelt[at]} {spelt[at + 1]}", f"{name} {told[0]}", tuple(f"{name} {kind}" for kind in told[1:]))
        for at, word in enumerate(said):
            if at not in taken and (word in PLACES.alone or (word in PLACES.also_words and _is_placed(said, at))):
                yield PLACES.alone.get(word) or PLACES.also_words[word]


_COUNTED: Final = folded_set("एक कोई किसी कई हर ये यह इस वो वह उस ऐसा इन उन दूसरा")


def _names_places(word: str, said: list[str], at: int) -> bool:
    """Whether what stands before a kind of place is the name that it bears, and says nothing of how it is."""
    return word in NAMES and not NAMES[word].somebody and not (at and said[at - 1] in DETERMINERS - {folded("क्या")})


def is_placed(word: str, text: str) -> bool | None:
    """Whether a folded word is a place in a line; None if it is none that people also say in another sense."""
    if word not in PLACES.also_words:
        return None
    return any(
        _is_placed(said, said.index(word))
        for each in SENTENCE_END.split(text)
        if word in (said := [folded(w) for w in words(each)])
    )


def _is_placed(said: list[str], at: int) -> bool:
    """Whether one is there, comes from there or goes there."""
    before, behind, rest = (said[at - 1] if at else ""), said[at + 1 : at + 2], said[at + 2 :]
    if at and (before in DETERMINERS or before in _COUNTED):
        return False
    if said[at] in _OFTEN and behind and behind[0] in _OF and rest and rest[0] in _THERE:
        return True
    if said[at] == _FACE:
        return bool(behind) and behind[0] in _IN and not any(word.startswith(_LOOKS) for word in rest)
    if behind and behind[0] in _THERE and (said[at] != _WENT or not at):
        return True
    around = said[max(0, at - 2) : at] + said[at + 1 : at + 4]
    return (
        bool(behind)
        and behind[0] in _IN
        and (any(word in _CITIES or word in PLACES.alone for word in around) or not _THERE.isdisjoint(around))
    )


_FACE, _WENT = folded("सूरत"), folded("गया")
_CITIES: Final = folded_set(
    "दिल्ली मुंबई बंबई कोलकाता कलकत्ता पटना लखनऊ कानपुर आगरा जयपुर भोपाल इंदौर पुणे नागपुर बनारस इलाहाबाद लाहौर चेन्नई गुजरात "
    "बिहार हिमाचल पंजाब"
)
