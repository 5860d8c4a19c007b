"""What a hosted recogniser's answer means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from setu_asr.domain.audio import RATE_HZ
from setu_asr.domain.hosted import GAP_S, ToldSegment, ToldWord, Upload, by_clip, language_code, uploads, with_punctuation


def words_of(*texts: str) -> list[ToldWord]:
    return [ToldWord(place, place + 0.5, text) for place, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("text", "words", "pieces"),
    [
        (" Bonjour, le monde!", ["Bonjour", "le", "monde"], [" Bonjour,", " le", " monde!"]),
        ("« Oui ? » dit-il.", ["Oui", "dit", "il"], ["« Oui", " ? » dit-", "il."]),
        (" don't STOP", ["Don't", "stop"], [" don't", " STOP"]),
        ("你好，世界。", ["你好", "世界"], ["你好，", "世界。"]),
        ("no no no", ["no", "no", "no"], ["no", " no", " no"]),
    ],
)
def test_words_get_the_punctuation_of_their_text(text, words, pieces):
    found = with_punctuation(text, words_of(*words), -0.5)
    assert [word.text for word in found] == pieces
    assert "".join(pieces) == text


@pytest.mark.parametrize("words", [[], ["monde"], ["Bonjour", "world"], ["", "Bonjour"]])
def test_words_of_another_text_are_left_out(words):
    assert with_punctuation("Bonjour, le très très très beau et grand monde", words_of(*words), None) == ()


@given(st.lists(st.text("abcäßéİ", min_size=1, max_size=6), min_size=1, max_size=8), st.sampled_from([" ", ", ", "… "]))
def test_no_character_of_a_text_is_lost_or_doubled(words, between):
    text = between.join(words)
    found = with_punctuation(text, words_of(*words), None)
    assert "".join(word.text for word in found) in ("", text)
    assert len(found) in (0, len(words))


@given(st.lists(st.floats(0.5, 30), min_size=1, max_size=20), st.floats(31, 200))
def test_no_clip_is_lost_and_no_upload_too_long(durations_s, longest_s):
    clips = [np.full(int(duration_s * RATE_HZ), number, np.float32) for number, duration_s in enumerate(durations_s)]
    made = list(uploads(clips, longest_s))
    assert [clip[0] for upload in made for clip in upload.clips] == list(range(len(clips)))
    for upload in made:
        assert len(upload.samples()) / RATE_HZ <= longest_s
        for clip, start_s in zip(upload.clips, upload.starts_s, strict=True):
            assert upload.samples()[round(start_s * RATE_HZ)] == clip[0]


def test_a_segment_over_two_clips_is_parted_by_its_words():
    upload = Upload((np.zeros(2 * RATE_HZ, np.float32), np.zeros(2 * RATE_HZ, np.float32)))
    segment = ToldSegment(0.5, 4.0, " Oui. Non.", -0.2, 0.1, 1.1)
    words = [ToldWord(0.5, 1.0, "Oui"), ToldWord(2.0 + GAP_S + 0.5, 2.0 + GAP_S + 1.0, "Non")]
    [[first], [second]] = by_clip(upload, [segment], words)
    assert (first.text, first.start_s, first.end_s) == (" Oui.", 0.5, 1.0)
    assert (second.text, second.start_s, second.end_s) == (" Non.", 0.5, 1.0)
    assert second.avg_logprob == -0.2


@pytest.mark.parametrize(("name", "code"), [("french", "fr"), ("Hindi", "hi"), ("pt", "pt"), ("klingon", None), ("", None)])
def test_languages_come_by_name_or_code(name, code):
    assert language_code(name) == code
