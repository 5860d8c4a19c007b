"""The use case, with a real store and a recogniser that can be told what to hear."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from setu_asr.domain.heard import Heard, HeardWord
from setu_asr.domain.hints import NO_HINTS, Hints
from setu_asr.engines.pool import RecogniserPool
from setu_asr.errors import MediaEmpty, NoSpeech, UnusablePlan
from setu_asr.service import TranscriptionService
from setu_asr.worker import Installed
from setu_common.contracts import AsrOverrides, AsrPlan, Reference, Transcript, Transcription, TranscriptionRequest
from setu_common.errors import NotFound
from setu_common.models import Catalogue, ModelMissing
from setu_common.settings import ModelSettings
from setu_common.store import Store


class Engines:
    """One engine, which gives the test's own recogniser."""

    def __init__(self, recogniser):
        self._recogniser = recogniser
        self.loaded = []

    def __call__(self, engine):
        if engine != "faster-whisper":
            raise UnusablePlan("no such engine")
        return self._load

    def _load(self, key, folder):
        self.loaded.append((key, folder))
        return self._recogniser


class Present(Catalogue):
    """A catalogue whose models are all there."""

    def ensure(self, name, on_progress=None):
        if on_progress is not None:
            on_progress(1_000_000, 2_000_000)
        return self._settings.folder / name


@dataclass(frozen=True)
class Lab:
    """The service and what is around it."""

    service: TranscriptionService
    store: Store
    engines: Engines
    parrot: Any
    work: Any
    media: Any

    async def upload(self, path: Path) -> Reference:
        return await self.store.put("local", path.read_bytes(), "audio/wav")  # noqa: ASYNC240 small files

    async def tone(self, duration_s: float = 10.0) -> Reference:
        return await self.upload(self.media.audio("a.wav", "pcm_s16le", duration_s=duration_s))

    async def transcribe(self, media: Reference, **request: Any) -> Transcription:
        result = await self.service.transcribe(TranscriptionRequest(media=media, **request), self.work)
        assert isinstance(result, Transcription)
        return result

    async def transcript(self, result: Transcription) -> Transcript:
        return await self.store.load(result.transcript, Transcript)


def present_models(folder: Path) -> Catalogue:
    settings = ModelSettings(folder=folder, offline=True)
    whole = Catalogue.load(settings)
    return Present({name: whole[name] for name in whole.names()}, settings)


@pytest.fixture
def lab(store_settings, tmp_path, request, recognition, work):
    parrot, store, pool = request.getfixturevalue("parrot"), Store(store_settings, "asr"), RecogniserPool(60, 1)
    engines = Engines(parrot)
    service = TranscriptionService(
        store=store,
        catalogue=present_models(tmp_path / "models"),
        pool=pool,
        engines=engines,
        find_speech=request.getfixturevalue("find_speech"),
        settings=recognition,
    )
    yield Lab(service, store, engines, parrot, work, request.getfixturevalue("media"))
    pool.close()


async def test_a_recording_becomes_a_transcript_in_the_store(lab):
    reference = await lab.tone()
    result = await lab.transcribe(reference)
    transcript = await lab.transcript(result)
    assert (result.language, result.language_probability, result.plan.source) == ("fr", 0.75, "default")
    assert result.duration_s == transcript.duration_s == pytest.approx(10.0, abs=0.01)
    assert result.segment_count == len(transcript.segments) == 2
    assert transcript.segments[0].text.startswith("word0 word1")
    assert transcript.segments[0].words[1].start_s == pytest.approx(1.1, abs=0.01)
    assert (transcript.engine, transcript.model) == ("faster-whisper", "whisper-base")
    assert result.model_time_s >= 0


async def test_progress_never_goes_back_and_ends_at_one(lab):
    reference = await lab.tone(95.0)
    await lab.transcribe(reference, plan=AsrPlan(batch_size=1))
    fractions = [fraction for fraction, _ in lab.work.reported]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    notes = list(dict.fromkeys(note for _, note in lab.work.reported))
    assert notes == [
        "reading the media",
        "looking for speech",
        "downloading whisper-base: 1 of 2 MB",
        "loading whisper-base",
        "transcribing",
    ]


async def test_a_named_language_is_used_and_not_questioned(lab):
    reference = await lab.tone()
    result = await lab.transcribe(reference, language="hi")
    assert (result.language, result.language_probability) == ("hi", 1.0)
    assert lab.parrot.languages == ["hi"]


