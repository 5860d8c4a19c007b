"""Entries of the memory, and what is learned to be one."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from setu_common.contracts.knowledge import KnowledgeKind, Provenance, Verdict
from setu_common.spelling.names import ends_open, sounds
from setu_common.spelling.words import unaccented, words
from setu_optimizer.domain.knowledge.belief import Evidence
from setu_optimizer.domain.knowledge.scopes import Scope

LONGEST: Final = 200
MOST_SPELLINGS: Final = 20
_JOINERS: Final = str.maketrans("", "", "\u200c\u200d")
Gender = Literal["female", "male"]


@dataclass(frozen=True)
class Pair:
    """Two languages, by their codes."""

    source: str
    target: str


@dataclass(frozen=True)
class Claim:
    """That a source becomes a target, as one source of evidence has it.

    Args:
        kind: what it is.
        sources: its spellings, as the source language writes it first.
        target: what it becomes.
        provenance: who says so.
        weight: what that counts.
        accepted: other forms of the target that pass.
        gender: of who bears a name.
    """

    kind: KnowledgeKind
    sources: tuple[str, ...]
    target: str
    provenance: Provenance
    weight: float
    accepted: tuple[str, ...] = ()
    gender: Gender | None = None

    @property
    def source_key(self) -> str:
        """The same for all spellings of the source."""
        return source_key(self.kind, self.sources)

    @property
    def target_key(self) -> str:
        """The same for all cases of the target."""
        return plain(self.target)


@dataclass(frozen=True)
class Entry:
    """What is remembered of one source and one target of it.

    Args:
        id: its name for callers.
        pair: the languages.
        kind: name, term or edit.
        sources: spellings of the source.
        source_key: the same for all of them.
        target: what it becomes.
        target_key: the same for all cases of it.
        accepted: other forms that pass.
        gender: of who bears a name.
        scope: what it is known of.
        evidence: who says so.
        verdict: what a person decided, who that was and when.
    """

    id: UUID
    pair: Pair
    kind: KnowledgeKind
    sources: tuple[str, ...]
    source_key: str
    target: str
    target_key: str
    scope: Scope
    created_at: datetime
    updated_at: datetime
    accepted: tuple[str, ...] = ()
    gender: Gender | None = None
    evidence: tuple[Evidence, ...] = field(default=(), repr=False)
    verdict: Verdict | None = None
    verdict_by: str = ""
    verdict_at: datetime | None = None


def source_key(kind: KnowledgeKind, sources: Iterable[str]) -> str:
    """The key of a source: a name by its sound, so that राज and "Raj" are one; others by their words. Empty if there is nothing to say.

    Sounds of names that end in an "a" that is heard are others: Kamala is not Kamal.
    """
    first = next((each for each in sources if plain(each)), "")
    if kind != "name":
        return plain(first)
    heard = min(sounds(first), key=lambda each: (len(each), each), default="")
    return f"~{heard}{'+a' if ends_open(first) else ''}" if len(heard) > 1 else plain(first)


def plain(text: str) -> str:
    """A text by its words alone: no case, no accents, no punctuation."""
    return " ".join(unaccented(word) for word in words(text))


def joined(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """Claims with each source and target once for each that says so, as the weightiest has it; what can't be kept is left out."""
    found: dict[tuple[str, str, str, str], Claim] = {}
    for each in claims:
        claim = _storable(each)
        key = (claim.kind, claim.source_key, claim.target_key, claim.provenance)
        if not claim.source_key or not claim.target_key:
            continue
        known = found.get(key)
        found[key] = claim if known is None else _both(known, claim)
    return tuple(found.values())


def _both(one: Claim, other: Claim) -> Claim:
    main, side = (one, other) if one.weight >= other.weight else (other, one)
    return replace(
        main,
        sources=tuple(dict.fromkeys((*main.sources, *side.sources)))[:MOST_SPELLINGS],
        accepted=tuple(dict.fromkeys((*main.accepted, *side.accepted)))[:MOST_SPELLINGS],
        gender=main.gender or side.gender,
    )


def _storable(claim: Claim) -> Claim:
    """Without spellings that are too long or have characters that no table takes."""
    sources, accepted = (
        tuple(dict.fromkeys(each for each in map(_tidy, told) if each))[:MOST_SPELLINGS]
        for told in (claim.sources, claim.accepted)
    )
    return replace(claim, sources=sources, target=_tidy(claim.target), accepted=accepted)


def _tidy(text: str) -> str:
    """A text in one line; empty if it can't be kept. Joiners are no signs that people see, and belong to some Indian words."""
    spaced = " ".join(text.split())
    return spaced if len(spaced) <= LONGEST and spaced.translate(_JOINERS).isprintable() else ""
