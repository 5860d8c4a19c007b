"""The handler: from the reference to a transcript to the reference to its translation."""

import asyncio
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from setu_common.contracts import Reference, Term, TranslatedTranscript, TranslationRequest
from setu_common.errors import DependencyUnavailable
from setu_common.store import ObjectMissing, Store
from setu_translate.engines.choice import Engines
from setu_translate.engines.translator import Rendering
from setu_translate.errors import EngineMissing, LanguagePairUnsupported
from setu_translate.service import TranslationService

ANYWHERE = Reference(uri=f"setu://asr/acme/2026-01-01/{'0' * 64}-00000000", bytes=1, media_type="application/json")


class Capitals:
    """Translates into capital letters, except lines that hold an x."""

    engine = "capitals"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def model(self, source_language, target_language):
        return "abc"

    def check(self, source_language, target_language):
        if target_language == "ta":
            raise LanguagePairUnsupported("No Tamil.")

    async def translate(self, lines, source_language, target_language, errand):
        renderings = []
        for place, line in enumerate(lines):
            self.asked.append(line.text)
            renderings.append(
                Rendering(line.text, 0.0, usable=False) if "x" in line.text else Rendering(line.text.upper(), 0.5)
            )
            errand.done(place, renderings[-1])
        return renderings


def serving(store, *engines, join_sentences=True) -> TranslationService:
    """A service with engines, the preferred one first."""
    named = {engine.engine: engine for engine in engines}
    return TranslationService(store, Engines(named, list(named)), join_sentences=join_sentences)


@pytest.fixture
def store(store_settings) -> Store:
    return Store(store_settings, "translate")


@pytest.fixture
def engine() -> Capitals:
    return Capitals()


@pytest.fixture
def service(store, engine) -> TranslationService:
    return serving(store, engine)


async def run(service, store, work, transcript, target="en"):
    reference = await store.put_model("acme", transcript)
    result = await service.translate(TranslationRequest(transcript=reference, target_language=target), work)
    return result, await store.load(result.translated, TranslatedTranscript)


async def test_each_segment_gets_a_translation_under_its_own_index(service, store, work, make_transcript):
    transcript = make_transcript("un", "deux x", "trois", first_index=40)
    result, translated = await run(service, store, work, transcript)
    assert [(each.segment_index, each.text, each.confidence) for each in translated.translations] == [
        (40, "UN", 0.5),
        (41, "deux x", 0.0),
        (42, "TROIS", 0.5),
    ]
    assert (result.segment_count, result.untranslated_count) == (3, 1)
    assert (result.source_language, result.target_language, result.engine, result.model) == ("fr", "en", "capitals", "abc")
    assert (translated.source_language, translated.target_language) == ("fr", "en")
    assert result.translated.uri.startswith("setu://translate/acme/")


async def test_progress_is_told_line_by_line(service, store, work, make_transcript):
    await run(service, store, work, make_transcript("un", "deux", "♪", "trois", "quatre"))
    assert work.reported == [(0.0, "0 of 4 lines"), *((n / 4, f"{n} of 4 lines") for n in range(1, 5))]


async def test_what_has_no_letters_is_the_same_in_every_language(service, store, work, engine, make_transcript):
    result, translated = await run(service, store, work, make_transcript("♪♪", "", "12 : 30", "oui", " "))
    assert [each.text for each in translated.translations] == ["♪♪", "", "12 : 30", "OUI", " "]
    assert engine.asked == ["oui"]
    assert result.untranslated_count == 0


async def test_silence_has_an_empty_translation(service, store, work, make_transcript):
    result, translated = await run(service, store, work, make_transcript())
    assert (result.segment_count, result.untranslated_count, translated.translations) == (0, 0, ())


async def test_a_transcript_in_the_target_language_already_is_taken_over(service, store, work, engine, make_transcript):
    result, translated = await run(service, store, work, make_transcript("oui", "non"), target="fr")
    assert [each.text for each in translated.translations] == ["oui", "non"]
    assert result.engine == "copy"
    assert engine.asked == []


async def test_a_language_that_the_engine_lacks_fails_even_if_there_is_nothing_to_say(service, store, work, make_transcript):
    with pytest.raises(LanguagePairUnsupported):
        await run(service, store, work, make_transcript("♪"), target="ta")


async def test_a_transcript_that_is_gone_is_said_to_be(service, work):
    with pytest.raises(ObjectMissing):
        await service.translate(TranslationRequest(transcript=ANYWHERE, target_language="en"), work)


