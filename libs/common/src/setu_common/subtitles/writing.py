"""Cues to files."""

import html
from collections.abc import Iterable
from typing import Final, Literal

from pysubs2 import SSAEvent, SSAFile

from setu_common.subtitles.cue import Cue
from setu_common.subtitles.tidy import tidy

SubtitleFormat = Literal["srt", "vtt"]
MEDIA_TYPES: Final[dict[SubtitleFormat, str]] = {"srt": "application/x-subrip", "vtt": "text/vtt"}

JOINER: Final = "\u2060"


def render(cues: Iterable[Cue], file_format: SubtitleFormat) -> str:
    """A subtitle file, tidied (see ``tidy``): times grow and never overlap, whatever those of ``cues`` are.

    All text is shown as it stands. What the format takes for markup is escaped (WebVTT) or, where the format knows no
    escape (SubRip), parted by an invisible joiner that ``parse`` takes out again. So ``parse(render(cues, f), f) == tidy(cues)``.
    """
    file = SSAFile()
    escape = _escape_vtt if file_format == "vtt" else _escape_srt
    for cue in tidy(cues):
        file.append(SSAEvent(start=round(cue.start_s * 1000), end=round(cue.end_s * 1000), text=escape(cue.text)))
    return file.to_string(file_format, keep_ssa_tags=True)


def _escape_vtt(text: str) -> str:
    return html.escape(_part_backslashes(text), quote=False)


def _escape_srt(text: str) -> str:
    for mark in ("<", "{", "--"):  # <i>, {\an8}, -->
        text = text.replace(mark, mark + JOINER)
    return _part_backslashes(text)


def _part_backslashes(text: str) -> str:
    # \N, \n and \h are line ends and spaces to the writer, and to some players.
    return text.replace("\\", "\\" + JOINER)
