"""The handlers: from what lies in the store to what is delivered, with a language model's wire, a real database and a real ledger."""

from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal

import pytest
from sqlalchemy import text

from setu_common.contracts import (
    Character,
    Context,
    EnhancedTranscript,
    EnhancementRequest,
    QualityRequest,
    Reference,
    Segment,
    Transcript,
    TranslatedTranscript,
    Translation,
)
from setu_common.cost import Attribution, attributed
from setu_common.cost.budgets import set_budget
from setu_common.cost.ledger import SCHEMA
from setu_common.cost.recording import metering
from setu_common.cost.settings import PriceSettings
from setu_common.db import Database
from setu_common.http import Dependencies
from setu_common.llm.settings import LlmSettings, ProviderSettings
from setu_common.store import ObjectMissing
from setu_common.testing import Fault, OpenAiWire, always, faulty_wire
from setu_enhancer.equipment import equipped
from setu_enhancer.errors import LinesDiffer
from setu_enhancer.service import KNOWN_SHARE, EnhancementService
from setu_enhancer.settings import EditingSettings
from testbed.editing import ENGLISH, LINES, document_of, ids_of, names_of, translated, verdicts_of
from testbed.enhancing import core_settings, enhancer_settings

KNOWN = Context(
    characters=(
        Character(name="Raj", source="राज", gender="male"),
        Character(name="Asha", source="आशा", gender="female"),
    )
)
ANYWHERE = Reference(uri=f"setu://asr/acme/2026-01-01/{'0' * 64}-00000000", bytes=1, media_type="application/json")
PRICES = PriceSettings(overrides={"vendor/m-1": {"input_mtok": "1", "output_mtok": "4"}})


def says(asked) -> str:
    user = asked.messages[-1][1]
    return verdicts_of(user) or names_of(user) or translated(document_of(user))


@pytest.fixture
def desk(enhancer_database_settings, redis_settings, store_settings, database):
    """Make desks with a language model behind a URL, or with none."""

    @asynccontextmanager
    async def make(url: str | None = None, **editing):
        providers = (ProviderSettings(name="vendor", model="m-1", base_url=f"{url}/v1", billed_as="vendor"),) if url else ()
        settings = enhancer_settings(
            core_settings(enhancer_database_settings, redis_settings, store_settings),
            editing=EditingSettings(margin=0.0, **editing),
            llm=LlmSettings(providers=providers),
            prices=PRICES,
        )
        async with (
            metering(enhancer_database_settings, PRICES) as meter,
            equipped(settings, database, Dependencies(), meter) as made,
        ):
            yield made

    return make


@pytest.fixture
async def wired(desk, store):
    """Make services with a language model's wire behind them."""
    async with AsyncExitStack() as resources:

        async def make(*plan, **editing) -> tuple[EnhancementService, OpenAiWire]:
            wire = await resources.enter_async_context(faulty_wire(OpenAiWire(*plan, say=says)))
            made = await resources.enter_async_context(desk(wire.url, **editing))
            return EnhancementService(store, made), wire

        yield make


def transcript(language: str = "hi") -> Transcript:
    segments = tuple(
        Segment(index=line.index, start_s=line.start_s, end_s=line.end_s, text=line.source, speaker=line.speaker)
        for line in LINES
    )
    return Transcript(language=language, language_probability=1.0, duration_s=999.0, segments=segments, engine="e", model="m")


def draft(*indices: int, target: str = "en") -> TranslatedTranscript:
    return TranslatedTranscript(
        source_language="hi",
        target_language=target,
        translations=tuple(
            Translation(segment_index=line.index, text=line.draft, confidence=0.8, engine="llm")
            for line in LINES
            if not indices or line.index in indices
        ),
        engine="llm",
        model="m",
    )


def right() -> TranslatedTranscript:
    """A translation whose names are right."""
    made = draft()
    texts = [each.model_copy(update={"text": ENGLISH[each.segment_index]}) for each in made.translations]
    return made.model_copy(update={"translations": tuple(texts)})


@pytest.fixture
async def stored(store) -> EnhancementRequest:
    return EnhancementRequest(
        source_language="hi",
        target_language="en",
        transcript=await store.put_model("acme", transcript()),
        translated=await store.put_model("acme", draft()),
        context=KNOWN,
    )


async def run(service, request, work):
    """As a worker runs a handler: calls are put down to the operation."""
    with attributed(Attribution(work.tenant, "enhancer", None, "enhancements", "en", work.operation_id)):
        return await service.enhance(request, work)


