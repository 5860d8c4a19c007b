"""How sure an entry is, from who says so.

The probability that a source becomes one target, and none of the others that are said, has a Beta distribution. Before anything is known
it is Beta(1, 2): most of what is found is not worth being given. What speaks for the target adds to the first parameter, what speaks for
other targets of the same source to the second; the confidence is the mean.

Evidence is not independent. Who is wrong once is wrong again: a machine repeats its mistake in every episode, a list of characters is sent
along with each. So what one kind of source says of one work is capped, and what machines say is capped over all works: ten repeats weigh
as much as one, and no number of them is enough (Source: ``python -m evals.context``).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from setu_common.contracts.knowledge import Provenance, ScopeLevel

PRIOR_FOR: Final = 1.0
PRIOR_AGAINST: Final = 2.0
ENOUGH: Final = 0.7
"""From here on an entry is given. Of several targets of one source at most one gets there, so it is clearly ahead of the others."""

WEIGHTS: Final[Mapping[Provenance, float]] = {
    "human-correction": 8.0,
    "glossary": 8.0,
    "caller": 4.0,
    "tmdb": 2.0,
    "machine": 0.5,
}
"""What one job's word counts. Someone who says it alone is enough if it is a person (0.82, 0.71), not if it is a database or a machine."""
LEFT_ALONE: Final = 4.0
"""A person who went through the lines left it as it was, in several of them."""
LEFT_ALONE_ONCE: Final = 2.0

MOST_OF_A_WORK: Final[Mapping[Provenance, float]] = {
    "human-correction": 24.0,
    "glossary": 8.0,
    "caller": 6.0,
    "tmdb": 2.0,
    "machine": 0.5,
}
"""What all jobs of one work count together, by who says so."""
MOST_OF_MACHINES: Final = 1.0
"""What machines count together, over all works: they have the same faults everywhere."""
WIDE: Final = frozenset[ScopeLevel]({"director", "genre"})
MOST_OF_A_WORK_WIDELY: Final = 2.0
"""What one work counts for others of its director or genre: it takes two works to be enough."""


@dataclass(frozen=True)
class Evidence:
    """That somebody says so.

    Args:
        provenance: who.
        work: the key of the series or film of which it was said.
        weight: what it counts by itself.
        job_id: where; None if it was said outside of any job.
        at: when.
    """

    provenance: Provenance
    work: str
    weight: float
    job_id: UUID | None
    at: datetime


def counted(evidence: Iterable[Evidence], level: ScopeLevel) -> dict[Provenance, float]:
    """What all that speaks for an entry counts, by who says so, with repeats capped.

    Args:
        evidence: what speaks for it, in any order.
        level: of what it is said; works count less for what is not their own.
    """
    said: dict[str, dict[Provenance, float]] = defaultdict(lambda: defaultdict(float))
    for each in evidence:
        said[each.work][each.provenance] += each.weight
    total: dict[Provenance, float] = defaultdict(float)
    for of_work in said.values():
        capped = {who: min(weight, MOST_OF_A_WORK[who]) for who, weight in of_work.items()}
        share = min(1.0, MOST_OF_A_WORK_WIDELY / sum(capped.values())) if level in WIDE else 1.0
        for who, weight in capped.items():
            total[who] += weight * share
    if "machine" in total:
        total["machine"] = min(total["machine"], MOST_OF_MACHINES)
    return dict(total)


def confidence(speaks_for: float, speaks_against: float) -> float:
    """The probability that a target is right, 0..1.

    Args:
        speaks_for: what counts for it, 0 or more.
        speaks_against: what counts for other targets of the same source.
    """
    return (PRIOR_FOR + speaks_for) / (PRIOR_FOR + PRIOR_AGAINST + speaks_for + speaks_against)
