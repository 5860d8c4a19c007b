"""What was edited before, in a real database."""

from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from setu_common.db import Database
from setu_common.operations.connection import HealingConnection
from setu_common.settings import DatabaseSettings
from setu_enhancer import repository
from setu_enhancer.domain.glossary import Entry
from setu_enhancer.domain.lines import Pair
from setu_enhancer.memory import KeptMemory, Made, Remembered, exact_key

HINDI = Pair("hi", "en")
RAJ = Entry(("राज",), "Raj", (), "name", "caller", "male")


def made(key: str, source: str = "राज आया", offered: str = "Raj came", *, kept: bool = True) -> Made:
    return Made(key, source, "King came", offered, kept, "openai", "small")


@pytest.fixture
def memory_of(database):
    def make(work, similarity: float = 0.6) -> KeptMemory:
        return KeptMemory(database, work.tenant, work.operation_id, similarity=similarity)

    return make


async def test_an_edit_is_found_again_under_its_key_alone(memory_of, begin):
    memory = memory_of(await begin())
    await memory.remember(HINDI, [made("k1"), made("k2", offered="Raj is here", kept=False)])
    again = memory_of(await begin())
    assert await again.exact(["k1", "k2", "k3"]) == {
        "k1": Remembered("Raj came", "openai", "small"),
        "k2": Remembered("Raj is here", "openai", "small"),
    }
    assert await again.exact([]) == {}


async def test_what_is_remembered_anew_counts(memory_of, begin):
    memory = memory_of(await begin())
    await memory.remember(HINDI, [made("k", offered="first")])
    await memory.remember(HINDI, [made("k", offered="second"), made("k", offered="third")])
    assert (await memory.exact(["k"]))["k"].offered == "third"


async def test_nobody_is_told_what_another_tenant_had_edited(memory_of, begin):
    await memory_of(await begin("acme")).remember(HINDI, [made("k")])
    other = memory_of(await begin("other"))
    assert await other.exact(["k"]) == {}
    assert await other.similar(HINDI, "राज आया", 3) == ()


async def test_what_was_taken_again_outlives_the_operation_that_made_it(memory_of, begin, database):
    first, second = await begin(), await begin()
    await memory_of(first).remember(HINDI, [made("taken"), made("left")])
    await memory_of(second).exact(["taken"])
    await erase(database, first)
    third = memory_of(await begin())
    assert set(await third.exact(["taken", "left"])) == {"taken"}
    await erase(database, second)
    assert set(await third.exact(["taken", "left"])) == {"taken"}  # the third took it in its turn


async def test_nothing_is_kept_of_an_operation_that_is_gone(memory_of, begin, database):
    work = await begin()
    await erase(database, work)
    await memory_of(work).remember(HINDI, [made("k")])
    assert await memory_of(await begin()).exact(["k"]) == {}


async def test_lines_much_like_one_serve_as_examples_the_likest_first(memory_of, begin):
    await memory_of(await begin()).remember(
        HINDI,
        [
            made("1", "राज कल आया था", "Raj came yesterday"),
            made("2", "राज कल आएगा", "Raj will come tomorrow"),
            made("3", "राज कल आया था।", "a bad one", kept=False),
            made("4", "मुझे भूख लगी है", "I am hungry"),
        ],
    )
    await memory_of(await begin()).remember(Pair("fr", "en"), [made("5", "राज कल आया था", "another pair's")])
    memory = memory_of(await begin())
    found = await memory.similar(HINDI, "राज कल आया था", 3)
    assert [each.text for each in found] == ["Raj came yesterday", "Raj will come tomorrow"]
    assert found[0].likeness == 1.0
    assert 0.6 <= found[1].likeness < 1.0
    assert [each.text for each in await memory.similar(HINDI, "राज कल आया था", 1)] == ["Raj came yesterday"]
    assert await memory.similar(HINDI, "", 3) == ()


async def test_a_text_that_the_database_cannot_hold_is_left_out_and_harms_no_other(memory_of, begin):
    memory = memory_of(await begin())
    await memory.remember(HINDI, [made("bad", source="a\x00b"), made("good")])
    assert set(await memory.exact(["bad", "good"])) == {"good"}


