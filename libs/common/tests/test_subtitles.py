"""Subtitles survive being written and read, whatever is in them."""

import itertools
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from setu_common.contracts import Segment, Transcript, TranslatedTranscript, Translation
from setu_common.subtitles import Cue, SubtitlesUnreadable, TranslationMismatch, cues_of, parse, render, tidy

FORMATS = ("srt", "vtt")

# Lines that break naive writers and readers, in one text or in several.
NASTY = [
    "-->",
    "00:00:01,000 --> 00:00:02,000",
    "00:00:01.000 --> 00:00:02.000",
    "between 00:00:01,000 and 00:00:02,000",
    "42",
    "WEBVTT",
    "NOTE this is no comment",
    "<i>not italic</i>",
    "<00:00:01.000>",
    "</c>",
    "a < b && b > c",
    "&amp; &lt;i&gt; &nbsp;",
    r"{\an8}{\p1}m 0 0",
    r"C:\New\names\here",
    "\u202eright to left\u202c",
    "\u2067שבת\u2069 \u200f!",
    "क्\u200dष नमस्ते",
    "👨\u200d👩\u200d👧",
    "\ufeffmark",
    "half \ud800 of one",
    "\x00\x1b[31m\x85\u2028next",
    "\t  ",
    "--",
    "---->",
    "<\u2060i>",
]
texts = st.lists(st.sampled_from(NASTY) | st.text(max_size=12), max_size=4).flatmap(
    lambda parts: st.sampled_from(["\n", "\n\n", " ", "\r\n"]).map(lambda joint: joint.join(parts))
)
times = st.floats(0, 90 * 3600, allow_nan=False)
cues = st.builds(lambda start, length, text: Cue(start, start + length, text), times, st.floats(0, 30), texts)
close_cues = st.builds(
    lambda start, length, text: Cue(start, start + length, text), st.floats(0, 0.5), st.floats(0, 0.3), st.just("x")
)


@pytest.mark.parametrize("file_format", FORMATS)
@given(st.lists(cues, max_size=8))
@example([Cue(0, 1, text) for text in NASTY])
@example([Cue(i, i + 1, f"{text}\n\n{text}") for i, text in enumerate(NASTY)])
def test_what_is_written_is_read_again(file_format, some):
    written = render(some, file_format)
    assert parse(written, file_format) == tidy(some)
    written.encode("utf-8")


@given(st.lists(cues | close_cues, max_size=12))
def test_written_times_grow_and_never_overlap(some):
    result = tidy(some)
    assert all(cue.end_s > cue.start_s for cue in result)
    assert all(first.end_s <= second.start_s for first, second in itertools.pairwise(result))
    assert tidy(result) == result


@given(texts)
def test_no_character_that_shows_is_lost(text):
    shown = re.sub(r"[\s\x00-\x1f\x7f-\x9f\u2060\ufeff\ud800-\udfff]", "", text)
    result = "".join(cue.text for cue in tidy([Cue(0, 1, text)]))
    assert re.sub(r"\s", "", result) == shown


@pytest.mark.parametrize("file_format", FORMATS)
@given(st.lists(cues, min_size=1, max_size=5))
def test_only_lines_of_times_hold_an_arrow_and_no_text_is_markup(file_format, some):
    written = render(some, file_format)
    arrows = [line for line in written.split("\n") if "-->" in line]
    assert len(arrows) == len(tidy(some))
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d[.,]\d{3} --> \d\d:\d\d:\d\d[.,]\d{3}", line) for line in arrows)
    assert not re.search(r"</?\w", written)


def test_webvtt_escapes_what_it_takes_for_markup():
    assert render([Cue(0, 1.5, "a < b & <i>c</i> --> d")], "vtt") == (
        "WEBVTT\n\n1\n00:00:00.000 --> 00:00:01.500\na &lt; b &amp; &lt;i&gt;c&lt;/i&gt; --&gt; d\n\n"
    )


def test_subrip_is_written_as_players_expect_it():
    assert render([Cue(0.0004, 1, "Guten Tag"), Cue(3661.5, 3662, "दो\nपंक्तियाँ")], "srt") == (
        "1\n00:00:00,000 --> 00:00:01,000\nGuten Tag\n\n2\n01:01:01,500 --> 01:01:02,000\nदो\nपंक्तियाँ\n\n"
    )


