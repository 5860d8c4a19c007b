"""Cutting clips into pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setu_asr.domain.audio import Region
from setu_asr.domain.clips import CLIP, pack
from setu_asr.domain.pieces import around, clips_a_piece, cut

GAPS = st.lists(st.tuples(st.integers(0, CLIP), st.integers(1, 2 * CLIP)), max_size=40)


def speech_of(gaps):
    speech, at = [], 0
    for gap, length in gaps:
        speech.append(Region(at + gap, at + gap + length))
        at += gap + length
    return speech


@given(GAPS, st.integers(1, 9))
def test_pieces_have_all_clips_in_their_order_and_as_many_as_they_may_but_the_last(gaps, count):
    clips = list(pack(speech_of(gaps)))
    pieces = list(cut(clips, count))
    assert [clip for piece in pieces for clip in piece.clips] == clips
    assert [len(piece.clips) for piece in pieces[:-1]] == [count] * (len(pieces) - 1)
    assert [piece.last for piece in pieces] == [False] * (len(pieces) - 1) + [True] * bool(pieces)


@given(GAPS, st.integers(1, 9))
def test_the_speech_around_pieces_is_all_speech_and_covers_each_of_their_clips(gaps, count):
    speech = speech_of(gaps)
    pieces = list(cut(pack(speech), count))
    assert list(dict.fromkeys(stretch for piece in pieces for stretch in around(piece.clips, speech))) == speech
    for piece in pieces:
        near = around(piece.clips, speech)
        for clip in piece.clips:
            within = [each for each in speech if each.end > clip.start and each.start < clip.end]
            assert [each for each in near if each.end > clip.start and each.start < clip.end] == within


def test_a_piece_comes_before_the_speech_behind_the_next_clip_is_looked_for():
    looked_at = []

    def clips():
        for number in range(5):
            looked_at.append(number)
            yield Region(number * CLIP, (number + 1) * CLIP)

    next(cut(clips(), 2))
    assert looked_at == [0, 1, 2]


@pytest.mark.parametrize(
    ("piece_s", "batch_size", "clips"),
    [(240, 8, 8), (240, 4, 8), (240, 16, 16), (241, 8, 16), (1, 8, 8), (1, 1, 1), (100, 3, 6)],
)
def test_a_piece_is_whole_batches_of_at_least_so_much_sound(piece_s, batch_size, clips):
    assert clips_a_piece(piece_s, batch_size) == clips
