"""How far it is believed that a way does better on one recording than on others."""

import numpy as np
import pytest

from setu_optimizer.domain.prediction.shrinking import Heard, apart, shrunk, trust

WAYS = np.array([-0.06, 0.01, 0.05])


def recordings(count: int, seed: int, own: float, chance: float):
    """Recordings in three ways each: how hard they are, what a way does on all, what it does on this one (``own``), and chance."""
    dice = np.random.default_rng(seed)
    hard, own_part = dice.uniform(0.1, 0.7, (count, 1)), own * dice.normal(size=(count, 3))
    true = hard + WAYS + own_part + chance * dice.normal(size=(count, 3))
    heard = Heard(np.repeat(np.arange(count), 3), np.tile(np.arange(3), count), np.ones(3 * count))
    return true.ravel(), (hard + WAYS + own_part).ravel(), heard


def usual_of(true, heard):
    offsets = apart(true, heard)
    return np.array([offsets.get(int(way), np.nan) for way in heard.ways])


def test_differences_that_came_true_are_believed_and_those_that_did_not_are_not():
    true, known, heard = recordings(120, seed=1, own=0.05, chance=0.02)
    usual, groups = usual_of(true, heard), heard.recordings // 5
    dice = np.random.default_rng(2)
    assert trust(known, true, usual, heard, groups) > 0.9
    guessed = true.mean() + usual + 0.05 * dice.normal(size=len(true))
    assert trust(guessed, true, usual, heard, groups) < 0.1
    assert trust(-known, true, usual, heard, groups) == 0
    half = trust(known + 0.05 * dice.normal(size=len(true)), true, usual, heard, groups)
    assert 0.3 < half < 0.6


def test_little_evidence_is_believed_less_than_much_of_the_same():
    few, many = (recordings(count, seed=3, own=0.05, chance=0.08) for count in (8, 400))
    little, much = (trust(known, true, usual_of(true, heard), heard, heard.recordings) for true, known, heard in (few, many))
    assert little < much < 1
    assert much > 0.8


def test_without_trust_ways_lie_as_far_apart_as_they_usually_do_and_with_all_of_it_nothing_is_changed():
    usual = np.array([-0.05, 0.05, -0.05, 0.05, np.nan])
    expected, places = np.array([0.3, 0.3, 0.1, 0.5, 0.7]), np.array([0, 0, 1, 1, 1])
    assert shrunk(expected, usual, places, 0.0) == pytest.approx([0.25, 0.35, 0.25, 0.35, 0.7])
    assert shrunk(expected, usual, places, 1.0) == pytest.approx(expected)
    assert shrunk(expected, usual, places, 0.5) == pytest.approx([0.275, 0.325, 0.175, 0.425, 0.7])
    alone = shrunk(np.array([0.3]), np.array([0.05]), np.array([0]), 0.0)
    assert alone == pytest.approx([0.3])


def test_ways_that_were_tried_on_hard_recordings_alone_are_not_held_to_be_bad():
    true, _, heard = recordings(90, seed=4, own=0, chance=0.001)
    easy_first = np.argsort(np.repeat(true.reshape(-1, 3).mean(axis=1), 3), kind="stable")
    kept = np.array([row for place, row in enumerate(easy_first) if heard.ways[row] != 0 or place > 150])
    some = Heard(heard.recordings[kept], heard.ways[kept], heard.weights[kept])
    found = apart(true[kept], some)
    assert [found[way] for way in range(3)] == pytest.approx(list(WAYS - WAYS.mean()), abs=0.002)


def test_ways_of_which_no_recording_was_heard_in_another_way_are_left_as_they_are():
    heard = Heard(np.arange(6), np.tile([0, 1], 3), np.ones(6))
    true = np.linspace(0, 1, 6)
    assert apart(true, heard) == {}
    assert trust(true, true, np.full(6, np.nan), heard, heard.recordings) == 0
