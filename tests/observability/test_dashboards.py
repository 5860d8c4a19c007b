"""Grafana's dashboards: whole, told apart, and each panel says in which unit it shows what."""

from collections import Counter
from itertools import combinations

import pytest
import yaml

from observed.asked import GRAFANA, Json, dashboards, panels

BOARDS = dashboards()
UNITS = {"none", "s", "bytes", "percent", "percentunit", "currencyUSD", "ops", "reqps"}
COLUMNS = 24


def all_panels() -> list[tuple[str, Json]]:
    return [(f"{board['uid']}/{panel['title']}", panel) for board in BOARDS.values() for panel in panels(board)]


def test_there_is_one_for_each_part_and_none_is_called_as_another():
    titles = sorted(board["title"] for board in BOARDS.values())
    assert titles == [
        "Setu: ASR workers and GPU",
        "Setu: LLM and translation",
        "Setu: costs and budgets",
        "Setu: overview",
        "Setu: pipeline and stages",
        "Setu: reliability",
    ]
    assert len({board["uid"] for board in BOARDS.values()}) == len(BOARDS)
    assert {f"{board['uid']}.json" for board in BOARDS.values()} == BOARDS.keys()


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_ids_and_titles_are_unique_and_panels_lie_side_by_side(board: Json):
    ids = Counter(panel["id"] for panel in board["panels"])
    titles = Counter(panel["title"] for panel in panels(board))
    assert [found for found, count in (ids + titles).items() if count > 1] == []
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert 0 <= place["x"] < place["x"] + place["w"] <= COLUMNS, panel["title"]
    for one, other in combinations(board["panels"], 2):
        assert not overlap(one["gridPos"], other["gridPos"]), (one["title"], other["title"])


def overlap(one: Json, other: Json) -> bool:
    beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
    below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    return not (beside or below)


@pytest.mark.parametrize(("where", "panel"), all_panels(), ids=[where for where, _ in all_panels()])
def test_a_panel_says_what_it_shows_in_which_unit_and_from_where(where: str, panel: Json):
    defaults = panel["fieldConfig"]["defaults"]
    assert panel["title"], where
    assert len(panel["description"]) > 10, where
    assert panel["description"].endswith("."), where
    assert defaults["unit"] in UNITS, where
    steps = [step["value"] for step in defaults["thresholds"]["steps"]]
    assert steps[0] is None
    assert steps[1:] == sorted(steps[1:]), where
    refs = [target["refId"] for target in panel["targets"]]
    assert refs, where
    assert len(set(refs)) == len(refs), where
    assert {target["datasource"]["uid"] for target in panel["targets"]} == {panel["datasource"]["uid"]}, where


def test_data_come_from_sources_that_are_provisioned():
    provisioned = yaml.safe_load((GRAFANA / "provisioning/datasources/setu.yml").read_text())["datasources"]
    sources = {(source["uid"], source["type"]) for source in provisioned}
    variables = [variable for board in BOARDS.values() for variable in board["templating"]["list"]]
    used = {(each["datasource"]["uid"], each["datasource"]["type"]) for each in [*variables, *(p for _, p in all_panels())]}
    assert used == sources
