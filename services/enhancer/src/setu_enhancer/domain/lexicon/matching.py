"""How a saying is found in what is said: its words in their forms and spellings, with small words between them.

Hindi inflects a saying's last word and often others, puts particles and pronouns anywhere between them, sends the verb to the front in anger, and is
spelt in several ways, by machines above all. All of that is grammar, and the same for every saying; a lexicon lists what is said, and no forms. Of
other languages the words themselves are looked for, with all endings where an entry says so.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Generic, TypeVar

from setu_enhancer.domain.text.names import key
from setu_enhancer.domain.text.words import unaccented, words

T = TypeVar("T")
HEAD: Final = 2  # characters of a pattern's first word, under which it is looked up
SHORT: Final = 2  # characters of a verb that other words begin with, too: आ and आज
INFLECTED: Final = 3  # characters of a word that has endings
PHRASE: Final = 3  # words
MOST_TOGETHER: Final = 3  # small words between two words of a saying
MOST_IN_ALL: Final = 4
END: Final = "।"  # stands for the end of a sentence among words: no saying goes on behind it
_ENDS: Final = re.compile(r"(?<!\.)\.(?!\.)|[?।॥]")

_BETWEEN: Final = """नहीं ना न मत तो ही भी बस अब फिर कभी आज कल रोज़ ज़रा थोड़ा पूरा पूरी सारा सारी बिल्कुल एकदम हमेशा यूँ ऐसे इतना इतनी जल्दी यहाँ वहाँ भाई यार अरे से
मैं मैंने मुझे मेरा मेरी मेरे हम हमने हमें हमारा हमारी हमारे तू तूने तुझे तेरा तेरी तेरे तुम तुमने तुम्हें तुम्हारा तुम्हारी तुम्हारे आप आपने आपको आपका आपकी आपके वो वह उसने उसे उसको उसका उसकी
उसके उन्होंने उन्हें उनका उनकी उनके ये यह इसने इसे इसका इसकी इसके इनका इनकी इनके अपना अपनी अपने किसी सब सबने सबके सबकी क्यों क्या"""
WHAT: Final = "क्या"  # has no endings (with one it would be "why"), and sounds like "of"
_DOER: Final = "ने"  # behind whoever did it: "राज ने"
_AFTER_DOING: Final = "कर"  # देखकर, देख कर: having looked
# What the ear or the eye takes for the same, after vowels were brought to one length.
_SAME: Final = {"सर": "सिर", "पे": "पर", "पैर": "पाव", "पैरो": "पावो", "जुबान": "जबान", "क्यु": "क्यो"}
_LENGTHS: Final = str.maketrans({"ी": "ि", "ू": "ु", "ई": "इ", "ऊ": "उ", "\u0902": None, "\u0903": None})
_GLIDES: Final = ((re.compile(r"(?<=.)ये"), "ए"), (re.compile(r"(?<=.)यि"), "इ"))
_ENDINGS: Final = "ता ती ते ना ने नी कर के"
_BEHIND_VOWELS: Final = f"{_ENDINGS} गा गी गे ए एगा एगी एँगे ऊँ ऊँगा ऊँगी ओ ओगे ओगी इए इएगा या ई आ"
_BEHIND_CONSONANTS: Final = f"{_ENDINGS} ा ी े ो ूँ ूँगा ूँगी ेगा ेगी ेंगे ोगे ोगी िए िएगा"
_VOWELS: Final = frozenset("आईऊएओािीुूेैोौ")
_IRREGULAR: Final[Mapping[str, tuple[str, ...]]] = {
    stem: tuple(unaccented(form) for form in forms.split())
    for stem, forms in (
        ("कर", "कर किया की किए करके कीजिए कीजिएगा"),
        ("जा", "जा गया गई गए जाकर"),
        ("हो", "हो हूँ हुआ हुई हुए होकर होंगे"),
        ("दे", "दे दूँ दूँगा दूँगी दो दोगे दोगी दीजिए दिया दी दिए देंगे"),
        ("ले", "ले लूँ लूँगा लूँगी लो लोगे लोगी लीजिए लिया ली लिए लेंगे"),
    )
}


@dataclass(frozen=True)
class Word:
    """A word of a saying.

    Args:
        forms: what it may be.
        beginnings: what it may begin with.
    """

    forms: frozenset[str]
    beginnings: tuple[str, ...] = ()

    def is_said(self, said: str) -> bool:
        """Whether a word is one of its forms."""
        return said in self.forms or said.startswith(self.beginnings)

    @property
    def heads(self) -> frozenset[str]:
        """The first characters of all that it may be; empty if they are too few to tell."""
        if any(len(beginning) < HEAD for beginning in self.beginnings):
            return frozenset()
        return frozenset(each[:HEAD] for each in (*self.forms, *self.beginnings))


@dataclass(frozen=True)
class Way:
    """One way to say something.

    Args:
        text: as a lexicon has it.
        words: of it, in order.
    """

    text: str
    words: tuple[Word, ...]

    def spelt(self, spell: Callable[[str], str]) -> "Way":
        """The same in another spelling."""
        return Way(self.text, tuple(_spelt(word, spell) for word in self.words))


class Ways(Generic[T]):
    """Ways to say what is told apart by ``T``.

    Args:
        ways: each with what it says.
        between: what may stand between their words.
        most: how many such words in a row, and in all.
    """

    def __init__(self, ways: Iterable[tuple[Way, T]], between: frozenset[str], most: tuple[int, int]) -> None:
        self.ways = tuple(ways)
        self._between = between
        self._together, self._in_all = most
        self._by_form: dict[str, list[tuple[Way, frozenset[str], T]]] = defaultdict(list)
        self._by_head: dict[str, list[tuple[Way, frozenset[str], T]]] = defaultdict(list)
        for way, what in self.ways:
            first, *others = way.words
            heads = others[0].heads if others else frozenset[str]()
            for form in first.forms:
                self._by_form[form].append((way, heads, what))
            for head in {beginning[:HEAD] for beginning in first.beginnings}:
                self._by_head[head].append((way, heads, what))

    def among(self, said: Sequence[str]) -> Iterator[tuple[int, int, T]]:
        """What some words say: where it begins, where it ends."""
        there = {word[:HEAD] for word in said}
        for start, word in enumerate(said):
            for way, heads, what in (*self._by_form.get(word, ()), *self._by_head.get(word[:HEAD], ())):
                if heads and there.isdisjoint(heads):
                    continue  # most have not even a second word
                end = self._end(said, start, way.words)
                if end is not None:
                    yield start, end, what

    def _end(self, said: Sequence[str], start: int, wanted: Sequence[Word]) -> int | None:
        """Where a way that begins at a word ends; None if it isn't there."""
        at, left = start, self._in_all
        for place, word in enumerate(wanted):
            skipped = 0
            while at < len(said) and not word.is_said(said[at]):
                step = self._step(said, at) if place else 0
                skipped += step
                if not step or skipped > min(self._together, left):
                    return None
                at += step
            if at >= len(said):
                return None
            left -= skipped
            at += 1
        return at

    def _step(self, said: Sequence[str], at: int) -> int:
        """How many words of those at a place may be passed over."""
        if said[at] in self._between:
            return 1
        is_doer = self._together > 1 and at + 1 < len(said) and said[at] != END and said[at + 1] in _DOERS
        return 2 if is_doer else 0


