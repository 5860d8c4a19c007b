"""The enhancer's measures say what they are said to."""

import json

import pytest
from evals.enhancer import gating, running, sayings, selecting
from evals.enhancer.data import refrains, scenes
from evals.enhancer.measures import chrf, interval, nearness, share
from evals.enhancer.money import LINES, RECAP_SCENES, Spent, episode
from evals.enhancer.providers import Answering, asked, known, noise, swapped
from evals.enhancer.reporting import goal, told
from evals.enhancer.staging import BETWEEN_SCENES_S, joined, staged

from setu_common.llm import Message

ONE = scenes("hi-en", "dev")[0]


def test_a_text_like_one_of_its_references_is_as_near_as_can_be():
    assert nearness("Raj is here.", ("He came.", "Raj is here.")) == pytest.approx(100)
    assert chrf(["Raj is here.", "Go."], [("Raj is here.",), ("Leave.", "Go.")]) == pytest.approx(100)
    assert nearness("King came.", ("Raj is here.",)) < 50


def test_an_interval_holds_the_mean_and_is_a_point_where_all_scenes_are_alike():
    low, high = interval([[0.0, 1.0], [1.0], [0.0, 0.0, 1.0]])
    assert 0 <= low < 0.5 < high <= 1
    assert interval([[0.5], [0.5, 0.5]]) == (0.5, 0.5)
    assert interval([]) == (0.0, 0.0)
    assert share([]) == 1.0


def test_a_figure_without_a_goal_says_so():
    assert (goal("g", 0.9, 0.95, how="").holds, goal("g", 0.9, 0.95, better="less", how="").holds) == (False, True)
    assert told("t", 0.1, how="").goal == "none"


def test_scenes_that_are_joined_follow_one_another_and_know_everybody():
    two = scenes("hi-en", "dev")[:2]
    text = joined(two)
    assert [line.index for line in text.lines] == list(range(sum(len(scene.lines) for scene in two)))
    first = len(two[0].lines)
    assert text.lines[first].start_s >= text.lines[first - 1].end_s + BETWEEN_SCENES_S
    assert {each.name for scene in two for each in scene.context.characters} <= {each.name for each in text.context.characters}


async def test_who_answers_with_what_people_wrote_answers_the_lines_that_are_asked_for():
    document = {"lines": [["A", "a", "b"], "scene", [7, "A", "x", "y"], [9, "", "x", "y", {"max": 9}]]}
    user = f"<<abc123\n{json.dumps(document)}\nabc123>>\nAnswer with JSON only: 2 lines, from id 7 to id 9."
    assert asked(user) == [7, 9]
    provider = Answering("references", {7: "seven", 8: "eight", 9: "nine"})
    answer = await provider.chat([Message("system", "rules"), Message("user", user)], max_tokens=10)
    assert json.loads(answer.text) == {"lines": ["7|seven", "9|nine"]}
    assert [(each.system, each.answer) for each in provider.exchanges] == [("rules", answer.text)]


def test_noise_is_the_same_each_time_and_swapped_texts_are_none_of_their_lines():
    assert noise([1, 2, 3]) == noise([1, 2, 3])
    assert swapped({0: "a", 1: "b", 2: "c"}) == {0: "b", 1: "c", 2: "a"}


async def test_an_answer_like_a_reference_brings_chrf_up_where_it_is_kept_and_noise_changes_nothing():
    text = staged(ONE)
    references = {index: line.references[0] for index, line in text.spoken.items()}
    lines = await running.run((ONE,), known("references", references))
    assert [line.edited.line.index for line in lines] == list(text.spoken)
    changed = [line for line in lines if line.edited.changed]
    assert changed
    assert all(line.asked for line in changed)
    assert all(line.edited.text == line.spoken.references[0] for line in changed if line.by_model)
    assert any(line.by_model for line in changed)
    assert running.chrf_change(lines)[0] > 0
    noisy = await running.run((ONE,), known("noise", noise(list(text.spoken))))
    assert not any(line.by_model for line in noisy)


async def test_a_verdict_is_right_where_people_say_the_same():
    found = await gating.verdicts((ONE,))
    assert len({verdict.edit.good for verdict in found}) == 2
    for verdict in found:
        assert verdict.right is (verdict.accepted is verdict.edit.good)
        assert not (verdict.accepted and verdict.why)


def test_where_the_cast_is_known_each_name_is_told_once_and_nothing_else_of_the_scene_changes():
    for scene in scenes("hi-en", "dev"):
        known = selecting.with_cast(scene)
        assert known.lines == scene.lines
        assert known.context.characters[: len(scene.context.characters)] == scene.context.characters
        told = [name for each in known.context.characters for name in (each.name, *each.aliases)]
        assert len({each.name for each in known.context.characters}) == len(known.context.characters)
        assert {name for line in scene.lines for name in line.names} <= set(told)


def test_a_line_is_selected_for_reasons():
    found = selecting.chosen((ONE,))
    assert len(found) == len(ONE.lines)
    assert all(each.reasons for each in found if "name" in each.line.tags)


def test_instructions_that_a_vendor_keeps_are_written_once_and_read_afterwards():
    spent = Spent(system=(100, 100, 100), user=(10, 20, 30), answer=(1, 2, 3))
    plain, kept = spent.usage(cached=False), spent.usage(cached=True)
    assert (plain.input_tokens, plain.output_tokens) == (360, 6)
    assert (kept.input_tokens, kept.cache_write_tokens, kept.cache_read_tokens, kept.output_tokens) == (60, 100, 200, 6)
    assert not Spent((), (), ()).usage(cached=True)


def test_a_prompt_that_is_too_short_for_a_vendor_to_keep_costs_the_same_each_time():
    spent = Spent(system=(1200, 1200), user=(10, 20), answer=(1, 2))
    assert spent.usd("openai", "gpt-6.1-terra", cached=True) < spent.usd("openai", "gpt-6.1-terra")
    assert spent.usd("anthropic", "claude-haiku-5-5", cached=True) == spent.usd("anthropic", "claude-haiku-5-5")


def test_an_episode_begins_with_what_is_shown_of_the_last_one_and_has_what_is_said_in_each():
    among, said = scenes("hi-en", "dev"), refrains()
    one, rest = episode(among, said)
    two, _ = episode(rest, said, before=one[-RECAP_SCENES:])
    for scenes_ in (one, two):
        text = joined(scenes_)
        assert LINES <= len(text.lines) < LINES + 20
        assert {each.source for each in said} <= {line.source for line in text.lines}
        assert all(line.start_s < line.end_s for line in text.lines)
    assert two[:RECAP_SCENES] == one[-RECAP_SCENES:]
    assert not {scene.name for scene in one} & {scene.name for scene in two[RECAP_SCENES:]}


def test_sayings_are_found_in_hardly_fewer_forms_than_they_have_and_decoys_are_not():
    said = [each for each in sayings.made(every=6) if each.half == 1]
    assert share([each.found for each in said if each.how != "in Latin letters"]) > 0.99
    assert share([each.found for each in said if each.how == "in Latin letters"]) > 0.65
    assert share([each.found for each in sayings.decoys(every=6)]) < 0.02
