"""Another model, or other prompts, tried beside the usual ones on a share of the scenes: edited, judged and audited alike, and delivered nowhere.

Whole scenes are drawn, by a hash of what is said in them. Both see the same lines, names and examples, and what is taken from memory is tried on
nobody. ``setu_enhancer.auditing.comparison`` says what came of it.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from setu_common.contracts import Reason, TriedEdit
from setu_enhancer.domain.lines import Line, Pair, scenes
from setu_enhancer.domain.prompting import Prompts
from setu_enhancer.editing import Edited, Editor, Edits
from setu_enhancer.editing.sharing import told
from setu_enhancer.memory import Example, Made, Memory, NoMemory, Remembered

_DRAWN_OF: Final = 2**64
_SCENE_DIGITS: Final = 16


@dataclass(frozen=True)
class Trial:
    """What is tried.

    Args:
        editor: makes one that asks the model that is tried, with the prompts that are.
        prompts: those.
        asked: who is asked: the provider's name and its model.
        usually: who is asked first otherwise.
        share: of the scenes, 0..1.
        scene_gap_s: a silence as long as this ends a scene, seconds.
    """

    editor: Callable[[Memory], Editor]
    prompts: Prompts
    asked: tuple[str, str]
    usually: tuple[str, str]
    share: float
    scene_gap_s: float

    def is_of(self, pair: Pair, usual: Prompts) -> bool:
        """Whether there is anything to compare for a pair of languages: prompts may be tried that are other ones for one pair alone."""
        return self.asked != self.usually or self.prompts.for_pair(pair).stamp != usual.for_pair(pair).stamp

    def drawn(self, lines: Sequence[Line], chosen: Mapping[int, tuple[Reason, ...]], usual: Edits) -> "Drawn":
        """The lines of which another edit is to be tried: those in the drawn scenes that the usual model was asked about now.

        Args:
            lines: all of the text, in their order.
            chosen: why lines were chosen, by index.
            usual: what became of them.
        """
        scene_of = {
            line.index: digest[:_SCENE_DIGITS]
            for scene in scenes(lines, self.scene_gap_s)
            if int((digest := _digest(scene))[:_SCENE_DIGITS], 16) < self.share * _DRAWN_OF
            for line in scene
        }
        return Drawn(
            scene_of, {index: why for index, why in chosen.items() if index in scene_of and index in usual.by_models}, usual
        )

    def told(self, tried: Edits, drawn: "Drawn", pair: Pair) -> Mapping[int, TriedEdit]:
        """What became of the drawn lines, by index; those are left out that the tried model was not asked about, such as in an outage."""
        prompt = self.prompts.for_pair(pair).stamp
        return {
            edited.line.index: self._told(edited, prompt, tried.by_models[edited.line.index], drawn)
            for edited in tried
            if edited.line.index in drawn.chosen and edited.line.index in tried.by_models
        }

    def _told(self, edited: Edited, prompt: str, by_model: Edited, drawn: "Drawn") -> TriedEdit:
        index = edited.line.index
        usual = drawn.usual.by_models[index]
        alike = not (by_model.after and usual.after) or by_model.after.methods == usual.after.methods
        return TriedEdit(
            scene=drawn.scene_of[index],
            offered=by_model.offered,
            text=edited.text,
            rejected=by_model.rejected,
            score=edited.after if edited.changed else edited.before,
            provider=self.asked[0],
            model=self.asked[1],
            prompt=prompt,
            gain=_gain(by_model),
            usual_gain=_gain(usual),
            comparable=alike or by_model.text == usual.text,
            cost_usd=told(by_model.cost_usd),
            usual_cost_usd=told(usual.cost_usd),
        )


@dataclass(frozen=True)
class Drawn:
    """Lines that are drawn for a trial.

    Args:
        scene_of: of which scene each line is, by index, of the drawn scenes.
        chosen: why their lines were chosen, by index.
        usual: what became of all lines.
    """

    scene_of: Mapping[int, str]
    chosen: Mapping[int, tuple[Reason, ...]]
    usual: Edits


@dataclass
class SharedMemory:
    """A ``Memory`` that knows which examples it gave, so that who is tried is shown the same ones."""

    memory: Memory
    shown: dict[tuple[Pair, str], Sequence[Example]] = field(default_factory=dict)

    async def exact(self, keys: Sequence[str], *, of_edits: bool = False) -> Mapping[str, Remembered]:
        """See ``Memory``."""
        return await self.memory.exact(keys, of_edits=of_edits)

    async def similar(self, pair: Pair, source: str, limit: int) -> Sequence[Example]:
        """See ``Memory``."""
        found = await self.memory.similar(pair, source, limit)
        self.shown[pair, source] = found
        return found

    async def remember(self, pair: Pair, edits: Sequence[Made]) -> None:
        """See ``Memory``."""
        await self.memory.remember(pair, edits)


class ShownAgain(NoMemory):
    """A ``Memory`` for who is tried: the examples that the usual one was shown, and nothing else; nothing of a trial is kept.

    Args:
        shared: of the same text. By now what is behind it knows the usual edit of the very line.
    """

    def __init__(self, shared: SharedMemory) -> None:
        self._shared = shared

    async def similar(self, pair: Pair, source: str, limit: int) -> Sequence[Example]:
        """See ``Memory``."""
        return self._shared.shown.get((pair, source), ())[:limit]


def _gain(edited: Edited) -> float:
    """By how much an edit scores better than what the model was given, both found in the same way; 0 if it was not kept."""
    if not edited.changed or edited.after is None or edited.before is None:
        return 0.0
    return round(edited.after.total - edited.before.total, 2)


def _digest(scene: Sequence[Line]) -> str:
    return hashlib.sha256("\0".join(line.source for line in scene).encode("utf-8", "surrogatepass")).hexdigest()
