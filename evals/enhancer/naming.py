"""Names by who tells them: nobody, a language model that reads the text, or who knows the cast: ``python -m evals enhancer --part names``.

A reader needs a language model that understands what is said, and none is among the embedded ones. As with a judge (``judged.py``) its requests can be put
before one on paper, and its answers be kept:

    python -m evals.enhancer.naming ask FOLDER --split test     # writes each request of the reader's, word by word, as NAME.txt
    …                                                           # whoever answers writes NAME.json, and sees nothing but NAME.txt
    python -m evals.enhancer.naming keep FOLDER --split test    # writes readings/test.jsonl

Each scene is read by itself, so a reader knows less than one that reads a film. ``dev`` are the scenes of ``named/``, which were written for this.
"""

import argparse
import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Final, cast

from bench.figures import Figure

from evals.enhancer import running
from evals.enhancer.data import FOLDER, PAIRS, Scene, Split, named, scenes
from evals.enhancer.measures import interval, share
from evals.enhancer.paper import OnPaper
from evals.enhancer.providers import Asked, known, noise
from evals.enhancer.reporting import goal, table, told
from evals.enhancer.selecting import FOUND, with_cast
from evals.enhancer.staging import Staged, staged
from setu_common.llm import LlmProvider
from setu_enhancer.domain.readings import Called, Readings
from setu_enhancer.memory import NoMemory
from setu_enhancer.reading import LlmReader, Names

PAIR: Final = PAIRS[0]
READINGS: Final = FOLDER / "readings"


@dataclass(frozen=True)
class Way:
    """Who tells the names.

    Args:
        name: in figures.
        how: in words.
        cast: whether the cast is known, in English letters, as The Movie Database tells it.
        read: whether a model reads the text.
    """

    name: str
    how: str
    cast: bool
    read: bool


WAYS: Final = (
    Way("untold", "names told by nobody, unless the caller tells one", cast=False, read=False),
    Way("read", "names read by a model whose answers were kept", cast=False, read=True),
    Way("cast", "the cast told in English letters", cast=True, read=False),
    Way("cast_read", "the cast told, and the text read by a model whose answers were kept", cast=True, read=True),
)
TOLD: Final = tuple(way for way in WAYS if way.cast != way.read)


def among(split: Split) -> tuple[Scene, ...]:
    """The scenes of a split."""
    return named(PAIR) if split == "dev" else scenes(PAIR, split)


def kept_readings(split: Split) -> Mapping[str, Readings]:
    """What a model once read, by scene; empty if nothing was kept."""
    path = READINGS / f"{split}.jsonl"
    rows = [json.loads(row) for row in path.read_text("utf-8").splitlines()] if path.exists() else []
    return {
        row["scene"]: Readings({source: [Called(*name) for name in names] for source, names in row["lines"].items()})
        for row in rows
    }


async def measure(
    split: Split, asked: Asked | None = None, ways: Sequence[Way] = WAYS, *, misses: bool = False
) -> list[Figure]:
    """Of lines whose names are wrong: how many are selected, and put right; of those with nothing to mend: how many are touched.

    Args:
        split: whose scenes.
        asked: who edits what rules leave; None: nobody.
        ways: who tells the names.
        misses: whether to list the lines that went wrong.
    """
    by = f"{asked.provider.name}_" if asked else ""
    readings = kept_readings(split)
    figures: list[Figure] = []
    rows: list[tuple[str | float | int, ...]] = []
    for way in ways:
        if way.read and not readings:
            print(f"No reader's answers are kept for {split}: see python -m evals.enhancer.naming --help", flush=True)
            continue
        lines = [line for scene in among(split) for line in await _edited(_told(scene, way, readings), asked)]
        wrong = [line for line in lines if "name" in line.spoken.tags]
        controls = [line for line in lines if line.spoken.control]
        found = share([line.asked for line in wrong])
        right, sounding = share([line.names_right for line in wrong]), share([line.names_sound_right for line in wrong])
        taken, changed = share([line.asked for line in controls]), share([line.edited.changed for line in controls])
        figures += _figures(f"{by}names_{way.name}", way, split, wrong, controls)
        rows.append((way.how, 100 * found, 100 * right, 100 * sounding, 100 * taken, 100 * changed))
        if misses:
            print("\n".join(_case(way, line) for line in lines if _is_missed(line)), flush=True)
    print(f"Names, {PAIR}, {split} scenes, edited by {asked.provider.name if asked else 'rules alone'}, percent:", flush=True)
    table(("who tells the names", "selected", "put right", "by its sound", "controls selected", "controls changed"), rows)
    return figures