async def test_an_engine_that_is_away_leaves_no_translation_behind(store, work, make_transcript, tmp_path):
    class Away(Capitals):
        async def translate(self, *_):
            raise DependencyUnavailable("away")

    with pytest.raises(DependencyUnavailable):
        await run(serving(store, Away()), store, work, make_transcript("oui"))
    stored = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert len(stored) == 1  # the transcript


async def test_terms_that_are_missed_are_listed_and_counted(store, work, make_transcript):
    terms = (Term(source="Anneau", target="Ring"), Term(source="épée", target="SWORD"))
    service = serving(store, Capitals())
    reference = await store.put_model("acme", make_transcript("L'anneau et l'épée.", "Rien."))
    result = await service.translate(TranslationRequest(transcript=reference, target_language="en", terms=terms), work)
    translated = await store.load(result.translated, TranslatedTranscript)
    assert [each.missed_terms for each in translated.translations] == [(), ()]
    assert translated.translations[0].text == "L'RING ET L'SWORD."  # asked again with the terms in the line
    assert result.missed_term_count == 0


async def test_an_engine_that_is_asked_for_is_taken_or_nothing(store, work, make_transcript):
    class Small(Capitals):
        engine = "llm"

        async def translate(self, lines, source_language, target_language, errand):
            return [Rendering(line.text.lower(), 0.5) for line in lines]

    service = serving(store, Capitals(), Small())
    reference = await store.put_model("acme", make_transcript("Oui."))
    wanted = TranslationRequest(transcript=reference, target_language="en", engine="llm")
    result = await service.translate(wanted, work)
    assert result.engine == "llm"
    assert (await store.load(result.translated, TranslatedTranscript)).translations[0].text == "oui."
    with pytest.raises(EngineMissing, match=r"no engine 'nllb'; it has capitals, llm"):
        await service.translate(wanted.model_copy(update={"engine": "nllb"}), work)


async def test_another_attempt_goes_on_where_the_last_one_failed(store, work, make_transcript):
    class Flaky(Capitals):
        async def translate(self, lines, source_language, target_language, errand):
            if len(self.asked) < 2:
                await super().translate(lines[:2], source_language, target_language, errand)
                raise DependencyUnavailable("away")
            return await super().translate(lines, source_language, target_language, errand)

    engine = Flaky()
    service = serving(store, engine)
    transcript = make_transcript("Un.", "Quatre.", "Trois.")
    with pytest.raises(DependencyUnavailable):
        await run(service, store, work, transcript)
    _, translated = await run(service, store, work, transcript)
    assert engine.asked == ["Un.", "Quatre.", "Trois."]
    assert [each.text for each in translated.translations] == ["UN.", "QUATRE.", "TROIS."]
    assert work.reported[-1] == (1.0, "3 of 3 lines")


class OneObject:
    """A store for one transcript, and what is put beside it."""

    def __init__(self, transcript) -> None:
        self.transcript = transcript
        self.put: TranslatedTranscript | None = None

    async def load(self, reference, model):
        return self.transcript

    async def put_model(self, tenant, model):
        self.put = model
        return ANYWHERE


@given(texts=st.lists(st.text(max_size=10), max_size=10), first_index=st.integers(0, 1000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the work only counts
def test_n_segments_in_n_translations_out_under_the_same_indices(make_transcript, work, texts, first_index):
    store = OneObject(make_transcript(*texts, first_index=first_index))
    request = TranslationRequest(transcript=ANYWHERE, target_language="en")
    result = asyncio.run(serving(cast("Store", store), Capitals(), join_sentences=False).translate(request, work))
    assert store.put is not None
    segments, translations = store.transcript.segments, store.put.translations
    assert [each.segment_index for each in translations] == [segment.index for segment in segments]
    assert all(each.text in (text, text.upper()) for each, text in zip(translations, texts, strict=True))
    assert result.segment_count == len(texts)
    assert result.untranslated_count == sum("x" in text for text in texts)


async def test_terms_that_earlier_work_taught_are_honoured_and_nothing_is_told_of_those_that_are_not(
    store, work, make_transcript
):
    class Deaf(Capitals):
        async def translate(self, lines, source_language, target_language, errand):
            told.extend(term.target for line in lines for term in line.terms)
            for place, _ in enumerate(lines):
                errand.done(place, Rendering("Nothing of it.", 0.5))
            return [Rendering("Nothing of it.", 0.5) for _ in lines]

    told: list[str] = []
    reference = await store.put_model("acme", make_transcript("L'anneau et l'épée."))
    asked = TranslationRequest(
        transcript=reference,
        target_language="en",
        terms=(Term(source="anneau", target="Ring"),),
        known=(Term(source="épée", target="Sword"),),
    )
    result = await serving(store, Deaf()).translate(asked, work)
    assert set(told) == {"Ring", "Sword"}
    assert result.missed_term_count == 1