def test_a_cue_that_runs_into_the_next_ends_there():
    assert tidy([Cue(0, 5, "a"), Cue(3, 8, "b")]) == (Cue(0, 3, "a"), Cue(3, 8, "b"))


def test_cues_that_begin_together_are_shown_one_after_the_other():
    assert tidy([Cue(1, 1, "a"), Cue(1, 4, "b")]) == (Cue(1, 1.1, "a"), Cue(1.1, 4, "b"))


def test_an_empty_cue_is_not_written():
    assert render([Cue(0, 1, " \n\t\x00 ")], "srt") == ""
    assert parse("", "srt") == parse("WEBVTT\n", "vtt") == ()


def test_subrip_made_by_hand_is_read():
    text = (
        "\ufeff1\r\n00:00:01,000 --> 00:00:02,000 X1:10 X2:20\r\n<i>Hello</i>\r\n\r\n<font color='red'>there</font> {\\an8}you\r\n"
        "\r\n2\r\n0:00:03.5 --> 00:00:04.000\r\n42\r\n3\r\n00:00:05,000 --> 00:00:06,000\r\na --> b\r\n7"
    )
    assert parse(text, "srt") == (Cue(1, 2, "Hello\nthere you"), Cue(3.5, 4, "42"), Cue(5, 6, "a --> b\n7"))


def test_webvtt_with_names_notes_styles_and_positions_is_read():
    text = (
        "WEBVTT - a title\n\nSTYLE\n::cue { color: red }\n\nintro\n00:01.000 --> 00:02.000 align:start line:0\n"
        "<v Raj>Tom &amp; <b>Jerry</b>&lrm;\nagain\n\nNOTE\nnot shown\n\n00:00:03.000 --> 00:00:04.000\n12\n\n"
    )
    assert parse(text, "vtt") == (Cue(1, 2, "Tom & Jerry\u200e\nagain"), Cue(3, 4, "12"))


def test_times_that_go_backwards_are_read_as_a_moment():
    assert parse("1\n00:00:05,000 --> 00:00:04,000\nx\n", "srt") == (Cue(5, 5, "x"),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1\n00:00:xx --> 00:00:02,000\nHello", "no cue"),
        ("Hello", "no cue"),
        ("1\n00:01 --> 00:00:02,000\nHello", "Line 2 .* 00:01:02,345"),
        ("1\n99:59:59,999 --> 99:59:59,999\nHello", "Line 2"),
    ],
)
def test_a_file_that_is_none_says_what_is_wrong(text, says):
    with pytest.raises(SubtitlesUnreadable, match=says):
        parse(text, "srt")


@pytest.mark.parametrize(("start_s", "end_s"), [(-1, 0), (2, 1), (0, float("inf")), (float("nan"), 1), (0, 400_000)])
def test_a_cue_has_times_that_can_be(start_s, end_s):
    with pytest.raises(ValueError, match="can't be seen"):
        Cue(start_s, end_s, "x")


def transcript(*indices: int) -> Transcript:
    segments = tuple(Segment(index=i, start_s=i, end_s=i + 0.5, text=f"s{i}") for i in indices)
    return Transcript(language="hi", language_probability=1, duration_s=9, segments=segments, engine="e", model="m")


def translated(*indices: int) -> TranslatedTranscript:
    lines = tuple(Translation(segment_index=i, text=f"t{i}", engine="e") for i in indices)
    return TranslatedTranscript(source_language="hi", target_language="en", translations=lines, engine="e", model="m")


def test_cues_take_their_times_from_the_segments_and_their_texts_from_the_translations():
    assert cues_of(transcript(0, 1)) == (Cue(0, 0.5, "s0"), Cue(1, 1.5, "s1"))
    assert cues_of(transcript(0, 1), translated(0, 1)) == (Cue(0, 0.5, "t0"), Cue(1, 1.5, "t1"))


def test_a_segment_that_ends_before_it_starts_is_a_moment():
    segment = Segment(index=0, start_s=2, end_s=1, text="x")
    assert cues_of(transcript().model_copy(update={"segments": (segment,)})) == (Cue(2, 2, "x"),)


@pytest.mark.parametrize("indices", [(), (0,), (0, 1, 2), (1, 0), (0, 0), (0, 2)])
def test_a_translation_of_another_transcript_is_refused(indices):
    with pytest.raises(TranslationMismatch):
        cues_of(transcript(0, 1), translated(*indices))