async def spent(settings, work) -> Decimal:
    """What the ledger says that an operation's calls cost."""
    ledger = Database(settings, SCHEMA)
    async with ledger.reading() as connection:
        usd = (
            await connection.execute(
                text("SELECT coalesce(sum(usd), 0) FROM call WHERE operation_id = :id"), {"id": work.operation_id}
            )
        ).scalar_one()
    await ledger.close()
    return Decimal(usd)


async def test_lines_with_a_reason_are_edited_and_all_others_stay(wired, store, stored, begin, enhancer_database_settings):
    service, wire = await wired()
    work = await begin()
    result = await run(service, stored, work)
    final = await store.load(result.translated, TranslatedTranscript)
    audit = await store.load(result.report, EnhancedTranscript)
    texts = [each.text for each in final.translations]
    assert [each.segment_index for each in final.translations] == [line.index for line in LINES]
    assert len(texts) == len(LINES) == result.segment_count == len(audit.lines)
    changed = {line.segment_index for line in audit.lines if line.changed}
    by_rule = {line.segment_index: line.text for line in audit.lines if line.provider == "rules"}
    assert by_rule == {0: ENGLISH[0], 1: ENGLISH[1], 5: "Raj has never spoken a lie.", 11: ENGLISH[11]}  # names as words
    assert changed > set(by_rule)
    for place, (text_, line) in enumerate(zip(texts, LINES, strict=True)):
        assert text_ == by_rule.get(place, ENGLISH[place] if place in changed else line.draft)
    read = {line.cost_usd for line in audit.lines if line.segment_index in by_rule or not line.reasons}
    assert Decimal(0) < min(read) <= max(read) < min(line.cost_usd for line in audit.lines if line.provider == "vendor")
    told = [asked.messages[-1][1] for asked in wire.asked]
    edits = [each for each in told if not verdicts_of(each) and not names_of(each)]
    assert not by_rule.keys() & {index for each in edits for index in ids_of(document_of(each))}
    assert any(map(verdicts_of, told))  # who edits judges as well, unless a setting says otherwise
    assert 6 not in {line.segment_index for line in audit.lines if line.reasons}  # "Close the door."
    assert all(line.score_before is not None for line in audit.lines)
    assert all(line.score_after.total > line.score_before.total for line in audit.lines if line.changed)
    assert (result.selected_count, result.kept_count) == (sum(bool(line.reasons) for line in audit.lines), len(changed))
    assert result.kept_count <= result.edited_count <= result.selected_count < len(LINES)
    assert (result.provider, result.model, result.cached_count, result.degraded, result.skipped) == ("vendor", "m-1", 0, "", "")
    assert result.score_after > result.score_before
    assert [(entry.target, entry.provenance) for entry in audit.glossary][:2] == [("Raj", "caller"), ("Asha", "caller")]
    assert audit.prompt.startswith("hi-en@")
    page = (await store.read(result.page)).decode()
    assert "<del>King,</del> <ins>Raj,</ins>" in page
    assert result.page.media_type.startswith("text/html")
    assert Decimal(0) < result.cost_usd == await spent(enhancer_database_settings, work)
    assert sum((line.cost_usd for line in audit.lines), Decimal(0)) == result.cost_usd
    assert [share for share, _ in work.reported] == sorted(share for share, _ in work.reported)
    assert work.reported[0][0] == 0.0
    assert len(wire.asked) >= 1


async def test_an_edited_line_says_who_edited_it_and_which_terms_it_still_misses(wired, store, stored, begin):
    missing = draft().model_copy(
        update={
            "translations": tuple(
                each.model_copy(update={"missed_terms": ("राज", "घर")}) if each.segment_index == 0 else each
                for each in draft().translations
            )
        }
    )
    service, _ = await wired()
    request = stored.model_copy(update={"translated": await store.put_model("acme", missing)})
    result = await run(service, request, await begin())
    first, *others = (await store.load(result.translated, TranslatedTranscript)).translations
    assert (first.text, first.engine, first.confidence, first.missed_terms) == (ENGLISH[0], "rules", None, ("घर",))
    untouched = next(each for each in others if each.segment_index == 6)
    assert (untouched.engine, untouched.confidence) == ("llm", 0.8)


