"""What the guards make of pairs that were made by rule (forms.toml): ``python -m evals.enhancer.forms [--misses]``. They are part of no figure.

Each form of denying, counting and naming is said as it is and turned. For who works on rules: what slips through shows which form is missing.
"""

import argparse
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from evals.enhancer.measures import share
from evals.enhancer.reporting import table
from setu_common.contracts import Context
from setu_enhancer.domain.glossary import glossary
from setu_enhancer.domain.guards import Breach, breaches
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.text.measures import limit_of

FILE: Final = Path(__file__).parent / "forms.toml"
LONG_S: Final = 6.0  # so that nothing is too fast to read
KNOWN: Final = {"Raj": "राज", "Asha": "आशा", "Karan": "करण", "Meena": "मीना"}


@dataclass(frozen=True)
class Made:
    """A text that was made of a line.

    Args:
        kind: of the fact that is turned.
        made: how texts of its group are broken.
        line: the line.
        text: the text.
        good: whether it says what the line says.
        faults: what the guards find in it.
    """

    kind: str
    made: str
    line: Line
    text: str
    good: bool
    faults: tuple[Breach, ...]

    @property
    def right(self) -> bool:
        """Whether the guards say the same."""
        return bool(self.faults) is not self.good


def made(path: Path = FILE) -> Iterator[Made]:
    """All texts, as the guards judge them."""
    pair = Pair("hi", "en")
    forms: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))["form"]  # Any: TOML
    for form in forms:
        cast = [{"name": name, "source": KNOWN[name]} for name in form.get("names", ()) if name in KNOWN]
        for source, draft, keeps, breaks in form["pairs"]:
            line = Line(0, 0.0, LONG_S, source, draft)
            names = glossary(Context.model_validate({"characters": cast}), (line,), pair)
            for good, texts in ((True, keeps), (False, breaks)):
                for text in texts:
                    faults = breaches(line, text, pair, names, characters_per_s=limit_of(pair.target))
                    yield Made(form["kind"], form["made"], line, text, good, faults)


def main() -> None:
    """Tell what is found, by group."""
    parser = argparse.ArgumentParser(prog="python -m evals.enhancer.forms", description="What the guards make of turned facts.")
    parser.add_argument("--misses", action="store_true", help="list what they get wrong")
    told = parser.parse_args()
    groups: dict[tuple[str, str], list[Made]] = defaultdict(list)
    for each in made():
        groups[each.kind, each.made].append(each)
    groups["all", ""] = [each for some in groups.values() for each in some]
    rows: list[tuple[str | float | int, ...]] = []
    for (kind, how), some in groups.items():
        broken, kept = ([each.right for each in some if each.good is good] for good in (False, True))
        rows.append((f"{kind}: {how}"[:90], len(broken), 100 * share(broken), len(kept), 100 * share(kept)))
    table(("", "broken", "% found", "right", "% let through"), rows)
    if told.misses:
        for each in groups["all", ""]:
            if not each.right:
                label = "right" if each.good else "broken"
                print(f"{each.kind} {label}: {each.line.source} | {each.text} | {', '.join(f.kind for f in each.faults)}")


if __name__ == "__main__":
    main()
