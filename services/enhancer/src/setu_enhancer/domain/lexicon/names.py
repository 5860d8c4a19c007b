"""Hindi names of people and animals: how English writes them, and what those that are words as well mean. Read when they are first asked for."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

from setu_enhancer.domain.text.devanagari import latin
from setu_enhancer.domain.text.words import folded

_FOLDER: Final = Path(__file__).parent
_GENDERS: Final = {"f": "female", "m": "male"}
_LISTED: Final = (
    ("female", "female"),
    ("more_female", "female"),
    ("pet_female", "female"),
    ("still_more_female", "female"),
    ("male", "male"),
    ("more_male", "male"),
    ("pet_male", "male"),
    ("still_more_male", "male"),
    ("surnames", None),
    ("more_surnames", None),
    ("places", None),
)


@dataclass(frozen=True)
class Given:
    """A name.

    Args:
        source: in Devanagari.
        target: in English.
        others: what else it is called in English.
        gender: as the contracts call it; None where both bear it.
        meanings: what it means in English as a word; empty if it is only a name.
        followers: beginnings of words that make it a word where they follow.
        seldom: whether the word is said far more often than the name.
        somebody: whether the word says what somebody is: of a lawyer nothing tells that he is Mr Vakil.
    """

    source: str
    target: str
    others: tuple[str, ...] = ()
    gender: str | None = None
    meanings: tuple[str, ...] = ()
    followers: tuple[str, ...] = ()
    seldom: bool = False
    somebody: bool = False


class _Told(NamedTuple):
    """A name as the files have it."""

    source: str
    gender: str | None
    target: str = ""
    meanings: str = ""
    followers: str = ""


class _Names(Mapping[str, Given]):
    """All names by their folded form."""

    def __getitem__(self, name: str) -> Given:
        if name not in self._made:
            self._made[name] = self._given(name, self._told[name])
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._told

    def __iter__(self) -> Iterator[str]:
        return iter(self._told)

    def __len__(self) -> int:
        return len(self._told)

    @cached_property
    def _made(self) -> dict[str, Given]:
        return {}

    @cached_property
    def _file(self) -> dict[str, Any]:  # what it holds is said by who reads it
        return tomllib.loads((_FOLDER / "names-hi.toml").read_text(encoding="utf-8"))

    @cached_property
    def _words(self) -> tuple[Mapping[str, _Told], frozenset[str], frozenset[str]]:
        """The names that are words as well, by their folded form, which of them are seldom names, and which say what somebody is."""
        text = (_FOLDER / "borne-hi.txt").read_text(encoding="utf-8")
        found: dict[str, _Told] = {}
        seldom: set[str] = set()
        people: set[str] = set()
        section = ""
        for plain, line in zip(folded(text).splitlines(), text.splitlines(), strict=True):
            if line.startswith("["):
                section = line.strip("[]")
            elif section in ("~", "p"):
                (seldom if section == "~" else people).update(plain.split())
            elif line and not line.startswith("#"):
                name, (source, _, told) = plain.partition(" ")[0], line.partition(" ")
                first, _, rest = told.partition(" ")
                target, means = (first, rest) if first[:1].isupper() else ("", told)
                known = found.get(name)
                gender = _GENDERS.get(section[0])
                found[name] = (
                    known._replace(meanings=f"{known.meanings} {means}") if known else _Told(source, gender, target, means)
                )
                if section.endswith("~") and not known:
                    seldom.add(name)
        seldom -= {folded(source) for source, *_ in self._file["words"]}
        seldom |= set(folded(self._file["seldom"]).split()) | self.animals
        for source, target, gender, means, behind in self._file["words"]:
            name = folded(source)
            also = found[name].meanings if name in found else ""
            found[name] = _Told(source, _GENDERS[gender], target, f"{means} {also}", behind)
        return found, frozenset(seldom | people), frozenset(people)

    @cached_property
    def _told(self) -> Mapping[str, _Told]:
        plain: dict[str, _Told] = {}
        for listed, gender in _LISTED:
            text = self._file[listed]
            plain.update((name, _Told(source, gender)) for name, source in zip(folded(text).split(), text.split(), strict=True))
        return {**plain, **self._words[0]}

    def _given(self, name: str, told: _Told) -> Given:
        also = self._file["also"].get(told.source, "") if not told.meanings else ""
        target, *others = also.split() or [told.target or latin(told.source).title()]
        return Given(
            told.source,
            target,
            tuple(others),
            told.gender,
            tuple(dict.fromkeys(told.meanings.split())),
            tuple(map(folded, told.followers.split())),
            name in self._words[1],
            name in self._words[2],
        )

    @cached_property
    def animals(self) -> frozenset[str]:
        """Animals, folded: they do what people do, and are what people are."""
        return frozenset(folded(self._file["animals"]).split())

    @cached_property
    def forces(self) -> frozenset[str]:
        """What does things as people do, and is nobody, folded: the wind, fate."""
        return frozenset(folded(self._file["forces"]).split())

    @cached_property
    def mass(self) -> frozenset[str]:
        """Words of English that need no article, so that its lack tells nothing."""
        return frozenset(self._file["mass"].split())


NAMES: Final = _Names()
"""By the folded name in Devanagari."""
