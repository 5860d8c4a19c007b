"""The files that are delivered open elsewhere, to the cues that they were made of: in pysubs2, webvtt-py and a real browser."""

import base64
import html
import json
import re
import shutil
import subprocess
import warnings

import pytest
import webvtt
from hypothesis import given
from hypothesis import strategies as st
from pysubs2 import SSAFile

from setu_common.contracts import LANGUAGE_NAMES
from setu_common.subtitles import MEDIA_TYPES, Cue, SubtitlesUnreadable, parse, render, tidy
from setu_common.subtitles.substation import FONTS, RIGHT_TO_LEFT

JOINER = "\u2060"
TEXTS = [
    "Tom & Jerry &amp; &lt;friends&gt;",
    "a < b > c",
    "<i>no</i> <b>markup</b>",
    "arrows --> and 00:00:01.000 --> 00:00:02.000",
    "NOTE nor a comment",
    "STYLE",
    "WEBVTT",
    r"{\an8}braces {and} \N \h back\slashes",
    "- Who?\n- Me, of course.",
    "विश्वविद्यालय में\nक्षत्रिय है।",
    "عبرنا الجسر، ثم؟",
    "川を渡って、\n友達と「公園」へ行った。",
    "👩\u200d🚀 e\u0301te\u0301",
    "100",
    ", comma, first",
    "Dialogue: 0,0:00:00.00",
    "[Events] and [V4+ Styles]",
    "; not a comment",
]
CUES = tidy(Cue(2 * place + 0.12, 2 * place + 1.99, text) for place, text in enumerate(TEXTS))
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)


def shown(cues) -> list[tuple[int, int, str]]:
    return [(round(cue.start_s * 1000), round(cue.end_s * 1000), cue.text) for cue in cues]


def bare(text: str) -> str:
    return text.replace(JOINER, "").translate({0xFF5B: "{", 0xFF5D: "}"})


@pytest.mark.parametrize("file_format", MEDIA_TYPES)
def test_pysubs2_opens_every_format_to_the_same_cues(file_format):
    # What it takes for a number when it stands alone in a cue of SubRip or WebVTT is left out: see ``parse``.
    cues = tuple(cue for cue in CUES if not cue.text.isdecimal())
    file = SSAFile.from_string(render(cues, file_format), format_=file_format)
    texts = [event.plaintext if file_format == "ass" else event.text.replace(r"\N", "\n") for event in file]
    if file_format == "vtt":
        texts = [html.unescape(text) for text in texts]
    found = [(event.start, event.end, bare(text)) for event, text in zip(file, texts, strict=True)]
    assert found == shown(cues)


def test_webvtt_py_opens_a_file_to_the_same_cues():
    captions = webvtt.from_string(render(CUES, "vtt")).captions
    found = [
        (round(caption.start_in_seconds * 1000) + milliseconds(caption.start), end_of(caption), html.unescape(caption.raw_text))
        for caption in captions
    ]
    assert [(start, end, bare(text)) for start, end, text in found] == shown(CUES)


def milliseconds(stamp: str) -> int:
    return int(stamp[-3:])


def end_of(caption: webvtt.Caption) -> int:
    return round(caption.end_in_seconds * 1000) + milliseconds(caption.end)


PAGE = """<!DOCTYPE html><meta charset="utf-8"><video><track default kind="subtitles" src="data:text/vtt;base64,FILE"></video><pre></pre>
<script>
const track = document.querySelector("track");
track.addEventListener("error", () => { document.querySelector("pre").textContent = "error"; });
track.addEventListener("load", () => {
  const cues = Array.from(track.track.cues, (cue) => [
    Math.round(cue.startTime * 1000), Math.round(cue.endTime * 1000), cue.getCueAsHTML().textContent]);
  const bytes = new TextEncoder().encode(JSON.stringify(cues));
  document.querySelector("pre").textContent = btoa(String.fromCharCode(...bytes));
});
track.track.mode = "showing";
</script>"""


