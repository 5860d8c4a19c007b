"""The evaluation of choices counts as it says."""

import csv

import numpy as np
import pytest
from evals.optimizer import bounds, choosing, learning, policies, predicting
from evals.optimizer.learned import Optimizer, default_way, trained_on
from evals.optimizer.outcomes import Outcome, Recording, read
from evals.optimizer.policies import Chosen, fixed, oracle

from setu_common.contracts import AudioProbe, AudioProfile, Candidate
from setu_optimizer.domain.prediction.examples import Example
from setu_optimizer.domain.prediction.features import FEATURES, vector_of

SMALL = Candidate(model="whisper-tiny.en", beam_size=1)
LARGE = default_way()
RATE = 0.2


def _recording(name, small_errors, large_errors, *, kind="crowd", level=2, duration_s=100.0, snr_db=20.0):
    outcomes = {SMALL: Outcome(small_errors, 100, 0.04), LARGE: Outcome(large_errors, 100, 0.10)}
    profile = AudioProfile(
        duration_s=duration_s, track="", clipping_ratio=0, speech_ratio=0.8, snr_db=snr_db, music_ratio=0, language="en"
    )
    probe = AudioProbe(model=SMALL.model, heard_s=10, agreement=1 - small_errors / 100)
    figures = vector_of(profile, probe)
    group = kind if kind != "clean" else f"clean: {name}"
    examples = tuple(
        Example(name, group, "en", figures, way, outcome.wer, outcome.time_factor) for way, outcome in outcomes.items()
    )
    return Recording(name, kind, level, group, profile, probe, 0.001, 0.002, outcomes, examples)


EASY = _recording("easy", 5, 4, kind="clean", level=0, snr_db=40.0)
HARD = _recording("hard", 40, 20, snr_db=5.0, duration_s=50.0)
BOTH = (EASY, HARD)


def test_the_oracle_takes_the_larger_model_only_where_it_is_worth_its_time():
    assert [oracle(RATE)(each).way for each in BOTH] == [SMALL, LARGE]
    assert oracle(0.0)(EASY).way == LARGE


def test_regret_counts_errors_and_time_and_what_choosing_took():
    assert policies.regret(oracle(RATE), HARD, RATE) == 0
    assert policies.regret(fixed(SMALL), HARD, RATE) == pytest.approx(0.20 - RATE * 0.06)
    assert policies.regret(lambda each: Chosen(each.best(RATE), overhead=0.03), HARD, RATE) == pytest.approx(RATE * 0.03)


def test_errors_are_pooled_over_words_and_times_over_seconds():
    longer = _recording("longer", 10, 10, duration_s=900.0)
    assert policies.error_rate(fixed(SMALL), (EASY, HARD)) == pytest.approx(45 / 200)
    assert policies.total_time_s(fixed(SMALL), (HARD, longer)) == pytest.approx(950 * 0.04)
    assert policies.total_time_s(lambda _: Chosen(SMALL, overhead=0.03), (HARD,)) == pytest.approx(50 * 0.07)


def test_near_the_oracle_is_measured_in_its_own_utility():
    exact = oracle(RATE)
    assert choosing.near(exact, HARD, RATE)
    # The oracle has -0.22 there: a twentieth of it is 0.011 for choosing, which costs 0.2 a second for a second.
    assert choosing.near(lambda each: Chosen(exact(each).way, 0.0549), HARD, RATE)
    assert not choosing.near(lambda each: Chosen(exact(each).way, 0.0551), HARD, RATE)


def test_a_rule_is_fitted_where_it_is_worth_most_and_pays_for_what_it_has_to_know():
    recordings = [_recording(f"{place}", 5, 4, snr_db=30.0 + place) for place in range(5)]
    recordings += [_recording(f"hard {place}", 40, 20, snr_db=float(place)) for place in range(5)]
    rule = policies.rule_on_snr(recordings, RATE)
    assert [rule(each) for each in BOTH] == [Chosen(SMALL, 0.001), Chosen(LARGE, 0.001)]
    assert rule(_recording("unknown", 5, 4, snr_db=None)).way == SMALL
    assert policies.rule_on_duration(recordings, RATE)(EASY).overhead == 0


def test_the_best_setting_is_told_by_worth_and_the_most_accurate_by_errors_alone():
    assert policies.best_fixed([EASY, EASY], RATE) == SMALL
    assert policies.most_accurate([EASY, EASY]) == LARGE


def test_free_choices_are_the_same_and_cost_nothing():
    dear = lambda _: Chosen(SMALL, 0.5, "out of experience")  # noqa: E731
    assert choosing.free(dear)(EASY) == Chosen(SMALL)


def test_recordings_are_difficult_from_the_middle_strength_on():
    weak = _recording("weak", 10, 5, level=1)
    assert choosing.difficult([EASY, weak, HARD]) == [HARD]


def _new(errors):
    return _recording(f"new {errors}", errors, round(errors * (0.9 if errors < 20 else 0.5)), snr_db=60.0 - errors)


def _learned():
    dice = np.random.default_rng(3)
    recordings = []
    for group in range(6):
        for place in range(8):
            errors = int(dice.integers(2, 60))
            better = max(1, round(errors * (0.9 if errors < 20 else 0.5)))
            recordings.append(_recording(f"{group} {place}", errors, better, kind=f"kind {group}", snr_db=60.0 - errors))
    return recordings


@pytest.fixture(scope="module")
def optimizer():
    """A model that was trained on little: a few seconds."""
    return Optimizer(trained_on(_learned()), "balanced")


