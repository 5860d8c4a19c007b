"""Rendering: from transcripts in the store to files that callers fetch."""

import pytest

from setu_common.contracts import Removal, Segment, Translation
from setu_common.store import ObjectMissing, Store
from setu_common.subtitles import TranslationMismatch, UnknownProfile, Violation, parse
from setu_gateway.delivery.document import SubtitleDocument
from setu_gateway.delivery.rendering import FORMATS, Renderer
from setu_gateway.pipeline.kinds import RenderingRequest
from setu_gateway.testing.fakes import FakeWork
from setu_gateway.testing.samples import a_transcript, a_translation, reference


@pytest.fixture
def asr(store_settings) -> Store:
    return Store(store_settings, "asr")


async def test_captions_are_rendered_in_every_format(store, asr):
    request = RenderingRequest(transcript=await asr.put_model("local", a_transcript()), language="fr")
    rendering = await Renderer(store)(request, FakeWork())
    files = {file.format: file.reference for file in rendering.files}
    assert tuple(files) == FORMATS
    assert (rendering.language, rendering.cue_count) == ("fr", 2)
    srt, vtt, ass = [parse((await store.read(files[name])).decode(), name) for name in ("srt", "vtt", "ass")]
    assert [cue.text for cue in srt] == ["Bonjour.", "Au revoir."]
    assert srt == vtt == ass
    assert files["srt"].media_type == "application/x-subrip; charset=utf-8"
    assert files["vtt"].media_type == "text/vtt; charset=utf-8"
    assert files["ass"].media_type == "text/x-ssa; charset=utf-8"
    assert all(file.uri.startswith("setu://gateway/local/") for file in files.values())


async def test_a_translation_is_rendered_at_its_segments_times(store, asr):
    request = RenderingRequest(
        transcript=await asr.put_model("local", a_transcript()),
        translated=await asr.put_model("local", a_translation()),
        language="en",
    )
    rendering = await Renderer(store)(request, FakeWork())
    document = await store.load(rendering.files[-1].reference, SubtitleDocument)
    assert (document.language, document.source_language) == ("en", "fr")
    assert [(line.index, line.start_s, line.text, line.source_text) for line in document.lines] == [
        (0, 0.0, "Good day.", "Bonjour."),
        (1, 2.0, "Goodbye.", "Au revoir."),
    ]


@pytest.mark.parametrize("texts", [("Good day.",), ("Good day.", "Goodbye.", "More.")])
async def test_a_translation_with_another_number_of_lines_is_a_clear_failure(store, asr, texts):
    request = RenderingRequest(
        transcript=await asr.put_model("local", a_transcript()),
        translated=await asr.put_model("local", a_translation(texts=texts)),
        language="en",
    )
    with pytest.raises(TranslationMismatch, match="2 segments"):
        await Renderer(store)(request, FakeWork())


async def test_a_translation_whose_lines_changed_places_is_a_clear_failure(store, asr):
    translated = a_translation()
    translated = translated.model_copy(update={"translations": translated.translations[::-1]})
    request = RenderingRequest(
        transcript=await asr.put_model("local", a_transcript()),
        translated=await asr.put_model("local", translated),
        language="en",
    )
    with pytest.raises(TranslationMismatch):
        await Renderer(store)(request, FakeWork())


async def test_a_text_in_another_language_than_asked_is_not_delivered_as_if_it_were(store, asr):
    translated = await asr.put_model("local", a_translation("hi"))
    request = RenderingRequest(transcript=await asr.put_model("local", a_transcript()), translated=translated, language="en")
    with pytest.raises(TranslationMismatch, match="'hi'"):
        await Renderer(store)(request, FakeWork())


async def test_a_transcript_that_is_gone_is_said_to_be(store):
    with pytest.raises(ObjectMissing):
        await Renderer(store)(RenderingRequest(transcript=reference(), language="fr"), FakeWork())


