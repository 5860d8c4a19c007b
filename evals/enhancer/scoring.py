"""Whether the score agrees with people: faulty drafts below those with nothing to mend, and what people wrote above what a machine did."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bench.figures import Figure

from evals.enhancer.data import PAIRS, TAGS, Split, Spoken, scenes
from evals.enhancer.measures import apart, share
from evals.enhancer.reporting import table, told
from evals.enhancer.staging import staged
from setu_enhancer.domain.scoring import score

USABLE: Final = 70.0
"""From this many points a line is called usable: what the judge of ``setu_enhancer.judging`` is told as well."""


@dataclass(frozen=True)
class Scored:
    """The scores of a line's draft and of what people wrote, by rules alone."""

    spoken: Spoken
    draft: float
    reference: float


def measure(split: Split) -> list[Figure]:
    """How the score stands to what people say."""
    found = [scored for pair in PAIRS for scored in _scored(pair, split)]
    faulty = [each for each in found if not each.spoken.control]
    controls = [each for each in found if each.spoken.control]
    about = f"{len(controls)} lines with nothing to mend and {len(faulty)} others, all pairs, {split} scenes; rules alone"
    rows = []
    for tag in TAGS:
        some = [each for each in found if tag in each.spoken.tags]
        above = 100 * share([each.reference > each.draft for each in some])
        rows.append((tag, len(some), _mean([each.draft for each in some]), _mean([each.reference for each in some]), above))
    print(f"The score, {about}:", flush=True)
    table(("tag", "lines", "draft", "people's", "% people's above"), rows)
    told_apart = apart([each.draft for each in controls], [each.draft for each in faulty])
    how = f"chance that a draft with nothing to mend scores above a faulty one; 0.5 is a coin; {about}"
    above_ = share([each.reference > each.draft for each in faulty])
    usable = share([each.draft >= USABLE for each in faulty])
    return [
        told("score_tells_faulty_drafts", told_apart, how=how),
        told("score_of_people_above_faulty_draft", above_, how=f"lines to mend where what people wrote scores higher; {about}"),
        told("score_calls_faulty_usable", usable, how=f"faulty drafts of at least {USABLE:g} points; {about}"),
    ]


def _scored(pair: str, split: Split) -> list[Scored]:
    found = []
    for scene in scenes(pair, split):
        text = staged(scene)
        glossary = text.glossary
        for line in text.lines:
            spoken = text.spoken[line.index]
            totals = [score(line, each, text.pair, glossary).total for each in (line.draft, spoken.references[0])]
            found.append(Scored(spoken, *totals))
    return found


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