def _told(scene: Scene, way: Way, readings: Mapping[str, Readings]) -> Staged:
    text = staged(with_cast(scene) if way.cast else scene)
    return replace(text, readings=readings[scene.name]) if way.read else text


async def _edited(text: Staged, asked: Asked | None) -> list[running.Line]:
    """What becomes of a text; where nobody edits a model answers random letters, which are not kept."""
    return await running.run_staged(text, asked or known("noise", noise(list(text.spoken))))


def _figures(
    name: str, way: Way, split: Split, wrong: Sequence[running.Line], controls: Sequence[running.Line]
) -> list[Figure]:
    about = f"{way.how}; {PAIR}, {split} scenes"
    by = "by rule alone" if name.startswith("names") else f"by rules and {name.partition('_')[0]}"
    of_wrong, of_controls = f"of {len(wrong)} lines whose names are wrong", f"of {len(controls)} lines with nothing to mend"
    found = [line.asked for line in wrong]
    right, sounding = [line.names_right for line in wrong], [line.names_sound_right for line in wrong]
    how, sure = f"selected {of_wrong}; {about}", _interval(wrong, found)
    selected = f"{name}_selected"
    by_rule = f"put right {by} {of_wrong}"
    return [
        goal(selected, share(found), FOUND, how=how, interval=sure)
        if way.read
        else told(selected, share(found), how=how, interval=sure),
        told(f"{name}_right", share(right), how=f"{by_rule}; {about}", interval=_interval(wrong, right)),
        told(
            f"{name}_sound_right",
            share(sounding),
            how=f"{by_rule}, in whatever spelling that sounds so; {about}",
            interval=_interval(wrong, sounding),
        ),
        told(f"{name}_controls", share([line.asked for line in controls]), how=f"selected {of_controls}; {about}"),
        told(
            f"{name}_controls_changed",
            share([line.edited.changed for line in controls]),
            how=f"changed {by} {of_controls}; {about}",
        ),
    ]


def _interval(lines: Sequence[running.Line], values: Sequence[bool]) -> tuple[float, float]:
    by_scene: dict[str, list[float]] = {}
    for line, value in zip(lines, values, strict=True):
        by_scene.setdefault(line.scene.name, []).append(float(value))
    return interval(list(by_scene.values()))


def _is_missed(line: running.Line) -> bool:
    return not (line.asked and line.names_right) if "name" in line.spoken.tags else line.spoken.control and line.edited.changed


def _case(way: Way, line: running.Line) -> str:
    spoken = line.spoken
    return f"{way.name} {line.scene.name} {spoken.index} {'+'.join(spoken.tags)}: {spoken.source} | {spoken.draft} | {line.edited.text} | {', '.join(spoken.names)}"


async def _ask(folder: Path, split: Split) -> tuple[OnPaper, list[dict[str, object]]]:
    """Put all scenes before a reader on paper: it, and what it read."""
    paper = OnPaper(folder, Names(names=[]))
    reader = LlmReader(cast("LlmProvider", paper), lambda *_: Decimal(0))  # cast: a reader asks for nothing else
    rows: list[dict[str, object]] = []
    for scene in among(split):
        text = staged(scene)
        known_ = [character.name for character in scene.context.characters]
        read = await reader.read(text.lines, text.pair, known_, NoMemory())
        lines = {
            source: [[name.said, name.written, name.gender] for name in names] for source, names in read.readings.lines.items()
        }
        rows.append({"scene": scene.name, "lines": lines})
    return paper, rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Write requests, or keep answers."""
    parser = argparse.ArgumentParser(prog="python -m evals.enhancer.naming", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=("ask", "keep"), help="write the requests that have no answer yet, or keep the answers")
    parser.add_argument("folder", type=Path, help="of requests and answers")
    parser.add_argument("--split", choices=("dev", "test"), default="test")
    asked = parser.parse_args(arguments)
    asked.folder.mkdir(parents=True, exist_ok=True)
    paper, rows = asyncio.run(_ask(asked.folder, asked.split))
    print(f"{paper.asked} requests, {paper.answered} of them answered")
    if asked.what == "keep":
        READINGS.mkdir(exist_ok=True)
        path = READINGS / f"{asked.split}.jsonl"
        path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), encoding="utf-8")
        print(f"kept in {path}")


if __name__ == "__main__":
    main()