async def test_clips_are_at_most_thirty_seconds_and_go_in_batches(lab):
    reference = await lab.tone(95.0)
    await lab.transcribe(reference, plan=AsrPlan(batch_size=3))
    assert [len(batch) for batch in lab.parrot.batches] == [3, 1]
    assert all(duration_s <= 30 for batch in lab.parrot.batches for duration_s in batch)


async def test_times_are_those_of_the_recording_where_it_begins_with_silence(lab):
    samples = np.concatenate([np.zeros((1, 40 * 16000), np.float32), lab.media.tone(5.0)], axis=1)
    reference = await lab.upload(lab.media.audio("a.wav", "pcm_s16le", samples=samples))
    result = await lab.transcribe(reference)
    transcript = await lab.transcript(result)
    assert transcript.segments[0].start_s == pytest.approx(40.1, abs=0.05)


async def test_what_the_recogniser_left_out_is_given_to_it_once_more(lab):
    lab.parrot.deaf_after_s = 10
    reference = await lab.tone(25.0)
    result = await lab.transcribe(reference)
    assert [round(duration_s) for batch in lab.parrot.batches for duration_s in batch] == [25, 15, 5]
    transcript = await lab.transcript(result)
    assert transcript.segments[-1].end_s > 23


async def test_the_same_media_and_plan_give_the_same_transcript(lab):
    reference = await lab.upload(lab.media.audio("a.mp3", "libmp3lame", rate_hz=44100))
    first = await lab.transcribe(reference, plan=AsrPlan())
    second = await lab.transcribe(reference, plan=AsrPlan())
    assert first.transcript.sha256 == second.transcript.sha256


async def test_the_model_stays_loaded_from_one_recording_to_the_next(lab):
    reference = await lab.tone(2.0)
    for _ in range(3):
        await lab.transcribe(reference)
    assert len(lab.engines.loaded) == 1


async def test_silence_is_told_as_no_speech_before_any_model_is_loaded(lab):
    reference = await lab.upload(lab.media.audio("a.wav", "pcm_s16le", samples=np.zeros((1, 16000 * 3), np.float32)))
    with pytest.raises(NoSpeech, match=r"3\.0 seconds"):
        await lab.transcribe(reference)
    assert lab.engines.loaded == []


async def test_a_recogniser_that_hears_nothing_is_no_speech_too(lab):
    lab.parrot.deaf_after_s = 0
    reference = await lab.tone()
    with pytest.raises(NoSpeech):
        await lab.transcribe(reference)


async def test_an_empty_upload_is_said_to_be_empty(lab):
    with pytest.raises(MediaEmpty) as failure:
        await lab.transcribe(await lab.upload(lab.media.bytes("a.wav", b"")))
    assert not failure.value.retryable


async def test_media_that_is_not_in_the_store_is_not_found(lab):
    reference = await lab.tone(1.0)
    await lab.store.delete(reference.uri)
    with pytest.raises(NotFound):
        await lab.transcribe(reference)


@pytest.mark.parametrize(
    ("plan", "language", "says"),
    [
        (AsrPlan(engine="whisperx"), None, "no such engine"),
        (AsrPlan(model="whisper-huge"), None, "whisper-huge"),
        (AsrPlan(model="gemma3-270m"), None, "not a speech model"),
        (AsrPlan(model="whisper-tiny.en"), "fr", "knows only English"),
    ],
)
async def test_a_plan_that_cannot_be_done_here_is_said_at_once(lab, plan, language, says):
    reference = await lab.tone(1.0)
    with pytest.raises(UnusablePlan, match=says):
        await lab.transcribe(reference, language=language, plan=plan)
    assert lab.work.reported == []


@pytest.mark.parametrize("note", ["reading the media", "looking for speech", "loading whisper-base", "transcribing"])
async def test_a_cancellation_is_heeded_at_every_step(lab, note):
    reference = await lab.tone(95.0)
    lab.work.when_reported = lambda _fraction, said: lab.work.stop.set() if said == note else None
    with pytest.raises(asyncio.CancelledError):
        await lab.transcribe(reference, plan=AsrPlan(batch_size=1))
    assert len(lab.parrot.batches) <= 1


