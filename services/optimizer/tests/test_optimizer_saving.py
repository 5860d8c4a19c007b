"""What could have been had for less, and what says so."""

from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from prometheus_client import CollectorRegistry

from setu_common.contracts import (
    AsrPlan,
    AudioProfile,
    Candidate,
    DeliveredText,
    EnhancedTranscript,
    Enhancement,
    Forecast,
    ObservationRequest,
    Prediction,
    QualityScore,
    Reason,
    Reference,
    Segment,
    Transcript,
)
from setu_common.cost import Attribution, Usage, attributed
from setu_common.cost.ledger import SCHEMA, Ledger
from setu_common.cost.pricing import Prices
from setu_common.cost.recording import Metering
from setu_common.cost.settings import PriceSettings
from setu_common.db import Database
from setu_optimizer.domain.saving import (
    Edited,
    Transcribed,
    cheaper_providers,
    edited_of,
    heard_twice,
    rarely_kept,
    replay,
    smaller_models,
)
from setu_optimizer.knowledge import Knowledge
from setu_optimizer.observing import Observer, Spending
from setu_optimizer.observing.metrics import LearningMetrics

BASE, TINY = Candidate(model="whisper-base"), Candidate(model="whisper-tiny.en")


def forecast(way: Candidate, wer: float, time_s: float, width: float = 0.02) -> Forecast:
    return Forecast(
        candidate=way,
        expected_wer=wer,
        wer_low=max(0.0, wer - width),
        wer_high=wer + width,
        expected_time_s=time_s,
        time_low_s=time_s / 2,
        time_high_s=time_s * 2,
        utility=0,
    )


def job(tiny_wer: float, *, cost: str | None = "0.10", sound: str = "", way: str = "en", width: float = 0.02) -> Transcribed:
    """Heard by base, of which 5 errors in 100 words and 10 s were expected, in 20 s; tiny would take 4."""
    forecasts = (forecast(BASE, 0.05, 10), forecast(TINY, tiny_wer, 4, width))
    return Transcribed(BASE, forecasts, sound, way, 20.0, None if cost is None else Decimal(cost), known=False)


def test_a_faster_way_that_was_expected_to_do_as_well_is_suggested_with_what_it_would_have_saved():
    [found], saved = smaller_models([job(0.055)] * 4 + [job(0.2)] * 6)
    assert (found.kind, found.jobs) == ("smaller-model", 4)
    assert "whisper-tiny.en" in found.said
    assert found.saving_usd == Decimal("0.24")
    assert found.saving_s == 48
    assert found.more_wer == pytest.approx(0.005)
    assert found.confidence > 0.9
    told = replay(saved, Decimal("1.00"), 200.0, 10)
    assert "4 of 10 jobs" in told
    assert "0.2400 of 1.0000 USD" in told
    assert "48 of 200 s" in told
    assert "+0.20 errors" in told


def test_a_way_that_is_faster_and_worse_is_not_suggested():
    assert smaller_models([job(0.07)] * 10) == ([], [])


def test_two_jobs_are_no_reason_to_change_anything():
    assert smaller_models([job(0.05)] * 2) == ([], [])


def test_a_wide_range_makes_less_sure():
    [sure], _ = smaller_models([job(0.05)] * 3)
    [unsure], _ = smaller_models([job(0.05, width=0.4)] * 3)
    assert unsure.confidence < sure.confidence


def test_without_a_price_a_saving_is_told_in_time_alone():
    [found], saved = smaller_models([job(0.05, cost=None)] * 3)
    assert (found.saving_usd, found.saving_s) == (None, 36)
    assert "USD" not in replay(saved, Decimal(0), 60.0, 3)


def test_sound_that_was_heard_again_is_told_and_what_was_taken_again_is_not():
    twice = [job(0.2, sound="a"), job(0.2, sound="a"), job(0.2, sound="b"), job(0.2)]
    reused = Transcribed(BASE, (), "b", "en", None, None, known=False)
    [found] = heard_twice([*twice, reused])
    assert (found.saving_usd, found.saving_s, found.jobs) == (Decimal("0.10"), 20, 1)
    assert found.confidence < 1, "whether they had the same prompt is not known"
    assert heard_twice([job(0.2, sound="a"), reused]) == []


def test_sound_that_was_heard_in_another_language_or_by_another_plan_was_not_heard_again():
    assert heard_twice([job(0.2, sound="a", way="en"), job(0.2, sound="a", way="hi")]) == []


def edits(
    provider: str, lines: int, kept: int, gain: float, cost: str, *, reason: str = "name", jobs: tuple[int, ...] = (1,)
) -> Edited:
    """``gain`` points for each edit that was kept."""
    of = frozenset(map(UUID, ("0" * 31 + str(each) for each in jobs)))
    return Edited(provider, "m", reason, lines, kept, gain * kept, gain**2 * kept, Decimal(cost), of)


def test_a_job_that_has_edits_for_several_reasons_or_by_several_providers_counts_once():
    dear = [edits("dear", 300, 150, 8, "3.00", reason=each, jobs=(1, 2)) for each in ("name", "idiom")]
    [found] = cheaper_providers([*dear, edits("cheap", 300, 150, 8, "0.30", jobs=(1,))])
    assert found.jobs == 2
    [found] = rarely_kept([edits(each, 200, 6, 4, "2.00", jobs=(1, 3)) for each in ("p", "q")])
    assert found.jobs == 2


