"""What the gate makes of edits that people judged. It sees source, draft and edit, and no reference."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from bench.figures import Figure

from evals.enhancer.data import BROKEN_KINDS, GOOD_KINDS, PAIRS, Edit, Scene, Split, edits, scenes
from evals.enhancer.measures import interval, share
from evals.enhancer.reporting import goal, table, told
from evals.enhancer.staging import Staged, staged
from setu_enhancer.domain.guards import breaches
from setu_enhancer.domain.prompting import one_line
from setu_enhancer.domain.scoring import better, score
from setu_enhancer.domain.windows import Film
from setu_enhancer.editing import Instruments
from setu_enhancer.editing.gate import Gate
from setu_enhancer.editing.outcomes import Offer
from setu_enhancer.settings import EditingSettings

BROKEN_REJECTED: Final = 0.99
GOOD_ACCEPTED: Final = 0.80
WITH_A_GOAL: Final = ("number", "name", "negation", "script")
MARGINS: Final = (0.1, 0.5, 1.0, 2.0, 3.0, 5.0)
MEANS: Final = {
    "broken_facts_rejected": "numbers, names, negation or script broken",
    "good_accepted": "better than their drafts, by people's word",
    "broken_rejected": "all that are broken, wrong meaning and tone included",
}
INSTRUMENTS: Final = Instruments(breaches, score, better)


@dataclass(frozen=True)
class Verdict:
    """What the gate says of an edit.

    Args:
        edit: the edit.
        accepted: whether it would be kept.
        why: what is wrong with it; empty if the guards let it through.
        gain: by how many points it beats its draft; 0 if something is wrong with it.
    """

    edit: Edit
    accepted: bool
    why: tuple[str, ...]
    gain: float

    @property
    def right(self) -> bool:
        """Whether people say the same."""
        return self.accepted is self.edit.good

    @property
    def told(self) -> str:
        """The case in one line, for who works on rules."""
        edit, why = self.edit, ", ".join(self.why) or f"score {self.gain:+.1f}"
        label = "good" if edit.good else "broken"
        return f"{edit.scene.pair}/{edit.scene.name} {edit.line.index} {label} {edit.kind}: {why} | {edit.line.source} | {edit.line.draft} → {edit.text}"


async def verdicts(among: Sequence[Scene], instruments: Instruments = INSTRUMENTS) -> list[Verdict]:
    """The gate's word on all labelled edits of scenes."""
    found: list[Verdict] = []
    for scene, group in groupby(edits(among), key=lambda edit: edit.scene):
        found += await _of_scene(staged(scene), list(group), instruments)
    return found


async def _of_scene(text: Staged, judged: Sequence[Edit], instruments: Instruments) -> list[Verdict]:
    film = Film(text.lines, text.pair, text.glossary, text.context, characters_per_s=text.characters_per_s)
    gate = Gate(instruments, film, EditingSettings().margin)

    async def of_round(edits_: Sequence[Edit]) -> list[Verdict]:
        offers = []
        for edit in edits_:
            line, offered = text.lines[edit.line.index], one_line(edit.text)
            offers.append((line, Offer(offered, gate.faults(line, offered))))
        found = []
        for edit, (_, offer), decided in zip(edits_, offers, await gate.decide(offers, {}), strict=True):
            gain = decided.after.total - decided.before.total if decided.after and decided.before else 0.0
            found.append(Verdict(edit, decided.changed, tuple(fault.kind for fault in offer.faults), gain))
        return found

    found = {id(each.edit): each for round_ in rounds(judged) for each in await of_round(round_)}
    return [found[id(edit)] for edit in judged]


def rounds(judged: Sequence[Edit]) -> list[list[Edit]]:
    """Edits as they come in requests: of no line more than one, the first of each line first."""
    found: list[list[Edit]] = []
    seen: dict[int, int] = {}
    for edit in judged:
        number = seen[edit.line.index] = seen.get(edit.line.index, -1) + 1
        if number == len(found):
            found.append([])
        found[number].append(edit)
    return found


