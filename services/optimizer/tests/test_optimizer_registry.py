"""Which model is asked: better ones are promoted, worse ones never, and there is a way back."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from setu_common.errors import Conflict
from setu_optimizer.domain.prediction.comparison import LEAST_COVERAGE, compare, coverage_of
from setu_optimizer.errors import ModelUnusable, NothingEarlier
from setu_optimizer.predictors.predictor import Predictor
from setu_optimizer.predictors.registry import SHIPPED, Predictors
from setu_optimizer.predictors.tables import published
from setu_optimizer.predictors.training import train
from testbed.hearings import SIZES, WAYS, heard

pytestmark = pytest.mark.timeout(400)  # a model is trained for all of them, with whatever the machine has left
NOW = datetime(2026, 11, 26, tzinfo=UTC)


def trained(examples, kind: str) -> tuple[bytes, Predictor]:
    data = train(examples, SIZES, kind=kind, description=kind, now=NOW)
    return data, Predictor.read(data, published())


@pytest.fixture(scope="session")
def little():
    """A model that has learned from 12 recordings."""
    return trained(heard(12, seed=21), "little")


@pytest.fixture
def registry(database, store) -> Predictors:
    return Predictors(database, store)


HELD = heard(60, seed=31)


def clueless(_figures, ways):
    return [(0.5, 1.0)] * len(ways)


def test_who_guesses_right_has_no_regret_and_who_guesses_wrong_has(predictor):
    def knowing(figures, ways):
        tried = {each.candidate: each for each in HELD if each.figures is figures}
        return [(tried[way].wer, tried[way].time_factor) for way in ways]

    def wrong(figures, ways):
        return [(-wer, -factor) for wer, factor in knowing(figures, ways)]

    compared = compare(wrong, knowing, HELD)
    assert compared.challenger_regret == compared.challenger_error == 0
    assert compared.champion_regret > 0.05
    assert compared.regret.low > 0
    assert compared.better
    assert not compare(knowing, wrong, HELD).better
    assert not compare(knowing, knowing, HELD).better
    few = [each for each in HELD if int(each.recording.split("-")[1]) < 10]
    assert not compare(wrong, knowing, few).better  # too few to say


def test_recordings_of_one_group_are_no_separate_evidence(predictor):
    def worse(figures, ways):
        return [(wer + 0.2, factor) for wer, factor in predictor.guess(figures, ways)]

    apart = compare(worse, predictor.guess, HELD).error
    one = compare(worse, predictor.guess, [replace(each, group=f"{each.recording[-1] in '02468'}") for each in HELD]).error
    assert apart.mean == one.mean
    assert one.high - one.low != apart.high - apart.low


async def test_a_better_model_is_promoted_and_one_goes_back_to_the_one_before(registry, little, model, predictor):
    assert await registry.champion() == SHIPPED
    with pytest.raises(NothingEarlier):
        await registry.roll_back()
    assert await registry.offer(little[0], compare(clueless, little[1].guess, HELD), against=SHIPPED)
    first = await registry.champion()
    assert first.name == little[1].manifest.name
    assert await registry.data(first) == little[0]
    assert await registry.offer(model, compare(little[1].guess, predictor.guess, HELD), against=first)
    second = await registry.champion()
    assert second.name == predictor.manifest.name
    assert (await registry.roll_back()).name == first.name
    assert (await registry.champion()).id == first.id
    assert await registry.roll_back() == SHIPPED
    assert {(kept.name, kept.state) for kept in await registry.history()} == {
        (first.name, "rolled-back"),
        (second.name, "rolled-back"),
    }
    assert [kept.verdict.split(":")[0] for kept in await registry.history()] == ["Better", "Better"]


async def test_a_worse_model_is_refused_and_kept_with_the_verdict(registry, little, model, predictor):
    assert await registry.offer(model, compare(clueless, predictor.guess, HELD), against=SHIPPED)
    champion = await registry.champion()
    assert not await registry.offer(little[0], compare(predictor.guess, little[1].guess, HELD), against=champion)
    assert await registry.champion() == champion
    refused = (await registry.history())[0]
    assert (refused.name, refused.state) == (little[1].manifest.name, "refused")
    assert refused.verdict.startswith("Not better")


async def test_who_was_compared_with_a_model_that_is_not_champion_any_more_is_sent_back(registry, little, model, predictor):
    better = compare(clueless, predictor.guess, HELD)
    assert await registry.offer(model, better, against=SHIPPED)
    with pytest.raises(Conflict):
        await registry.offer(little[0], better, against=SHIPPED)
    with pytest.raises(ModelUnusable):
        await registry.offer(model[:-10], better, against=await registry.champion())
    assert len(await registry.history()) == 1


@pytest.mark.usefixtures("soon_trained_here")
@pytest.mark.parametrize("seed", [41, 42])
def test_a_stream_with_a_fifth_of_wrong_labels_never_makes_the_model_worse(predictor, seed):
    """Whatever is learned from a poisoned stream, what is promoted is no worse on what was held out."""
    dice = np.random.default_rng(seed)
    stream = heard(60, seed=seed)
    spoiled = {each.recording for each in stream if int(each.recording.split("-")[1]) % 5 == 0}
    poisoned = [replace(each, wer=float(dice.uniform(0, 1.5))) if each.recording in spoiled else each for each in stream]
    _, challenger = trained(poisoned, "poisoned")
    compared = compare(predictor.guess, challenger.guess, HELD)
    promoted = challenger if compared.better else predictor
    after = compare(predictor.guess, promoted.guess, HELD)
    assert after.challenger_regret <= after.champion_regret
    assert after.challenger_error <= after.champion_error
    assert compared.error.mean < 0  # this one is worse, and so it is not promoted
    assert promoted is predictor


def test_a_model_learns_about_the_ways_that_were_tried_often_enough_and_no_others(predictor, little):
    assert {each.candidate for each in predictor.manifest.candidates} == set(WAYS)
    assert predictor.manifest.learned_from.recordings == 60
    assert little[1].manifest.candidates == ()  # 12 recordings are too few to know a way


def test_a_model_whose_ranges_do_not_hold_is_not_promoted_however_well_it_chooses(predictor):
    better = compare(clueless, predictor.guess, HELD)
    assert better.better
    held = coverage_of(predictor.ranges, HELD)
    assert held > LEAST_COVERAGE
    assert replace(better, coverage=held).better
    narrow = coverage_of(lambda figures, ways: [(wer, wer) for wer, _ in predictor.guess(figures, ways)], HELD)
    assert narrow < 0.1
    refused = replace(better, coverage=narrow)
    assert not refused.better
    assert refused.verdict.startswith("Not better")
    assert "lie in its ranges (85 are needed)" in refused.verdict
