"""Another model, or other prompts, tried beside the usual ones on a share of the scenes: edited, judged and audited alike, and delivered nowhere.

Whole scenes are drawn, by a hash of what is said in them, so a text that comes again has the same ones tried. Both see the same lines, names and
examples. ``setu_enhancer.auditing.comparison`` says what came of it.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from setu_common.contracts import Reason, TriedEdit
from setu_enhancer.domain.lines import Line, Pair, scenes
from setu_enhancer.domain.prompting import Prompts
from setu_enhancer.editing import Edited, Editor, Edits
from setu_enhancer.editing.sharing import told
from setu_enhancer.memory import Example, Made, Memory, Remembered

_DRAWN_OF: Final = 2**64


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

    def drawn(self, lines: Sequence[Line], chosen: Mapping[int, tuple[Reason, ...]]) -> "Drawn":
        """The lines of which another edit is to be tried: those chosen ones that are in the drawn scenes.

        Args:
            lines: all of the text, in their order.
            chosen: why lines were chosen, by index.
        """
        scene_of = {
            line.index: scene[0].index for scene in scenes(lines, self.scene_gap_s) if self._is_drawn(scene) for line in scene
        }
        return Drawn(scene_of, {index: why for index, why in chosen.items() if index in scene_of})

    def told(self, edits: Edits, drawn: "Drawn", pair: Pair) -> Mapping[int, TriedEdit]:
        """What became of the drawn lines that a model was asked about, by index."""
        prompt = self.prompts.for_pair(pair).stamp
        return {
            edited.line.index: _told(edited, prompt, drawn.scene_of[edited.line.index])
            for edited in edits
            if edited.line.index in edits.asked
        }

    def _is_drawn(self, scene: Sequence[Line]) -> bool:
        said = "\0".join(line.source for line in scene)
        return int.from_bytes(hashlib.sha256(said.encode("utf-8", "surrogatepass")).digest()[:8]) < self.share * _DRAWN_OF


@dataclass(frozen=True)
class Drawn:
    """Lines that are drawn for a trial.

    Args:
        scene_of: the index of the first line of each line's scene, by index, of the drawn scenes.
        chosen: why their lines were chosen, by index.
    """

    scene_of: Mapping[int, int]
    chosen: Mapping[int, tuple[Reason, ...]]


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


@dataclass(frozen=True)
class TriedMemory:
    """What was tried before, in the same memory and apart from what is delivered: under keys of its own, and never an example for others.

    Args:
        shared: of the same text.
        provider: who is tried: two may have a model of one name.
    """

    shared: SharedMemory
    provider: str

    async def exact(self, keys: Sequence[str], *, of_edits: bool = False) -> Mapping[str, Remembered]:  # noqa: ARG002  counted are delivered ones
        """See ``Memory``."""
        by_own = {self._own(key): key for key in keys}
        found = await self.shared.memory.exact(list(by_own))
        return {by_own[own]: each for own, each in found.items()}

    async def similar(self, pair: Pair, source: str, limit: int) -> Sequence[Example]:
        """See ``Memory``."""
        return self.shared.shown.get((pair, source), ())[:limit]

    async def remember(self, pair: Pair, edits: Sequence[Made]) -> None:
        """See ``Memory``."""
        await self.shared.memory.remember(pair, [replace(each, key=self._own(each.key), kept=False) for each in edits])

    def _own(self, key: str) -> str:
        return hashlib.sha256(f"tried {self.provider} {key}".encode()).hexdigest()


def _told(edited: Edited, prompt: str, scene: int) -> TriedEdit:
    return TriedEdit(
        scene=scene,
        offered=edited.offered,
        text=edited.text,
        rejected=edited.rejected,
        score=edited.after if edited.changed else edited.before,
        provider=edited.provider,
        model=edited.model,
        prompt=prompt,
        cached=edited.cached,
        cost_usd=told(edited.cost_usd),
    )
