"""A judge's requests can be answered by hand, and the gate goes by the answers that were kept."""

import asyncio
import json
from dataclasses import replace

import pytest
from evals.enhancer import judged
from evals.enhancer.data import Edit, edits, scenes
from evals.enhancer.gating import INSTRUMENTS, rounds, verdicts
from evals.enhancer.judged import KeptJudge, kept_judge, key_of, main
from evals.enhancer.staging import staged

from setu_enhancer.domain.prompting import one_line

SCENE = scenes("hi-en", "dev")[-1]


def test_a_round_has_each_line_once_and_all_rounds_have_each_edit_once():
    all_of = edits((SCENE,))
    found = rounds(all_of)
    assert sorted(map(id, (edit for round_ in found for edit in round_))) == sorted(map(id, all_of))
    assert all(len({edit.line.index for edit in round_}) == len(round_) for round_ in found)


def answer(folder, grade):
    """As somebody does who sees nothing but the request."""
    for path in folder.glob("*.txt"):
        lines = json.loads(path.read_text("utf-8").split("\n\n")[-1])["lines"]
        told = [f"{key}{''.join(grade(source, text) for text in texts)}9" for key, source, *texts in lines]
        path.with_suffix(".json").write_text(json.dumps({"verdicts": told}), encoding="utf-8")


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setattr(judged, "judged_scenes", lambda _: [SCENE])
    monkeypatch.setattr(judged, "JUDGEMENTS", tmp_path / "judgements")

    def keep(grade) -> KeptJudge:
        main(["ask", str(tmp_path / "asked"), "--split", "dev"])
        answer(tmp_path / "asked", grade)
        main(["keep", str(tmp_path / "asked"), "--split", "dev"])
        found = kept_judge("dev")
        assert found is not None
        return found

    return keep


def test_the_gate_turns_down_what_a_judge_calls_wrong_and_no_request_says_which_text_is_the_edit(kept, tmp_path):
    good = {(edit.line.source, one_line(edit.text)) for edit in edits((SCENE,)) if edit.good}
    judge = kept(lambda source, text: "8" if (source, text) in good else "1")
    found = asyncio.run(verdicts((SCENE,), replace(INSTRUMENTS, judge=judge)))
    assert not any(each.accepted for each in found if not each.edit.good)
    alone = asyncio.run(verdicts((SCENE,)))
    assert sum(each.right for each in found) > sum(each.right for each in alone)
    first = [json.loads(path.read_text("utf-8").split("\n\n")[-1])["lines"][0] for path in (tmp_path / "asked").glob("*.txt")]
    drafts = {line.draft for line in staged(SCENE).lines}
    assert {texts[0] in drafts for _, _, *texts in first} == {True, False}


def test_what_nobody_was_asked_about_has_no_judgement(kept):
    judge = kept(lambda *_: "5")
    line = staged(SCENE).lines[0]
    pairs = [(line, line.draft), (line, "What nobody offered.")]
    assert asyncio.run(judge.judge(pairs, staged(SCENE).pair, staged(SCENE).glossary)) == [None, None]


def _key(edit: Edit) -> str:
    return key_of(staged(edit.scene).lines[edit.line.index], one_line(edit.text))


@pytest.mark.parametrize("split", ["dev", "test"])
def test_the_kept_answers_are_of_all_labelled_edits_of_their_split_and_of_no_others(split):
    path = judged.JUDGEMENTS / f"{split}.jsonl"
    asked = {_key(edit) for edit in edits(judged.judged_scenes(split)) if one_line(edit.text) != one_line(edit.line.draft)}
    assert {json.loads(row)["of"] for row in path.read_text("utf-8").splitlines()} == asked
