"""What is learned from examples: ranges that hold, figures that may be missing, and what is like nothing that was learned from."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setu_common.contracts import AudioProbe, AudioProfile, Candidate
from setu_optimizer.domain.prediction.comparison import coverage_of
from setu_optimizer.domain.prediction.examples import Example, folds_of, hash_of
from setu_optimizer.domain.prediction.experience import Experience
from setu_optimizer.domain.prediction.features import COLUMNS, FEATURES, PROBED, unprobed, vector_from, vector_of
from setu_optimizer.domain.prediction.ranges import COVERAGE, margins_of
from setu_optimizer.errors import TooLittleToLearnFrom
from setu_optimizer.predictors.bundle import unpacked
from setu_optimizer.predictors.learning_table import read_table
from setu_optimizer.predictors.manifest import Manifest
from setu_optimizer.predictors.predictor import Predictor
from setu_optimizer.predictors.tables import published
from setu_optimizer.predictors.training import train
from testbed.hearings import BASE, BASE_5, KINDS, SIZES, TINY, WAYS, figures_of, heard, wer_of

pytestmark = pytest.mark.timeout(400)  # a model is trained for all of them, with whatever the machine has left
NAMES = [feature.name for feature in FEATURES]


def test_every_figure_is_a_field_of_a_profile_or_a_probe():
    of_profile, of_probe = set(AudioProfile.model_fields), {f"probe_{name}" for name in AudioProbe.model_fields}
    assert {name for name, probed in zip(NAMES, PROBED, strict=True) if not probed} <= of_profile
    assert {name for name, probed in zip(NAMES, PROBED, strict=True) if probed} <= of_probe
    assert len(set(COLUMNS)) == len(COLUMNS)


def test_a_recordings_figures_stand_in_their_order_and_what_is_not_known_is_left_open():
    profile = AudioProfile(duration_s=60, track="0", clipping_ratio=0.01, speech_ratio=0.8, music_ratio=0, snr_db=12.5)
    found = dict(zip(NAMES, vector_of(profile, AudioProbe(model="m", heard_s=20, agreement=0.9)), strict=True))
    assert (found["duration_s"], found["snr_db"]) == (60, 12.5)
    assert found["probe_agreement"] == np.float32(0.9)
    assert np.isnan([found["reverberation_s"], found["probe_mean_logprob"]]).all()
    assert np.isnan(vector_of(profile, None)[PROBED]).all()
    assert np.isnan(vector_from({"snr_db": float("inf")})).all()


def test_pauses_of_digital_silence_are_as_quiet_as_those_that_nobody_hears_anything_in():
    snr = NAMES.index("snr_db")
    assert [vector_from({"snr_db": value})[snr] for value in (-3, 44, 45, 65, 100)] == [-3, 44, 45, 45, 45]


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=60), st.integers(2, 6))
def test_no_group_is_in_two_folds_and_none_is_lost(groups, count):
    folds = folds_of(groups, count)
    assert sorted(place for fold in folds for place in fold) == list(range(len(groups)))
    assert [len({groups[place] for place in fold} & {groups[place] for other in folds if other is not fold for place in other})
            for fold in folds] == [0] * len(folds)  # fmt: skip


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.floats(0.1, 3))
def test_quantiles_that_were_too_narrow_hold_what_they_promise_once_they_are_moved(seed, scale):
    dice = np.random.default_rng(seed)
    true, new = dice.normal(0, scale, 2000), dice.normal(0, scale, 4000)
    narrow = np.full(2000, -0.01), np.full(2000, 0.01)
    low, high = margins_of(true, *narrow).widen(np.full(4000, -0.01), np.full(4000, 0.01))
    assert abs(((low <= new) & (new <= high)).mean() - COVERAGE) < 0.03


def test_ranges_hold_nine_of_ten_recordings_that_were_never_learned_from(predictor):
    held, others = heard(150, seed=7), heard(150, seed=8, probed=False)
    for examples in (held, others):
        within = 0
        for each in examples:
            (expected,) = predictor.expect(each.figures, 1.0, (each.candidate,))
            within += expected.wer_low <= each.wer <= expected.wer_high
            assert expected.wer_low <= expected.wer <= expected.wer_high
            assert expected.time_low_s <= expected.time_s <= expected.time_high_s
        assert 0.83 <= within / len(examples) <= 0.97


def test_what_is_expected_is_near_what_comes_of_it(predictor):
    held = heard(100, seed=9)
    pairs = [(predictor.expect(each.figures, 1.0, (each.candidate,))[0], each) for each in held]
    expected, true = np.array([way.wer for way, _ in pairs]), np.array([each.wer for _, each in pairs])
    assert np.corrcoef(expected, true)[0, 1] > 0.9
    assert np.mean(np.abs(expected - true)) < 0.05
    assert np.median([way.time_s / each.time_factor for way, each in pairs]) == pytest.approx(1, abs=0.15)


def test_the_large_way_is_expected_to_gain_more_where_it_is_hard(predictor):
    dice = np.random.default_rng(3)

    def gain(hardness: float) -> float:
        figures = figures_of(hardness, dice)
        small, large = predictor.expect(figures, 60, (TINY, BASE))
        return small.wer - large.wer

    assert np.mean([gain(0.9) for _ in range(10)]) > np.mean([gain(0.1) for _ in range(10)]) + 0.1


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_figure_may_be_missing_or_absurd_and_something_sensible_is_expected(predictor, data):
    values = st.one_of(st.just(float("nan")), st.floats(-(2.0**99), 2.0**99, width=32))
    figures = np.array(data.draw(st.lists(values, min_size=len(NAMES), max_size=len(NAMES))), dtype=np.float32)
    for way in predictor.expect(figures, 60, WAYS):
        assert 0 <= way.wer_low <= way.wer <= way.wer_high < 4
        assert 0 < way.time_low_s <= way.time_s <= way.time_high_s < 600
    predictor.strange(figures, "en")
    assert all(np.isfinite(reason.wer_points) and reason.said for reason in predictor.reasons(figures, BASE_5))


def test_more_noise_never_lowers_and_a_surer_probe_never_raises_what_is_expected(predictor):
    dice = np.random.default_rng(5)
    snr, agreement = NAMES.index("snr_db"), NAMES.index("probe_agreement")
    for _ in range(20):
        figures = figures_of(float(dice.uniform(0, 1)), dice)
        worse, surer = figures.copy(), figures.copy()
        worse[snr] -= 6
        surer[agreement] += 0.2
        for place, way in enumerate(predictor.expect(figures, 60, WAYS)):
            assert predictor.expect(worse, 60, WAYS)[place].wer >= way.wer - 1e-9
            assert predictor.expect(surer, 60, WAYS)[place].wer <= way.wer + 1e-9


def test_reasons_are_told_largest_first_and_add_up_to_no_more_than_what_is_expected(predictor):
    figures = figures_of(0.9, np.random.default_rng(2))
    reasons = predictor.reasons(figures, TINY)
    points = [abs(reason.wer_points) for reason in reasons]
    assert points == sorted(points, reverse=True)
    assert reasons[0].wer_points > 1
    assert "raises the expected errors by" in reasons[0].said
    (expected,) = predictor.expect(figures, 60, (TINY,))
    assert sum(reason.wer_points for reason in reasons) < 100 * expected.wer


def test_recordings_like_those_that_were_learned_from_are_no_strangers_and_others_are(predictor):
    known = [each for each in heard(100, seed=11) if each.candidate == TINY]
    assert np.mean([bool(predictor.strange(each.figures, "en")) for each in known]) < 0.1
    odd = known[0].figures.copy()
    odd[NAMES.index("bandwidth_hz")] = 200
    assert "bandwidth, 200 Hz, is far from all that was learned from" in predictor.strange(odd, "en")
    assert "nothing was learned from recordings in its language (hi; only en)" in predictor.strange(known[0].figures, "hi")
    # Nothing about it is far, but no recording has such figures together.
    mixed = known[0].figures.copy()
    mixed[NAMES.index("snr_db")], mixed[NAMES.index("probe_agreement")] = 30, 0.3
    mixed[NAMES.index("probe_mean_logprob")], mixed[NAMES.index("probe_low_logprob")] = -1.0, -1.4
    assert "it is unlike all that was learned from" in predictor.strange(mixed, "en")


def test_what_nobody_knows_of_a_recording_makes_it_no_stranger():
    figures = np.vstack([figures_of(0.5, np.random.default_rng(seed)) for seed in range(30)])
    experience = Experience.of(figures, tuple("abc"[number % 3] for number in range(30)), ("en",))
    assert experience.strange(unprobed(figures[0])) == ""
    assert experience.strange(np.full(len(NAMES), np.nan, dtype=np.float32)) == ""


def test_figures_that_were_all_the_same_may_differ_by_a_step():
    figures = np.vstack([figures_of(0.5, np.random.default_rng(seed)) for seed in range(30)])
    clipping = NAMES.index("clipping_ratio")
    figures[:, clipping] = 0
    experience = Experience.of(figures, tuple("abc"[number % 3] for number in range(30)), ("en",))
    recording = figures[3].copy()
    recording[clipping] = 0.005
    assert experience.strange(recording) == ""
    recording[clipping] = 0.2
    assert "share of clipped samples, 0.2000, is far" in experience.strange(recording)


LARGE = Candidate(model="whisper-large-v3", beam_size=5)


def jobs(count: int, *, language: str = "en", counted: bool) -> list[Example]:
    """Jobs of as many series as there are kinds, each heard in one way; their times are not known."""
    return [
        replace(
            each,
            recording=f"job {each.recording}",
            language=language,
            candidate=LARGE,
            time_factor=None,
            weight=0.25,
            measured=counted,
        )
        for each in heard(count, seed=61, ways=(BASE_5,))
    ]


def learned(examples: list[Example]) -> Manifest:
    now = datetime(2026, 11, 26, tzinfo=UTC)
    return unpacked(train(examples, SIZES, kind="x", description="", now=now)).manifest


@pytest.mark.usefixtures("as_soon_as_can_be")
@pytest.mark.parametrize(
    ("count", "counted", "is_learned"), [(1, True, False), (40, False, False), (19, True, False), (20, True, True)]
)
def test_a_way_or_language_is_learned_from_twenty_counted_examples_and_not_from_estimates(count, counted, is_learned):
    manifest = learned([*heard(20, seed=1), *jobs(count, language="hi", counted=counted)])
    assert (LARGE in {each.candidate for each in manifest.candidates}) is is_learned
    assert manifest.learned_from.languages == (("en", "hi") if is_learned else ("en",))


def test_estimates_alone_teach_nothing():
    with pytest.raises(TooLittleToLearnFrom, match="0 examples of 0 groups"):
        learned(jobs(40, counted=False))


@pytest.mark.usefixtures("soon_trained_here")
def test_estimates_that_lie_just_where_they_are_expected_make_no_range_narrower():
    """A recogniser's confidence tells the same of like recordings; what people count has its chance in it."""
    measured = heard(30, seed=1)
    sure = [
        replace(each, recording=f"job {each.recording}", wer=wer_of(each.candidate, 0.3), measured=False)
        for each in heard(150, seed=2, ways=(BASE_5,))
    ]
    data = train([*measured, *sure], SIZES, kind="x", description="", now=datetime(2026, 11, 26, tzinfo=UTC))
    predictor = Predictor.read(data, published())
    assert coverage_of(predictor.ranges, heard(60, seed=7)) > 0.95  # 0.925 where estimates count as well


