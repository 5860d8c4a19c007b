"""Files to cues: what ``render`` wrote, and what people and other programs write."""

import html
import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import Final

from pysubs2 import SSAEvent, SSAFile
from pysubs2.formats.subrip import SubripFormat
from pysubs2.formats.webvtt import WebVTTFormat

from setu_common.errors import InvalidRequest
from setu_common.subtitles.cue import LATEST_S, Cue
from setu_common.subtitles.tidy import LINE_ENDS, tidy_text
from setu_common.subtitles.writing import SubtitleFormat

TIMES: Final = re.compile(r"\s*[\d:.,]+\s*-->")
VTT_TAG: Final = re.compile(r"<[^<>\n]*>")
SRT_TAG: Final = re.compile(r"</?[a-zA-Z][^<>\n]*>|\{\\[^{}\n]*\}")


class SubtitlesUnreadable(InvalidRequest):
    """A file that is no subtitle file of the format."""

    code = "subtitles-unreadable"
    title = "The subtitles can't be read"


def parse(text: str, file_format: SubtitleFormat) -> tuple[Cue, ...]:
    """The cues of a subtitle file, in its order. Markup, comments, styles and positions are left out.

    The blocks are told apart here and not by pysubs2 1.8, which takes identifiers and comments for text and
    loses a last line of digits; its time stamps are used.

    Raises:
        SubtitlesUnreadable: a time can't be read, or there is text and not one cue.
    """
    if file_format == "ass":
        return _read_substation(text)
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    cues = tuple(_cue(lines[start:end], start + 1, file_format) for start, end in _cue_blocks(lines, file_format))
    header = "WEBVTT" if file_format == "vtt" else ""
    if not cues and text.strip().removeprefix(header).strip():
        raise SubtitlesUnreadable(f"There is no cue in this file; is it {file_format.upper()}, in UTF-8?")
    return cues


def _cue_blocks(lines: list[str], file_format: SubtitleFormat) -> Iterator[tuple[int, int]]:
    """Where cues lie: from the line of times to after the last line of text."""
    starts = [place for place, line in enumerate(lines) if TIMES.match(line)]
    for start, after in zip_longest(starts, starts[1:]):
        # What stands right above the next times is its number or name, unless it is all the text that this cue has.
        end = len(lines) if after is None else after
        named = after is not None and after - 1 > start and (not lines[after - 2].strip() or lines[after - 1].strip().isdigit())
        end -= named
        if file_format == "vtt":  # a blank line ends the cue; in SubRip files made by hand it may be part of the text
            end = next((place for place in range(start + 1, end) if not lines[place].strip()), end)
        yield start, end


def _cue(block: list[str], line_number: int, file_format: SubtitleFormat) -> Cue:
    left, _, right = block[0].partition("-->")
    start_s, end_s = _seconds(left, line_number, file_format), _seconds(right, line_number, file_format)
    return Cue(start_s, max(start_s, end_s), _plain("\n".join(block[1:]), file_format))


def _seconds(stamp: str, line_number: int, file_format: SubtitleFormat) -> float:
    reader = WebVTTFormat if file_format == "vtt" else SubripFormat
    found = reader.TIMESTAMP.match(stamp.strip())
    seconds = reader.timestamp_to_ms(found.groups()) / 1000 if found else LATEST_S + 1
    if seconds > LATEST_S:
        raise SubtitlesUnreadable(
            f"Line {line_number} has a time that can't be read; write it as 00:01:02{_EXAMPLE[file_format]}"
        )
    return seconds


def _read_substation(text: str) -> tuple[Cue, ...]:
    """As pysubs2 reads it: comments and drawings left out."""
    try:
        file = SSAFile.from_string(text, format_="ass")
        shown = [event for event in file if not event.is_comment and not event.is_drawing]
        cues = tuple(_substation_cue(event) for event in shown)
    except (
        ValueError,
        IndexError,
        TypeError,
    ) as error:  # what pysubs2 raises where a field can't be read, and a cue where times can't be
        raise SubtitlesUnreadable(
            "A style or a time in this file can't be read; write it anew with the program that made it."
        ) from error
    if not file.events and text.strip() and "[Events]" not in text:
        raise SubtitlesUnreadable("There is no cue in this file; is it ASS, in UTF-8?")
    return cues


def _substation_cue(event: SSAEvent) -> Cue:
    start_s, end_s = max(0, event.start) / 1000, event.end / 1000
    return Cue(start_s, max(start_s, end_s), tidy_text(event.plaintext))


_EXAMPLE: Final[dict[SubtitleFormat, str]] = {"srt": ",345", "vtt": ".345"}


def _plain(markup: str, file_format: SubtitleFormat) -> str:
    if file_format == "vtt":
        return tidy_text(html.unescape(VTT_TAG.sub("", markup)))
    return tidy_text(SRT_TAG.sub("", markup).translate(LINE_ENDS))
