"""What a name means in English as a word, or by the words that it is made of."""

import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from setu_enhancer.domain.dictionary import FOLDER, renderings
from setu_enhancer.domain.given import GIVEN
from setu_enhancer.domain.text.words import folded, unaccented
from setu_enhancer.domain.words import FUNCTION, stem

SHORTEST: Final = 2
MOST_OF_ONE: Final = 4
"""Words in which a verb is told: "be in a hurry"."""
_MEANINGS: Final = {
    language: {unaccented(each.split()[0]): frozenset(map(stem, each.split()[1:])) for each in text.strip().splitlines()}
    for language, text in tomllib.loads((Path(__file__).parent.parent / "meanings.toml").read_text(encoding="utf-8")).items()
    if language != "places"
}
_NOTHING: Final[frozenset[str]] = frozenset()
_VIRAMA: Final = "्"
_LONG_A: Final = "ा"
_SIGNS: Final = frozenset("ािीुूेैोौंँ्ृॅॉ")
_LENGTHENED: Final = {"ि": "ी", "ु": "ू"}
_VERBS: Final = ("verbs",)
_NOUNS: Final = ("things", "matters", "english", "qualities")
# Forms of verbs that no ending tells.
_PASTS: Final = frozenset(
    "ate awoke became been began bent bet bit bled blew bore bought bound bred broke brought built burst came cast caught chose clung crept dealt did "  # noqa: SIM905
    "drank drew drove dug fell fed felt fled flew flung forbade forgave forgot fought found froze gave given gone got grew ground had heard held hid hit hung hurt "
    "kept knelt knew laid lay led left lent let lit lost made meant met overheard paid put quit ran rang read rode rose said sang sank sat saw sent set "
    "shed shone shook shot shrank shut slept slid slit sold sought spat sped spent split spoke sprang spread stank stole stood strode struck stuck stung "
    "swam swept swore swung taken taught thought threw told took tore understood went wept woke won wore wound wove wrote wrung".split()
)


@lru_cache(maxsize=1)
def sites() -> dict[str, tuple[str, frozenset[str]]]:
    """What places are by their names' last word, folded: how English writes it in a name, and the stems of what it means."""
    text = tomllib.loads((Path(__file__).parent.parent / "meanings.toml").read_text(encoding="utf-8"))["places"]
    found = {}
    for line in text.strip().splitlines():
        spelt, target, *meant = line.split()
        for each in spelt.split("/"):
            found[folded(each)] = (target, frozenset(map(stem, (*meant, target.casefold()))))
    return found


@lru_cache(maxsize=4096)
def meanings(word: str, language: str) -> frozenset[str]:
    """The stems of what a word that is a name, too, may come to in English."""
    plain = folded(word)
    given = GIVEN.get(plain) if language == "hi" else None
    found = frozenset(map(stem, given.meanings)) if given else _NOTHING
    own = _MEANINGS.get(language, {})
    return found | own.get(unaccented(word), _NOTHING) | renderings(plain, language)


@lru_cache(maxsize=4)
def _english(files: tuple[str, ...], most: int) -> frozenset[str]:
    """The stems of the first words by which some files of the dictionary say things in English, in so many words at most."""
    texts = [(FOLDER / "hi" / f"{file}.txt").read_text(encoding="utf-8") for file in files]
    told = [line.partition(" = ")[2] for text in texts for line in text.splitlines() if not line.startswith("#")]
    ways = [each.split() for line in told for each in line.split(",")]
    return frozenset(stem(folded(way[0])) for way in ways if 0 < len(way) <= most)


@lru_cache(maxsize=4096)
def may_do(word: str) -> bool:
    """Whether an English word, in small letters, may be a form of a verb, whatever else it is."""
    stems = {stem(word), stem(word.removesuffix("s")), stem(word.removesuffix("es"))}
    return word in _PASTS or not stems.isdisjoint(_english(_VERBS, MOST_OF_ONE))


@lru_cache(maxsize=4096)
def does(word: str) -> bool:
    """Whether an English word, in small letters, is a form of a verb and hardly anything else."""
    return word in _PASTS or (may_do(word) and stem(word) not in _english(_NOUNS, 1))


@lru_cache(maxsize=4096)
def hinted(word: str, language: str) -> frozenset[str]:
    """The stems of what a word means, and of what it may be made of: "stone" and "coat" of पत्थरकोट, "red" of ललिया.

    No proof that something stands for it, but where one of several phrases has to, it is that which has such a word.
    """
    found = set(meanings(word, language))
    plain = folded(word)
    if language == "hi":
        if plain in sites():
            found |= sites()[plain][1]
        for part in _parts(plain):
            found |= meanings(part, language) | (sites()[part][1] if part in sites() else _NOTHING)
    return frozenset(found - FUNCTION)


def _parts(plain: str) -> Iterator[str]:
    """The words that a folded word may be made of, in the forms that they may have by themselves."""
    for at in range(SHORTEST, len(plain)):
        first, last = plain[:at], plain[at:]
        if first.endswith(_VIRAMA):
            continue
        if _letters(last) >= SHORTEST and last[0] not in _SIGNS:
            yield last
        yield from _forms(first)


def _letters(part: str) -> int:
    return sum(letter not in _SIGNS for letter in part)


def _forms(first: str) -> Iterator[str]:
    bare = first.rstrip("".join(_SIGNS)) or first
    if _letters(bare) < SHORTEST:
        return
    forms = {first, bare, f"{bare}{_LONG_A}"}
    for form in tuple(forms):
        for short, long in _LENGTHENED.items():
            forms.add(form.replace(short, long, 1))
        if form[1:2] not in _SIGNS:
            forms.add(f"{form[0]}{_LONG_A}{form[1:]}")
    for form in tuple(forms):
        for at in range(len(form) - 2):
            if form[at + 1] == _VIRAMA and form[at] == form[at + 2]:
                forms.add(form[:at] + form[at + 2 :])
                forms.add(form[:at] + form[at + 2 :] + _LONG_A)
                forms.add(form[:at] + _LONG_A + form[at + 2 :] + _LONG_A)
    yield from forms
