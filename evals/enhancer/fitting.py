"""How much each sign of the score counts, learned from what people judged: ``python -m evals.enhancer.fitting``.

It writes ``scoring/weights.toml`` of the enhancer, from the scenes of the ``dev`` split alone. A sign that costs a share of a part costs it to the
power that is learned here: 0 means that it tells nothing. What is learned is which of draft and edit people prefer, by logistic regression over the
difference of their totals. To be preferred: good edits, and what people wrote for lines with something to mend. To be turned down: broken edits that the
guards let through, what people wrote for other lines, and drafts with nothing to mend that were made stiff or careless. Facts (numbers, names, denial, script) are not learned: they count as they are written.

First it tells, for several margins, what would be kept of scenes that were left out of the learning, one fifth after the other.
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

import setu_enhancer.domain.scoring as scoring_
from evals.enhancer.data import PAIRS, Scene, edits, scenes
from evals.enhancer.reporting import table
from evals.enhancer.staging import Staged, staged
from setu_enhancer.domain.guards import breaches
from setu_enhancer.domain.lines import Line
from setu_enhancer.domain.prompting import one_line
from setu_enhancer.domain.scoring import PARTS, WEIGHTS, signals

MARGINS: Final = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0)
FOLDS: Final = 5
SEED: Final = 6
STEPS: Final = 300
RATE: Final = 0.05
HELD: Final = 0.3
"""How much it costs that a weight leaves 1, or 0 for those in ``NEW``."""
LOWEST: Final = 0.4
"""What a weight keeps of its 1 at least: people's edits are all fluent, and what models write is not, so a fault of wording still counts."""
SPREAD: Final = 2.0  # points of the total that are one unit of the logistic
AT_MARGIN: Final = 0.5
DEAR: Final = {"good": 1.0, "written": 1.0, "broken": 2.0, "other line": 2.0, "worse": 0.4}
"""How much each case counts: what is kept and should not be is dearer, and there are many made worse for each line."""
LEAST: Final = 1e-3
AWAY: Final = (1, 2, 5)  # lines from which other lines' translations are taken
NEW: Final = frozenset(
    (
        "as the machine put it",
        "said beside the draft",
        "longer",
        "shorter",
        "denies unlike a draft that was wrong",
        "asks unlike the draft",
    )
)
FACTS: Final = frozenset(
    ("number", "negation", "name", "term", "strange name", "script", "language", "not the line", "repetition", "layout", "spelled otherwise nearby", "another line's")
)  # fmt: skip
_NEEDLESS: Final = (
    (r"n't\b", " not"),
    (r"'m\b", " am"),
    (r"'re\b", " are"),
    (r"'ll\b", " shall"),
    (r"'ve\b", " have"),
    (r"^(Are|Is|Was|Were|Can|Will|Should) (you|he|she|it|they|we|I)\b", r"\2 \1"),
    (r"^(Where|What|When|Why|How) (are|is|was|were|will|can|did|do) (you|he|she|it|they|we|I)\b", r"\1 \3 \2"),
    (r"[.!?]$", ""),
    (r"\b(go|going|come|coming) home\b", r"\1 to the home"),
    (r"\b(the|a|an) ", ""),
    (r"\b(want|need|know|like)\b", r"am \1ing"),
    (r"\b(tell|told|ask|asked) (me|him|her|us|them)\b", r"\1 to \2"),
    (r"\bget\b", "obtain"),
    (r"\bbuy\b", "purchase"),
    (r"\b(very|so)\b", r"\1 much"),
    (r"([.!?])$", r" only\1"),
    (r"([.!?])$", r", is it not\1"),
)
FILE: Final = Path(scoring_.__file__).parent / "weights.toml"

Signs = dict[str, float]
Array = np.ndarray


@dataclass(frozen=True)
class Case:
    """A draft and a text instead of it.

    Args:
        scene: by whose name cases are kept together.
        kind: ``good``, ``written``, ``broken``, ``worse`` or ``other line``.
        fact: whether a number, a name, a denial or a script is broken.
        stopped: whether the guards stop it.
        draft: the signs of the draft, minus the logarithm of what each leaves.
        text: those of the text.
    """

    scene: str
    kind: str
    fact: bool
    stopped: bool
    draft: Signs
    text: Signs

    @property
    def good(self) -> bool:
        """Whether it is to be kept."""
        return self.kind in ("good", "written")


def main() -> None:
    """Tell what is kept of what was not learned from, and write what is learned from all."""
    cases = [case for pair in PAIRS for scene in scenes(pair, "dev") for case in _cases(scene)]
    learning = _Learning(cases)
    _tell(cases, _left_out(cases, learning))
    found = learning.fit(lambda _: True)
    lines = [f'"{name}" = {value:.2f}' for name, value in zip(learning.names, found, strict=True) if _is_learned(name)]
    head = "# How much each sign counts: its share of a part is raised to this power. Written by `python -m evals.enhancer.fitting`; not by hand.\n\n"
    FILE.write_text(head + "\n".join(["[counts]", *lines]) + "\n", encoding="utf-8")
    print(f"{FILE.name} has {len(lines)} weights, from {len(cases)} cases")


def _cases(scene: Scene) -> Iterator[Case]:
    text = staged(scene)
    for edit in edits((scene,)):
        fact = not edit.good and edit.kind in ("number", "name", "negation", "script")
        yield _case(text, scene, text.lines[edit.line.index], edit.text, "good" if edit.good else "broken", fact=fact)
    for at, line in enumerate(text.lines):
        for reference in () if text.spoken[line.index].control else text.spoken[line.index].references:
            yield _case(text, scene, line, reference, "written")
        for worse in _worse(line.draft) if text.spoken[line.index].control else ():
            yield _case(text, scene, line, worse, "worse")
        for away in AWAY:
            other = text.lines[(at + away) % len(text.lines)]
            yield _case(text, scene, line, text.spoken[other.index].references[0], "other line")


