"""What the recogniser is given at a time, and what it is asked once more."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from setu_asr.domain.audio import FRAME, RATE_HZ, Recording, Region, quietest
from setu_asr.domain.clips import pack
from setu_asr.domain.doubt import believable, compression_ratio, doubtful, left_out
from setu_asr.domain.heard import Heard


@st.composite
def regions(draw):
    bounds = sorted(draw(st.lists(st.integers(0, 500), max_size=20, unique=True)))
    return [Region(start, end) for start, end in zip(bounds[::2], bounds[1::2], strict=False)]


@given(regions(), st.integers(1, 200))
def test_clips_cover_all_speech_in_order_and_none_is_too_long(speech, longest):
    clips = list(pack(speech, longest))
    assert all(0 < clip.length <= longest for clip in clips)
    assert all(before.end <= after.start for before, after in pairwise(clips))
    covered = {sample for clip in clips for sample in range(clip.start, clip.end)}
    assert {sample for stretch in speech for sample in range(stretch.start, stretch.end)} <= covered


@given(regions(), st.integers(20, 200))
def test_no_two_neighbouring_clips_would_have_fitted_into_one(speech, longest):
    clips = list(pack(speech, longest))
    assert all(after.end - before.start > longest for before, after in pairwise(clips)) or any(
        stretch.length > longest for stretch in speech
    )


@pytest.mark.parametrize("duration_s", [0.0, 0.05, 3.0, 10.0, 95.3])
def test_stretches_are_the_whole_recording_without_overlap(duration_s):
    recording = Recording(np.random.default_rng(0).integers(-99, 99, int(duration_s * RATE_HZ), dtype=np.int16))
    stretches = list(recording.stretches(10.0, 2.0))
    assert all(0 < stretch.length <= 10 * RATE_HZ for stretch in stretches)
    bounds = [0, *(stretch.end for stretch in stretches)]
    assert [stretch.start for stretch in stretches] == bounds[:-1]
    assert bounds[-1] == len(recording.pcm)


def test_a_recording_is_cut_where_it_is_quietest():
    pcm = np.full(20 * RATE_HZ, 5000, dtype=np.int16)
    pcm[int(8.95 * RATE_HZ) : int(9.25 * RATE_HZ)] = 0
    first, *_ = Recording(pcm).stretches(10.0, 2.0)
    assert 8.95 <= first.end / RATE_HZ <= 9.25


def test_the_quietest_of_too_little_is_its_middle():
    assert quietest(np.zeros(FRAME - 2, dtype=np.float32)) == (FRAME - 2) // 2


def test_samples_are_scaled_to_one():
    pcm = np.array([-32768, 0, 16384], dtype=np.int16)
    assert Recording(pcm).samples(Region(0, 3)).tolist() == [-1.0, 0.0, 0.5]


def heard(start_s, end_s, text="ce qui fut dit", **more):
    return Heard(start_s, end_s, text, **more)


def seconds(start_s, end_s):
    return Region(int(start_s * RATE_HZ), int(end_s * RATE_HZ))


def test_speech_that_was_left_out_at_the_end_is_found():
    clip, speech = seconds(10, 40), [seconds(10, 18), seconds(25, 39)]
    assert left_out(clip, speech, [heard(10, 18)]) == seconds(25, 40)
    assert left_out(clip, speech, [heard(10, 30)]) == seconds(30, 40)


def test_a_short_rest_silence_and_clips_in_which_nothing_was_heard_are_left_alone():
    clip, speech = seconds(10, 40), [seconds(10, 18), seconds(25, 39)]
    assert left_out(clip, speech, [heard(10, 38)]) is None
    assert left_out(clip, [seconds(10, 18)], [heard(10, 18)]) is None
    assert left_out(clip, speech, []) is None


@given(regions(), st.integers(0, 500), st.integers(0, 500), st.integers(0, 500))
def test_what_is_heard_again_is_shorter_each_time_so_it_ends(speech, start, length, until):
    scaled = [Region(stretch.start * 1000, stretch.end * 1000) for stretch in speech]
    clip = Region(start * 1000, (start + length + 1) * 1000)
    rest = left_out(clip, scaled, [heard(0, until * 1000 / RATE_HZ)])
    assert rest is None or (clip.start < rest.start and rest.end == clip.end)


def test_repetition_and_guessing_are_doubtful_and_plain_speech_is_not():
    assert not doubtful([heard(0, 5, "Portez ce vieux whisky au juge blond qui fume.", avg_logprob=-0.3)])
    assert doubtful([heard(0, 5, " Merci." * 40, avg_logprob=-0.1)])
    assert doubtful([heard(0, 5, avg_logprob=-1.4)])
    assert not doubtful([])
    assert compression_ratio("") <= 1


def test_what_stands_where_there_is_little_speech_must_be_believable():
    assert believable(heard(0, 1, avg_logprob=-0.4, no_speech_prob=0.1))
    assert not believable(heard(0, 1, avg_logprob=-0.4, no_speech_prob=0.9))
    assert not believable(heard(0, 1, avg_logprob=-1.4, no_speech_prob=0.1))
    assert believable(heard(0, 1))
