"""Names can be read on paper, and what was read counts for the scenes that it was read in."""

import asyncio
import json

import pytest
from evals.enhancer import naming
from evals.enhancer.data import named, scenes
from evals.enhancer.money import Spent
from evals.enhancer.naming import WAYS, kept_readings, main
from evals.enhancer.providers import Answering
from evals.enhancer.small_reader import found_in

from setu_common.llm import Message
from setu_enhancer.domain.readings import Called, Readings
from setu_enhancer.reading import Names
from testbed.editing import Model

SCENE = named("hi-en")[0]


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Have a scene read by somebody who knows all names that drafts lack, and sees nothing but the request."""
    monkeypatch.setattr(naming, "among", lambda _: (SCENE,))
    monkeypatch.setattr(naming, "READINGS", tmp_path / "readings")
    main(["ask", str(tmp_path), "--split", "dev"])
    (request,) = tmp_path.glob("*.txt")
    assert not any(line.draft in request.read_text("utf-8") for line in SCENE.lines)
    lines = json.loads(request.read_text("utf-8").split("\n\n")[-1])["lines"]
    told = [f"कजरी|Kajri|f|{','.join(number for number, said in lines.items() if 'कजरी' in said)}"]
    request.with_suffix(".json").write_text(json.dumps({"names": told}), encoding="utf-8")
    main(["keep", str(tmp_path), "--split", "dev"])
    return kept_readings("dev")


def test_what_was_read_is_kept_line_by_line(kept):
    (readings,) = kept.values()
    assert list(readings.lines) == [line.source for line in SCENE.lines]
    assert {source for source, names in readings.lines.items() if names} == {
        line.source for line in SCENE.lines if "कजरी" in line.source
    }


def test_what_was_read_is_measured_beside_who_is_told_nothing_and_not_without_it(monkeypatch):
    monkeypatch.setattr(naming, "among", lambda _: (SCENE,))

    def found() -> dict[str, float]:
        return {figure.figure: figure.value for figure in asyncio.run(naming.measure("dev"))}

    with_it = found()
    assert {name.removesuffix("_selected") for name in with_it if name.endswith("_selected")} == {
        f"names_{way.name}" for way in WAYS
    }
    assert with_it["names_read_selected"] >= with_it["names_untold_selected"]
    monkeypatch.setattr(naming, "kept_readings", lambda _: {})
    assert {name.removesuffix("_selected") for name in found() if name.endswith("_selected")} == {"names_untold", "names_cast"}


@pytest.mark.parametrize("split", ["dev", "test"])
def test_the_kept_answers_are_of_all_lines_of_their_scenes_and_of_no_others(split):
    readings = kept_readings(split)
    assert list(readings) == [scene.name for scene in naming.among(split)]
    for scene in naming.among(split):
        same = set(readings[scene.name].lines) == {line.source for line in scene.lines}
        assert same, scene.name


async def test_somebody_who_knows_the_names_says_them_as_a_reader_would():
    reader = Answering("known", {}, Readings({"राज आया": (Called("राज", "Raj", "male"),), "हाँ": ()}))
    asked = (Message("system", ""), Message("user", json.dumps({"lines": {"1": "हाँ", "2": "राज आया"}})))
    assert (await reader.chat_as(Names, asked, max_tokens=9)).value.names == ["राज|Raj|m|2"]
    assert [each.about for each in reader.exchanges] == ["names"]


def test_what_is_read_is_paid_for_too():
    spent = Spent(system=(100,), user=(10,), answer=(1,), judged=(1000, 100), read=(20_000, 2000)).usage(cached=False)
    assert (spent.input_tokens, spent.output_tokens) == (21_110, 2101)


def test_scenes_that_were_written_for_names_are_no_part_of_the_others():
    assert {scene.split for scene in named("hi-en")} == {"dev"}
    assert not {scene.name for scene in named("hi-en")} & {scene.name for scene in scenes("hi-en")}


async def test_a_small_reader_finds_words_that_its_line_has_and_no_others():
    model = Model(goes_on=lambda prompt: " राज, किरण" if prompt.endswith("Line: राज कहाँ है?\nNames:") else " -")
    assert await found_in("राज कहाँ है?", model) == {"राज"}
    assert await found_in("कहाँ है?", model) == set()
