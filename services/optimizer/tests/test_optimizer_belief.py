"""How sure an entry is, and what an episode is given of several."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from setu_optimizer.domain.knowledge.belief import ENOUGH, LEFT_ALONE, LEFT_ALONE_ONCE, WEIGHTS, Evidence, confidence, counted
from setu_optimizer.domain.knowledge.choosing import choose, rated
from setu_optimizer.domain.knowledge.entries import Entry, Pair, plain, source_key
from setu_optimizer.domain.knowledge.scopes import scope

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MACHINE = st.sampled_from(["machine"])


def said(provenance, work="series:a", weight=None) -> Evidence:
    return Evidence(provenance, work, WEIGHTS[provenance] if weight is None else weight, uuid4(), NOW)


def sure(*evidence: Evidence, level="series", against=0.0) -> float:
    return confidence(sum(counted(evidence, level).values()), against)


def entry(target: str, *evidence: Evidence, source="राज", level="series", of="Mirzapur", kind="name", **more) -> Entry:
    where = scope(level, of)
    assert where is not None
    if "verdict" in more:
        more.setdefault("verdict_at", NOW)
    return Entry(
        id=uuid4(), pair=Pair("hi", "en"), kind=kind, sources=(source,), source_key=source_key(kind, (source,)), target=target,
        target_key=plain(target), scope=where, created_at=NOW, updated_at=NOW, evidence=evidence, **more,
    )  # fmt: skip


def given_of(*entries: Entry, most=100) -> list[str]:
    return [each.entry.target for each in choose(entries, most).given]


def test_who_says_so_once_is_enough_if_it_is_a_person_and_only_then():
    alone = {provenance: sure(said(provenance)) >= ENOUGH for provenance in WEIGHTS}
    assert alone == {"human-correction": True, "glossary": True, "caller": True, "tmdb": False, "machine": False}
    assert sure(said("human-correction", weight=LEFT_ALONE), said("machine")) >= ENOUGH
    assert sure(said("human-correction", weight=LEFT_ALONE_ONCE), said("machine")) < ENOUGH
    assert sure(said("human-correction", weight=LEFT_ALONE_ONCE), said("tmdb")) >= ENOUGH


@given(
    st.lists(st.builds(said, MACHINE, st.sampled_from([f"series:{n}" for n in range(50)])), max_size=300),
    st.sampled_from(["series", "genre"]),
)
def test_no_number_of_machines_is_enough_in_however_many_works(evidence, level):
    assert sure(*evidence, level=level) < ENOUGH


@given(st.integers(1, 50))
def test_repeats_of_a_machine_in_one_work_weigh_as_much_as_one(times):
    assert counted([said("machine") for _ in range(times)], "series") == counted([said("machine")], "series")


@given(st.lists(st.builds(said, st.sampled_from(sorted(WEIGHTS)), st.sampled_from(["series:a", "title:b"])), max_size=30))
def test_more_that_speaks_for_it_never_makes_it_less_sure_and_more_against_it_never_surer(evidence):
    for level in ("series", "genre"):
        assert 0 < sure(*evidence, level=level) < 1
        assert sure(*evidence, said("caller"), level=level) >= sure(*evidence, level=level) - 1e-12
        assert sure(*evidence, level=level, against=1) < sure(*evidence, level=level)


def test_a_genre_needs_two_works():
    one, two = said("human-correction", "title:a"), said("human-correction", "title:b")
    assert sure(one, one, one, level="genre") < ENOUGH <= sure(one, two, level="genre")


def test_of_two_targets_neither_is_given_unless_it_is_clearly_ahead():
    caller, people = entry("Raj", said("caller")), entry("Raja", said("human-correction"))
    assert given_of(caller, people) == []
    assert [each.contested for each in rated([caller, people])] == [True, True]
    again = entry("Raja", said("human-correction"), said("human-correction"))
    assert given_of(caller, again) == ["Raja"]


def test_the_nearest_scope_that_is_sure_decides():
    series = entry("Raj", said("caller"))
    title, genre = (
        entry("Raaz", said("human-correction"), level="title"),
        entry("Secret", verdict="accepted", level="genre", of="drama"),
    )
    assert given_of(genre, title, series) == ["Raj"]
    assert given_of(genre, title) == ["Raaz"]
    unsure = entry("Raj", said("machine"))
    assert given_of(genre, unsure) == ["Secret"]
    contested = entry("Roj", said("machine"))
    assert given_of(genre, unsure, contested) == []


def test_what_people_accepted_is_given_whatever_speaks_for_others_and_what_else_they_accepted_passes():
    loud = entry("King", *[said("human-correction") for _ in range(9)])
    old = entry("Raj", verdict="accepted", verdict_at=NOW)
    new = entry("Raju", verdict="accepted", verdict_at=NOW + timedelta(days=1), accepted=("Rajoo",))
    (chosen,) = choose([loud, old, new], 10).given
    assert (chosen.entry.target, chosen.confidence, chosen.entry.accepted) == ("Raju", 1.0, ("Rajoo", "Raj"))
    assert chosen.reason == "series “Mirzapur”: accepted on 2026-03-02"


def test_a_veto_counts_in_all_scopes_of_the_recording_and_a_nearer_acceptance_more():
    vetoed = entry("King", level="series", verdict="vetoed", verdict_by="anna")
    wide = entry("king", level="genre", of="drama", kind="term", verdict="accepted")
    assert given_of(vetoed, wide) == []
    near = entry("King", verdict="accepted")
    assert given_of(near, entry("King", level="genre", of="drama", verdict="vetoed")) == ["King"]


def test_what_was_vetoed_does_not_come_back_within_a_longer_entry_or_as_another_form():
    vetoed = entry("King", verdict="vetoed")
    line = entry("King came", *[said("human-correction")] * 2, source="राज आया", kind="edit")
    assert given_of(line) == ["King came"]
    assert given_of(vetoed, line) == []
    other = entry("Raj", verdict="accepted", accepted=("KING", "Raju"))
    (chosen,) = choose([vetoed, other], 10).given
    assert chosen.entry.accepted == ("Raju",)
    assert given_of(vetoed, entry("King", source="राजा", verdict="accepted")) == ["King"]  # राजा is a king


def test_a_veto_bars_what_sounds_the_same_until_people_accept_that():
    vetoed = entry("Raaj", verdict="vetoed")
    right = entry("Raj", *[said("human-correction")] * 3)
    assert given_of(vetoed, right) == []
    assert given_of(vetoed, replace(right, verdict="accepted", verdict_at=NOW + timedelta(days=1))) == ["Raj"]


def test_a_veto_speaks_against_nothing_else():
    assert given_of(entry("King", *[said("human-correction")] * 3, verdict="vetoed"), entry("Raj", said("caller"))) == ["Raj"]


def test_each_entry_says_why_it_is_given_or_not():
    choice = choose([entry("Raj", said("caller"), said("machine")), entry("Rani", said("machine"), source="रानी")], 10)
    assert [each.reason for each in choice.given] == [
        "0.73 sure, series “Mirzapur”: a caller said so in one job, a machine wrote it in one job"
    ]
    assert [each.reason for each in choice.withheld] == ["not sure enough: series “Mirzapur”: a machine wrote it in one job"]
