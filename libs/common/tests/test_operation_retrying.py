"""How long a failed attempt waits for the next."""

import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setu_common.operations.retrying import BASE_S, CAP_S, retry_delay_s

FAILURES = st.integers(1, 10_000)
DRAWS = st.floats(0, 1)


def drawing(share: float):
    return lambda low, high: low + share * (high - low)


@given(FAILURES, DRAWS)
def test_the_delay_lies_in_a_window_that_doubles_up_to_its_cap(failures: int, share: float):
    delay_s = retry_delay_s(failures, None, drawing(share))
    assert 0 <= delay_s <= CAP_S
    assert delay_s == pytest.approx(share * min(CAP_S, BASE_S * 2.0 ** min(failures - 1, 100)))


@given(FAILURES, st.floats(0, 86_400), DRAWS)
def test_who_is_told_when_to_come_back_never_comes_sooner_and_little_later(failures: int, after_s: float, share: float):
    delay_s = retry_delay_s(failures, after_s, drawing(share))
    assert after_s <= delay_s <= after_s * 1.1 + 1e-9


def test_being_told_to_come_back_at_once_is_not_being_told_nothing():
    assert retry_delay_s(9, 0.0, random.Random(1).uniform) == 0


def test_those_that_fail_together_do_not_come_back_together():
    uniform = random.Random(1).uniform
    alone = [retry_delay_s(5, None, uniform) for _ in range(500)]
    told = [retry_delay_s(5, 20, uniform) for _ in range(500)]

    assert statistics.mean(alone) == pytest.approx(8, rel=0.1)
    assert statistics.pstdev(alone) == pytest.approx(16 / 12**0.5, rel=0.1)
    assert min(alone) < 1
    assert statistics.pstdev(told) == pytest.approx(2 / 12**0.5, rel=0.1)
