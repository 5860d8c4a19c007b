"""The gate with a judge whose answers were written down: ``python -m evals enhancer --part judged``.

A judge needs a language model that follows instructions, and none is among the embedded ones. Where one can be reached by no API, its requests can be put
before it one by one, and its answers be kept:

    python -m evals.enhancer.judged ask FOLDER --split test     # writes each request of the judge's, word by word, as NAME.txt
    …                                                           # whoever answers writes NAME.json, and sees nothing but NAME.txt
    python -m evals.enhancer.judged keep FOLDER --split test    # writes judgements/test.jsonl

Of each labelled edit it is asked beside its draft, in an order that a hash decides, with up to eleven others of the same scene, as the service does.
What is kept is the word of the model on each edit and its draft, by scene, line and text; whose it was is told in ``judgements/README.md``.
"""

import argparse
import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, cast

from bench.figures import Figure

from evals.enhancer.data import FOLDER, PAIRS, Edit, Scene, Split, edits, scenes
from evals.enhancer.gating import INSTRUMENTS, measure_with, rounds
from evals.enhancer.paper import OnPaper
from evals.enhancer.staging import staged
from setu_common.llm import LlmProvider
from setu_enhancer.domain.glossary import Glossary
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.prompting import one_line
from setu_enhancer.domain.scoring import Judgement
from setu_enhancer.judging import LlmJudge, Pairs, Verdicts
from setu_enhancer.settings import EditingSettings

JUDGEMENTS: Final = FOLDER / "judgements"
OF_DEV: Final = 70
"""Of the ``dev`` scenes of Hindi those from this number on were judged."""
KEY_LENGTH: Final = 16


class KeptJudge:
    """A ``Judge`` that says what a model once said of an edit and its draft, and nothing of others.

    Args:
        kept: grades of the draft, of the edit and how sure the model was, 0..1, by ``key_of``.
    """

    def __init__(self, kept: Mapping[str, tuple[float, float, float]]) -> None:
        self._kept = kept

    async def judge(self, pairs: Pairs, pair: Pair, glossary: Glossary) -> Sequence[Judgement | None]:  # noqa: ARG002  see Judge
        """See ``Judge``."""
        texts: dict[int, list[str]] = {}
        for line, text in pairs:
            texts.setdefault(line.index, []).append(text)
        return [self._of(line, text, texts[line.index]) for line, text in pairs]

    def _of(self, line: Line, text: str, both: Sequence[str]) -> Judgement | None:
        edit = next((each for each in both if each != line.draft), line.draft)
        grades = self._kept.get(key_of(line, edit))
        if grades is None:
            return None
        grade = grades[0] if text == line.draft else grades[1]
        return Judgement(grade, grade, grade, grade, grades[2])


def key_of(line: Line, edit: str) -> str:
    """By what a judgement is kept: the same line, draft and edit."""
    return hashlib.sha256(f"{line.source}\0{line.draft}\0{edit}".encode()).hexdigest()[:KEY_LENGTH]


def kept_judge(split: Split) -> KeptJudge | None:
    """Whose answers on a split were kept; None if nobody's were."""
    path = JUDGEMENTS / f"{split}.jsonl"
    if not path.exists():
        return None
    rows = [json.loads(row) for row in path.read_text("utf-8").splitlines()]
    return KeptJudge({row["of"]: (row["draft"], row["edit"], row["sure"]) for row in rows})


def judged_scenes(split: Split) -> list[Scene]:
    """The scenes whose edits are put before a judge."""
    found = [scene for pair in PAIRS for scene in scenes(pair, split)]
    return (
        found
        if split == "test"
        else [each for each in found if each.pair == PAIRS[0] and int(each.name.split("-")[0]) >= OF_DEV]
    )


async def measure(split: Split) -> list[Figure]:
    """What the gate makes of the labelled edits with the kept answers; nothing where none were kept."""
    judge = kept_judge(split)
    if judge is None:
        print(f"No judge's answers are kept for {split}: see python -m evals.enhancer.judged --help", flush=True)
        return []
    how = f"guards, rules and a judge whose answers were kept, margin {EditingSettings().margin:g}; {split} split"
    print(f"The gate, {how}:", flush=True)
    return await measure_with("gate_judged", judged_scenes(split), replace(INSTRUMENTS, judge=judge), how, judge=True)


async def _ask(folder: Path, split: Split) -> tuple[OnPaper, list[dict[str, object]]]:
    """Put all edits before a judge on paper: it, and what it said."""
    paper = OnPaper(folder, Verdicts(verdicts=[]))
    judge = LlmJudge(cast("LlmProvider", paper))  # cast: a judge asks for nothing else
    rows: list[dict[str, object]] = []
    for scene in judged_scenes(split):
        text = staged(scene)
        for round_ in rounds([edit for edit in edits((scene,)) if one_line(edit.text) != one_line(edit.line.draft)]):
            rows += await _of_round(
                scene, round_, judge, [(text.lines[edit.line.index], one_line(edit.text)) for edit in round_], text.glossary
            )
    return paper, rows


async def _of_round(
    scene: Scene, round_: Sequence[Edit], judge: LlmJudge, offered: Sequence[tuple[Line, str]], glossary: Glossary
) -> list[dict[str, object]]:
    pairs = [(line, line.draft) for line, _ in offered] + list(offered)
    found = await judge.judge(pairs, Pair(*scene.languages), glossary)
    rows: list[dict[str, object]] = []
    for at, (edit, (line, text)) in enumerate(zip(round_, offered, strict=True)):
        draft, said = found[at], found[at + len(offered)]
        if draft is not None and said is not None:
            grades = {"draft": draft.accuracy, "edit": said.accuracy, "sure": round(said.confidence, 2)}
            rows.append({"scene": f"{scene.pair}/{scene.name}", "line": edit.line.index, "of": key_of(line, text)} | grades)
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Write requests, or keep answers."""
    parser = argparse.ArgumentParser(prog="python -m evals.enhancer.judged", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=("ask", "keep"), help="write the requests that have no answer yet, or keep the answers")
    parser.add_argument("folder", type=Path, help="of requests and answers")
    parser.add_argument("--split", choices=("dev", "test"), default="test")
    told = parser.parse_args(arguments)
    told.folder.mkdir(parents=True, exist_ok=True)
    paper, rows = asyncio.run(_ask(told.folder, told.split))
    print(f"{paper.asked} requests, {paper.answered} of them answered; {len(rows)} edits judged")
    if told.what == "keep":
        JUDGEMENTS.mkdir(exist_ok=True)
        path = JUDGEMENTS / f"{told.split}.jsonl"
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
        print(f"kept in {path}")


if __name__ == "__main__":
    main()