async def test_edits_that_are_looked_for_are_counted_and_names_are_not(database, begin):
    work = await begin()
    told: list[tuple[int, int]] = []
    memory = KeptMemory(
        database, work.tenant, work.operation_id, similarity=0.6, counted=lambda asked, found: told.append((asked, found))
    )
    await memory.remember(HINDI, [made("edit"), made("names")])
    assert set(await memory.exact(["names", "new names"])) == {"names"}
    assert set(await memory.exact(["edit", "new edit", "newer edit"], of_edits=True)) == {"edit"}
    assert told == [(3, 1)]


async def test_without_the_database_nothing_is_known_and_nobody_fails(begin):
    away = Database(DatabaseSettings(url="postgresql://nobody@127.0.0.1:1/none", connect_timeout_s=1), "enhancer")
    work = await begin()
    memory = KeptMemory(away, work.tenant, work.operation_id, similarity=0.6)
    await memory.remember(HINDI, [made("k")])
    assert await memory.exact(["k"]) == {}
    assert await memory.similar(HINDI, "राज", 3) == ()
    await away.close()


async def test_of_each_tenant_so_many_edits_are_kept_and_the_longest_unused_go_first(
    memory_of, begin, database, enhancer_database_settings
):
    await memory_of(await begin()).remember(HINDI, [made(f"k{n}") for n in range(5)])
    await memory_of(await begin("other")).remember(HINDI, [made("o")])
    async with database.transaction() as connection:
        await connection.execute(
            text("UPDATE remembered SET created_at = now() - make_interval(secs => substr(key, 2)::int) WHERE key LIKE 'k%'")
        )
    statement = repository.RETIRE.replace("500000", "2")
    with closing(HealingConnection(enhancer_database_settings, "enhancer")) as healing, healing.transaction() as connection:
        assert connection.execute(statement, {"days": 1, "by_tenant": None}).rowcount == 3
    left = memory_of(await begin())
    assert set(await left.exact([f"k{n}" for n in range(5)])) == {"k0", "k1"}
    assert set(await memory_of(await begin("other")).exact(["o"])) == {"o"}


def test_a_key_depends_on_all_that_a_model_is_told():
    told: dict[str, Any] = {
        "pair": HINDI,
        "source": "राज",
        "draft": "King",
        "context": ("a", "b"),
        "entries": (RAJ,),
        "room": "enough",
        "prompt": "edit@1",
        "model": "small",
    }
    others = {
        "pair": Pair("hi", "fr"),
        "source": "रानी",
        "draft": "Queen",
        "context": ("ab",),
        "entries": (replace(RAJ, target="Raaj"),),
        "room": "3",
        "prompt": "edit@2",
        "model": "large",
    }
    key = exact_key(**told)
    assert key == exact_key(**told)
    assert len({key, *(exact_key(**(told | {name: other})) for name, other in others.items())}) == 1 + len(others)


def test_who_says_how_a_name_is_written_and_in_which_order_names_come_makes_no_other_key():
    told: dict[str, Any] = {
        "pair": HINDI, "source": "राज", "draft": "King", "context": (), "room": "enough", "prompt": "edit@1", "model": "small",
    }  # fmt: skip
    asha = Entry(("आशा",), "Asha", (), "name", "text")
    key = exact_key(**told, entries=(RAJ, asha))
    assert key == exact_key(**told, entries=(asha, replace(RAJ, provenance="text", accepted=("Raaj",)), asha))
    assert key != exact_key(**told, entries=(RAJ,))


async def test_what_a_judge_thought_is_kept_beside_the_edit(memory_of, begin):
    await memory_of(await begin()).remember(HINDI, [replace(made("k"), opinion="well said"), made("other")])
    second = memory_of(await begin())
    assert (await second.exact(["k", "other"]))["k"].opinion == "well said"
    third = memory_of(await begin())
    assert {key: each.opinion for key, each in (await third.exact(["k", "other"])).items()} == {"k": "well said", "other": ""}


async def erase(database, work) -> None:
    async with database.transaction() as connection:
        await connection.execute(text("DELETE FROM operation WHERE id = :id"), {"id": work.operation_id})