def test_reasons_whose_edits_are_hardly_ever_kept_are_told():
    found = rarely_kept([edits("p", 200, 6, 4, "2.00", reason="reading-speed"), edits("p", 200, 120, 8, "2.00")])
    assert [each.kind for each in found] == ["selection"]
    assert "reading-speed" in found[0].said
    assert found[0].saving_usd == Decimal("2.00")
    assert found[0].lost_score == pytest.approx(0.12)
    assert rarely_kept([edits("p", 20, 0, 0, "2.00", reason="idiom")]) == [], "twenty lines say too little"
    assert rarely_kept([edits("p", 200, 6, 4, "2.00", reason="several")]) == []


def test_a_provider_that_costs_more_for_no_more_is_told_and_one_that_is_better_is_not():
    dear, cheap = edits("dear", 300, 150, 8, "3.00"), edits("cheap", 300, 150, 8, "0.30")
    [found] = cheaper_providers([dear, cheap])
    assert found.saving_usd == Decimal("2.700000")
    assert found.said.startswith("cheap/m edits as well as dear/m")
    assert cheaper_providers([edits("dear", 300, 240, 12, "3.00"), cheap]) == []
    assert cheaper_providers([dear, edits("cheap", 10, 5, 8, "0.01")]) == []


def score(total: float) -> QualityScore:
    return QualityScore(total=total, accuracy=total, fluency=total, consistency=total, cultural=total, confidence=1)


def line(
    at: int, *, kept: bool, reasons: tuple[str, ...] = ("name",), provider: str = "p", cached: bool = False
) -> Enhancement:
    return Enhancement(
        segment_index=at,
        draft="a",
        text="b" if kept else "a",
        changed=kept,
        reasons=tuple(Reason(kind=each) for each in reasons),
        score_before=score(60),
        score_after=score(70) if kept else None,
        provider=provider,
        model="m",
        cached=cached,
        cost_usd=Decimal("0.01"),
    )


def test_edits_are_counted_by_who_was_asked_and_why_and_memory_and_rules_cost_nothing():
    lines = [
        line(0, kept=True),
        line(1, kept=False),
        line(2, kept=True, reasons=("name", "idiom")),
        line(3, kept=True, cached=True),
        line(4, kept=False, provider=""),
        line(5, kept=True, provider="rules"),
    ]
    found = {each.reason: each for each in edited_of(lines)}
    assert found["name"] == Edited("p", "m", "name", 2, 1, 10, 100, Decimal("0.02"))
    assert found["several"].lines == 1
    assert set(found) == {"name", "several"}


async def test_suggestions_are_made_of_observed_jobs_and_the_ledger_and_are_the_tenants_own(
    *, database, optimizer_database_settings, store, observations, work
):
    observer = Observer(
        database=database,
        store=store,
        knowledge=Knowledge(database),
        estimator=None,
        metrics=LearningMetrics(CollectorRegistry()),
    )
    ledger = Database(optimizer_database_settings, SCHEMA)
    meter = Metering(Ledger(ledger), Prices(PriceSettings(overrides={"fake/ears": {"input_mtok": "1"}})))
    heard = Transcript(
        language="en",
        language_probability=1,
        duration_s=3,
        segments=(Segment(index=0, start_s=0, end_s=3, text="hello there"),),
        engine="faster-whisper",
        model="whisper-base",
    )
    audit = EnhancedTranscript(
        source_language="en",
        target_language="hi",
        prompt="p",
        glossary_sha256="0" * 64,
        lines=tuple(line(at, kept=False) for at in range(20)),
    )
    transcript = await store.put_model("acme", heard)
    report = DeliveredText(language="hi", translated=transcript, report=await store.put_model("acme", audit))
    jobs = [uuid4() for _ in range(3)]
    for number, job_id in enumerate(jobs):
        request = ObservationRequest(
            job_id=job_id,
            source_language="en",
            profile=AudioProfile(duration_s=60, track="0", clipping_ratio=0, speech_ratio=0.9, music_ratio=0),
            prediction=Prediction(
                plan=AsrPlan(), quality="balanced", forecasts=(forecast(BASE, 0.05, 10), forecast(TINY, 0.05, 4))
            ),
            plan=AsrPlan(model="whisper-base"),
            transcript=transcript,
            audio=Reference(uri=f"setu://asr/acme/2026-11-26/{number:064d}-00000000", bytes=1, media_type="audio/wav"),
            model_time_s=20,
            delivered=(report,),
        )
        await observer.observe(request, work)
        await observer.observe(request, work)
        to = Attribution(
            tenant="acme", service="asr", job_id=job_id, stage="transcriptions", target="", operation_id=uuid4(), attempt=1
        )
        with attributed(to):
            async with meter.call("fake", "ears", Usage(input_tokens=100_000)) as call:
                call.settle(Usage(input_tokens=100_000))
    await ledger.close()
    found = await Spending(database).suggestions("acme", 30)
    assert [each.kind for each in found.suggestions] == ["selection", "smaller-model"]
    selection, smaller = found.suggestions
    assert (selection.saving_usd, selection.jobs) == (Decimal("0.60"), 3)
    assert (smaller.saving_usd, smaller.saving_s, smaller.jobs) == (Decimal("0.18"), 36, 3)
    assert (found.jobs, found.cost_usd) == (3, Decimal("0.90"))
    assert "0.1800 of 0.3000 USD" in found.replayed
    assert (await Spending(database).suggestions("other", 30)).suggestions == ()
    for job_id in jobs:
        await observations.forget_job("acme", job_id)
    assert (await Spending(database).suggestions("acme", 30)).jobs == 0
    assert (await Spending(database).suggestions("acme", 30)).cost_usd == 0
