"""The series that was written for it, a machine that translates it with faults, and a person who corrects it."""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final, Literal

from setu_optimizer.domain.knowledge.entries import plain, source_key

HONOURS: Final = 0.9
"""How often a machine takes what it is told."""
ATTENTIVE: Final = 0.95
"""How often a person sees what is wrong."""
REPHRASES: Final = 0.3
"""How often a person says a line otherwise where it can be, though nothing is wrong with it."""
SLIPS: Final = 0.02
"""How often a person who writes a name or a term leaves its last letter out."""
TITLES: Final = (
    "चाँदपुर की हवेली S01E01",
    "Chandpur Ki Haveli S01E02",
    "chandpur ki haveli - season 1 ep. 3",
    "Chandpur.Ki.Haveli.1x04.mkv",
    "चाँदपुर की हवेली सीज़न १ एपिसोड ५",
    "Chandpoor ki Haweli S1 E6",
)
"""How the episodes are called by whoever sends them."""
_PLACE: Final = re.compile(r"\{(\w+)\}")
_FILE: Final = Path(__file__).parent / "series.toml"


@dataclass(frozen=True)
class Wanted:
    """A name or term: what it has to be, what a machine makes of it, and how often it is right by chance."""

    kind: Literal["name", "term"]
    source: str
    target: str
    wrong: str
    luck: float

    @property
    def key(self) -> str:
        """The same for all spellings of its source."""
        return source_key(self.kind, (self.source,))


@dataclass(frozen=True)
class Line:
    """What is said; what it has to become, with entries in braces; how else it may be put."""

    hi: str
    en: str
    alt: str = ""

    @property
    def entries(self) -> list[str]:
        """Its entries, by their names."""
        return _PLACE.findall(self.en)


@dataclass(frozen=True)
class Episode:
    """An episode's lines, and what it is called."""

    number: int
    title: str
    lines: tuple[Line, ...]

    @property
    def entries(self) -> frozenset[str]:
        """All its entries, by their names."""
        return frozenset(name for line in self.lines for name in line.entries)


@dataclass(frozen=True)
class Drafted:
    """An episode as a machine translated it: texts, and what it made of each entry, in the order of their places."""

    texts: tuple[str, ...]
    forms: Mapping[str, Sequence[str]]

    def wrong(self, wanted: Mapping[str, Wanted]) -> frozenset[str]:
        """The entries that a person has to put right somewhere."""
        return frozenset(name for name, forms in self.forms.items() if any(form != wanted[name].target for form in forms))


def read_series() -> tuple[dict[str, Wanted], list[Episode]]:
    """The entries by their names, and the episodes."""
    found: dict[str, Any] = tomllib.loads(_FILE.read_text(encoding="utf-8"))  # Any: TOML
    wanted = {name: Wanted(**entry) for name, entry in found["entries"].items()}
    episodes = [
        Episode(each["number"], title, tuple(Line(**line) for line in each["lines"]))
        for each, title in zip(found["episodes"], TITLES, strict=True)
    ]
    return wanted, episodes


def drafted(episode: Episode, wanted: Mapping[str, Wanted], told: Mapping[str, str], seed: int) -> Drafted:
    """What the machine makes of an episode.

    Args:
        episode: to be translated.
        wanted: its entries.
        told: the targets that it is given, by the keys of their sources.
        seed: chance; the same for the same seed, whatever the machine is told.
    """
    texts, forms = [], {name: list[str]() for name in sorted(episode.entries)}
    for at, line in enumerate(episode.lines):
        for place, name in enumerate(line.entries):
            chance = Random(f"{seed}:{episode.number}:{at}:{place}")  # noqa: S311  no secret
            entry = wanted[name]
            heeds, lucky = chance.random() < HONOURS, chance.random() < entry.luck
            by_itself = entry.target if lucky else entry.wrong
            given = told.get(entry.key, told.get(plain(entry.source)))
            forms[name].append(given if given is not None and heeds else by_itself)
        filled = {name: iter(forms[name][-line.entries.count(name) :]) for name in line.entries}
        texts.append(_PLACE.sub(lambda found, filled=filled: next(filled[found[1]]), line.en))  # type: ignore[misc]  # bound early
    return Drafted(tuple(texts), forms)


def corrected(episode: Episode, wanted: Mapping[str, Wanted], draft: Drafted, seed: int) -> list[str]:
    """What a person makes of a draft: most of what is wrong set right, some lines put otherwise, with a slip here and there."""
    texts = []
    used: Counter[str] = Counter()
    for at, line in enumerate(episode.lines):
        chance = Random(f"person:{seed}:{episode.number}:{at}")  # noqa: S311  no secret
        forms = {}
        for name in line.entries:
            was = draft.forms[name][used[name]]
            used[name] += 1
            right = wanted[name].target
            put = right[:-1] if chance.random() < SLIPS else right
            forms[name] = was if was == right or chance.random() >= ATTENTIVE else put
        text = line.alt if line.alt and chance.random() < REPHRASES else line.en
        texts.append(_PLACE.sub(lambda found, forms=forms: forms[found[1]], text))  # type: ignore[misc]  # bound early
    return texts
