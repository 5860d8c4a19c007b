"""Speech into English, segment by segment, with a recogniser that can be told what to answer."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from setu_asr.domain.audio import RATE_HZ
from setu_asr.domain.heard import Heard
from setu_asr.engines.pool import RecogniserPool
from setu_asr.errors import TranscriptMismatch
from setu_asr.translating import SpeechTranslationService
from setu_common.contracts import (
    Reference,
    Segment,
    SpeechTranslationRequest,
    Transcript,
    TranslatedTranscript,
    TranslationResult,
)
from setu_common.models import Catalogue
from setu_common.settings import ModelSettings
from setu_common.store import ObjectMissing, Store


class Interpreter:
    """Tells how loud each clip is, in English; ``answers`` take the place of what it would say, in the order of the asking."""

    def __init__(self) -> None:
        self.batches: list[list[float]] = []
        self.plans: list[str] = []
        self.answers: list[Heard | None] = []

    def detect_language(self, clips):
        raise AssertionError("the transcript says the language")

    def recognise(self, clips, language, plan):
        raise AssertionError("nothing is to be transcribed")

    def in_english(self, clips: Sequence[np.ndarray], language, plan) -> list[Heard | None]:
        assert 1 <= len(clips) <= plan.batch_size
        self.plans.append(f"{plan.engine} {plan.model} {language}")
        self.batches.append([len(clip) / RATE_HZ for clip in clips])
        return [self._say(clip) for clip in clips]

    def _say(self, clip) -> Heard | None:
        if self.answers:
            return self.answers.pop(0)
        return Heard(0.0, len(clip) / RATE_HZ, f"loud {float(np.median(np.abs(clip))):.1f}", avg_logprob=-0.5)


class Present(Catalogue):
    """A catalogue whose models are all there."""

    def ensure(self, name, on_progress=None):
        return self._settings.folder / name


def present_models(folder) -> Catalogue:
    settings = ModelSettings(folder=folder, offline=True)
    whole = Catalogue.load(settings)
    return Present({name: whole[name] for name in whole.names()}, settings)


class Desk:
    """The service, and what is around it."""

    def __init__(self, store: Store, settings, work, folder) -> None:
        self.interpreter, self.store, self.work = Interpreter(), store, work
        self.loaded: list[str] = []
        self.pool = RecogniserPool(60, 1)
        self.service = SpeechTranslationService(
            store=store, catalogue=present_models(folder), pool=self.pool, engines=self._engines, settings=settings
        )

    def _engines(self, engine):
        assert engine == "faster-whisper"
        return self._load

    def _load(self, key, folder):
        self.loaded.append(key.model)
        return self.interpreter

    async def translate(self, media: Reference, transcript: Transcript) -> tuple[TranslationResult, TranslatedTranscript]:
        reference = await self.store.put_model("local", transcript)
        result = await self.service.translate(SpeechTranslationRequest(media=media, transcript=reference), self.work)
        return result, await self.store.load(result.translated, TranslatedTranscript)


@pytest.fixture
def desk(store_settings, recognition, work, tmp_path):
    desk = Desk(Store(store_settings, "asr"), recognition, work, tmp_path / "models")
    yield desk
    desk.pool.close()


@pytest.fixture
async def steps(desk, media) -> Reference:
    """Ten seconds, each louder than the one before."""
    loudness = np.repeat(np.arange(1, 11) / 12, RATE_HZ).astype(np.float32)
    path = media.audio("steps.wav", "pcm_s16le", samples=loudness[None, :])
    return await desk.store.put("local", path.read_bytes(), "audio/wav")


def transcript_of(*segments: tuple[float, float, str], language="fr", duration_s=10.0, model="whisper-base") -> Transcript:
    return Transcript(
        language=language,
        language_probability=1.0,
        duration_s=duration_s,
        segments=tuple(Segment(index=i, start_s=start, end_s=end, text=text) for i, (start, end, text) in enumerate(segments)),
        engine="faster-whisper",
        model=model,
    )


async def test_each_segment_is_heard_again_and_keeps_its_place_whatever_the_order_of_the_batches(desk, steps):
    spoken = transcript_of((0.1, 0.9, "un"), (2.2, 6.8, "trois à sept"), (7.3, 7.7, "huit"), (9.1, 9.9, "dix"))
    result, translated = await desk.translate(steps, spoken)
    assert [each.segment_index for each in translated.translations] == [0, 1, 2, 3]
    assert [each.text for each in translated.translations] == ["loud 0.1", "loud 0.4", "loud 0.7", "loud 0.8"]
    assert {each.engine for each in translated.translations} == {"whisper-translate"}
    assert [each.confidence for each in translated.translations] == [pytest.approx(np.exp(-0.5))] * 4
    assert (result.engine, result.model, result.target_language) == ("whisper-translate", "whisper-base", "en")
    assert (result.segment_count, result.untranslated_count) == (4, 0)
    assert desk.interpreter.batches == [sorted(desk.interpreter.batches[0])]


async def test_what_is_heard_beside_a_segment_never_reaches_into_its_neighbours(desk, steps):
    await desk.translate(steps, transcript_of((1.0, 2.0, "deux"), (2.1, 3.0, "trois"), (5.0, 6.0, "six")))
    assert desk.interpreter.batches == [pytest.approx([1.2, 1.3, 1.4])]


async def test_lines_without_letters_are_not_asked_for_and_stay(desk, steps):
    result, translated = await desk.translate(steps, transcript_of((1, 2, "♪ 12"), (3, 4, "quatre")))
    assert [each.text for each in translated.translations] == ["♪ 12", "loud 0.3"]
    assert (translated.translations[0].engine, translated.translations[0].confidence) == ("copy", 1.0)
    assert result.untranslated_count == 0


@pytest.mark.parametrize("answer", [None, Heard(0, 1, "राज बहुत अच्छा दोस्त है"), Heard(0, 1, "…")])
async def test_a_segment_of_which_nothing_usable_comes_keeps_its_text_and_is_counted(desk, steps, answer):
    desk.interpreter.answers = [answer]
    result, translated = await desk.translate(steps, transcript_of((1, 2, "deux"), (3, 4.5, "quatre")))
    assert [each.text for each in translated.translations] == ["deux", "loud 0.3"]
    assert (translated.translations[0].engine, translated.translations[0].confidence) == ("copy", 0.0)
    assert result.untranslated_count == 1


async def test_a_segment_longer_than_a_clip_is_heard_in_pieces_and_told_as_one(desk, media):
    path = media.audio("long.wav", "pcm_s16le", samples=np.full((1, 70 * RATE_HZ), 0.5, np.float32))
    reference = await desk.store.put("local", path.read_bytes(), "audio/wav")
    _, translated = await desk.translate(reference, transcript_of((0, 70, "long"), duration_s=70.0))
    assert [each.text for each in translated.translations] == ["loud 0.5 loud 0.5 loud 0.5"]
    assert all(duration_s <= 30 for batch in desk.interpreter.batches for duration_s in batch)


async def test_english_is_its_own_translation_and_no_model_is_loaded(desk, steps):
    result, translated = await desk.translate(steps, transcript_of((1, 2, "two"), language="en"))
    assert [(each.text, each.engine, each.confidence) for each in translated.translations] == [("two", "copy", 1.0)]
    assert (result.untranslated_count, desk.loaded) == (0, [])


@pytest.mark.parametrize(
    ("transcribed_by", "default", "taken"),
    [
        ("whisper-small", "whisper-base", "whisper-small"),
        ("whisper-tiny.en", "whisper-small", "whisper-small"),
        ("whisper-large-v3-turbo", "whisper-tiny.en", "whisper-base"),
        ("whisper-1", "whisper-base", "whisper-base"),
    ],
)
async def test_a_model_is_taken_that_can_translate(desk, steps, transcribed_by, default, taken):
    desk.service._settings = desk.service._settings.model_copy(update={"model": default})
    result, translated = await desk.translate(steps, transcript_of((1, 2, "deux"), model=transcribed_by))
    assert desk.loaded == [taken] == [result.model] == [translated.model]
    assert desk.interpreter.plans == [f"faster-whisper {taken} fr"]


async def test_a_transcript_of_another_recording_is_refused_before_a_model_is_loaded(desk, steps):
    with pytest.raises(TranscriptMismatch, match=r"30\.0 s.*10\.0 s"):
        await desk.translate(steps, transcript_of((1, 2, "deux"), duration_s=30.0))
    assert desk.loaded == []


async def test_a_transcript_without_segments_has_a_translation_without_any(desk, steps):
    result, translated = await desk.translate(steps, transcript_of())
    assert (result.segment_count, translated.translations) == (0, ())


async def test_a_cancellation_is_heeded_between_batches(desk, steps):
    desk.service._settings = desk.service._settings.model_copy(update={"batch_size": 1})
    desk.work.when_reported = lambda _fraction, note: desk.work.stop.set() if "1 of 3" in note else None
    with pytest.raises(asyncio.CancelledError):
        await desk.translate(steps, transcript_of((1, 2, "deux"), (3, 4, "quatre"), (5, 6, "six")))
    assert len(desk.interpreter.batches) == 2


async def test_a_transcript_that_is_gone_is_told(desk, steps):
    gone = await desk.store.put_model("local", transcript_of((1, 2, "deux")))
    await desk.store.delete(gone.uri)
    with pytest.raises(ObjectMissing):
        await desk.service.translate(SpeechTranslationRequest(media=steps, transcript=gone), desk.work)


async def test_progress_never_goes_back(desk, steps):
    desk.service._settings = desk.service._settings.model_copy(update={"batch_size": 1})
    await desk.translate(steps, transcript_of((1, 2, "deux"), (3, 4, "quatre")))
    fractions = [fraction for fraction, _ in desk.work.reported]
    assert fractions == sorted(fractions)
