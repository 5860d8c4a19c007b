"""The scenes of the data as the enhancer takes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from evals.enhancer.data import Scene, Spoken
from setu_common.contracts import Context, Reason
from setu_common.subtitles.profile import NETFLIX
from setu_enhancer.domain.glossary import Glossary, glossary
from setu_enhancer.domain.lines import Line, Pair, lingering
from setu_enhancer.domain.readings import Readings
from setu_enhancer.domain.selection import select
from setu_enhancer.domain.text.measures import limit_of
from setu_enhancer.domain.thresholds import Thresholds

BETWEEN_SCENES_S: Final = 8.0
MOST_CHARACTERS: Final = 200  # that a request may tell


@dataclass(frozen=True)
class Staged:
    """Scenes of one pair of languages, one after the other, as one text.

    Args:
        pair: their languages.
        lines: of all scenes, numbered through.
        spoken: what each line was made of, by its index.
        scene_of: the scene of each line, by its index.
        context: what is known beforehand.
        readings: the names that a model read.
    """

    pair: Pair
    lines: tuple[Line, ...]
    spoken: Mapping[int, Spoken]
    scene_of: Mapping[int, Scene]
    context: Context
    readings: Readings = field(default_factory=Readings)

    @property
    def glossary(self) -> Glossary:
        """Names and terms."""
        return glossary(self.context, self.lines, self.pair, readings=self.readings)

    @property
    def characters_per_s(self) -> float:
        """How fast one may have to read."""
        return limit_of(self.pair.target)

    def selected(self) -> Mapping[int, tuple[Reason, ...]]:
        """Which lines are worth a call, as the service selects by default."""
        return select(self.lines, self.pair, self.glossary, Thresholds(), "selective")


def staged(scene: Scene) -> Staged:
    """One scene as a text of its own."""
    return joined((scene,))


def joined(scenes: Sequence[Scene]) -> Staged:
    """Scenes as one text: an evening's film, whose characters and terms are those of all."""
    lines: list[Line] = []
    spoken: dict[int, Spoken] = {}
    scene_of: dict[int, Scene] = {}
    start_s = 0.0
    for scene in scenes:
        for each in scene.lines:
            index = len(lines)
            lines.append(
                Line(
                    index=index,
                    start_s=start_s + each.start_s,
                    end_s=start_s + each.end_s,
                    source=each.source,
                    draft=each.draft,
                    speaker=each.speaker,
                )
            )
            spoken[index], scene_of[index] = each, scene
        start_s = lines[-1].end_s + BETWEEN_SCENES_S
    first = scenes[0]
    context = first.context if len(scenes) == 1 else _all_of(scenes)
    pair, limits = Pair(*first.languages), NETFLIX.limits(first.languages[1])
    return Staged(pair, lingering(lines, limits) if limits else tuple(lines), spoken, scene_of, context)


def _all_of(scenes: Sequence[Scene]) -> Context:
    characters = {each.name: each for scene in scenes for each in scene.context.characters}
    terms = {each.source: each for scene in scenes for each in scene.context.terms}
    return Context(
        title=scenes[0].context.title,
        genre=scenes[0].context.genre,
        scene=scenes[0].context.scene,
        characters=tuple(characters.values())[:MOST_CHARACTERS],
        terms=tuple(terms.values()),
    )