async def test_a_second_run_asks_nobody_and_costs_nothing(wired, store, stored, begin, enhancer_database_settings):
    service, wire = await wired()
    first = await run(service, stored, await begin())
    asked = len(wire.asked)
    again = await begin()
    second = await run(service, stored, again)
    assert len(wire.asked) == asked > 0
    assert (second.cost_usd, await spent(enhancer_database_settings, again)) == (Decimal(0), Decimal(0))
    assert (second.cached_count, second.selected_count) == (first.selected_count - 4, first.selected_count)  # four by rule
    assert await store.read(second.translated) == await store.read(first.translated)
    anew = await run(service, stored.model_copy(update={"reuse": False}), await begin())
    assert len(wire.asked) == 2 * asked
    assert anew.cached_count == 0


@pytest.mark.parametrize("read_names", [True, False])
async def test_names_that_nobody_told_are_read_unless_that_is_not_wanted(wired, store, stored, begin, read_names):
    service, wire = await wired(read_names=read_names)
    result = await run(service, stored.model_copy(update={"context": Context()}), work := await begin())
    assert ((KNOWN_SHARE, "reading names") in work.reported) is read_names
    audit = await store.load(result.report, EnhancedTranscript)
    assert {entry.provenance for entry in audit.glossary if entry.target == "Raj"} == {"model" if read_names else "text"}
    assert any(names_of(asked.messages[-1][1]) for asked in wire.asked) is read_names


async def test_another_attempt_pays_for_nothing_twice(wired, stored, begin):
    service, wire = await wired()
    work = await begin()
    await run(service, stored, work)
    asked = len(wire.asked)
    await run(service, stored, work)
    assert len(wire.asked) == asked


async def test_only_what_a_line_and_those_around_it_name_makes_its_edit_anew_and_another_tenant_shares_none(
    wired, stored, begin
):
    service, wire = await wired()
    first = await run(service, stored, await begin())
    asked = len(wire.asked)
    more = stored.model_copy(
        update={"context": Context(characters=(*KNOWN.characters, Character(name="Vikram", source="विक्रम")))}
    )
    again = await run(service, more, await begin())
    assert again.cached_count == first.selected_count - 4  # nobody says Vikram; four by rule
    assert len(wire.asked) == asked
    raaj = stored.model_copy(
        update={"context": Context(characters=(Character(name="Raaj", source="राज"), KNOWN.characters[1]))}
    )
    other = await run(service, raaj, await begin())
    assert 0 < other.cached_count < first.selected_count - 4
    assert len(wire.asked) > asked
    assert (await run(service, stored, await begin("other"))).cached_count == 0


async def test_lines_that_come_with_the_request_go_with_the_answer(wired, store, stored, begin):
    service, _ = await wired()
    lines = [
        {"index": line.index + 40, "start_s": line.start_s, "end_s": line.end_s, "source": line.source, "draft": line.draft}
        for line in LINES[6:7]
    ]
    asked = {"source_language": "hi", "target_language": "en", "lines": lines, "context": KNOWN.model_dump()}
    result = await run(service, EnhancementRequest.model_validate(asked), await begin())
    assert [(line.segment_index, line.text, line.changed) for line in result.lines] == [(46, "Close the door.", False)]
    assert (result.translated, result.page) == (None, None)
    assert (await store.load(result.report, EnhancedTranscript)).lines == result.lines


@pytest.mark.parametrize(("mode", "setting"), [("off", None), ("selective", "off")])
async def test_nobody_is_asked_where_nobody_is_to_be(wired, stored, begin, mode, setting):
    service, wire = await wired(mode=setting)
    result = await run(service, stored.model_copy(update={"mode": mode}), await begin())
    assert (result.skipped, result.translated, result.report) == ("not wanted: the mode is off", None, None)
    assert wire.asked == []


async def test_all_lines_are_asked_about_where_a_caller_wants_that(wired, stored, begin):
    service, _ = await wired()
    result = await run(service, stored.model_copy(update={"mode": "all"}), await begin())
    assert result.selected_count == len(LINES)


async def test_without_a_language_model_names_are_put_right_by_rule_and_the_answer_says_what_to_set(desk, store, stored, begin):
    async with desk() as made:
        result = await run(EnhancementService(store, made), stored, await begin())
    final = await store.load(result.translated, TranslatedTranscript)
    right = {0: ENGLISH[0], 1: ENGLISH[1], 5: "Raj has never spoken a lie.", 11: ENGLISH[11]}
    assert [each.text for each in final.translations] == [right.get(line.index, line.draft) for line in LINES]
    assert (result.skipped, result.degraded, result.kept_count, result.cost_usd) == ("", "", 4, Decimal(0))
    assert (result.provider, result.model) == ("rules", "names")
    (note,) = result.notes
    assert note.startswith("Only names were put right, by rule: there is no language model to ask.")
    assert "SETU_LLM_PROVIDERS" in note


