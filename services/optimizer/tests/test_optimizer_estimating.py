"""What error rate a recogniser's own confidence speaks for."""

import numpy as np
import pytest

from setu_common.contracts import Removal, Segment, Transcript
from setu_optimizer.domain.observing.estimating import Confided, Estimator, fit, signals_from
from setu_optimizer.domain.observing.signals import Signals, signals_of


def segment(index: int, start_s: float, end_s: float, text: str, logprob: float | None) -> Segment:
    return Segment(index=index, start_s=start_s, end_s=end_s, text=text, avg_logprob=logprob, compression_ratio=1.5)


def test_signals_are_weighted_by_time():
    transcript = Transcript(
        language="en",
        language_probability=1,
        duration_s=20,
        segments=(segment(0, 0, 9, "one two three", -0.1), segment(1, 9, 10, "four five", -1.1)),
        engine="faster-whisper",
        model="whisper-base",
        removed=(Removal(start_s=12, end_s=17, text="thanks", reason="boilerplate", evidence=""),),
    )
    found = signals_of(transcript)
    assert found.avg_logprob == pytest.approx(-0.2)
    assert found.low_logprob == pytest.approx(-1.1)
    assert found.compression_ratio == pytest.approx(1.5)
    assert found.no_speech_prob is None
    assert (found.removed_ratio, found.words_per_s) == (0.25, 0.25)


def test_the_worst_tenth_is_that_of_time_and_not_of_segments():
    short = [segment(each, each * 0.1, each * 0.1 + 0.1, "um", -2.0) for each in range(5)]
    transcript = Transcript(
        language="en",
        language_probability=1,
        duration_s=60,
        segments=(*short, segment(5, 10, 50, "long and clear", -0.1)),
        engine="faster-whisper",
        model="whisper-base",
    )
    assert signals_of(transcript).low_logprob == pytest.approx(-0.1)


def test_a_transcript_of_nothing_has_no_confidence():
    empty = Transcript(
        language="en", language_probability=0, duration_s=0, segments=(), engine="faster-whisper", model="whisper-base"
    )
    assert signals_of(empty) == Signals()


def confided(count: int, seed: int = 1) -> list[Confided]:
    """Recordings whose errors grow as their recogniser is less sure, with noise."""
    chance = np.random.default_rng(seed)
    found = []
    for each in range(count):
        hard = chance.uniform(0, 1)
        signals = Signals(
            avg_logprob=-0.1 - hard + chance.normal(0, 0.05),
            low_logprob=-0.3 - 1.5 * hard + chance.normal(0, 0.2),
            no_speech_prob=None if each % 3 == 0 else 0.1,
            compression_ratio=1.5,
            words_per_s=2.5,
        )
        found.append(Confided(f"group-{each % 9}", signals, float(np.clip(0.6 * hard**2 + chance.normal(0, 0.02), 0, 2))))
    return found


def estimated(estimator: Estimator, signals: Signals) -> float:
    """An estimate that there is."""
    estimate = estimator.estimate(signals)
    assert estimate is not None
    return estimate


def test_estimates_follow_errors_of_recordings_that_were_left_out():
    estimator = fit(confided(180), engine="faster-whisper")
    assert estimator.correlation > 0.9
    fresh = confided(100, seed=2)
    estimates = [estimated(estimator, each.signals) for each in fresh]
    assert np.corrcoef(estimates, [each.wer for each in fresh])[0, 1] > 0.9
    assert np.mean(estimates) == pytest.approx(np.mean([each.wer for each in fresh]), abs=0.03)


def test_errors_that_have_nothing_to_do_with_confidence_are_estimated_as_their_mean():
    chance = np.random.default_rng(3)
    told = [Confided(each.group, each.signals, float(chance.uniform(0, 0.4))) for each in confided(180)]
    estimator = fit(told, engine="faster-whisper")
    assert abs(estimator.correlation) < 0.35
    assert estimator.estimate(told[0].signals) == pytest.approx(0.2, abs=0.1)


def test_who_says_nothing_of_how_sure_it_was_gets_no_estimate():
    assert fit(confided(60), engine="faster-whisper").estimate(Signals(words_per_s=2)) is None


def test_estimates_stay_within_what_was_measured():
    estimator = fit(confided(180), engine="faster-whisper")
    wild = Signals(avg_logprob=-50, low_logprob=-80, no_speech_prob=1, compression_ratio=40, removed_ratio=1, words_per_s=90)
    assert 0 <= estimated(estimator, wild) <= 1.5
    sure = Signals(avg_logprob=0, low_logprob=0, compression_ratio=1.5, words_per_s=2.5)
    assert 0 <= estimated(estimator, sure) < 0.1


def test_too_few_recordings_or_groups_draw_no_line():
    with pytest.raises(ValueError, match="too few"):
        fit(confided(20), engine="faster-whisper")
    alone = [Confided("one", each.signals, each.wer) for each in confided(100)]
    with pytest.raises(ValueError, match="too few"):
        fit(alone, engine="faster-whisper")


def test_a_measured_row_tells_its_signals_by_the_same_names():
    row = {
        "avg_logprob": -0.2,
        "low_logprob": -0.4,
        "no_speech_prob": 0.1,
        "compression_ratio": 1.4,
        "removed_s": 6.0,
        "words_per_s": 2.0,
    }
    assert signals_from(row, duration_s=60) == Signals(
        avg_logprob=-0.2, low_logprob=-0.4, no_speech_prob=0.1, compression_ratio=1.4, removed_ratio=0.1, words_per_s=2.0
    )
