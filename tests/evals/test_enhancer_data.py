"""What the enhancer is measured with has the form that its measures rely on."""

import re
from collections import Counter

import pytest
from evals.enhancer.data import BROKEN_KINDS, FOLDER, GOOD_KINDS, PAIRS, TAGS, edits, named, scenes

DEVANAGARI = re.compile(r"[\u0900-\u097f]")


@pytest.fixture(scope="module")
def all_scenes():
    return [scene for pair in PAIRS for scene in (*scenes(pair), *named(pair))]


@pytest.fixture(scope="module")
def all_edits():
    return edits([scene for pair in PAIRS for scene in scenes(pair)])


@pytest.mark.parametrize(("pair", "lines"), [("hi-en", 300), ("fr-en", 40), ("es-en", 40)])
def test_there_are_enough_lines_and_more_than_a_third_have_nothing_to_mend(pair, lines):
    spoken = [line for scene in scenes(pair) for line in scene.lines]
    assert len(spoken) >= lines
    assert sum(line.control for line in spoken) >= len(spoken) / 3


@pytest.mark.parametrize("pair", PAIRS)
def test_each_scene_is_of_one_split_and_both_are_there(pair):
    sizes = Counter(scene.split for scene in scenes(pair) for _ in scene.lines)
    assert {"dev", "test"} <= set(sizes)
    assert sizes["test"] >= sizes["dev"] / 3  # scenes of earlier tests are dev by now


def test_every_tag_is_in_both_splits_of_hindi():
    for split in ("dev", "test"):
        assert {tag for scene in scenes("hi-en", split) for line in scene.lines for tag in line.tags} == set(TAGS)


def test_scenes_are_ten_to_twenty_five_lines_that_follow_one_another(all_scenes):
    for scene in all_scenes:
        assert 10 <= len(scene.lines) <= 25, scene.name
        ends_s = 0.0
        for line in scene.lines:
            assert ends_s <= line.start_s < line.end_s, (scene.name, line.index)
            ends_s = line.end_s


def test_a_control_is_nothing_else_and_every_line_has_a_tag(all_scenes):
    for scene in all_scenes:
        for line in scene.lines:
            assert set(line.tags) <= set(TAGS), (scene.name, line.index)
            assert line.control or "control" not in line.tags, (scene.name, line.index)
            assert all((line.tags, line.source, line.draft, line.speaker)), (scene.name, line.index)
            assert 1 <= len(line.references) <= 2, (scene.name, line.index)
            assert line.control or line.draft not in line.references, (scene.name, line.index)


def test_hindi_is_written_in_its_script_and_references_are_not(all_scenes):
    for scene in all_scenes:
        for line in scene.lines:
            assert bool(DEVANAGARI.search(line.source)) is (scene.pair == "hi-en"), (scene.name, line.index)
            assert not any(map(DEVANAGARI.search, line.references)), (scene.name, line.index)
            assert bool(DEVANAGARI.search(line.draft)) is ("script" in line.tags), (scene.name, line.index)


def test_the_names_of_lines_tagged_so_are_in_their_references_and_not_all_in_their_drafts(all_scenes):
    for scene in all_scenes:
        for line in scene.lines:
            assert bool(line.names) is ("name" in line.tags), (scene.name, line.index)
            assert all(name in line.references[0] for name in line.names), (scene.name, line.index)
            if line.names:
                assert not all(re.search(rf"\b{re.escape(name)}\b", line.draft) for name in line.names), (
                    scene.name,
                    line.index,
                )


def test_no_two_lines_of_a_pair_are_the_same(all_scenes):
    sources = Counter((scene.pair, line.source) for scene in all_scenes for line in scene.lines if len(line.source) > 12)
    assert [source for source, count in sources.items() if count > 1] == []


def test_there_are_enough_edits_of_each_kind(all_edits):
    good = [edit for edit in all_edits if edit.good]
    broken = Counter(edit.kind for edit in all_edits if not edit.good)
    assert len(good) >= 200
    assert broken.total() >= 200
    assert set(broken) == set(BROKEN_KINDS)
    assert {edit.kind for edit in good} == set(GOOD_KINDS)
    assert all(broken[kind] >= 30 for kind in ("number", "name", "negation", "script")), broken


def test_scenes_that_nobody_has_read_are_enough_to_judge_by(all_scenes):
    unseen = [scene for scene in all_scenes if scene.split == "test"]
    lines = [line for scene in unseen for line in scene.lines]
    offered = edits(unseen)
    broken = Counter(edit.kind for edit in offered if not edit.good)
    assert len(unseen) >= 18
    assert sum(line.control for line in lines) >= 0.4 * len(lines)
    assert len(offered) >= 400
    assert 0.35 <= sum(edit.good for edit in offered) / len(offered) <= 0.45
    assert set(broken) == set(BROKEN_KINDS)
    assert all(broken[kind] >= 20 for kind in ("number", "name", "negation", "script")), broken


def test_an_edit_changes_its_draft_and_is_judged_once(all_edits):
    for edit in all_edits:
        assert edit.text not in ("", edit.line.draft), (edit.scene.name, edit.line.index, edit.text)
    judged = Counter((edit.scene.pair, edit.scene.name, edit.line.index, edit.text) for edit in all_edits)
    assert [one for one, count in judged.items() if count > 1] == []


def test_what_is_broken_by_script_has_foreign_letters_and_what_is_good_has_none(all_edits):
    for edit in all_edits:
        if edit.good:
            assert not DEVANAGARI.search(edit.text), (edit.scene.name, edit.line.index, edit.text)
        elif edit.kind == "script":
            assert DEVANAGARI.search(edit.text), (edit.scene.name, edit.line.index, edit.text)


def test_edits_and_scenes_have_the_same_files():
    named = [{path.relative_to(FOLDER / part) for path in (FOLDER / part).glob("*/*.toml")} for part in ("scenes", "edits")]
    assert named[0] == named[1]
