"""The first rung: names put right by rule, before any model is asked and at no cost.

What rules make of a line passes the same guards and the same score as any edit, but for what is wrong with the draft as well: they put right a name,
and no denial. It then stands for the draft: a line that has no other reason to be edited is not sent to anybody, and a model that is asked for
another reason sees the better draft, and has to beat it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from setu_common.contracts import Reason, ReasonKind
from setu_enhancer.domain.guards import Breach
from setu_enhancer.domain.lines import Line
from setu_enhancer.domain.mending import mended, repeated
from setu_enhancer.domain.prompting import one_line
from setu_enhancer.domain.text.scripts import foreign_share
from setu_enhancer.domain.windows import Film
from setu_enhancer.editing.gate import Gate, Guard
from setu_enhancer.editing.outcomes import Edited, Offer

RULES: Final = "rules"
NAMES: Final = "names"
OF_NAMES: Final[frozenset[ReasonKind]] = frozenset({"name", "term"})
NO_MATTER: Final = frozenset({"meaning", "reading-speed"})
"""Faults that a name put right may have: it has nothing in common with the word that stood for it, and may be longer."""
MAY_BE_NAMES: Final[frozenset[ReasonKind]] = OF_NAMES | {"script"}


@dataclass(frozen=True)
class Ruled:
    """What rules made of a text.

    Args:
        edited: of the lines that they mended, by index.
        lines: all of the text, those with what rules made of their drafts.
        left: why lines are still to be edited, by index.
    """

    edited: Mapping[int, Edited]
    lines: tuple[Line, ...]
    left: Mapping[int, tuple[Reason, ...]]

    def joined(self, index: int, after: Edited) -> Edited:
        """What became of a line in the end, of what a model made of it after the rules.

        Args:
            index: the line's.
            after: what a model made of the mended draft.
        """
        ruled = self.edited.get(index)
        if ruled is None:
            return after
        if after.changed:
            return replace(after, line=ruled.line, before=ruled.before, reasons=ruled.reasons)
        return replace(ruled, cost_usd=after.cost_usd, requests=after.requests)


async def ruled(film: Film, chosen: Mapping[int, tuple[Reason, ...]], gate: Gate, guard: Guard) -> Ruled:
    """Put names right where it is plain what stands for them.

    Args:
        film: the text.
        chosen: why lines are to be edited, by index.
        gate: decides what is kept, and costs nothing.
        guard: says what is wrong with a text.
    """
    offers: list[tuple[Line, Offer]] = []
    for line in film.lines:
        if MAY_BE_NAMES.isdisjoint(reason.kind for reason in chosen.get(line.index, ())):
            continue
        text = one_line(mended(line, film.glossary.in_line(line.source), film.pair))
        if text != one_line(line.draft):
            offers.append((line, Offer(text, _new_faults(line, text, film, guard), RULES, NAMES)))
    decided = await gate.decide(offers, {}) if offers else []
    edited = {each.line.index: replace(each, reasons=chosen[each.line.index]) for each in decided if each.changed}
    lines = tuple(replace(line, draft=edited[line.index].text) if line.index in edited else line for line in film.lines)
    left = {index: _still(reasons, edited[index], film) if index in edited else reasons for index, reasons in chosen.items()}
    return Ruled(edited, lines, {index: still for index, still in left.items() if still or index not in edited})


def _new_faults(line: Line, text: str, film: Film, guard: Guard) -> tuple[Breach, ...]:
    """What is wrong with a text, and not with its draft."""
    of = partial(guard, line, pair=film.pair, glossary=film.glossary, characters_per_s=film.characters_per_s)
    if not (found := of(edit=text)):
        return ()
    before = {fault.kind for fault in of(edit=line.draft)}
    return tuple(fault for fault in found if fault.kind not in before | NO_MATTER)


def _still(reasons: Sequence[Reason], edited: Edited, film: Film) -> tuple[Reason, ...]:
    """The reasons that a line has after rules mended it."""
    source, text = edited.line.source, edited.text
    missing = {entry.kind for entry in film.glossary.missing(source, text)}
    was_missing = film.glossary.missing(source, edited.line.draft)
    missing |= repeated(source, text, was_missing)
    mended: set[ReasonKind] = set(OF_NAMES - missing)
    if foreign_share(edited.text, film.pair.target) == 0 < foreign_share(edited.line.draft, film.pair.target):
        mended.add("script")
    return tuple(reason for reason in reasons if reason.kind not in mended)
