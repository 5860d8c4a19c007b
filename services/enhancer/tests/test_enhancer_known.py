"""What earlier work taught is among the names and terms of a text, and what people decided of it before what databases say."""

from typing import Any

import pytest

from setu_common.contracts import Character, Context, DraftLine, EnhancementRequest, GlossaryEntry
from setu_common.store import Store
from setu_enhancer.domain.glossary import Entry, glossary, learned_of
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.thresholds import Thresholds
from setu_enhancer.service import Desk, EnhancementService

RAJ = GlossaryEntry(source=("राज",), target="Raaj", kind="name", provenance="caller", gender="male")
MANOR = GlossaryEntry(source=("हवेली",), target="manor", accepted=("mansion",), kind="term", provenance="learned")


def test_what_is_known_counts_as_learned_whoever_said_it_first():
    assert learned_of((RAJ, MANOR)) == (
        Entry(("राज",), "Raaj", (), "name", "learned", "male"),
        Entry(("हवेली",), "manor", ("mansion",), "term", "learned", None),
    )


def test_the_caller_wins_over_what_is_known_and_that_over_the_text():
    lines = [Line(0, 0.0, 2.0, "राज हवेली में है", "Raj is in the palace")]
    said = Context(characters=(Character(name="Raj", source="राज"),))
    pair = Pair("hi", "en")
    entries = glossary(said, lines, pair, learned=learned_of((RAJ, MANOR))).entries
    assert [(entry.target, entry.provenance) for entry in entries] == [("Raj", "caller"), ("manor", "learned")]
    alone = glossary(Context(), lines, pair, learned=learned_of((RAJ,))).entries
    assert [(entry.target, entry.provenance) for entry in alone] == [("Raaj", "learned")]


def test_what_people_accepted_goes_before_the_movie_database_and_what_they_vetoed_comes_back_from_nobody_but_the_caller():
    lines = [Line(0, 0.0, 2.0, "राज और सिमरन", "Raaj and Simran"), Line(1, 2.0, 4.0, "राज कहाँ है", "Where is Raaj")]
    pair = Pair("hi", "en")
    cast = ["Raaj Malhotra (voice)", "Simmran"]
    accepted = GlossaryEntry(source=("सिमरन",), target="Simran", kind="name", provenance="learned", verdict="accepted")
    vetoed = RAJ.model_copy(update={"verdict": "vetoed"})
    before = glossary(Context(), lines, pair, cast).entries
    assert {"Raaj Malhotra", "Raaj", "Simmran"} <= {entry.target for entry in before}
    entries = glossary(Context(), lines, pair, cast, learned=learned_of((vetoed, accepted))).entries
    assert [entry.target for entry in entries] == ["Simran", "Malhotra"]
    said = Context(characters=(Character(name="Raaj", source="राज"),))
    assert glossary(said, lines, pair, cast, learned=learned_of((vetoed,))).entries[0].target == "Raaj"


class Stopped(Exception):
    pass


class Nobody:
    async def of(self, context: Context) -> tuple[tuple[str, ...], str]:
        return (), ""


class NoWork:
    def progress(self, fraction: float, note: str = "") -> None:
        pass

    async def in_thread(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)


async def test_lines_are_edited_with_what_is_known(monkeypatch, store_settings):
    given = []

    def stop(*_: object, learned: object = (), **__: object) -> None:
        given.append(learned)
        raise Stopped

    monkeypatch.setattr("setu_enhancer.service.glossary", stop)
    nothing: Any = None
    casting: Any = Nobody()
    desk = Desk(
        editor=nothing, memory=lambda _work: nothing, prompts=nothing, thresholds=Thresholds(), casting=casting, price=nothing
    )
    line = DraftLine(index=0, start_s=0.0, end_s=1.0, source="राज", draft="King")
    request = EnhancementRequest(source_language="hi", target_language="en", lines=(line,), known=(RAJ,))
    work: Any = NoWork()
    with pytest.raises(Stopped):
        await EnhancementService(Store(store_settings, "enhancer"), desk).enhance(request, work)
    assert given == [learned_of((RAJ,))]