async def test_silence_gives_files_without_cues(store, asr):
    request = RenderingRequest(transcript=await asr.put_model("local", a_transcript(texts=())), language="fr")
    rendering = await Renderer(store)(request, FakeWork())
    assert rendering.cue_count == 0
    assert (await store.read(rendering.files[1].reference)).decode().strip() == "WEBVTT"


async def rendered_document(store, asr, transcript, translated=None, **wishes) -> tuple[SubtitleDocument, int]:
    request = RenderingRequest(
        transcript=await asr.put_model("local", transcript),
        translated=await asr.put_model("local", translated) if translated else None,
        language=translated.target_language if translated else transcript.language,
        **wishes,
    )
    rendering = await Renderer(store)(request, FakeWork())
    document = await store.load(rendering.files[-1].reference, SubtitleDocument)
    assert rendering.cue_count == len(document.cues)
    return document, rendering.violation_count


LONG = "Nous devons partir avant que la pluie ne commence, car la route sera longue et le pont, là-bas, ne tiendra pas toute la nuit."


async def test_cues_are_cut_by_the_profile_that_is_asked_for(store, asr):
    transcript = a_transcript().model_copy(update={"segments": (Segment(index=0, start_s=0, end_s=12, text=LONG),)})
    whole, _ = await rendered_document(store, asr, transcript, profile="none")
    assert [(cue.start_s, cue.end_s, cue.text, cue.segments) for cue in whole.cues] == [(0, 12, LONG, (0,))]
    assert (whole.profile, whole.violations) == ("none", ())
    cut, count = await rendered_document(store, asr, transcript, profile="netflix")
    assert (cut.profile, count) == ("netflix", 0)
    assert len(cut.cues) > 1
    assert all(len(line) <= 42 for cue in cut.cues for line in cue.text.split("\n"))
    assert " ".join(" ".join(cue.text.split()) for cue in cut.cues) == LONG
    assert all(cue.segments == (0,) for cue in cut.cues)


async def test_a_rule_that_no_cutting_can_keep_is_named_and_counted(store, asr):
    segments = (Segment(index=0, start_s=0, end_s=1, text=LONG), Segment(index=1, start_s=1, end_s=9, text="Vite !"))
    document, count = await rendered_document(store, asr, a_transcript().model_copy(update={"segments": segments}))
    assert count == len(document.violations) > 0
    assert Violation.model_validate(document.violations[0]).rule == "reading-speed"
    assert all(each.cue < len(document.cues) for each in document.violations)


async def test_short_lines_that_share_a_cue_are_told_by_their_indices(store, asr):
    segments = (Segment(index=3, start_s=0, end_s=0.4, text="Oui,"), Segment(index=4, start_s=0.4, end_s=1.5, text="je viens."))
    document, _ = await rendered_document(store, asr, a_transcript().model_copy(update={"segments": segments}))
    assert [cue.segments for cue in document.cues] == [(3, 4)]


async def test_the_document_tells_what_was_removed_noted_missed_and_doubted(store, asr):
    removal = Removal(start_s=3, end_s=4, text="Sous-titres réalisés par", reason="boilerplate", evidence="p = 0.1")
    transcript = a_transcript().model_copy(update={"removed": (removal,), "notes": ("not aligned",)})
    translations = (
        Translation(segment_index=0, text="Good day.", confidence=0.25, engine="nllb", missed_terms=("jour",)),
        Translation(segment_index=1, text="Goodbye.", engine="llm"),
    )
    translated = a_translation().model_copy(update={"translations": translations})
    document, _ = await rendered_document(store, asr, transcript, translated)
    assert document.removed == (removal,)
    assert document.notes == ("not aligned",)
    assert [(line.confidence, line.engine, line.missed_terms) for line in document.lines] == [
        (0.25, "nllb", ("jour",)),
        (None, "llm", ()),
    ]
    captions, _ = await rendered_document(store, asr, transcript)
    assert {line.engine for line in captions.lines} == {"faster-whisper"}


async def test_a_profile_that_there_is_none_of_is_a_clear_failure(store, asr):
    with pytest.raises(UnknownProfile, match="netflix"):
        await rendered_document(store, asr, a_transcript(), profile="cinema")
