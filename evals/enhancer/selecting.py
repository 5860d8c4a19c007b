"""Which lines are thought worth a call, against what people say is wrong with them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from bench.figures import Figure

from evals.enhancer.data import PAIRS, TAGS, Scene, Split, Spoken, scenes
from evals.enhancer.measures import interval, share
from evals.enhancer.reporting import goal, table, told
from evals.enhancer.staging import staged
from setu_common.contracts import Character
from setu_enhancer.domain.lexicon import idioms_in
from setu_enhancer.domain.scoring.signals import IDIOMATIC

FOUND: Final = 0.95
CONTROLS_TAKEN: Final = 0.10
SENT_AT_MOST: Final = 0.40  # the roadmap's 30–40 %
KNOWN_IDIOM: Final = "idiom_in_lexicon"
KINDS: Final = (KNOWN_IDIOM, *(tag for tag in TAGS if tag != "control"))
WITH_A_GOAL: Final = ("name", "number", "script", KNOWN_IDIOM)


@dataclass(frozen=True)
class Chosen:
    """Whether a line was selected, and why."""

    scene: Scene
    line: Spoken
    reasons: tuple[str, ...]

    @property
    def told(self) -> str:
        """The case in one line, for who works on rules."""
        line, reasons = self.line, ", ".join(self.reasons) or "not selected"
        return (
            f"{self.scene.pair}/{self.scene.name} {line.index} {'+'.join(line.tags)}: {reasons} | {line.source} | {line.draft}"
        )

    def wrong_by(self, kind: str) -> bool:
        """Whether the draft is wrong so. What one is called by, eats or wears is in the lexicon as well, and is no idiom."""
        if kind == KNOWN_IDIOM:
            known = idioms_in(self.line.source, self.scene.languages[0])
            return "idiom" in self.line.tags and any(each.kind in IDIOMATIC for each in known)
        return kind in self.line.tags


def chosen(among: Sequence[Scene]) -> list[Chosen]:
    """All lines of scenes, each scene a text of its own."""
    found = []
    for scene in among:
        text = staged(scene)
        selected = text.selected()
        for index, line in text.spoken.items():
            reasons = tuple(f"{each.kind} ({each.detail})" for each in selected.get(index, ()))
            found.append(Chosen(scene, line, reasons))
    return found


def measure(split: Split) -> tuple[list[Figure], list[Chosen]]:
    """Found of what is to be mended, taken of what is not: figures, and the lines that went wrong."""
    figures: list[Figure] = []
    wrong: list[Chosen] = []
    for pair in PAIRS:
        found = chosen(scenes(pair, split))
        figures += _figures(pair, split, found)
        wrong += [each for each in found if bool(each.reasons) is each.line.control]
    return figures + _by_who_tells(split), wrong


def with_cast(scene: Scene) -> Scene:
    """A scene whose names are all told, the others as The Movie Database tells them: in English letters, and no more."""
    told = {name for each in scene.context.characters for name in (each.name, *each.aliases)}
    others = dict.fromkeys(name for line in scene.lines for name in line.names if name not in told)
    characters = (*scene.context.characters, *(Character(name=name) for name in others))
    return replace(scene, context=scene.context.model_copy(update={"characters": characters}))


def _by_who_tells(split: Split) -> list[Figure]:
    """Names by whether somebody told them; and where the whole cast is known."""
    pair = PAIRS[0]
    own, cast_known = chosen(scenes(pair, split)), chosen([with_cast(scene) for scene in scenes(pair, split)])
    named = [each for each in own if each.wrong_by("name")]
    told_ = [each for each in named if _is_told(each)]
    controls = [each for each in cast_known if each.line.control]
    rows = (
        ("selection_name_told", told_, "of which the caller tells the names"),
        ("selection_name_not_told", [each for each in named if each not in told_], "of which nobody tells the names"),
        (
            "selection_name_cast_known",
            [each for each in cast_known if each.wrong_by("name")],
            "the cast told in English letters",
        ),
        ("selection_controls_cast_known", controls, "with nothing to mend, the cast told in English letters"),
    )
    return [
        told(
            f"{name}_{pair}",
            share([bool(each.reasons) for each in some]),
            how=f"selected of {len(some)} lines {what}; {pair}, {split} scenes",
            interval=_interval(some),
        )
        for name, some, what in rows
        if some
    ]


def _is_told(each: Chosen) -> bool:
    context = each.scene.context
    known = " ".join(
        [*(name for who in context.characters for name in (who.name, *who.aliases)), *(term.target for term in context.terms)]
    )
    return all(name in known for name in each.line.names)


def _figures(pair: str, split: Split, found: Sequence[Chosen]) -> list[Figure]:
    about = f"{pair}, {split} scenes, no confidence of the engine known"
    figures: list[Figure] = []
    rows: list[tuple[str | float | int, ...]] = []
    for kind in KINDS:
        some = [each for each in found if each.wrong_by(kind)]
        if not some:
            continue
        value = share([bool(each.reasons) for each in some])
        how = f"selected of {len(some)} lines whose drafts are wrong so; {about}"
        name, sure = f"selection_{kind}_{pair}", _interval(some)
        has_goal = pair == "hi-en" and kind in WITH_A_GOAL
        figures.append(
            goal(name, value, FOUND, how=how, interval=sure) if has_goal else told(name, value, how=how, interval=sure)
        )
        rows.append((kind, len(some), 100 * value))
    controls = [each for each in found if each.line.control]
    taken = share([bool(each.reasons) for each in controls])
    sent = share([bool(each.reasons) for each in found])
    to_mend = 1 - len(controls) / len(found)
    how = f"selected of {len(controls)} lines with nothing to mend; {about}"
    figures.append(
        goal(f"selection_controls_{pair}", taken, CONTROLS_TAKEN, better="less", how=how, interval=_interval(controls))
    )
    how = f"selected of all {len(found)} lines of whole scenes, {to_mend:.0%} of which have something to mend; {about}"
    sent_goal = goal(f"selection_sent_{pair}", sent, SENT_AT_MOST, better="less", how=how, interval=_interval(found))
    figures.append(sent_goal)
    rows += [("control", len(controls), 100 * taken), ("all", len(found), 100 * sent)]
    print(f"Selection, {about}:", flush=True)
    table(("tag", "lines", "% selected"), rows)
    return figures


def _interval(some: Sequence[Chosen]) -> tuple[float, float]:
    by_scene: dict[str, list[float]] = {}
    for each in some:
        by_scene.setdefault(each.scene.name, []).append(float(bool(each.reasons)))
    return interval(list(by_scene.values()))