async def measure(split: Split) -> tuple[list[Figure], list[Verdict]]:
    """Rejected of what is broken, accepted of what is good: figures, and the verdicts that people don't share."""
    found = [verdict for pair in PAIRS for verdict in await verdicts(scenes(pair, split))]
    about = (
        f"labelled edits of {split} scenes, all pairs; guards and score without references, margin {EditingSettings().margin:g}"
    )
    figures = headline("gate", found, about)
    rows: list[tuple[str | float | int, ...]] = []
    for good, kinds in ((False, BROKEN_KINDS), (True, GOOD_KINDS)):
        for kind in kinds:
            some = [each for each in found if each.edit.good is good and each.edit.kind == kind]
            if not some:
                continue
            value, label = share([each.right for each in some]), "accepted" if good else "rejected"
            name, how = f"gate_{'good' if good else 'broken'}_{kind}_{label}", f"{label} of {len(some)} edits; {about}"
            has_goal = not good and kind in WITH_A_GOAL
            figures.append(goal(name, value, BROKEN_REJECTED, how=how) if has_goal else told(name, value, how=how))
            rows.append((kind, label, len(some), 100 * value, sum(not each.accepted and not each.why for each in some)))
    print(f"The gate, {about}:", flush=True)
    table(("kind", "is to be", "edits", "%", "turned down by the score"), rows)
    _by_margin(found)
    for pair in PAIRS[1:]:
        own = [each for each in found if each.edit.scene.pair == pair]
        figures += headline(f"gate_{pair}", own, f"{pair}; {about}", judge=False)
    return figures, [each for each in found if not each.right]


async def measure_with(
    name: str, among: Sequence[Scene], instruments: Instruments, how_scored: str, *, judge: bool = False
) -> list[Figure]:
    """The same figures in short, where the score has more to go by than rules; ``judge``: whether they have goals."""
    found = await verdicts(among, instruments)
    about = f"labelled edits of {len(among)} scenes; {how_scored}"
    lost = [each for each in found if each.edit.good and not each.accepted]
    by_guards = share([bool(each.why) for each in lost])
    how = f"of {len(lost)} good edits that are not accepted, those that guards refuse before anybody scores them; {about}"
    return [*headline(name, found, about, judge=judge), told(f"{name}_good_refused_by_guards", by_guards, how=how)]


def headline(name: str, found: Sequence[Verdict], about: str, *, judge: bool = True) -> list[Figure]:
    """What the gate is to hold."""
    broken = [each for each in found if not each.edit.good]
    parts = (
        ("broken_facts_rejected", [each for each in broken if each.edit.kind in WITH_A_GOAL], BROKEN_REJECTED),
        ("good_accepted", [each for each in found if each.edit.good], GOOD_ACCEPTED),
        ("broken_rejected", broken, None),
    )
    figures = []
    for part, some, at in parts:
        value, sure = share([each.right for each in some]), _interval(some)
        how = f"{part.replace('_', ' ')}, of {len(some)} ({MEANS[part]}); {about}"
        label = f"{name}_{part}"
        has_goal = judge and at is not None
        figures.append(
            goal(label, value, at or 0.0, how=how, interval=sure) if has_goal else told(label, value, how=how, interval=sure)
        )
    return figures


def _by_margin(found: Sequence[Verdict]) -> None:
    """What other margins would make of it."""
    rows: list[tuple[str | float | int, ...]] = []
    for margin in MARGINS:
        right = [(each, each.edit.good is (not each.why and each.gain >= margin)) for each in found]
        parts = (
            [held for each, held in right if not each.edit.good and each.edit.kind in WITH_A_GOAL],
            [held for each, held in right if not each.edit.good],
            [held for each, held in right if each.edit.good],
        )
        rows.append((f"margin {margin:g}", *(100 * share(part) for part in parts)))
    table(("", "% facts rejected", "% broken rejected", "% good accepted"), rows)


def _interval(some: Sequence[Verdict]) -> tuple[float, float]:
    by_scene: dict[tuple[str, str], list[float]] = {}
    for each in some:
        by_scene.setdefault((each.edit.scene.pair, each.edit.scene.name), []).append(float(each.right))
    return interval(list(by_scene.values()))
