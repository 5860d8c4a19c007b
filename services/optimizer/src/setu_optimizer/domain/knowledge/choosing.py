"""What of the memory an episode is given: the nearest scope first, what is contested not at all, what is vetoed never."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from setu_common.contracts.knowledge import Provenance
from setu_common.spelling.names import sounds
from setu_optimizer.domain.knowledge.belief import ENOUGH, confidence, counted
from setu_optimizer.domain.knowledge.entries import Entry, plain
from setu_optimizer.domain.knowledge.scopes import LEVELS

_EPOCH: Final = datetime.fromtimestamp(0, tz=UTC)
_SAID: Final[dict[Provenance, str]] = {
    "human-correction": "people corrected or kept it in {}",
    "caller": "a caller said so in {}",
    "glossary": "a glossary has it",
    "tmdb": "The Movie Database has it in {}",
    "machine": "a machine wrote it in {}",
}


@dataclass(frozen=True)
class Chosen:
    """An entry, how sure it is, and why it is given or withheld.

    Args:
        entry: with the forms that pass beside its target.
        confidence: the probability that it is right, 0..1.
        reason: in words.
    """

    entry: Entry
    confidence: float
    reason: str


@dataclass(frozen=True)
class Choice:
    """What is given, the most certain first, and what is withheld."""

    given: tuple[Chosen, ...]
    withheld: tuple[Chosen, ...]

    @property
    def vetoed(self) -> tuple[Chosen, ...]:
        """What people said is wrong, whoever else may say it."""
        return tuple(each for each in self.withheld if each.entry.verdict == "vetoed")


@dataclass(frozen=True)
class Rated:
    """An entry among those of the same source and scope."""

    entry: Entry
    confidence: float
    contested: bool


def rated(entries: Sequence[Entry]) -> list[Rated]:
    """Entries of one source in one scope, or in scopes that are the same, the likeliest first.

    What was vetoed is not right, and speaks against nothing. What people accepted is, the last that they accepted first.
    """
    weights = {each.id: sum(counted(each.evidence, each.scope.level).values()) for each in entries}
    alive = [each for each in entries if each.verdict != "vetoed"]
    accepted = any(each.verdict == "accepted" for each in alive)
    by_target: dict[str, float] = defaultdict(float)
    for each in alive:
        by_target[each.target_key] += weights[each.id]
    total = sum(by_target.values())
    found = []
    for each in entries:
        speaks_for = by_target[each.target_key] if each.verdict != "vetoed" else 0.0
        sure = {"accepted": 1.0, "vetoed": 0.0}.get(str(each.verdict))
        if sure is None:
            sure = confidence(speaks_for, total - speaks_for) if not accepted else 0.0
        found.append(Rated(each, sure, each.verdict is None and len(by_target) > 1))
    return sorted(found, key=_likeliest)


def choose(entries: Iterable[Entry], most: int) -> Choice:
    """What a recording is given of all that is known of what it belongs to.

    Each source is decided by the nearest scope that is sure of it or has a conflict about it; what a nearer or the same scope has
    vetoed is not given by any, neither in another case nor in a spelling that sounds the same, unless people accepted that.

    Args:
        entries: of all scopes of the recording, for one pair of languages.
        most: how many are given at most.
    """
    known = list(entries)
    vetoes = [each for each in known if each.verdict == "vetoed"]
    decided: set[str] = set()
    given: list[Chosen] = []
    withheld: list[Chosen] = []
    for level in LEVELS:
        groups: dict[str, list[Entry]] = defaultdict(list)
        for each in known:
            if each.scope.level == level:
                groups[each.source_key].append(each)
        for key, group in sorted(groups.items()):
            barred = {each.id: why for each in group if (why := _barred(each, vetoes))}
            withheld += [Chosen(each, 0.0, barred[each.id]) for each in group if each.id in barred]
            left = rated([each for each in group if each.id not in barred])
            if not left:
                continue
            if key in decided:
                withheld += [Chosen(each.entry, each.confidence, "a nearer scope decides") for each in left]
                continue
            first, others = left[0], left[1:]
            if first.confidence >= ENOUGH:
                decided.add(key)
                given.append(_given(first, others, vetoes))
                withheld += [Chosen(each.entry, each.confidence, f"“{first.entry.target}” is likelier") for each in others]
            else:
                if first.contested:
                    decided.add(key)
                why = "contested, and none is clearly ahead" if first.contested else "not sure enough"
                withheld += [Chosen(each.entry, each.confidence, f"{why}: {because(each.entry)}") for each in left]
    given.sort(key=lambda each: (-each.confidence, LEVELS.index(each.entry.scope.level), each.entry.source_key))
    withheld += [replace(each, reason=f"more than {most} are known") for each in given[most:]]
    return Choice(tuple(given[:most]), tuple(withheld))


def because(entry: Entry) -> str:
    """Why an entry is believed as far as it is: of what, and who says so."""
    where = f"{entry.scope.level} “{entry.scope.name}”"
    if entry.verdict is not None:
        who = f" by {entry.verdict_by}" if entry.verdict_by else ""
        return f"{where}: {entry.verdict}{who}" + (f" on {entry.verdict_at:%Y-%m-%d}" if entry.verdict_at else "")
    said = []
    for provenance, words in _SAID.items():
        jobs = {each.job_id for each in entry.evidence if each.provenance == provenance}
        if jobs:
            said.append(words.format("one job" if len(jobs) == 1 else f"{len(jobs)} jobs"))
    return f"{where}: {', '.join(said) or 'nobody says so any more'}"


def _given(first: Rated, others: Sequence[Rated], vetoes: Sequence[Entry]) -> Chosen:
    """The entry, with the other forms that people accepted."""
    entry = first.entry
    forms = [*entry.accepted, *(each.entry.target for each in others if each.entry.verdict == "accepted")]
    vetoed = {each.target_key for each in vetoes if _same_source(each, entry)}
    passing = tuple(form for form in dict.fromkeys(forms) if form != entry.target and plain(form) not in vetoed)
    sure = f"{first.confidence:.2f} sure, " if entry.verdict is None else ""
    return Chosen(replace(entry, accepted=passing), first.confidence, f"{sure}{because(entry)}")


def _barred(entry: Entry, vetoes: Sequence[Entry]) -> str:
    """Why an entry may not be given; empty if it may."""
    if entry.verdict == "vetoed":
        return because(entry)
    for veto in vetoes:
        if not (_same_source(entry, veto) and _same_target(entry, veto)) and not _contains(entry, veto):
            continue
        if entry.verdict == "accepted" and not _outranks(veto, entry):
            continue
        return f"it says “{veto.target}”, {because(veto)}"
    return ""


def _outranks(veto: Entry, entry: Entry) -> bool:
    """Whether a veto counts more than that people accepted an entry: it is of a nearer scope, or of the same and newer."""
    nearer = LEVELS.index(veto.scope.level) - LEVELS.index(entry.scope.level)
    return nearer < 0 or (nearer == 0 and (veto.verdict_at or _EPOCH) > (entry.verdict_at or _EPOCH))


def _same_source(one: Entry, other: Entry) -> bool:
    if one.source_key == other.source_key or {plain(each) for each in one.sources} & {plain(each) for each in other.sources}:
        return True
    return "name" in (one.kind, other.kind) and bool(_heard(one.sources) & _heard(other.sources))


def _same_target(one: Entry, other: Entry) -> bool:
    return one.target_key == other.target_key or bool(_heard((one.target,)) & _heard((other.target,)))


def _contains(entry: Entry, veto: Entry) -> bool:
    """Whether an entry of more words has what was vetoed in it, on both sides."""
    if " " not in entry.target_key or f" {veto.target_key} " not in f" {entry.target_key} ":
        return False
    said = [f" {plain(each)} " for each in entry.sources]
    if any(f" {plain(each)} " in line for each in veto.sources for line in said):
        return True
    heard = _heard(veto.sources) if veto.kind == "name" else frozenset()
    return any(heard & sounds(word) for line in said for word in line.split())


def _heard(spellings: Iterable[str]) -> frozenset[str]:
    return frozenset().union(*(sounds(each) for each in spellings))


def _likeliest(each: Rated) -> tuple[float, float, str]:
    return -each.confidence, -(each.entry.verdict_at or _EPOCH).timestamp(), each.entry.target_key
