"""The memory across episodes, in a real database."""

import asyncio
from contextlib import closing, suppress
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb
from sqlalchemy import text

from setu_common.contracts import (
    AsrPlan,
    AudioProfile,
    Character,
    Context,
    CorrectionRequest,
    DeliveredText,
    EditedCue,
    EditedSubtitles,
    EnhancedTranscript,
    GlossaryEntry,
    ObservationRequest,
    Reference,
    Segment,
    Term,
    Transcript,
    TranslatedTranscript,
    Translation,
)
from setu_common.contracts.knowledge import KnowledgeQuery, KnowledgeScope, NewKnowledge, RetrievalRequest, VerdictSetting
from setu_common.errors import InvalidRequest
from setu_common.operations.connection import HealingConnection
from setu_optimizer.errors import EntryNotFound, VetoStays
from setu_optimizer.knowledge import Curation, Knowledge, repository

NOWHERE = Reference(uri=f"setu://gateway/acme/2026-01-01/{'0' * 64}-{'0' * 8}", bytes=1, media_type="a/b")
PROFILE = AudioProfile(duration_s=60, track="0", clipping_ratio=0, speech_ratio=0.8, music_ratio=0, language="hi")
SERIES = Context(series="Mirzapur", season=1, episode=1)
MUNNA = Character(name="Munna", source="मुन्ना", gender="male")


@pytest.fixture
def knowledge(database) -> Knowledge:
    return Knowledge(database)


@pytest.fixture
def curation(database) -> Curation:
    return Curation(database)


def finished(context: Context, job_id: UUID | None = None, targets=("en",)) -> ObservationRequest:
    return ObservationRequest(
        job_id=job_id or uuid4(),
        source_language="hi",
        profile=PROFILE,
        plan=AsrPlan(),
        transcript=NOWHERE,
        model_time_s=1,
        context=context,
        delivered=tuple(DeliveredText(language=each, translated=NOWHERE) for each in targets),
    )


def audit(*entries: GlossaryEntry, target="en") -> EnhancedTranscript:
    return EnhancedTranscript(
        source_language="hi", target_language=target, prompt="edit@1", glossary_sha256="0", glossary=entries, lines=()
    )


def guess(source="राज", target="King", provenance="text") -> GlossaryEntry:
    return GlossaryEntry(source=(source,), target=target, kind="name", provenance=provenance)


async def given(knowledge: Knowledge, context: Context, target="en", tenant="acme") -> dict[str, str]:
    known = await knowledge.known(tenant, context, "hi", [target])
    return {each.source[0]: each.target for pair in known for each in pair.entries if each.verdict != "vetoed"}


async def correct(knowledge: Knowledge, lines, context=SERIES, job_id=None, glossary=()) -> tuple[str, ...]:
    """Lines are what was said, what was delivered, and what a person made of it."""
    segments = tuple(Segment(index=at, start_s=at * 3, end_s=at * 3 + 2, text=said) for at, (said, _, _) in enumerate(lines))
    transcript = Transcript(language="hi", language_probability=1, duration_s=99, segments=segments, engine="e", model="m")
    translations = tuple(Translation(segment_index=at, text=was, engine="e") for at, (_, was, _) in enumerate(lines))
    delivered = TranslatedTranscript(
        source_language="hi", target_language="en", translations=translations, engine="e", model="m"
    )
    cues = tuple(EditedCue(start_s=at * 3, end_s=at * 3 + 2, text=edited) for at, (_, _, edited) in enumerate(lines))
    request = CorrectionRequest(
        job_id=job_id or uuid4(), language="en", source_language="hi", edited=NOWHERE, transcript=NOWHERE, context=context
    )
    edited = EditedSubtitles(language="en", cues=cues)
    learned = await knowledge.learn_from_correction(
        "acme", request, transcript, delivered=delivered, edited=edited, glossary=glossary
    )
    assert learned is not None
    return learned


