"""Scenes through the whole enhancer, and what it made of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bench.figures import Figure

from evals.enhancer.data import TAGS, Scene, Spoken
from evals.enhancer.gating import INSTRUMENTS
from evals.enhancer.measures import bleu, chrf, interval, nearness, share
from evals.enhancer.providers import Asked
from evals.enhancer.reporting import goal, table, told
from evals.enhancer.scoring import USABLE
from evals.enhancer.staging import Staged, staged
from setu_enhancer.domain.prompts import read_prompts
from setu_enhancer.domain.text.names import named_in
from setu_enhancer.editing import RULES, Edited, Editor, Edits, Instruments
from setu_enhancer.memory import Memory, NoMemory
from setu_enhancer.settings import EditingSettings, MemorySettings

NAMES_RIGHT: Final = 0.95
WORSE_BY: Final = 5.0  # chrF of one line: less is another way to say the same


@dataclass(frozen=True)
class Line:
    """What became of a line."""

    scene: Scene
    spoken: Spoken
    edited: Edited
    asked: bool

    @property
    def near_before(self) -> float:
        """The chrF of its draft to the nearest reference; where there is nothing to mend, the draft is one."""
        return nearness(self.spoken.draft, self._good)

    @property
    def near_after(self) -> float:
        """The chrF of what is delivered."""
        return nearness(self.edited.text, self._good)

    @property
    def by_model(self) -> bool:
        """Whether what is delivered is a model's edit, and not a rule's."""
        return self.edited.changed and self.edited.provider != RULES

    @property
    def names_right(self) -> bool:
        """Whether all names that have to be in it are."""
        return all(re.search(rf"\b{re.escape(name)}\b", self.edited.text, re.IGNORECASE) for name in self.spoken.names)

    @property
    def names_sound_right(self) -> bool:
        """The same in any spelling that sounds so: Heerapur, Hirapur."""
        return all(named_in((name,), self.edited.text) for name in self.spoken.names)

    @property
    def _good(self) -> tuple[str, ...]:
        return (*self.spoken.references, self.spoken.draft) if self.spoken.control else self.spoken.references


def editor_of(asked: Asked, memory: Memory, instruments: Instruments = INSTRUMENTS) -> Editor:
    """The enhancer's editor as the service has it by default."""
    return Editor(
        (asked.provider,),
        prompts=read_prompts(),
        instruments=instruments,
        memory=memory,
        settings=EditingSettings(),
        price=asked.price,
        completing=(asked.provider.name,) if asked.completing else (),
        examples=MemorySettings().examples,
    )


async def edit(text: Staged, asked: Asked, memory: Memory | None = None, instruments: Instruments = INSTRUMENTS) -> Edits:
    """Edit a text, the lines that the service would select."""
    editor = editor_of(asked, memory or NoMemory(), instruments)
    speed = text.characters_per_s
    return await editor.edit(text.lines, text.selected(), text.pair, text.glossary, text.context, characters_per_s=speed)


async def run(among: Sequence[Scene], asked: Asked, instruments: Instruments = INSTRUMENTS) -> list[Line]:
    """Edit scenes, each as a text of its own."""
    return [line for scene in among for line in await run_staged(staged(scene), asked, instruments)]


async def run_staged(text: Staged, asked: Asked, instruments: Instruments = INSTRUMENTS) -> list[Line]:
    """Edit a text."""
    selected = text.selected()
    edits = await edit(text, asked, instruments=instruments)
    return [
        Line(text.scene_of[edited.line.index], text.spoken[edited.line.index], edited, edited.line.index in selected)
        for edited in edits
    ]


def chrf_change(lines: Sequence[Line]) -> tuple[float, float, float]:
    """By how much chrF grew, of all lines together, and the 95 % interval of its mean over lines."""
    references = [line.spoken.references for line in lines]
    before = chrf([line.spoken.draft for line in lines], references)
    after = chrf([line.edited.text for line in lines], references)
    return after - before, *_by_scene(lines, [line.near_after - line.near_before for line in lines])


