"""What finished jobs and corrected subtitles teach, in a real database and store."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import text

from setu_common.contracts import (
    AsrPlan,
    AudioProbe,
    AudioProfile,
    Candidate,
    Context,
    CorrectionRequest,
    DeliveredText,
    EditedCue,
    EditedSubtitles,
    Forecast,
    ObservationRequest,
    Prediction,
    Segment,
    Transcript,
    TranslatedTranscript,
    Translation,
)
from setu_common.store import ObjectMissing
from setu_optimizer.domain.observing.estimating import Estimator
from setu_optimizer.domain.observing.labels import ESTIMATED_WEIGHT
from setu_optimizer.errors import CorrectionFitsNothing, NothingCorrected
from setu_optimizer.knowledge import Knowledge
from setu_optimizer.observing import Observer, repository
from setu_optimizer.observing.metrics import LearningMetrics

LINES = ("the captain went aboard", "nobody had seen the harbour", "we wait until the morning", "and then they left")
TENANT = "acme"
PROFILE = AudioProfile(
    duration_s=12, track="1: eng, The Secret Cut", clipping_ratio=0, speech_ratio=0.9, music_ratio=0, language="en"
)
ESTIMATOR = Estimator(
    engine="faster-whisper",
    languages=("en",),
    centres=(-0.3, -0.6, 0.1, 1.5, 0.0, 2.5),
    widths=(0.1,) * 6,
    weights=(-0.05, 0, 0, 0, 0, 0),
    intercept=0.3,
    raw=(0.1, 0.5),
    calibrated=(0.01, 0.4),
    recordings=100,
    correlation=0.8,
    wer_error=0.03,
)
PLAN = AsrPlan(model="whisper-base", beam_size=5)
CHOSEN = Candidate(model="whisper-base", beam_size=5)


def forecast(candidate: Candidate, wer: float, time_s: float) -> Forecast:
    return Forecast(
        candidate=candidate,
        expected_wer=wer,
        wer_low=0,
        wer_high=1,
        expected_time_s=time_s,
        time_low_s=0,
        time_high_s=60,
        utility=0,
    )


PREDICTION = Prediction(
    plan=PLAN,
    quality="balanced",
    forecasts=(forecast(Candidate(model="whisper-tiny.en"), 0.3, 1.0), forecast(CHOSEN, 0.1, 4.0)),
    predictor="starting",
)


def transcript(lines: tuple[str, ...] = LINES, logprob: float | None = -0.3) -> Transcript:
    segments = tuple(
        Segment(
            index=at,
            start_s=3 * at,
            end_s=3 * at + 2.8,
            text=line,
            avg_logprob=logprob,
            no_speech_prob=0.1,
            compression_ratio=1.5,
        )
        for at, line in enumerate(lines)
    )
    return Transcript(
        language="en",
        language_probability=1,
        duration_s=12,
        segments=segments,
        engine="faster-whisper",
        model="whisper-base",
    )


def edited(*lines: str | None, language: str = "en") -> EditedSubtitles:
    cues = tuple(EditedCue(start_s=3 * at, end_s=3 * at + 2.8, text=line) for at, line in enumerate(lines) if line is not None)
    return EditedSubtitles(language=language, cues=cues)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def observer(database, store, registry) -> Observer:
    return Observer(
        database=database, store=store, knowledge=Knowledge(database), estimator=ESTIMATOR, metrics=LearningMetrics(registry)
    )


@pytest.fixture
def request_for(store):
    async def make(job_id, said: Transcript | None = None, **changed) -> ObservationRequest:
        reference = await store.put_model(TENANT, said or transcript())
        told = {
            "job_id": job_id,
            "source_language": "en",
            "profile": PROFILE,
            "probe": AudioProbe(model="whisper-tiny.en", heard_s=3, mean_logprob=-0.2),
            "prediction": PREDICTION,
            "plan": PLAN,
            "transcript": reference,
            "model_time_s": 6.0,
        }
        return ObservationRequest.model_validate(told | changed)

    return make


@pytest.fixture
def correction_for(store):
    async def make(job_id, subtitles: EditedSubtitles, said: Transcript | None = None, **changed) -> CorrectionRequest:
        told = {
            "job_id": job_id,
            "language": subtitles.language,
            "source_language": "en",
            "edited": await store.put_model(TENANT, subtitles),
            "transcript": await store.put_model(TENANT, said or transcript()),
        }
        return CorrectionRequest.model_validate(told | changed)

    return make


@pytest.fixture
def row_of(database):
    async def find(job_id):
        async with database.reading() as connection:
            statement = text("SELECT * FROM observation WHERE job_id = :job")
            return (await connection.execute(statement, {"job": job_id})).mappings().one_or_none()

    return find


async def test_a_finished_job_leaves_an_estimate_and_what_had_been_expected(observer, request_for, row_of, registry, work):
    job_id = uuid4()
    observed = await observer.observe(await request_for(job_id), work)
    assert observed.wer_basis == "estimated"
    assert 0.01 < observed.wer < 0.4
    row = await row_of(job_id)
    assert row["id"] == observed.observation_id
    assert (row["wer"], row["wer_basis"], row["weight"]) == (observed.wer, "estimated", ESTIMATED_WEIGHT)
    assert (row["expected_wer"], row["expected_time_s"], row["model_time_s"]) == (0.1, 4.0, 6.0)
    assert row["signals"]["avg_logprob"] == pytest.approx(-0.3)
    assert row["candidate"] == CHOSEN.model_dump(mode="json")
    assert "Secret" not in json.dumps(row["profile"])
    assert registry.get_sample_value("setu_optimizer_time_ratio_sum") == pytest.approx(1.5)
    assert registry.get_sample_value("setu_optimizer_observations_total", {"basis": "estimated"}) == 1


async def test_a_job_that_comes_twice_is_one_observation_and_counts_once(observer, request_for, database, registry, work):
    request = await request_for(uuid4())
    first, second = await asyncio.gather(observer.observe(request, work), observer.observe(request, work))
    assert first.observation_id == second.observation_id
    async with database.reading() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM observation"))).scalar_one() == 1
    assert registry.get_sample_value("setu_optimizer_time_ratio_count") == 1


async def test_a_less_confident_recogniser_is_expected_to_have_made_more_errors(observer, request_for, work):
    sure = await observer.observe(await request_for(uuid4(), transcript(logprob=-0.15)), work)
    unsure = await observer.observe(await request_for(uuid4(), transcript(logprob=-0.5)), work)
    assert sure.wer < unsure.wer


async def test_a_reused_transcript_says_nothing_of_time(observer, request_for, row_of, registry, work):
    job_id = uuid4()
    observed = await observer.observe(await request_for(job_id, cached=True), work)
    assert (await row_of(job_id))["model_time_s"] is None
    assert "time says nothing" in " ".join(observed.notes)
    assert registry.get_sample_value("setu_optimizer_time_ratio_count") == 0


async def test_where_another_engine_stood_in_neither_time_nor_confidence_is_the_plans(
    *, observer, request_for, correction_for, row_of, registry, work
):
    job_id = uuid4()
    observed = await observer.observe(await request_for(job_id, stand_in="faster-whisper"), work)
    row = await row_of(job_id)
    assert (row["model_time_s"], row["estimated_wer"], row["wer"], row["weight"]) == (None, None, None, 0)
    assert observed.wer is None
    [note] = observed.notes
    assert "stood in" in note
    assert registry.get_sample_value("setu_optimizer_time_ratio_count") == 0
    corrected = await observer.correct(await correction_for(job_id, edited("The captain went ashore.", *LINES[1:])), work)
    assert corrected.wer == pytest.approx(1 / 18)
    assert (await row_of(job_id))["wer"] is None
    await observer.observe(await request_for(job_id, stand_in="faster-whisper"), work)
    assert (await row_of(job_id))["wer"] is None


async def test_episodes_are_of_one_series_however_it_is_told_and_the_same_sound_is_one_recording(
    observer, request_for, database, store, work
):
    audio = await store.put(TENANT, b"RIFF", "audio/wav")
    contexts = [Context(series="Mirzapur"), Context(title="Mirzapur S01E02"), Context(title="mirzapur - season 1 ep. 3")]
    told = [{"context": each} for each in contexts] + [{"audio": audio}, {"audio": audio}, {}, {}]
    for each in told:
        await observer.observe(await request_for(uuid4(), **each), work)
    async with database.reading() as connection:
        statement = text("SELECT count(*) FROM observation GROUP BY work ORDER BY count(*)")
        assert (await connection.execute(statement)).scalars().all() == [1, 1, 2, 3]


async def test_an_engine_that_says_nothing_of_its_confidence_gets_no_estimate(observer, request_for, row_of, work):
    job_id = uuid4()
    hosted = AsrPlan(engine="openai", model="whisper-1")
    observed = await observer.observe(await request_for(job_id, transcript(logprob=None), plan=hosted), work)
    assert (observed.wer, observed.wer_basis) == (None, None)
    assert observed.notes
    row = await row_of(job_id)
    assert (row["wer"], row["weight"], row["expected_wer"]) == (None, 0, None)


async def test_without_its_transcript_a_job_teaches_nothing(observer, request_for, row_of, store, work):
    job_id = uuid4()
    request = await request_for(job_id)
    await store.delete(request.transcript.uri)
    with pytest.raises(ObjectMissing):
        await observer.observe(request, work)
    assert await row_of(job_id) is None


async def test_corrected_captions_make_the_error_rate_known(observer, request_for, correction_for, row_of, work):
    job_id = uuid4()
    await observer.observe(await request_for(job_id), work)
    subtitles = edited("The captain went ashore.", LINES[1], LINES[2], "And then they left.")
    result = await observer.correct(await correction_for(job_id, subtitles), work)
    assert result.wer == pytest.approx(1 / 18)
    assert (result.segment_count, result.changed_count, result.notes) == (4, 1, ())
    row = await row_of(job_id)
    assert (row["wer"], row["wer_basis"], row["weight"]) == (pytest.approx(1 / 18), "known", 1.0)


async def test_a_correction_counts_whichever_comes_first_and_however_often(observer, request_for, correction_for, row_of, work):
    job_id = uuid4()
    correction = await correction_for(job_id, edited("The captain went ashore.", *LINES[1:]))
    await observer.correct(correction, work)
    await observer.correct(correction, work)
    observed = await observer.observe(await request_for(job_id), work)
    assert (observed.wer, observed.wer_basis) == (pytest.approx(1 / 18), "known")
    await observer.observe(await request_for(job_id), work)
    assert (await row_of(job_id))["wer_basis"] == "known"


async def test_an_observation_and_its_correction_at_the_same_moment_are_both_learned(
    observer, request_for, correction_for, row_of, work
):
    jobs = [uuid4() for _ in range(8)]
    for job_id in jobs:
        request, correction = await request_for(job_id), await correction_for(job_id, edited("The captain left.", *LINES[1:]))
        await asyncio.gather(observer.observe(request, work), observer.correct(correction, work))
    assert [(await row_of(job_id))["wer_basis"] for job_id in jobs] == ["known"] * 8


async def test_a_later_correction_takes_the_place_of_the_earlier_one(observer, request_for, correction_for, row_of, work):
    job_id = uuid4()
    await observer.observe(await request_for(job_id), work)
    await observer.correct(await correction_for(job_id, edited("The captain went ashore.", *LINES[1:])), work)
    await observer.correct(await correction_for(job_id, edited("A captain goes ashore.", *LINES[1:])), work)
    assert (await row_of(job_id))["wer"] == pytest.approx(3 / 18)


async def test_a_correction_that_was_delayed_replaces_no_newer_one(
    *, observer, observations, request_for, correction_for, row_of, work
):
    job_id, noon = uuid4(), datetime(2026, 11, 26, 12, tzinfo=UTC)
    newer = await correction_for(job_id, edited("A captain goes ashore.", *LINES[1:]), accepted_at=noon)
    older = await correction_for(job_id, edited("The captain left.", *LINES[1:]), accepted_at=noon - timedelta(seconds=1))
    await observer.observe(await request_for(job_id), work)
    for late in (newer, older, newer):  # whatever is delivered twice is learned once
        result = await observer.correct(late, work)
        assert bool(result.notes) is (late is older)
        assert (await row_of(job_id))["wer"] == pytest.approx(3 / 18)
    await observations.forget_job(TENANT, job_id)
    assert not (await observer.correct(older, work)).notes


@pytest.mark.parametrize(
    ("subtitles", "said"),
    [
        (edited("The captain went ashore."), "25 %"),
        (edited(*LINES), "no word was changed"),
        (edited(*(" ".join(f"x{at}{word}" for word in range(6)) for at in range(4))), "hardly a word"),
    ],
    ids=["a part", "nothing changed", "another recording's"],
)
async def test_what_does_not_tell_the_whole_recordings_errors_leaves_the_estimate(
    *, observer, request_for, correction_for, row_of, work, subtitles, said
):
    job_id = uuid4()
    long = transcript(tuple(f"{line} indeed it was" for line in LINES)) if said == "hardly a word" else None
    await observer.observe(await request_for(job_id), work)
    result = await observer.correct(await correction_for(job_id, subtitles, long), work)
    assert said in result.notes[0]
    assert (await row_of(job_id))["wer_basis"] == "estimated"


@pytest.mark.parametrize(
    ("subtitles", "problem"),
    [
        (EditedSubtitles(language="en", cues=()), NothingCorrected),
        (edited("…", "♪", "—", "?"), NothingCorrected),
        (EditedSubtitles(language="en", cues=(EditedCue(start_s=500, end_s=502, text="Elsewhere."),)), CorrectionFitsNothing),
        (edited("Le capitaine", language="fr"), CorrectionFitsNothing),
    ],
    ids=["an empty file", "no words", "other times", "a language that was not delivered"],
)
async def test_what_is_no_correction_is_refused(observer, correction_for, work, subtitles, problem):
    with pytest.raises(problem):
        await observer.correct(await correction_for(uuid4(), subtitles), work)


async def test_a_translations_correction_teaches_names_and_terms(observer, correction_for, database, store, work):
    said = transcript(("राज आया है", "राज कहाँ है", "हम चलते हैं", "राज को बुलाओ")).model_copy(update={"language": "hi"})
    texts = ("King has come", "Where is King", "We are going", "Call King")
    delivered = TranslatedTranscript(
        source_language="hi",
        target_language="en",
        translations=tuple(Translation(segment_index=at, text=line, engine="llm") for at, line in enumerate(texts)),
        engine="llm",
        model="m",
    )
    request = await correction_for(
        uuid4(),
        edited("Raj has come", "Where is Raj", "We are going", "Call Raj"),
        said,
        source_language="hi",
        delivered=DeliveredText(language="en", translated=await store.put_model(TENANT, delivered)),
        context=Context(series="Mirzapur"),
    )
    result = await observer.correct(request, work)
    assert (result.segment_count, result.changed_count, result.wer) == (4, 3, None)
    assert any(each.endswith("→ Raj") for each in result.learned)
    await observer.correct(request.model_copy(update={"accepted_at": datetime(2026, 11, 26, tzinfo=UTC)}), work)
    late = await observer.correct(request.model_copy(update={"accepted_at": datetime(2026, 11, 25, tzinfo=UTC)}), work)
    assert (late.learned, bool(late.notes)) == ((), True)
    async with database.reading() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM correction"))).scalar_one() == 0


async def test_purging_a_job_erases_what_it_and_its_corrections_said(
    *, observer, observations, request_for, correction_for, row_of, database, work
):
    gone, kept = uuid4(), uuid4()
    for job_id in (gone, kept):
        await observer.observe(await request_for(job_id), work)
        await observer.correct(await correction_for(job_id, edited("The captain went ashore.", *LINES[1:])), work)
    await observations.forget_job("other", gone)
    assert await row_of(gone) is not None
    await observations.forget_job(TENANT, gone)
    await observations.forget_job(TENANT, gone)
    assert await row_of(gone) is None
    assert await row_of(kept) is not None
    async with database.reading() as connection:
        assert (await connection.execute(text("SELECT job_id FROM correction"))).scalars().all() == [kept]


async def test_what_is_learned_from_has_the_figures_of_profile_and_probe(observer, request_for, database, work):
    await observer.observe(await request_for(uuid4(), context=Context(series="Mirzapur")), work)
    await observer.observe(await request_for(uuid4(), context=Context(series="Mirzapur")), work)
    async with database.reading() as connection:
        first, second = await repository.seen(connection, 10)
    assert first.work == second.work
    assert first.recording != second.recording
    assert first.work.startswith("acme/")
    assert "irzapur" not in first.work
    assert (first.figures["speech_ratio"], first.figures["probe_mean_logprob"]) == (0.9, -0.2)
    assert first.known is False
