"""Estimates: what earlier jobs tell of the next, and what is said where there were none."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from billed.jobs import TENANT, Past, asked_for, outcome, past_of
from setu_common.contracts.cost import EstimateRequest, Span, StageMetrics
from setu_common.cost.ledger import SCHEMA, migrate_ledger
from setu_common.cost.stages import write_stage_metrics
from setu_common.db import Database, connect
from setu_metrics.domain.estimating import length_of, line_of, rate_of, unseen
from setu_metrics.estimates import Estimates


@pytest.fixture
async def past(cloned_database) -> AsyncIterator[Past]:
    async with past_of(cloned_database("ledger", migrate_ledger), seed=11, lines_per_request=50) as past:
        yield past


@pytest.fixture
async def estimates(past) -> AsyncIterator[Estimates]:
    database = Database(past.settings, SCHEMA)
    yield Estimates(database)
    await database.close()


@pytest.mark.timeout(300)
async def test_the_range_holds_nine_in_ten_bills_and_is_narrow_enough_to_be_of_use(past, estimates):
    past.shortest_s, past.longest_s = 300, 600  # evals/estimates.py has longer ones, and more, and so a smaller error
    for _ in range(24):
        await past.make(past.next_length_s())
    made, told = [], []
    for _ in range(20):  # each is estimated before it is done, and known after it
        duration_s = past.next_length_s()
        told.append(await estimates.of(TENANT, asked_for(duration_s)))
        made.append(await past.make(duration_s))
    found = outcome(made, told)
    assert found.covered >= 0.9
    assert found.time_covered >= 0.9
    assert found.half_width <= 0.25
    assert found.median_error < 0.08
    assert {stage.basis for each in told for stage in each.stages} == {"history"}


async def test_nobody_learns_from_the_jobs_of_others(past, estimates):
    await past.make(600)
    told = await estimates.of("umbrella", asked_for(600))
    assert {stage.basis for stage in told.stages} == {"prior"}


async def test_where_nothing_is_known_the_time_is_assumed_and_the_cost_is_not_said_to_be_nothing(estimates):
    told = await estimates.of(TENANT, EstimateRequest(duration_s=100, source_language="fr", target_languages=("en", "fr")))
    assert [(stage.stage, stage.target) for stage in told.stages] == [
        ("profiles", ""),
        ("transcriptions", ""),
        ("translations", "en"),  # but not into French, which it is in
        ("renderings", ""),
    ]
    assert told.cost_usd is None
    assert told.time_s.low < told.time_s.expected < told.time_s.high
    assert "costs can't be told" in told.notes[0]


async def test_few_jobs_give_a_wide_range_and_another_target_stands_in(past, estimates):
    for _ in range(4):
        await past.make(past.next_length_s())
    told = await estimates.of(TENANT, EstimateRequest(duration_s=100, target_languages=("en", "pt")))
    stages = {(stage.stage, stage.target): stage for stage in told.stages}
    assert stages["translations", "en"].samples == 4
    assert stages["translations", "pt"].samples == 8
    assert told.cost_usd is not None
    assert told.cost_usd.low < told.cost_usd.expected < told.cost_usd.high
    assert any("few jobs" in note for note in told.notes)


async def test_without_a_length_it_is_guessed_from_the_size_or_told_for_a_minute(past, estimates):
    told = await estimates.of(TENANT, EstimateRequest(bytes=16_000_000, kind="audio"))
    assert (told.duration_s, told.duration_guessed) == (1000, True)
    assert any("guessed from its size" in note for note in told.notes)
    minute = await estimates.of(TENANT, EstimateRequest(target_languages=("en",)))
    assert (minute.duration_s, minute.duration_guessed, minute.per_minute) == (60, False, True)
    assert any("each minute of it" in note for note in minute.notes)
    assert minute.time_s == (await estimates.of(TENANT, EstimateRequest(duration_s=60, target_languages=("en",)))).time_s


async def test_a_recording_that_is_fetched_is_told_with_its_fetching_which_costs_nothing(past, estimates):
    for _ in range(3):
        await past.make(60)
    request = EstimateRequest(duration_s=60, media_url="https://media.example/talk.mp4", target_languages=("en",))
    told = await estimates.of(TENANT, request)
    fetching = told.stages[0]
    assert (fetching.stage, fetching.basis, fetching.cost_usd) == ("fetches", "prior", Span(expected=0, low=0, high=0))
    assert fetching.time_s.expected > 0
    assert told.cost_usd is not None  # that nothing was fetched before keeps no cost from being told


async def test_english_that_the_recogniser_made_itself_counts_with_the_translation_whose_place_it_took(past, estimates):
    def row(job_id, stage, target, wall_s, **more) -> StageMetrics:
        return StageMetrics(
            tenant=TENANT, service="any", job_id=job_id, stage=stage, target=target, operation_id=uuid4(), attempt=1,
            wall_s=wall_s, queue_wait_s=0, bytes_in=0, bytes_out=0, **{"outcome": "succeeded", **more},
        )  # fmt: skip

    jobs = [uuid4() for _ in range(4)]
    with connect(past.settings, SCHEMA) as connection:
        for job_id in jobs:
            write_stage_metrics(
                connection,
                [
                    row(job_id, "transcriptions", "", 40, audio_s=100),
                    row(job_id, "translations", "en", 10, outcome="failed"),
                    row(job_id, "speech-translations", "", 50),
                ],
            )
    told = await estimates.of(TENANT, EstimateRequest(duration_s=100, target_languages=("en",)))
    (translating,) = [stage for stage in told.stages if stage.stage == "translations"]
    assert (translating.time_s.expected, translating.samples) == (pytest.approx(60), 4)
    assert any("In 4 of 4 earlier jobs the recogniser itself made the English" in note for note in told.notes)


def test_order_statistics_bound_nine_in_ten():
    rate = rate_of([float(number) for number in range(1, 100)])
    assert rate is not None
    assert (rate.low, rate.expected, rate.high, rate.basis) == (2, 50, 98, "history")
    few = rate_of([1.0, 2.0, 4.0])
    assert few is not None
    assert (few.low, few.expected, few.high, few.basis) == (1 / 1.5, 2.0, 6.0, "little history")
    assert rate_of([1.0, 2.0]) is None


def test_what_short_clips_took_to_begin_with_is_not_multiplied_for_a_long_film():
    lengths_s = [float(number) for number in range(5, 35)]
    line = line_of(lengths_s, [20 + 0.5 * length_s for length_s in lengths_s[:-1]] + [900.0])  # and one that went wrong
    assert line.at(3600) == pytest.approx(1820, rel=0.1)  # and not some 5000, as by the second
    assert (line.seen(5), line.seen(34), line.seen(3600)) == (True, True, False)


@pytest.mark.parametrize("amounts", [[3.0, 6.0, 12.0, 24.0, 30.0, 60.0], [0.0] * 6])
def test_where_nothing_is_fixed_it_goes_by_the_second(amounts):
    line = line_of([1.0, 2.0, 4.0, 8.0, 10.0, 20.0], amounts)
    assert line.fixed == 0
    assert line.at(7) == 7


def test_a_length_that_was_not_seen_widens_the_range():
    rate = rate_of([1.0, 2.0, 4.0])
    assert rate is not None
    assert (unseen(rate).low, unseen(rate).high) == (rate.low / 1.5, rate.high * 1.5)


async def test_a_film_that_is_longer_than_all_before_is_said_to_be(past, estimates):
    for _ in range(4):
        await past.make(60)
    told = await estimates.of(TENANT, asked_for(3600))
    assert any("as long, or as short" in note for note in told.notes)
    seen = await estimates.of(TENANT, asked_for(60))
    assert not any("as long, or as short" in note for note in seen.notes)
    assert told.time_s.high / told.time_s.expected == pytest.approx(1.5 * seen.time_s.high / seen.time_s.expected)


def test_a_sizes_guess_is_wide():
    length = length_of(250_000, "video")
    assert (length.low_s, length.expected_s, length.high_s) == (0.25, 1.0, 4.0)