def test_few_examples_or_few_kinds_teach_nothing():
    now = datetime(2026, 11, 26, tzinfo=UTC)
    with pytest.raises(TooLittleToLearnFrom, match="4 examples of 1 groups"):
        train(heard(1, seed=1), SIZES, kind="x", description="", now=now)
    with pytest.raises(TooLittleToLearnFrom, match="80 examples of 2 groups"):
        train(heard(20, seed=1, kinds=KINDS[1:3]), SIZES, kind="x", description="", now=now)


def test_the_order_of_examples_is_no_part_of_them():
    examples = heard(5, seed=1)
    assert hash_of(examples) == hash_of(examples[::-1]) != hash_of(examples[1:])


def test_a_table_is_read_as_examples_with_clean_recordings_grouped_by_what_is_said(tmp_path):
    path = tmp_path / "measured.csv"
    path.write_text(
        "# how it was made\n"
        "recording,split,texts,kind,duration_s,model,beam_size,batch_size,compute_type,wer,cpu_s,snr_db,probe_agreement,other\n"
        "r1,train,market,clean,60.0,whisper-base,5,8,int8,0.05,9.0,21.5,0.9,x\n"
        "r2,test,echoes,crowd,50.0,whisper-tiny.en,1,8,int8,0.4,3.0,,,x\n"
    )
    first, second = read_table(path)
    assert (first.recording, first.group, first.language, first.candidate) == ("r1", "clean: market", "en", BASE_5)
    assert (first.wer, first.time_factor) == (0.05, 0.15)
    assert first.figures[NAMES.index("snr_db")] == 21.5
    assert second.group == "crowd"
    assert np.isnan(second.figures[NAMES.index("snr_db")])
    assert [each.recording for each in read_table(path, split="test")] == ["r2"]