def test_a_trained_optimizer_is_regretted_less_than_either_setting_and_says_what_its_probe_cost(optimizer):
    test = [_new(errors) for errors in (4, 8, 45, 55)]
    clean = _recording("clean", 5, 4, kind="clean", level=0, snr_db=55.0)
    chosen = [optimizer(each) for each in test]
    assert [one.way for one in chosen] == [SMALL, SMALL, LARGE, LARGE]
    assert {round(one.overhead, 6) for one in chosen} == {0.003}
    assert {round(Optimizer(optimizer.predictor, "balanced", probes=False)(each).overhead, 6) for each in test} == {0.001}
    mean = np.mean([policies.regret(optimizer, each, RATE) for each in test])
    assert mean < min(np.mean([policies.regret(fixed(way), each, RATE) for each in test]) for way in (SMALL, LARGE))
    figures = {each.figure: each for each in choosing.measure(_learned(), [*test, clean], {"balanced": optimizer})}
    assert figures["time saved on clean recordings, balanced"].value == pytest.approx(57)  # 0.04 + 0.003 of 0.10
    assert figures["errors more on clean recordings, balanced"].value == pytest.approx(1)
    assert figures["mean regret, balanced"].value == pytest.approx(100 * RATE * 0.003)  # what choosing takes, and nothing else
    assert predicting.measure(test, optimizer)[0].value > 0.6


@pytest.mark.parametrize(("count", "judged"), [(51, True), (50, False)])
def test_learning_is_judged_where_a_kind_has_recordings_for_a_hundred_jobs_and_others_to_try_it_on(
    optimizer, monkeypatch, count, judged
):
    observed = []

    def trained(examples):
        observed.append(len(examples))
        return optimizer.predictor

    monkeypatch.setattr(learning, "trained", trained)
    figures = learning.unseen(_learned(), [_recording(f"{place}", 30, 10) for place in range(count)])
    assert [each.goal != "none" for each in figures if each.figure.startswith("regret spared")] == [judged]
    assert {each.value for each in figures if "spared by" in each.figure} == {0.0}
    before, *after = observed
    assert all(0 < more - before <= learning.OBSERVED for more in after)
    assert len(after) == (51 if judged else learning.SPLITS)


def test_what_can_be_won_is_told_by_who_knows_the_outcome_and_regret_by_what_it_is_made_of(optimizer):
    test = [_new(errors) for errors in (4, 8, 45, 55)]
    clean = _recording("clean", 5, 4, kind="clean", level=0, snr_db=55.0)
    figures = {each.figure: each.value for each in bounds.measure([*_learned(), clean], [*test, clean], optimizer)}
    assert figures["time that an oracle saves on clean recordings, new ones"] == pytest.approx(60)
    assert figures["errors more that an oracle makes on clean recordings, new ones"] == pytest.approx(1)
    assert figures["regret for what a profile and a probe cost"] == pytest.approx(100 * RATE * 0.003)
    assert figures["regret for other ways than the best where something is predicted"] == pytest.approx(0)
    # One of 100 words is 0.01: more than a twentieth of what the oracle has, but where it errs in a fifth of them.
    assert figures["recordings on which one word is more than 5 % of the oracle's utility"] == pytest.approx(60)
    hindsight, foresight = (
        figures[f"within 5 % of the oracle for who knows {how} kind"]
        for how in ("the best way of each", "it from the others of each")
    )
    assert hindsight == pytest.approx(80)  # of the four of one kind the large model is worth most, and far from best on one
    assert foresight <= hindsight
    assert 0 < figures["how far differences between ways are believed with a probe"] <= 1


def test_ranges_that_hold_too_much_do_not_hold_what_they_promise(optimizer, monkeypatch):
    monkeypatch.setattr(predicting, "_covered", lambda *_: 1.0)
    figures = [predicting._covering(value, "", [HARD], optimizer) for value in (84.0, 90.0, 96.0)]
    assert [each.holds for each in figures] == [False, True, False]


def test_correlation_with_what_never_changes_is_none():
    assert predicting.pearson(np.array([0.1, 0.1]), np.array([0.2, 0.3])) == 0
    assert predicting.pearson(np.array([0.1, 0.2]), np.array([0.2, 0.4])) == pytest.approx(1)


def test_a_table_in_which_a_recording_lacks_a_way_is_not_evaluated(tmp_path):
    path = tmp_path / "measured.csv"
    line = {
        "split": "test",
        "kind": "crowd",
        "level": 2,
        "texts": "clinic",
        "duration_s": 60,
        "model": "whisper-base",
        "batch_size": 8,
        "compute_type": "int8",
        "substitutions": 3,
        "deletions": 2,
        "insertions": 1,
        "words": 100,
        "wer": 0.06,
        "cpu_s": 6,
        "profile_cpu_s": 0.6,
        "probe_cpu_s": 1.2,
    } | dict.fromkeys((feature.name for feature in FEATURES if feature.name != "duration_s"), "")
    line |= {"clipping_ratio": 0, "speech_ratio": 0.8, "music_ratio": 0.1, "snr_db": 12.5}
    lines = [line | {"recording": name, "beam_size": beam} for name in ("one", "two") for beam in (1, 5)]
    for count, refused in ((4, False), (3, True)):
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(lines[0]))
            writer.writeheader()
            writer.writerows(lines[:count])
        if refused:
            with pytest.raises(ValueError, match="make bench-asr"):
                read(path, "test")
        else:
            [one, _] = read(path, "test")
            assert [one.profiled, one.probed] == pytest.approx([0.01, 0.02])
            assert one.outcomes[Candidate(model="whisper-base", beam_size=1)].wer == 0.06
            assert (one.profile.snr_db, one.probe) == (12.5, None)
            assert read(path, "train") == []
