"""Entries of the memory as callers see them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from setu_common.contracts import GlossaryEntry
from setu_common.contracts.knowledge import (
    EvidenceView,
    KnowledgeConflict,
    KnowledgeEntry,
    KnowledgeScope,
    Remembered,
    RetrievedPair,
)
from setu_optimizer.domain.knowledge.belief import ENOUGH, counted
from setu_optimizer.domain.knowledge.choosing import Choice, Chosen, Rated, rated
from setu_optimizer.domain.knowledge.entries import Entry, Pair
from setu_optimizer.domain.knowledge.scopes import Scope

GroupKey = tuple[str, str, Pair, str]


def scope_view(scope: Scope) -> KnowledgeScope:
    """A scope as it was first called."""
    return KnowledgeScope(level=scope.level, name=scope.name)


def entry_view(entry: Entry, confidence: float, *, contested: bool) -> KnowledgeEntry:
    """An entry, with how sure it is among those of its source and scope."""
    return KnowledgeEntry(
        id=entry.id,
        source_language=entry.pair.source,
        target_language=entry.pair.target,
        kind=entry.kind,
        sources=entry.sources,
        target=entry.target,
        accepted=entry.accepted,
        gender=entry.gender,
        scope=scope_view(entry.scope),
        confidence=round(confidence, 4),
        contested=contested,
        evidence=_evidence(entry),
        verdict=entry.verdict,
        verdict_by=entry.verdict_by,
        verdict_at=entry.verdict_at,
        created_at=entry.created_at,
        updated_at=entry.updated_at,
    )


def views_among(entries: Sequence[Entry], rivals: Iterable[Entry]) -> tuple[KnowledgeEntry, ...]:
    """Entries in their order, each as it stands among its rivals."""
    found = {each.entry.id: each for group in groups(rivals).values() for each in rated(group)}
    alone = [each for each in entries if each.id not in found]  # made since the rivals were looked for
    found |= {each.id: rated([each])[0] for each in alone}
    return tuple(_rated_view(found[each.id]) for each in entries)


def conflict_view(group: Sequence[Entry]) -> KnowledgeConflict | None:
    """The entries of one source and scope as a conflict; None if there is but one thing said that is not vetoed."""
    alive = [each for each in rated(group) if each.entry.verdict != "vetoed"]
    if len({each.entry.target_key for each in alive}) < 2:  # noqa: PLR2004  it takes two
        return None
    first = alive[0].entry
    return KnowledgeConflict(
        source=first.sources[0],
        source_language=first.pair.source,
        target_language=first.pair.target,
        kind=first.kind,
        scope=scope_view(first.scope),
        given=alive[0].confidence >= ENOUGH,
        entries=tuple(_rated_view(each) for each in alive),
    )


def groups(entries: Iterable[Entry]) -> dict[GroupKey, list[Entry]]:
    """Entries by source and scope."""
    found: dict[GroupKey, list[Entry]] = defaultdict(list)
    for each in entries:
        found[each.scope.level, each.scope.key, each.pair, each.source_key].append(each)
    return found


def pair_view(pair: Pair, choice: Choice, most_withheld: int) -> RetrievedPair:
    """What is chosen for a pair of languages, with reasons."""
    return RetrievedPair(
        source_language=pair.source,
        target_language=pair.target,
        given=tuple(_remembered(each) for each in choice.given),
        withheld=tuple(_remembered(each) for each in choice.withheld[:most_withheld]),
    )


def glossary_entry(chosen: Chosen) -> GlossaryEntry:
    """An entry as translation and post-editing take it; a line that people had otherwise is a term of several words."""
    entry = chosen.entry
    return GlossaryEntry(
        source=entry.sources,
        target=entry.target,
        accepted=entry.accepted,
        kind="name" if entry.kind == "name" else "term",
        provenance="learned",
        gender=entry.gender,
        verdict=entry.verdict,
    )


def _rated_view(each: Rated) -> KnowledgeEntry:
    return entry_view(each.entry, each.confidence, contested=each.contested)


def _remembered(chosen: Chosen) -> Remembered:
    contested = chosen.reason.startswith("contested")
    return Remembered(entry=entry_view(chosen.entry, chosen.confidence, contested=contested), reason=chosen.reason)


def _evidence(entry: Entry) -> tuple[EvidenceView, ...]:
    weights = counted(entry.evidence, entry.scope.level)
    return tuple(
        EvidenceView(
            provenance=provenance,
            count=len({each.job_id for each in entry.evidence if each.provenance == provenance}),
            weight=round(weight, 3),
            last_at=max(each.at for each in entry.evidence if each.provenance == provenance),
        )
        for provenance, weight in weights.items()
    )