def figures(name: str, lines: Sequence[Line], about: str, *, judge: bool) -> list[Figure]:
    """All that is told of a run, by tag; ``judge``: against the goals for a model."""
    _print(name, lines, about)
    kept = [line for line in lines if line.edited.changed]
    grown, low, high = chrf_change(lines)
    how = f"chrF after less chrF of the drafts, {len(lines)} lines, {len(kept)} edits kept; interval: mean over lines, scenes drawn anew; {about}"
    found = [
        goal(f"{name}_chrf_change", grown, 0.0, unit="chrF", how=how, interval=(low, high))
        if judge
        else told(f"{name}_chrf_change", grown, unit="chrF", how=how, interval=(low, high))
    ]
    if kept:
        grown, low, high = chrf_change(kept)
        how = f"the same of the {len(kept)} lines whose edits were kept; {about}"
        found.append(told(f"{name}_chrf_change_of_kept", grown, unit="chrF", how=how, interval=(low, high)))
    references = [line.spoken.references for line in lines]
    before, after = ([line.spoken.draft for line in lines], [line.edited.text for line in lines])
    ratio = bleu(after, references) / bleu(before, references)
    found.append(told(f"{name}_bleu_ratio", ratio, unit="times", how=f"BLEU after over BLEU of the drafts; {about}"))
    for when, totals in (("before", [_before(line) for line in lines]), ("after", [_after(line) for line in lines])):
        mean = sum(totals) / len(totals)
        how = f"the score's mean over all lines, {when}; {about}"
        found.append(told(f"{name}_score_{when}", mean, unit="points", how=how, interval=_by_scene(lines, totals)))
        usable = [float(total >= USABLE) for total in totals]
        how = f"lines of at least {USABLE:g} points {when}; {about}"
        found.append(
            told(f"{name}_usable_{when}", share([each > 0 for each in usable]), how=how, interval=_by_scene(lines, usable))
        )
    controls = [line for line in lines if line.spoken.control]
    worse = [line.near_after < line.near_before - WORSE_BY for line in controls]
    how = f"of {len(controls)} lines with nothing to mend; the draft counts as a reference; {about}"
    found.append(told(f"{name}_controls_changed", share([line.edited.changed for line in controls]), how=f"changed {how}"))
    found.append(
        told(f"{name}_controls_worse", share(worse), how=f"more than {WORSE_BY:g} chrF further from every reference {how}")
    )
    costs = [float(line.edited.cost_usd) for line in lines if line.edited.cost_usd]
    if costs:
        found.append(
            told(f"{name}_cost", sum(costs), unit="USD", how=f"what its edits cost, as billed, with their judging; {about}")
        )
    named = [line for line in lines if line.spoken.names]
    if named:
        how = f"of {len(named)} lines tagged name, those with every name as it has to be spelt; {about}"
        right = share([line.names_right for line in named])
        sure = _by_scene(named, [float(line.names_right) for line in named])
        found.append(
            goal(f"{name}_names_right", right, NAMES_RIGHT, how=how, interval=sure)
            if judge
            else told(f"{name}_names_right", right, how=how, interval=sure)
        )
    return found


def _print(name: str, lines: Sequence[Line], about: str) -> None:
    rows: list[tuple[str | float | int, ...]] = []
    for tag in (*TAGS, "all"):
        some = [line for line in lines if tag in (*line.spoken.tags, "all")]
        if not some:
            continue
        references = [line.spoken.references for line in some]
        drafts, texts = [line.spoken.draft for line in some], [line.edited.text for line in some]
        rows.append(
            (
                tag,
                len(some),
                sum(line.asked for line in some),
                sum(bool(line.edited.offered) and line.edited.offered != line.edited.line.draft for line in some),
                sum(line.edited.changed for line in some),
                chrf(drafts, references),
                chrf(texts, references),
                bleu(drafts, references),
                bleu(texts, references),
                sum(map(_before, some)) / len(some),
                sum(map(_after, some)) / len(some),
                100 * share([_before(line) >= USABLE for line in some]),
                100 * share([_after(line) >= USABLE for line in some]),
            )
        )
    print(f"{name}: {about}", flush=True)
    headings = (
        "tag",
        "lines",
        "selected",
        "edited",
        "kept",
        "chrF",
        "after",
        "BLEU",
        "after",
        "score",
        "after",
        "% usable",
        "after",
    )
    table(headings, rows)


def _before(line: Line) -> float:
    return line.edited.before.total if line.edited.before else 0.0


def _after(line: Line) -> float:
    kept = line.edited.changed and line.edited.after is not None
    return line.edited.after.total if kept and line.edited.after else _before(line)


def _by_scene(lines: Sequence[Line], values: Sequence[float]) -> tuple[float, float]:
    by_scene: dict[tuple[str, str], list[float]] = {}
    for line, value in zip(lines, values, strict=True):
        by_scene.setdefault((line.scene.pair, line.scene.name), []).append(value)
    return interval(list(by_scene.values()))