async def test_without_a_language_model_and_a_name_that_rules_mend_the_answer_says_what_to_set(desk, store, stored, begin):
    async with desk() as made:
        service = EnhancementService(store, made)
        anonymous = stored.model_copy(update={"translated": await store.put_model("acme", right())})
        result = await run(service, anonymous, await begin())
        line = {"index": 7, "start_s": 0, "end_s": 1, "source": "पानी दो", "draft": "Water two"}
        inline = {"source_language": "hi", "target_language": "en", "lines": [line]}
        told = await run(service, EnhancementRequest.model_validate(inline), await begin())
    assert result.skipped.startswith("not possible: there is no language model to ask.")
    assert "SETU_LLM_PROVIDERS" in result.skipped
    assert (result.translated, result.degraded) == (None, "")
    assert [(line.segment_index, line.text, line.changed) for line in told.lines] == [(7, "Water two", False)]


async def test_without_money_lines_keep_their_drafts_and_the_answer_says_so(
    wired, store, stored, begin, enhancer_database_settings
):
    ledger = Database(enhancer_database_settings, SCHEMA)
    async with ledger.transaction() as connection:
        await set_budget(connection, "acme", Decimal(0))
    await ledger.close()
    service, wire = await wired()
    work = await begin()
    result = await run(service, stored, work)
    final = await store.load(result.translated, TranslatedTranscript)
    assert [each.text for each in final.translations][6:11] == [line.draft for line in LINES[6:11]]
    assert "keep their drafts" in result.degraded
    assert "budget" in result.degraded
    assert (wire.asked, await spent(enhancer_database_settings, work)) == ([], Decimal(0))
    assert (result.kept_count, final.translations[0].text) == (4, ENGLISH[0])  # rules cost nothing


async def test_a_model_that_can_not_answer_leaves_the_drafts_and_the_answer_says_why(wired, store, stored, begin):
    service, _ = await wired(always(Fault.QUOTA))
    result = await run(service, stored, await begin())
    final = await store.load(result.translated, TranslatedTranscript)
    assert [each.text for each in final.translations][6:11] == [line.draft for line in LINES[6:11]]
    assert "vendor" in result.degraded
    assert (result.kept_count, result.provider) == (4, "rules")


async def test_a_translation_that_does_not_belong_to_its_transcript_is_refused(wired, store, stored, begin):
    service, _ = await wired()
    for wrong in (
        {"translated": await store.put_model("acme", draft(0, 1, 2))},
        {"translated": await store.put_model("acme", draft(target="fr"))},
        {"transcript": await store.put_model("acme", transcript("mr"))},
    ):
        with pytest.raises(LinesDiffer):
            await run(service, stored.model_copy(update=wrong), await begin())
    with pytest.raises(ObjectMissing):
        await run(service, stored.model_copy(update={"transcript": ANYWHERE}), await begin())


async def test_scores_are_told_line_by_line_and_references_only_beside_them(wired, begin):
    service, wire = await wired()
    lines = [
        {
            "source": line.source,
            "text": line.draft,
            "reference": ENGLISH[line.index],
            "start_s": line.start_s,
            "end_s": line.end_s,
        }
        for line in LINES
    ]
    asked = {"source_language": "hi", "target_language": "en", "lines": lines, "context": KNOWN.model_dump()}
    literal = await service.scores(QualityRequest.model_validate(asked), await begin())
    better = [line | {"text": line["reference"]} for line in lines]
    good = await service.scores(QualityRequest.model_validate(asked | {"lines": better}), await begin())
    blind = [{name: value for name, value in line.items() if name != "reference"} for line in lines]
    without = await service.scores(QualityRequest.model_validate(asked | {"lines": blind}), await begin())
    assert len(literal.scores) == len(LINES)
    assert good.mean.total > literal.mean.total
    assert (good.bleu, good.chrf) == (pytest.approx(100), pytest.approx(100))
    assert 0 < literal.bleu < 100
    assert without.scores == literal.scores
    assert (without.bleu, without.chrf) == (None, None)
    assert {method for score in literal.scores for method in score.methods} == {"signals"}
    assert wire.asked == []


async def test_scores_say_what_they_were_found_without(desk, store, begin):
    asked = {"source_language": "hi", "target_language": "en", "lines": [{"source": "राज", "text": "Raj"}], "judge": True}
    async with desk() as made:
        report = await EnhancementService(store, made).scores(QualityRequest.model_validate(asked), await begin())
    assert len(report.scores) == 1
    assert report.notes[0].startswith("Scored without a judge: there is no language model to ask")