async def count(database, table: str) -> int:
    async with database.reading() as connection:
        return int((await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


async def test_what_a_caller_knew_of_an_episode_is_known_of_the_next_however_its_title_is_spelt(knowledge):
    await knowledge.learn_from_job("acme", finished(SERIES.model_copy(update={"characters": (MUNNA,)})), [])
    for title in ("Mirzapur S01E02", "mirzapur - season 1 ep. 2", "मिर्ज़ापुर 1x02", "MIRZAPOOR सीज़न 1 एपिसोड 2", "Mirzapur"):
        context = Context(title=title) if any(each.isdigit() for each in title) else Context(series=title)
        assert await given(knowledge, context) == {"मुन्ना": "Munna"}, title
    known = await knowledge.known("acme", SERIES, "hi", ["en", "fr"])
    assert [(each.target_language, [entry.gender for entry in each.entries]) for each in known] == [("en", ["male"])]
    assert [entry.provenance for each in known for entry in each.entries] == ["learned"]


async def test_nothing_of_it_is_known_of_another_series_or_to_another_tenant_or_in_other_languages(knowledge):
    await knowledge.learn_from_job("acme", finished(SERIES.model_copy(update={"characters": (MUNNA,)})), [])
    assert await given(knowledge, Context(series="Paatal Lok")) == {}
    assert await given(knowledge, Context(title="Mirzapur 2")) == {}
    assert await given(knowledge, Context()) == {}
    assert await given(knowledge, SERIES, tenant="other") == {}
    assert await given(knowledge, SERIES, target="fr") == {}


async def test_a_job_without_a_title_teaches_nothing(knowledge, database):
    assert await knowledge.learn_from_job("acme", finished(Context(characters=(MUNNA,))), [audit(guess())]) == 0
    assert await count(database, "known_entry") == 0


async def test_terms_of_two_films_are_known_of_a_third_of_the_same_genre_and_those_of_one_are_not(knowledge):
    def film(title: str) -> Context:
        return Context(title=title, genre="Crime, Drama", director="Anurag Kashyap")

    told = Term(source="भाईगिरी", target="thuggery")
    await knowledge.learn_from_job("acme", finished(film("Satya").model_copy(update={"terms": (told,)})), [])
    third = Context(title="Company", genre="crime")
    assert await given(knowledge, third) == {}
    await knowledge.learn_from_job(
        "acme", finished(film("Vaastav").model_copy(update={"terms": (told,), "characters": (MUNNA,)})), []
    )
    assert await given(knowledge, third) == {"भाईगिरी": "thuggery"}
    assert await given(knowledge, Context(title="Company", director="अनुराग कश्यप")) == {"भाईगिरी": "thuggery"}


@pytest.mark.parametrize("machine", ["text", "model"])
async def test_ten_repeats_of_a_machines_own_mistake_are_not_given_and_one_correction_is(knowledge, database, machine):
    for _ in range(10):
        await knowledge.learn_from_job("acme", finished(SERIES), [audit(guess(provenance=machine))])
    assert await given(knowledge, SERIES) == {}
    assert await count(database, "known_evidence") == 10
    said = await correct(knowledge, [("राज आया", "King came", "Raj came"), ("वो सो गया", "he slept", "he slept")])
    assert said == ("राज → Raj",)
    assert await given(knowledge, SERIES) == {"राज": "Raj"}


async def test_what_the_memory_gave_is_no_evidence_for_itself(knowledge, database):
    await knowledge.learn_from_job("acme", finished(SERIES), [audit(guess(provenance="learned"))])
    assert await count(database, "known_evidence") == 0


async def test_terms_of_a_job_in_several_languages_are_learned_for_those_that_have_them(knowledge):
    context = SERIES.model_copy(update={"terms": (Term(source="दीदी", target="sister"),)})
    line = {"segment_index": 0, "source": "दीदी आई", "draft": "", "changed": False}
    english = audit().model_copy(update={"lines": EnhancedTranscript.model_validate(
        audit().model_dump() | {"lines": [line | {"text": "My sister came"}]}).lines})  # fmt: skip
    french = EnhancedTranscript.model_validate(audit(target="fr").model_dump() | {"lines": [line | {"text": "Ma sœur est là"}]})
    await knowledge.learn_from_job("acme", finished(context, targets=("en", "fr")), [english, french])
    assert await given(knowledge, SERIES) == {"दीदी": "sister"}
    assert await given(knowledge, SERIES, target="fr") == {}


async def test_the_same_job_twice_counts_once_and_its_next_run_replaces_what_it_said(knowledge, database):
    job = uuid4()
    context = SERIES.model_copy(update={"characters": (MUNNA,)})
    for _ in range(2):
        await knowledge.learn_from_job("acme", finished(context, job), [audit(guess())])
    assert await count(database, "known_evidence") == 2
    await knowledge.learn_from_job("acme", finished(SERIES, job), [audit(guess("रानी", "Queen"))])
    async with database.reading() as connection:
        left = (await connection.execute(text("SELECT target FROM known_entry"))).scalars().all()
    assert left == ["Queen"]


async def test_a_purged_job_takes_back_what_it_and_its_corrections_said_and_leaves_what_people_decided(
    knowledge, curation, database
):
    job, other = uuid4(), uuid4()
    both = SERIES.model_copy(update={"characters": (MUNNA,)})
    await knowledge.learn_from_job("acme", finished(both, job), [audit(guess("रानी", "Queen"))])
    await correct(knowledge, [("राज आया", "King came", "Raj came")], job_id=job)
    await knowledge.learn_from_job(
        "acme", finished(SERIES.model_copy(update={"characters": (Character(name="Guddu"),)}), other), []
    )
    (queen,) = (await curation.entries("acme", KnowledgeQuery(text="queen"))).entries
    await curation.decide("acme", queen.id, VerdictSetting(verdict="vetoed"))
    await knowledge.forget_job("acme", job)
    left = (await curation.entries("acme", KnowledgeQuery())).entries
    assert {each.target: each.evidence == () for each in left} == {"Queen": True, "Guddu": False}
    await knowledge.forget_job("acme", other)
    assert [each.target for each in (await curation.entries("acme", KnowledgeQuery())).entries] == ["Queen"]
    assert await count(database, "known_evidence") == 0


@pytest.mark.parametrize("again", ["King", "KING!", "king", "Kiing"])
async def test_what_was_vetoed_never_comes_back_in_whatever_spelling_whoever_says_so(knowledge, curation, again):
    await correct(knowledge, [("राज आया", "Raj came", "King came")], glossary=[guess(target="Raj")])
    assert await given(knowledge, SERIES) == {"राज": "King"}
    (entry,) = (await curation.entries("acme", KnowledgeQuery(text="king"))).entries
    await curation.decide("acme", entry.id, VerdictSetting(verdict="vetoed", by="anna"))
    assert await given(knowledge, SERIES) == {}
    for spelling in ("राज", "Raj", "राज़"):
        character = Character(name=again, source=spelling)
        for _ in range(3):
            await knowledge.learn_from_job("acme", finished(SERIES.model_copy(update={"characters": (character,)})), [])
        await correct(knowledge, [(f"{spelling} आया", "Raj came", f"{again} came")], glossary=[guess(spelling, "Raj")])
    genre = SERIES.model_copy(update={"genre": "drama", "terms": (Term(source="राज", target=again),)})
    for title in ("A film", "Another one"):
        await knowledge.learn_from_job("acme", finished(genre.model_copy(update={"series": "", "title": title})), [])
    assert await given(knowledge, SERIES.model_copy(update={"genre": "drama"})) == {}
    retrieval = await knowledge.retrieve(
        "acme", RetrievalRequest(source_language="hi", target_languages=("en",), context=SERIES)
    )
    assert any("vetoed by anna" in each.reason for each in retrieval.pairs[0].withheld)
    (told,) = await knowledge.known("acme", SERIES, "hi", ["en"])  # who writes names from elsewhere hears of it
    assert {(each.target, each.verdict) for each in told.entries} == {("King", "vetoed")}


async def test_people_may_decide_otherwise_and_the_last_word_counts(knowledge, curation):
    new = NewKnowledge(
        source_language="hi", target_language="en", kind="name", sources=("राज",), target="Raj",
        scope=KnowledgeScope(level="series", name="Mirzapur"), by="anna",
    )  # fmt: skip
    entry = await curation.add("acme", new)
    assert (entry.verdict, entry.verdict_by, entry.confidence) == ("accepted", "anna", 1.0)
    for _ in range(5):
        await correct(knowledge, [("राज आया", "Raj came", "King came")], glossary=[guess(target="Raj")])
    assert await given(knowledge, SERIES) == {"राज": "Raj"}
    await curation.decide("acme", entry.id, VerdictSetting(verdict="vetoed"))
    assert await given(knowledge, SERIES) == {"राज": "King"}
    again = await curation.add("acme", new.model_copy(update={"target": "RAJ"}))
    assert (again.id, again.target, again.verdict) == (entry.id, "RAJ", "accepted")
    assert await given(knowledge, SERIES) == {"राज": "RAJ"}


async def test_a_vetoed_entry_is_not_forgotten_and_an_accepted_one_may_be(knowledge, curation, database):
    new = NewKnowledge(
        source_language="hi",
        target_language="en",
        sources=("दीदी",),
        target="sister",
        scope=KnowledgeScope(level="genre", name="drama"),
    )
    entry = await curation.add("acme", new)
    await curation.decide("acme", entry.id, VerdictSetting(verdict="vetoed"))
    with pytest.raises(VetoStays):
        await curation.remove("acme", entry.id)
    await curation.decide("acme", entry.id, VerdictSetting(verdict="accepted"))
    with pytest.raises(EntryNotFound):
        await curation.remove("other", entry.id)
    await curation.remove("acme", entry.id)
    with pytest.raises(EntryNotFound):
        await curation.decide("acme", entry.id, VerdictSetting(verdict="accepted"))
    assert await count(database, "known_scope") == 0


async def test_a_conflict_is_shown_and_neither_side_is_given_until_one_is_clearly_ahead(knowledge, curation):
    both = [Character(name="Munna", source="मुन्ना"), Character(name="Little One", source="मुन्ना")]
    for character in both:
        await knowledge.learn_from_job("acme", finished(SERIES.model_copy(update={"characters": (character,)})), [])
    assert await given(knowledge, SERIES) == {}
    (conflict,) = (await curation.conflicts("acme", 10)).conflicts
    assert {each.target for each in conflict.entries} == {"Munna", "Little One"}
    assert not conflict.given
    assert all(each.contested for each in conflict.entries)
    for _ in range(2):
        await correct(knowledge, [("मुन्ना आया", "Little One came", "Munna came")])
    assert await given(knowledge, SERIES) == {"मुन्ना": "Munna"}
    (conflict,) = (await curation.conflicts("acme", 10)).conflicts
    assert (conflict.given, conflict.entries[0].target) == (True, "Munna")
    await curation.decide("acme", conflict.entries[1].id, VerdictSetting(verdict="vetoed"))
    assert (await curation.conflicts("acme", 10)).conflicts == ()


async def test_pages_show_every_entry_once_and_filters_hold(knowledge, curation):
    names = [Character(name=f"Name{chr(97 + at)}", source="") for at in range(5)]
    await knowledge.learn_from_job("acme", finished(SERIES.model_copy(update={"characters": tuple(names)})), [audit(guess())])
    seen, cursor = [], None
    for _ in range(3):
        page = await curation.entries("acme", KnowledgeQuery(limit=2, cursor=cursor))
        seen += [each.target for each in page.entries]
        cursor = page.next_cursor
    assert cursor is None
    assert sorted(seen) == sorted(["King", *(each.name for each in names)])

    async def targets(**query: object) -> list[str]:
        return [each.target for each in (await curation.entries("acme", KnowledgeQuery.model_validate(query))).entries]

    assert await targets(text="NAMEB") == ["Nameb"]
    assert await targets(text="राज") == ["King"]
    assert await targets(scope="मिर्ज़ापुर", text="king") == ["King"]
    assert await targets(scope="Paatal Lok") == []
    assert await targets(kind="term") == await targets(level="genre") == await targets(verdict="vetoed") == []
    assert len(await targets(verdict="none", level="series", kind="name", source_language="hi", target_language="en")) == 6
    assert (await curation.entries("other", KnowledgeQuery())).entries == ()
    with pytest.raises(InvalidRequest):
        await curation.entries("acme", KnowledgeQuery(cursor="nonsense"))


async def test_an_episode_is_given_so_many_entries_at_most_the_most_certain_first(database, curation):
    knowledge = Knowledge(database, most=2)
    names = tuple(Character(name=f"Name{chr(97 + at)}o", source="") for at in range(4))
    await knowledge.learn_from_job("acme", finished(SERIES.model_copy(update={"characters": names})), [])
    (entry,) = (await curation.entries("acme", KnowledgeQuery(text="namedo"))).entries
    await curation.decide("acme", entry.id, VerdictSetting(verdict="accepted"))
    request = RetrievalRequest(source_language="hi", target_languages=("en",), context=SERIES)
    (pair,) = (await knowledge.retrieve("acme", request)).pairs
    assert [each.confidence for each in (given.entry for given in pair.given)] == [1.0, pytest.approx(0.714, abs=0.01)]
    assert pair.given[0].entry.target == "Namedo"
    assert {each.reason for each in pair.withheld} == {"more than 2 are known"}


async def test_many_learners_of_the_same_entries_at_once_lose_nothing_and_make_no_entry_twice(knowledge, curation, database):
    context = SERIES.model_copy(update={"characters": (MUNNA, Character(name="Guddu", source="गुड्डू")), "genre": "drama"})
    jobs = [finished(context.model_copy(update={"series": ("Mirzapur", "मिर्ज़ापुर")[at % 2]})) for at in range(8)]
    await asyncio.gather(
        *(knowledge.learn_from_job("acme", job, [audit(guess())]) for job in jobs),
        *(knowledge.forget_job("acme", job.job_id) for job in jobs[:2]),
    )
    for job in jobs[:2]:
        await knowledge.forget_job("acme", job.job_id)
    assert await count(database, "known_scope") == 1
    entries = (await curation.entries("acme", KnowledgeQuery())).entries
    assert {each.target: [said.count for said in each.evidence] for each in entries} == {
        "Munna": [6],
        "Guddu": [6],
        "King": [6],
    }


async def test_what_is_broken_off_halfway_leaves_nothing(knowledge, database, monkeypatch):
    async def breaks(*_args: object, **_more: object) -> None:
        raise ConnectionAbortedError

    monkeypatch.setattr(repository, "keep_evidence", breaks)
    with suppress(ConnectionAbortedError):
        await knowledge.learn_from_job("acme", finished(SERIES.model_copy(update={"characters": (MUNNA,)})), [])
    assert await count(database, "known_entry") == await count(database, "known_scope") == 0


async def test_texts_that_no_table_takes_are_left_out_and_the_rest_is_learned(knowledge):
    characters = (MUNNA, Character(name="a\x00b", source="ख"), Character(name="…", source="!"))
    assert await knowledge.learn_from_job("acme", finished(SERIES.model_copy(update={"characters": characters})), []) == 1
    assert await given(knowledge, SERIES) == {"मुन्ना": "Munna"}


async def test_what_only_machines_say_ages_and_what_people_say_or_decided_does_not(
    knowledge, curation, database, optimizer_database_settings
):
    context = SERIES.model_copy(update={"characters": (MUNNA,)})
    await knowledge.learn_from_job(
        "acme", finished(context), [audit(guess(), guess("रानी", "Queen"), guess("मीना", "Starling"))]
    )
    (queen,) = (await curation.entries("acme", KnowledgeQuery(text="queen"))).entries
    await curation.decide("acme", queen.id, VerdictSetting(verdict="vetoed"))
    async with database.transaction() as connection:
        await connection.execute(
            text("UPDATE known_entry SET updated_at = now() - interval '40 days' WHERE target <> 'Starling'")
        )
    with closing(HealingConnection(optimizer_database_settings, "optimizer")) as healing:
        for days, left in ((50, 4), (30, 3)):
            with healing.transaction() as db:
                db.execute(repository.RETIRE, {"days": days, "by_tenant": Jsonb({"other": 1})})
            assert await count(database, "known_entry") == left
    assert {each.target for each in (await curation.entries("acme", KnowledgeQuery())).entries} == {
        "Munna",
        "Queen",
        "Starling",
    }