async def test_a_model_that_is_not_here_says_where_to_put_it(lab, tmp_path, find_speech, recognition):
    pool = RecogniserPool(60, 1)
    absent = TranscriptionService(
        store=lab.store,
        catalogue=Catalogue.load(ModelSettings(folder=tmp_path / "none", offline=True)),
        pool=pool,
        engines=Installed(recognition),
        find_speech=find_speech,
        settings=recognition,
    )
    with pytest.raises(ModelMissing, match="whisper-base"):
        await absent.transcribe(TranscriptionRequest(media=await lab.tone(2.0)), lab.work)
    assert pool.loaded() == ()


async def test_overrides_are_done_and_shown(lab):
    reference = await lab.tone(40.0)
    overrides = AsrOverrides(batch_size=1, prompt="Raj, Simran", temperature=0.2)
    result = await lab.transcribe(reference, overrides=overrides)
    assert (result.plan.source, result.plan.batch_size) == ("override", 1)
    assert [len(batch) for batch in lab.parrot.batches] == [1, 1]
    assert set(lab.parrot.hints) == {Hints("Raj, Simran", 0.2)}


async def test_an_engine_that_an_override_names_is_looked_for(lab):
    reference = await lab.tone(1.0)
    with pytest.raises(UnusablePlan, match="no such engine"):
        await lab.transcribe(reference, overrides=AsrOverrides(engine="whisperx"))


async def test_what_was_left_out_is_not_looked_for_where_the_plan_says_no(lab):
    lab.parrot.deaf_after_s = 10
    await lab.transcribe(await lab.tone(25.0), plan=AsrPlan(redecode=False))
    assert len(lab.parrot.batches) == 1


ONCE = AsrPlan(redecode=False)


class Inventor:
    """Hears one thing at first, and another when it is asked again."""

    def __init__(self, first, second=None):
        self.first, self.second = first, second
        self.prompts = []

    def detect_language(self, clips):
        return "hi", 0.9

    def recognise(self, clips, language, plan, hints=NO_HINTS):
        again = bool(self.prompts)
        self.prompts.append(hints.prompt)
        text = self.second if again and self.second is not None else self.first
        return [[self._stretch(text, 0.5)] for _ in clips]

    def _stretch(self, text, start_s):
        words = tuple(HeardWord(start_s + n * 0.4, start_s + n * 0.4 + 0.3, f" {w}", 0.9) for n, w in enumerate(text.split()))
        return Heard(start_s, words[-1].end_s, text, words, avg_logprob=-0.3, no_speech_prob=0.1)


async def test_lines_that_nobody_said_are_kept_beside_the_transcript_with_the_reason(lab):
    lab.engines._recogniser = Inventor("यह सच है। Subtitles by the Amara.org community")
    result = await lab.transcribe(await lab.tone(), plan=ONCE)
    transcript = await lab.transcript(result)
    assert [segment.text for segment in transcript.segments] == ["यह सच है।"]
    [removal] = transcript.removed
    assert (removal.reason, removal.text, result.removed_count) == ("boilerplate", "Subtitles by the Amara.org community", 1)
    assert removal.evidence


async def test_a_recording_of_which_nothing_was_said_is_no_speech_and_says_what_was_taken_out(lab):
    lab.engines._recogniser = Inventor("Subtitles by the Amara.org community")
    with pytest.raises(NoSpeech) as failure:
        await lab.transcribe(await lab.tone(), plan=ONCE)
    removed = failure.value.context["removed"]
    assert isinstance(removed, list)
    assert [each["reason"] for each in removed] == ["boilerplate"]


async def test_hindi_in_urdus_script_is_heard_again_and_then_put_right_and_marked(lab):
    lab.engines._recogniser = inventor = Inventor("یہ computer ہے")
    result = await lab.transcribe(await lab.tone(), plan=ONCE)
    transcript = await lab.transcript(result)
    [segment] = transcript.segments
    assert (segment.text, segment.transliterated) == ("यह computer है", True)
    first, second = inventor.prompts
    assert second.startswith(first)
    assert len(second) > len(first)
    assert all(prompt.startswith("नमस्ते") for prompt in inventor.prompts)
    assert result.notes == transcript.notes
    assert "1 of 1 segments" in result.notes[0]


async def test_hindi_that_comes_right_the_second_time_is_not_marked(lab):
    lab.engines._recogniser = Inventor("یہ ہے", second="यह है")
    transcript = await lab.transcript(await lab.transcribe(await lab.tone(), plan=ONCE))
    assert [(segment.text, segment.transliterated) for segment in transcript.segments] == [("यह है", False)]
    assert transcript.notes == ()
