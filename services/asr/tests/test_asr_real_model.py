"""Whisper base on real speech. Slow: a model is loaded."""

import re
import unicodedata
from difflib import SequenceMatcher

import numpy as np
import pytest

from setu_asr.domain.audio import RATE_HZ, Region
from setu_asr.engines.demuxer import decode
from setu_asr.settings import read_settings
from setu_asr.worker import handlers
from setu_common.contracts import (
    SPEECH_TRANSLATIONS,
    TRANSCRIPTIONS,
    Reference,
    SpeechTranslationRequest,
    Transcript,
    Transcription,
    TranscriptionRequest,
    TranslatedTranscript,
    TranslationResult,
)
from setu_common.models import Catalogue
from setu_common.operations import Work
from setu_common.settings import ModelSettings
from setu_common.store import Store

pytestmark = [pytest.mark.models, pytest.mark.timeout(300)]


def letters(text):
    return re.sub(r"\W+", " ", unicodedata.normalize("NFKC", text).casefold()).strip()


async def transcribe(reference: Reference, work: Work, times: int = 1) -> list[Transcription]:
    results = []
    async with handlers(read_settings()) as every:
        handler = {bound.kind.name: bound.handler for bound in every}[TRANSCRIPTIONS.name]
        for _ in range(times):
            result = await handler(TranscriptionRequest(media=reference), work)
            assert isinstance(result, Transcription)
            results.append(result)
    return results


async def test_french_is_recognised_word_by_word_the_same_each_time(store_settings, work, monkeypatch):
    monkeypatch.setenv("SETU_STORE_URL", store_settings.url)
    sample = Catalogue.load(ModelSettings()).sample("fr")
    store = Store(store_settings, "asr")
    reference = await store.put("local", sample.read_bytes(), "audio/wav")
    first, second = await transcribe(reference, work, times=2)
    transcript = await store.load(first.transcript, Transcript)
    assert first.transcript.sha256 == second.transcript.sha256
    assert (first.language, first.language_probability > 0.9) == ("fr", True)
    spoken = [letters(line) for line in sample.with_suffix(".txt").read_text().splitlines()]
    heard = [letters(segment.text) for segment in transcript.segments]
    assert len(heard) == len(spoken) == 3
    likeness = [SequenceMatcher(None, one, other).ratio() for one, other in zip(spoken, heard, strict=True)]
    assert min(likeness) > 0.7
    assert sum(likeness) / 3 > 0.9
    words = [word for segment in transcript.segments for word in segment.words]
    assert len(words) == sum(len(segment.text.split()) for segment in transcript.segments)
    assert transcript.segments[1].start_s - transcript.segments[0].end_s > 0.3


async def test_speech_after_a_long_silence_keeps_its_time(store_settings, work, monkeypatch, media):
    monkeypatch.setenv("SETU_STORE_URL", store_settings.url)
    speech = decode(Catalogue.load(ModelSettings()).sample("pt"), None, 3600, lambda _share: None)
    samples = speech.samples(Region(0, len(speech.pcm)))
    late = np.concatenate([np.zeros(45 * RATE_HZ, np.float32), samples])[None, :]
    store = Store(store_settings, "asr")
    path = media.audio("late.m4a", "aac", samples=late)
    reference = await store.put("local", path.read_bytes(), "audio/mp4")
    [result] = await transcribe(reference, work)
    transcript = await store.load(result.transcript, Transcript)
    assert result.language == "pt"
    assert transcript.segments[0].start_s == pytest.approx(45.0, abs=0.4)
    assert transcript.segments[-1].end_s == pytest.approx(45 + 8.3, abs=0.5)


async def test_french_speech_is_told_in_english_line_by_line(store_settings, work, monkeypatch):
    monkeypatch.setenv("SETU_STORE_URL", store_settings.url)
    store = Store(store_settings, "asr")
    reference = await store.put("local", Catalogue.load(ModelSettings()).sample("fr").read_bytes(), "audio/wav")
    async with handlers(read_settings()) as every:
        by_kind = {bound.kind.name: bound.handler for bound in every}
        heard = await by_kind[TRANSCRIPTIONS.name](TranscriptionRequest(media=reference), work)
        assert isinstance(heard, Transcription)
        asked = SpeechTranslationRequest(media=reference, transcript=heard.transcript)
        result = await by_kind[SPEECH_TRANSLATIONS.name](asked, work)
    assert isinstance(result, TranslationResult)
    translated = await store.load(result.translated, TranslatedTranscript)
    assert (result.segment_count, result.untranslated_count, result.engine) == (3, 0, "whisper-translate")
    assert letters(translated.translations[0].text).startswith(("hello", "good"))
