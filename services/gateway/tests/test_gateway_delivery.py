"""Rendering: from transcripts in the store to files that callers fetch."""

import pytest

from setu_common.store import ObjectMissing, Store
from setu_common.subtitles import TranslationMismatch, parse
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
    srt, vtt = [parse((await store.read(files[name])).decode(), name) for name in ("srt", "vtt")]
    assert [cue.text for cue in srt] == [cue.text for cue in vtt] == ["Bonjour.", "Au revoir."]
    assert files["srt"].media_type == "application/x-subrip; charset=utf-8"
    assert files["vtt"].media_type == "text/vtt; charset=utf-8"
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