@pytest.mark.skipif(
    CHROMIUM is None, reason="NO BROWSER: its WebVTT parser is not tried; apt-get install chromium, and run this again"
)
def test_a_browser_opens_a_file_to_the_same_cues(tmp_path):
    page = tmp_path / "page.html"
    page.write_text(PAGE.replace("FILE", base64.b64encode(render(CUES, "vtt").encode()).decode()), encoding="utf-8")
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
        f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=5000", "--dump-dom", page.as_uri(),
    ]  # fmt: skip
    dom = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True).stdout
    told = re.search(r"<pre>([A-Za-z0-9+/=]+)</pre>", dom)
    assert told is not None, dom[-2000:]
    found = json.loads(base64.b64decode(told[1]))
    assert [(start, end, bare(text)) for start, end, text in found] == shown(CUES)


texts = st.lists(st.sampled_from(TEXTS) | st.text(max_size=12), max_size=3).map("\n".join)
cues = st.builds(lambda start, length, text: Cue(start, start + length, text), st.floats(0, 90 * 3600), st.floats(0, 30), texts)


@given(st.lists(cues, max_size=6))
def test_what_is_written_as_ass_is_read_again_to_a_hundredth_of_a_second(some):
    expected = [
        (hundredths(start), hundredths(end), text.translate({ord("{"): "\uff5b", ord("}"): "\uff5d"}))
        for start, end, text in shown(tidy(some))
    ]
    found = [(start, end, text) for start, end, text in shown(parse(render(some, "ass"), "ass"))]
    assert found == expected


def hundredths(milliseconds: int) -> int:
    return (milliseconds + 5) // 10 * 10


def test_a_time_beyond_ten_hours_is_written_as_it_is():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        written = render([Cue(11 * 3600 + 61.5, 11 * 3600 + 63, "late")], "ass")
    assert "Dialogue: 0,11:01:01.50,11:01:03.00,Default,,0,0,0,,late\n" in written


@pytest.mark.parametrize("language", sorted(LANGUAGE_NAMES))
def test_each_language_has_a_font_of_its_script_or_the_default(language):
    file = SSAFile.from_string(render([Cue(0, 1, "x")], "ass", language), format_="ass")
    style = file.styles["Default"]
    assert style.fontname == FONTS.get(language, "Noto Sans")
    assert (style.encoding == -1) == (language in RIGHT_TO_LEFT)
    assert (file.info["PlayResX"], file.info["PlayResY"]) == ("1920", "1080")


def test_fonts_and_directions_are_of_languages_that_there_are():
    assert set(FONTS) | RIGHT_TO_LEFT <= set(LANGUAGE_NAMES)


def test_ass_made_by_others_is_read_without_comments_drawings_and_instructions():
    text = (
        "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\n\n[Events]\n"
        "Comment: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,not shown\n"
        r"Dialogue: 0,0:00:01.00,0:00:02.50,Default,Raj,0,0,0,,{\an8\i1}Hello,{\i0}\Nthere\hyou" "\n"
        r"Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,{\p1}m 0 0 l 10 10{\p0}" "\n"
    )  # fmt: skip
    assert parse(text, "ass") == (Cue(1, 2.5, "Hello,\nthere you"),)


@pytest.mark.parametrize(
    "text",
    [
        "Hello",
        "[Events]\nDialogue: 0,now,then,Default,,0,0,0,,Hello",
        "[V4+ Styles]\nStyle: Default,Arial,large\n\n[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,Hello",
        "[Events]\nDialogue: 0,99:59:59.00,99:59:59.99,Default,,0,0,0,,Hello",
    ],
)
def test_ass_that_can_not_be_read_is_told(text):
    with pytest.raises(SubtitlesUnreadable):
        parse(text, "ass")


def test_an_ass_file_without_cues_is_one():
    assert parse(render([], "ass"), "ass") == parse("", "ass") == ()