def parted(text: str) -> list[str]:
    """The words of a text, folded, and between them where its sentences end."""
    found: list[str] = []
    for sentence in _ENDS.split(text):
        found += [*(unaccented(word) for word in words(sentence)), END]
    return found[:-1]


def plain_way(text: str) -> Way:
    """A way to say something as it stands, its words folded; a word that ends in ``*`` has any ending."""
    return Way(text, tuple(Word(frozenset(), (word,)) if is_open else Word(frozenset([word])) for word, is_open in _read(text)))


def hindi_ways(text: str) -> Iterator[Way]:
    """The ways in which Hindi says something of several words, in Devanagari: with its words inflected, and with its verb in front.

    Forms of verbs that stand beside every other ("की", "दो") are particles in front, and tell nothing there.
    """
    read = _read(text)
    if len(read) > PHRASE - 1 and read[-1] == (_AFTER_DOING, False):
        read = [*read[:-2], (read[-2][0], True)]
    agrees = len(read) >= PHRASE
    *first, (last, is_open) = read
    inflected = [_inflected(word, is_open=each_open, agrees=agrees) for word, each_open in first]
    final = _last(last, is_open=is_open, agrees=agrees)
    yield Way(text, (*inflected, final))
    if is_open and first and last not in _IRREGULAR:
        yield Way(text, (final, *inflected))


