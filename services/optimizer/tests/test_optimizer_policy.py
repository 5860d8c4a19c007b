"""Which way is taken, and what never is."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setu_common.contracts import AsrOverrides, AsrPlan, Candidate
from setu_optimizer.domain.prediction.plans import overridden
from setu_optimizer.domain.prediction.policy import LAMBDAS, Expected, Wishes, choose, priced

SMALL = Candidate(model="small", beam_size=1)
LARGE = Candidate(model="large", beam_size=5)
rates = st.floats(0, 10, allow_nan=False)


def way(candidate: Candidate, wer: float, time_s: float, cost_usd: Decimal | None = None) -> Expected:
    return Expected(candidate, wer, wer / 2, wer * 2, time_s, time_s / 2, time_s * 2, cost_usd=cost_usd)


@st.composite
def several(draw):
    count = draw(st.integers(1, 8))
    return [way(Candidate(model=f"m{number}"), draw(st.floats(0, 1.5)), draw(st.floats(0.01, 600))) for number in range(count)]


@given(several(), rates, rates)
def test_who_values_time_more_never_gets_a_slower_way(ways, one, other):
    less, more = sorted((one, other))
    slower = choose(ways, 60, Wishes(), less).chosen.expected
    faster = choose(ways, 60, Wishes(), more).chosen.expected
    assert faster.time_s <= slower.time_s + 1e-9
    assert faster.wer >= slower.wer - 1e-9


@given(several(), rates)
def test_what_is_taken_is_worth_most_and_all_ways_are_told_best_first(ways, rate):
    choice = choose(ways, 60, Wishes(), rate)
    assert choice.chosen.utility == max(each.utility for each in choice.weighed)
    assert [each.utility for each in choice.weighed] == sorted((each.utility for each in choice.weighed), reverse=True)
    assert {each.expected.candidate for each in choice.weighed} == {each.candidate for each in ways}


def test_a_draft_values_time_more_than_a_delivery():
    assert LAMBDAS["speed"] > LAMBDAS["balanced"] > LAMBDAS["quality"] > 0


@pytest.mark.parametrize(("quality", "model"), [("speed", "small"), ("balanced", "small"), ("quality", "large")])
def test_two_points_of_errors_for_a_sixth_of_the_time_are_for_quality_alone(quality, model):
    ways = [way(SMALL, 0.05, 60), way(LARGE, 0.03, 660)]
    assert choose(ways, 3600, Wishes(quality=quality)).chosen.expected.candidate.model == model


def test_the_fastest_that_is_good_enough_is_taken_however_good_others_are():
    ways = [way(SMALL, 0.09, 5), way(LARGE, 0.02, 12)]
    choice = choose(ways, 60, Wishes(quality="quality", target_wer=0.1))
    assert choice.chosen.expected.candidate == SMALL
    assert "the fastest" in choice.because
    missed = choose(ways, 60, Wishes(quality="speed", target_wer=0.01))
    assert missed.chosen.expected.candidate == LARGE
    assert "none is expected" in missed.because


def test_a_way_that_may_take_too_long_or_costs_too_much_is_ruled_out_and_says_so():
    ways = [way(SMALL, 0.2, 5), way(LARGE, 0.02, 12)]
    choice = choose(ways, 60, Wishes(quality="quality", deadline_s=20))  # 12 s, but up to 24
    assert choice.chosen.expected.candidate == SMALL
    assert [each.ruled_out for each in choice.weighed] == ["", "it may take 24 s, longer than 20 s"]
    dear = [way(SMALL, 0.2, 5), way(LARGE, 0.02, 12, Decimal("0.36"))]
    choice = choose(dear, 60, Wishes(quality="quality", budget_usd=Decimal("0.10")))
    assert choice.chosen.expected.candidate == SMALL
    assert choice.weighed[-1].ruled_out == "it costs 0.36 USD, more than 0.10"


def test_a_deadline_is_on_the_clock_and_what_is_expected_is_a_processors_time():
    ways = [way(SMALL, 0.2, 5), way(LARGE, 0.02, 12)]  # 12 s, but up to 24
    busy = choose(ways, 60, Wishes(quality="quality", deadline_s=30, clock=3))
    assert busy.weighed[-1].ruled_out == "it may take 72 s, longer than 30 s"
    assert busy.chosen.expected.candidate == SMALL
    threads = choose(ways, 60, Wishes(quality="quality", deadline_s=20, clock=0.5))
    assert threads.chosen.expected.candidate == LARGE


def test_an_hours_price_rules_out_what_takes_too_long_for_the_money():
    ways = [priced(each, Decimal("0.36")) for each in (way(SMALL, 0.2, 5), way(LARGE, 0.02, 12))]
    assert [each.cost_usd for each in ways] == [Decimal("0.000500"), Decimal("0.001200")]
    choice = choose(ways, 60, Wishes(quality="quality", budget_usd=Decimal("0.001")))
    assert choice.chosen.expected.candidate == SMALL
    assert choice.weighed[-1].ruled_out == "it costs 0.001200 USD, more than 0.001"
    assert priced(ways[0], Decimal(0)) is ways[0]


def test_where_nothing_keeps_within_the_deadline_the_nearest_is_taken_and_says_so():
    choice = choose([way(SMALL, 0.2, 50), way(LARGE, 0.02, 120)], 60, Wishes(deadline_s=10))
    assert choice.chosen.expected.candidate == SMALL
    assert "no way is expected to keep within" in choice.because


def test_an_override_wins_and_what_was_expected_of_another_way_is_left_out():
    plan = AsrPlan(model="whisper-base", expected_wer=0.1, expected_time_s=3, source="predicted", explanation="So.")
    assert overridden(plan, AsrOverrides()) is plan
    assert overridden(plan, AsrOverrides(model="whisper-base")) is plan
    changed = overridden(plan, AsrOverrides(model="whisper-small", beam_size=2))
    assert (changed.model, changed.beam_size, changed.source) == ("whisper-small", 2, "override")
    assert changed.expected_wer is changed.expected_time_s is None
    assert changed.explanation == "So. The caller wants model whisper-small, beam size 2."