def _worse(draft: str) -> Iterator[str]:
    """What nobody needs to have made of a good draft."""
    for pattern, instead in _NEEDLESS:
        changed = re.sub(pattern, instead, draft)
        if changed != draft:
            yield changed[:1].upper() + changed[1:]


def _case(text: Staged, scene: Scene, line: Line, told: str, kind: str, *, fact: bool = False) -> Case:
    told, glossary = one_line(told), text.glossary
    stopped = bool(breaches(line, told, text.pair, glossary, characters_per_s=text.characters_per_s))
    return Case(f"{scene.pair}/{scene.name}", kind, fact, stopped, _signs(text, line, line.draft), _signs(text, line, told))


def _signs(text: Staged, line: Line, told: str) -> Signs:
    found: Signs = {}
    for sign in signals(line, told, text.pair, text.glossary):
        name = f"{sign.part}.{sign.name}"
        found[name] = found.get(name, 0.0) - math.log(max(LEAST, 1 - sign.severity))
    return found


def _is_learned(name: str) -> bool:
    return name.partition(".")[2] not in FACTS


class _Learning:
    """The signs of all cases as matrices, and what is learned from some of them."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self.names = sorted({name for case in cases for signs in (case.draft, case.text) for name in signs})
        self.drafts, self.texts = (
            np.array([[each.get(name, 0.0) for name in self.names] for each in signs])
            for signs in ([case.draft for case in cases], [case.text for case in cases])
        )
        self._start = np.array([0.0 if name.partition(".")[2] in NEW else 1.0 for name in self.names])
        self._lowest = self._start * LOWEST
        self._learned = np.array([_is_learned(name) for name in self.names])
        self._of_part = np.array([[name.startswith(f"{part}.") for name in self.names] for part in PARTS], dtype=float)
        self._points = np.array([WEIGHTS[part] for part in PARTS], dtype=float)
        self._cases = cases

    def gains(self, weights: Array) -> Array:
        """By how many points each text beats its draft."""
        return np.asarray((self._parts(self.texts, weights) - self._parts(self.drafts, weights)).sum(axis=1))

    def fit(self, among: Callable[[Case], bool]) -> Array:
        """Weights that tell what is to be kept of some cases. Source of the steps: Adam, Kingma and Ba 2014."""
        # What guards stop, and what is good and stopped, is decided without the score.
        rows = np.array([at for at, case in enumerate(self._cases) if among(case) and not case.stopped])
        wanted = np.array([float(self._cases[at].good) for at in rows])
        dear = np.array([DEAR[self._cases[at].kind] for at in rows])
        weights, mean, square = self._start.copy(), np.zeros(len(self.names)), np.zeros(len(self.names))
        for step in range(1, STEPS + 1):
            after, before = self._parts(self.texts[rows], weights), self._parts(self.drafts[rows], weights)
            odds = (after.sum(axis=1) - before.sum(axis=1) - AT_MARGIN) / SPREAD
            slope = (dear * (1 / (1 + np.exp(-np.clip(odds, -30, 30))) - wanted) / SPREAD)[:, None]
            down = ((before @ self._of_part) * self.drafts[rows] - (after @ self._of_part) * self.texts[rows]) * slope
            gradient = np.where(self._learned, down.sum(axis=0) + HELD * (weights - self._start), 0.0)
            mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
            weights -= RATE * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
            weights = np.maximum(weights, self._lowest)
        return weights

    def _parts(self, signs: Array, weights: Array) -> Array:
        return np.asarray(np.exp(-(signs * weights) @ self._of_part.T) * self._points)


def _left_out(cases: Sequence[Case], learning: _Learning) -> Array:
    """The gain of each case by weights that were learned without its scene."""
    names = sorted({case.scene for case in cases})
    np.random.default_rng(SEED).shuffle(names)
    fold = {name: at % FOLDS for at, name in enumerate(names)}
    gains = np.zeros(len(cases))
    for number in range(FOLDS):
        found = learning.gains(learning.fit(lambda case, number=number: fold[case.scene] != number))  # type: ignore[misc]  # a default, bound now
        gains = np.where([fold[case.scene] == number for case in cases], found, gains)
    return gains


def _tell(cases: Sequence[Case], gains: Array) -> None:
    print("Kept, by weights that were learned from other scenes:", flush=True)
    groups: tuple[tuple[str, Callable[[Case], bool]], ...] = (
        ("good edits", lambda case: case.kind == "good"),
        ("what people wrote", lambda case: case.kind == "written"),
        ("broken facts", lambda case: case.fact),
        ("facts, had no guard", lambda case: case.fact),
        ("all broken", lambda case: case.kind == "broken"),
        ("worse", lambda case: case.kind == "worse"),
        ("other lines'", lambda case: case.kind == "other line"),
    )
    rows = []
    for margin in MARGINS:
        row: list[str | float | int] = [f"margin {margin:g}"]
        for name, belongs in groups:
            some = [(case, gain) for case, gain in zip(cases, gains, strict=True) if belongs(case)]
            kept = [gain >= margin and (not case.stopped or "no guard" in name) for case, gain in some]
            row.append(100 * sum(kept) / max(1, len(kept)))
        rows.append(row)
    table(("", *(f"% of {name}" for name, _ in groups)), rows)


if __name__ == "__main__":
    main()