@lru_cache(maxsize=16_384)
def loose(word: str) -> str:
    """A folded word of Hindi in the spelling that all its spellings come to: without nasals, with one length of vowels."""
    word = word.translate(_LENGTHS)
    for glide, vowel in _GLIDES:
        word = glide.sub(vowel, word)
    return _SAME.get(word, word)


def _read(text: str) -> list[tuple[str, bool]]:
    """The folded words of an entry, each with whether it stands for all of its forms."""
    found: list[tuple[str, bool]] = []
    for each in text.replace("-", " ").split():
        *before, last = _folded(each.removesuffix("*"))
        found += [*((word, False) for word in before), (last, each.endswith("*"))]
    return found


@lru_cache(maxsize=8192)
def _folded(text: str) -> tuple[str, ...]:
    return tuple(map(unaccented, words(text)))


@lru_cache(maxsize=16_384)
def _spelt(word: Word, spell: Callable[[str], str]) -> Word:
    """A word of a saying in another spelling. Sayings are made of few words."""
    return Word(frozenset(map(spell, word.forms)), tuple(map(spell, word.beginnings)))


@lru_cache(maxsize=4096)
def _last(word: str, *, is_open: bool, agrees: bool) -> Word:
    """The last word, mostly a verb."""
    if verb := next((stem for stem, forms in _IRREGULAR.items() if word == stem or word in forms), None):
        return Word(frozenset((*_of_verb(verb), *_IRREGULAR[verb])))
    if is_open and len(word) <= SHORT and word[-1] in _VOWELS:
        return Word(frozenset(_of_verb(word)))
    return _inflected(word, is_open=is_open, agrees=agrees)


@lru_cache(maxsize=8192)
def _inflected(word: str, *, is_open: bool, agrees: bool) -> Word:
    """A word with its endings; ``agrees``: in a phrase that is long enough to be the same about her and about several."""
    if is_open:
        return Word(frozenset(), (word,))
    if len(word) > INFLECTED and word.endswith(_AFTER_DOING):
        return Word(frozenset(), (word.removesuffix(_AFTER_DOING),))
    if word in _OF:
        return Word(_OF)
    if len(word) < INFLECTED or word == WHAT or (not word[-1].isalnum() and word[-1] not in "ाे"):
        return Word(frozenset([word]))
    if word[-1] in "ाे":
        return Word(frozenset(word[:-1] + end for end in ("ाेीो" if agrees else "ाेो")))
    return Word(frozenset([word, f"{word}ो"]))


def _of_verb(stem: str) -> Iterator[str]:
    yield stem
    for end in (_BEHIND_VOWELS if stem[-1] in _VOWELS else _BEHIND_CONSONANTS).split():
        yield stem + unaccented(end)


_OF: Final = frozenset(["का", "के", "की"])
_SMALL: Final = tuple(map(unaccented, _BETWEEN.split()))
BETWEEN_WRITTEN: Final = frozenset(map(loose, _SMALL))
BETWEEN_HEARD: Final = frozenset(filter(None, map(key, _SMALL)))
_DOERS: Final = frozenset([loose(_DOER), key(_DOER)])
