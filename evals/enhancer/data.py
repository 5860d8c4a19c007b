"""What the enhancer is measured with: scenes of dialogue with literal drafts, and edits that people judged.

All of it was written for Setu, by people who had not seen the rules that it measures, and is no film's. A scene is a file of
``scenes/<pair>/``; the edits of its lines are the file of the same name in ``edits/<pair>/``. ``dev`` scenes are there to learn from; whoever
writes rules, prompts or lexicons does not read ``test`` scenes. Those whose cases were read have become ``dev``, and new ones took their place.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, cast

from setu_common.contracts import Context

FOLDER: Final = Path(__file__).parent
PAIRS: Final = ("hi-en", "fr-en", "es-en")

TAGS: Final = ("name", "idiom", "tone", "reference", "number", "register", "code-mixed", "script", "negation", "control")
"""What is wrong with a draft; ``control``: nothing, it could be shown as it is."""

GOOD_KINDS: Final = (
    *(tag for tag in TAGS if tag != "control"),
    "fluency",
    "grammar",
    "shorter",
)
BROKEN_KINDS: Final = (
    "number",
    "name",
    "negation",
    "script",
    "language",
    "comment",
    "refusal",
    "proportion",
    "instruction",
    "meaning",
    "register",
)

Split = Literal["dev", "test"]


@dataclass(frozen=True)
class Spoken:
    """One line of a scene.

    Args:
        index: its place in the scene, from 0.
        start_s: when it begins.
        end_s: when it ends.
        speaker: who says it.
        source: what is said.
        draft: what a weak machine makes of it.
        references: what people make of it, the best first.
        tags: what is wrong with the draft.
        names: of a line tagged ``name``, those that have to be in its translation.
    """

    index: int
    start_s: float
    end_s: float
    speaker: str
    source: str
    draft: str
    references: tuple[str, ...]
    tags: tuple[str, ...]
    names: tuple[str, ...] = ()

    @property
    def control(self) -> bool:
        """Whether there is nothing to mend."""
        return self.tags == ("control",)


@dataclass(frozen=True)
class Scene:
    """Lines that belong together, and what is known of them beforehand."""

    name: str
    pair: str
    split: Split
    context: Context
    lines: tuple[Spoken, ...]

    @property
    def languages(self) -> tuple[str, str]:
        """What is spoken, and what it is translated to."""
        source, target = self.pair.split("-")
        return source, target


@dataclass(frozen=True)
class Edit:
    """A change of a line's draft that somebody could have offered.

    Args:
        scene: of its line.
        line: that it is of.
        text: what the draft is changed to.
        good: whether it may be shown: better than the draft, and nothing is lost.
        kind: what it mends, or what it breaks.
    """

    scene: Scene
    line: Spoken
    text: str
    good: bool
    kind: str


def scenes(pair: str, split: Split | None = None) -> tuple[Scene, ...]:
    """The scenes of a pair of languages, in order of their names."""
    found = (_scene(path) for path in sorted((FOLDER / "scenes" / pair).glob("*.toml")))
    return tuple(scene for scene in found if split in (None, scene.split))


def named(pair: str) -> tuple[Scene, ...]:
    """Scenes in which most lines have a name that the draft has not, told by nobody; there to learn from, and without edits."""
    return tuple(_scene(path) for path in sorted((FOLDER / "named" / pair).glob("*.toml")))


def refrains() -> tuple[Spoken, ...]:
    """What is said in every episode of a series, Hindi into English; times and places are the scene's that they are put into."""
    return tuple(
        Spoken(0, 0.0, 2.0, "", each["source"], each["draft"], (each["reference"],), ())
        for each in _read(FOLDER / "refrains.toml")["line"]
    )


def edits(among: Sequence[Scene]) -> tuple[Edit, ...]:
    """The labelled edits of scenes."""
    return tuple(edit for scene in among for edit in _edits(scene))


def _scene(path: Path) -> Scene:
    told = _read(path)
    known = {name: told[name] for name in ("title", "genre", "scene", "characters", "terms")}
    lines = (
        Spoken(
            index=index,
            start_s=line["at"][0],
            end_s=line["at"][1],
            speaker=line["speaker"],
            source=line["source"],
            draft=line["draft"],
            references=tuple(line["references"]),
            tags=tuple(line["tags"]),
            names=tuple(line.get("names", ())),
        )
        for index, line in enumerate(told["line"])
    )
    return Scene(path.stem, path.parent.name, cast("Split", told["split"]), Context.model_validate(known), tuple(lines))


def _edits(scene: Scene) -> tuple[Edit, ...]:
    told = _read(FOLDER / "edits" / scene.pair / f"{scene.name}.toml")
    return tuple(
        Edit(scene, scene.lines[edit["line"]], edit["text"], edit["label"] == "good", edit["kind"]) for edit in told["edit"]
    )


def _read(path: Path) -> dict[str, Any]:  # the test of the data says what it holds
    return tomllib.loads(path.read_text("utf-8"))
