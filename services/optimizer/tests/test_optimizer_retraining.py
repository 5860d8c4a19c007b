"""New models from observed jobs: promoted if they are better, whatever is sent back."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import numpy as np
import pytest
from sqlalchemy import text

from setu_common.contracts import AsrPlan, WerBasis
from setu_common.errors import DependencyUnavailable
from setu_common.operations import Hints, Operations
from setu_common.settings import OperationSettings
from setu_optimizer.domain.observing.labels import Label
from setu_optimizer.domain.observing.lessons import averages, decisive, is_held, lessons_of
from setu_optimizer.domain.prediction.comparison import compare
from setu_optimizer.domain.prediction.examples import Example
from setu_optimizer.domain.prediction.features import FEATURES
from setu_optimizer.errors import TooLittleToLearnFrom
from setu_optimizer.observing import repository as observing
from setu_optimizer.observing.repository import Observation
from setu_optimizer.predictors.predictor import Predictor
from setu_optimizer.predictors.registry import SHIPPED, Kept, Predictors
from setu_optimizer.predictors.tables import published
from setu_optimizer.predictors.training import train
from setu_optimizer.retraining.kinds import RetrainingRequest
from setu_optimizer.retraining.measured import measured_examples
from setu_optimizer.retraining.retrainer import Retrainer
from setu_optimizer.retraining.timetable import Timetable, week_of
from testbed.hearings import BASE_5, SIZES, TINY, heard

pytestmark = [pytest.mark.timeout(400), pytest.mark.usefixtures("soon_trained")]  # models are trained in it

NOW = datetime(2026, 11, 26, tzinfo=UTC)
TABLE = published()
MEASURED = heard(60, seed=11), heard(40, seed=12)
"""What models learn from, and what they are tried on."""


def jobs(count: int, seed: int, *, wrong: float = 0.0) -> list[Example]:
    """Observed jobs, each heard in one way, of many series; of a share of them the error rate is anything."""
    dice = np.random.default_rng(seed)
    found = [
        replace(each, group=f"acme/{number % 40}", time_factor=None, recording=f"acme/{seed}-{number}")
        for number, each in enumerate(dice.permutation(np.array(heard(count, seed), dtype=object))[:count])
    ]
    return [replace(each, wer=float(dice.uniform(0, 1))) if dice.uniform() < wrong else each for each in found]


def observation(example: Example) -> Observation:
    figures = {feature.name: float(value) for feature, value in zip(FEATURES, example.figures, strict=True)}
    return Observation(
        source="history",
        recording=example.recording,
        job_id=None,
        work=example.group,
        language="en",
        profile=figures,
        plan=AsrPlan(model=example.candidate.model),
        candidate=example.candidate,
        duration_s=60,
    )


@pytest.fixture
def observe(database):
    async def keep(examples: list[Example], basis: WerBasis = "known") -> None:
        async with database.transaction() as connection:
            for each in examples:
                await observing.keep(connection, "acme", observation(each), Label(each.wer, basis, each.weight))

    return keep


@pytest.fixture
def predictors(database, store) -> Predictors:
    return Predictors(database, store)


@pytest.fixture
def retrainer(database, predictors) -> Retrainer:
    return Retrainer(database, predictors, lambda: MEASURED, TABLE)


@pytest.fixture(scope="module")
def weak() -> bytes:
    """A model that has learned from few recordings."""
    return train(heard(8, seed=5), SIZES, kind="weak", description="few recordings", now=NOW)


@pytest.fixture
async def gone_back(predictors, champion, observe) -> Kept:
    """The shipped model, to which somebody went back after 25 jobs."""
    await observe(jobs(25, seed=27))
    return await predictors.roll_back()


@pytest.fixture
async def champion(predictors, weak):
    better = compare(lambda _, ways: [(1.0, 1.0)] * len(ways), Predictor.read(weak, TABLE).guess, MEASURED[1])
    assert await predictors.offer(weak, better, against=await predictors.champion())
    return await predictors.champion()


async def test_a_better_challenger_is_promoted_and_one_that_is_not_stays_out(retrainer, predictors, champion, observe, work):
    await observe(jobs(60, seed=21))
    first = await retrainer.retrain(RetrainingRequest(), work)
    assert first.promoted, first.verdict
    assert (first.champion, first.observation_count) == (champion.name, 60)
    assert first.example_count + first.held_count == 60 + len(MEASURED[0]) + len(MEASURED[1])
    now = await predictors.champion()
    assert now.name == first.challenger
    work.operation_id = uuid4()
    second = await retrainer.retrain(RetrainingRequest(), work)
    assert not second.promoted, "the same examples give the same model, which is no better than itself"
    assert await predictors.champion() == now


async def test_one_operation_trains_once_however_often_it_is_delivered(retrainer, champion, database, work):
    first = await retrainer.retrain(RetrainingRequest(), work)
    assert await retrainer.retrain(RetrainingRequest(), work) == first
    assert first.champion == champion.name
    async with database.reading() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM retraining"))).scalar_one() == 1
        assert (await connection.execute(text("SELECT count(*) FROM predictor"))).scalar_one() == 2


async def test_where_no_model_can_be_used_the_challenger_is_set_against_averages(retrainer, predictors, champion, store, work):
    await store.delete(champion.file.uri)
    result = await retrainer.retrain(RetrainingRequest(), work)
    assert result.promoted
    assert "averages" in result.verdict
    assert (await predictors.champion()).name == result.challenger


async def test_a_regular_training_without_enough_new_jobs_is_left_out(retrainer, champion, observe, work):
    await observe(jobs(19, seed=22))
    result = await retrainer.retrain(RetrainingRequest(week="2026-W48"), work)
    assert (result.champion, result.challenger, result.promoted) == (champion.name, "", False)
    assert "19 jobs are new" in result.verdict


async def test_a_model_is_promoted_with_its_record_or_not_at_all(retrainer, predictors, champion, monkeypatch, work):
    async def away(*_, **__):
        raise DependencyUnavailable("the database went away")

    monkeypatch.setattr("setu_optimizer.retraining.repository.keep", away)
    with pytest.raises(DependencyUnavailable):
        await retrainer.retrain(RetrainingRequest(), work)
    assert await predictors.champion() == champion
    assert len(await predictors.history()) == 1


async def test_a_damaged_champion_does_not_keep_others_from_being_trained(retrainer, predictors, champion, monkeypatch, work):
    data = bytearray(await predictors.data(champion))
    data[len(data) // 2] ^= 0x55

    async def damaged(_kept):
        return bytes(data)

    monkeypatch.setattr(predictors, "data", damaged)
    result = await retrainer.retrain(RetrainingRequest(), work)
    assert result.promoted
    assert "averages" in result.verdict


async def test_who_went_back_is_not_overruled_till_somebody_asks_or_errors_become_known(retrainer, gone_back, observe, work):
    weekly = RetrainingRequest(week="2026-W48")
    assert gone_back == SHIPPED
    await observe(jobs(25, seed=28), basis="estimated")
    held = await retrainer.retrain(weekly, work)
    assert (held.champion, held.challenger, held.promoted) == (SHIPPED.name, "", False)
    assert "somebody went back to this model" in held.verdict
    assert (await retrainer.retrain(RetrainingRequest(), work)).challenger, "somebody asked"
    work.operation_id = uuid4()
    await observe(jobs(25, seed=29))
    assert (await retrainer.retrain(weekly, work)).challenger, "errors have become known"


async def test_a_model_that_was_promoted_after_somebody_went_back_stands_in_nobodys_way(predictors, champion, weak):
    assert await predictors.went_back_at(champion) is None
    now = await predictors.roll_back()
    assert await predictors.went_back_at(now) is not None
    better = compare(lambda _, ways: [(1.0, 1.0)] * len(ways), Predictor.read(weak, TABLE).guess, MEASURED[1])
    assert await predictors.offer(weak, better, against=now)
    assert await predictors.went_back_at(await predictors.champion()) is None


async def test_without_anything_to_be_tried_on_nothing_is_trained(database, predictors, work):
    bare = Retrainer(database, predictors, lambda: ([], []), TABLE)
    with pytest.raises(TooLittleToLearnFrom):
        await bare.retrain(RetrainingRequest(), work)


def test_no_series_is_learned_from_that_a_model_is_tried_on():
    seen = jobs(200, seed=23)
    estimated = [replace(each, measured=False, recording=f"{each.recording}-e") for each in seen]
    lessons = lessons_of(*MEASURED, [*seen, *estimated], TABLE.keys())
    tried = {each.group for each in lessons.observed}
    assert tried
    assert not tried & {each.group for each in lessons.taught}
    assert all(each.measured for each in lessons.observed)
    assert all(is_held(group) for group in tried)
    assert any(not each.measured for each in lessons.taught)


def test_a_model_that_nobody_knows_the_size_of_is_passed_over():
    strange = [replace(each, candidate=BASE_5.model_copy(update={"model": "house-made"})) for each in jobs(30, seed=24)]
    lessons = lessons_of(*MEASURED, strange, TABLE.keys())
    assert (lessons.taught, lessons.observed) == (tuple(MEASURED[0]), ())


@pytest.fixture(scope="module")
def measured_champion() -> Predictor:
    """A model that has learned what was measured."""
    return Predictor.read(train(MEASURED[0], SIZES, kind="champion", description="measured", now=NOW), TABLE)


@pytest.mark.parametrize("seed", range(2))
def test_wrong_labels_on_a_fifth_of_the_jobs_never_promote_a_model_that_is_worse(measured_champion, seed):
    lessons = lessons_of(*MEASURED, jobs(120, seed=100 + seed, wrong=0.2), TABLE.keys())
    challenger = Predictor.read(train(lessons.taught, SIZES, kind="p", description="poisoned", now=NOW), TABLE)
    on_measured = compare(measured_champion.guess, challenger.guess, lessons.measured)
    on_all = compare(measured_champion.guess, challenger.guess, (*lessons.measured, *lessons.observed))
    if decisive(on_all, on_measured).better:
        assert on_measured.regret.mean >= 0
        assert on_measured.error.mean >= 0
        fresh = compare(measured_champion.guess, challenger.guess, heard(150, seed=900 + seed))
        assert fresh.error.high >= 0
        assert fresh.regret.high >= 0


@pytest.mark.skipif(not measured_examples()[1], reason="no measured table is shipped")
def test_wrong_labels_never_promote_a_model_that_is_worse_on_what_was_measured():
    """Half of the measured ways of being spoiled come back as jobs, a fifth of them with a wrong error rate."""
    taught, held = measured_examples()
    dice = np.random.default_rng(1)
    groups = sorted({each.group for each in taught})
    back = set(groups[::2])
    known = [each for each in taught if each.group not in back]
    stream = [
        replace(
            each,
            recording=f"acme/{number}",
            group=f"acme/{number % 30}",
            time_factor=None,
            wer=float(dice.uniform(0, 1)) if dice.uniform() < 0.2 else each.wer,
        )
        for number, each in enumerate(each for each in taught if each.group in back)
    ]
    champion = Predictor.read(train(known, SIZES, kind="champion", description="half", now=NOW), TABLE)
    lessons = lessons_of(known, held, stream, TABLE.keys())
    challenger = Predictor.read(train(lessons.taught, SIZES, kind="p", description="poisoned", now=NOW), TABLE)
    on_measured = compare(champion.guess, challenger.guess, lessons.measured)
    on_all = compare(champion.guess, challenger.guess, (*lessons.measured, *lessons.observed))
    if decisive(on_all, on_measured).better:
        assert on_measured.regret.mean >= 0
        assert on_measured.error.mean >= 0


def test_praise_from_wrong_corrections_does_not_outweigh_recordings_whose_words_are_known():
    """Every job comes back with nine errors in ten words: who learned that is praised by those that were held back."""
    wrong = [replace(each, wer=0.9, group=f"{each.group}-{number}") for number, each in enumerate(jobs(400, seed=31))]
    lessons = lessons_of(*MEASURED, wrong, TABLE.keys())
    knows, believes = averages(MEASURED[0]), averages(wrong)
    on_all = compare(knows, believes, (*lessons.measured, *lessons.observed))
    on_measured = compare(knows, believes, lessons.measured)
    assert on_all.error.low > 0
    assert on_measured.error.mean < 0
    assert decisive(on_all, on_measured) is on_measured
    assert not on_measured.better
    assert decisive(on_all, None) is on_all


def test_averages_expect_of_each_way_what_it_was_on_average():
    guess = averages(MEASURED[0])
    [(tiny, fast), (base, slow)] = guess(MEASURED[0][0].figures, (TINY, BASE_5))
    assert tiny == pytest.approx(np.mean([each.wer for each in MEASURED[0] if each.candidate == TINY]))
    assert tiny > base
    assert fast < slow


@pytest.fixture
async def operations(database, store, redis_settings):
    hints = Hints(redis_settings)
    found = Operations(database, store, hints, OperationSettings())
    yield found
    await found.close()
    hints.close()


async def test_a_week_is_trained_for_once_however_many_processes_think_of_it(operations, database, observe):
    timetables = [Timetable(operations, database) for _ in range(3)]
    assert [await each.look(NOW) for each in timetables] == [False] * 3
    await observe(jobs(20, seed=25))
    assert [await each.look(NOW) for each in timetables] == [True] * 3
    async with database.reading() as connection:
        keys = (await connection.execute(text("SELECT idempotency_key FROM operation"))).scalars().all()
    assert keys == ["retraining/2026-W48"]


async def test_after_the_weeks_training_nothing_is_submitted_till_the_next(operations, database, observe):
    await observe(jobs(20, seed=26))
    async with database.transaction() as connection:
        await connection.execute(
            text(
                "INSERT INTO retraining (id, trained_at, champion, challenger, observations, examples, held, promoted, verdict) "
                "VALUES (gen_random_uuid(), :at, 'a', 'b', 0, 0, 0, false, '')"
            ),
            {"at": datetime(2026, 11, 24, tzinfo=UTC)},
        )
        await connection.execute(text("UPDATE observation SET updated_at = :at"), {"at": datetime(2026, 11, 25, tzinfo=UTC)})
    timetable = Timetable(operations, database)
    assert await timetable.look(NOW)
    async with database.reading() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM operation"))).scalar_one() == 0
    assert await timetable.look(datetime(2026, 12, 1, tzinfo=UTC))
    async with database.reading() as connection:
        keys = (await connection.execute(text("SELECT idempotency_key FROM operation"))).scalars().all()
    assert keys == ["retraining/2026-W49"]


def test_weeks_are_those_of_the_calendar():
    assert week_of(datetime(2026, 11, 26, tzinfo=UTC)) == "2026-W48"
    assert week_of(datetime(2027, 1, 2, tzinfo=UTC)) == "2026-W53"
