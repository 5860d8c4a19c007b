"""Cues to files."""

import html
import re
from collections.abc import Iterable
from typing import Final, Literal

from pysubs2 import SSAEvent, SSAFile

from setu_common.subtitles import substation
from setu_common.subtitles.cue import Cue
from setu_common.subtitles.tidy import tidy

SubtitleFormat = Literal["srt", "vtt", "ass"]
MEDIA_TYPES: Final[dict[SubtitleFormat, str]] = {"srt": "application/x-subrip", "vtt": "text/vtt", "ass": "text/x-ssa"}

JOINER: Final = "\u2060"
# Where two of these stand in a line of text, some readers, pysubs2 among them, take it for a line of times.
_STAMP: Final = re.compile(r"(?<=\d:)(?=(?:\d\d:)?\d\d[.,]\d\d)")


def render(cues: Iterable[Cue], file_format: SubtitleFormat, language: str = "") -> str:
    """A subtitle file, tidied (see ``tidy``): times grow and never overlap, whatever those of ``cues`` are.

    All text is shown as it stands. What the format takes for markup is escaped (WebVTT) or, where the format knows no
    escape (SubRip, times in a text), parted by an invisible joiner that ``parse`` takes out again. So ``parse(render(cues, f), f) == tidy(cues)``.
    ASS differs in two ways: it counts in hundredths of a second, and has braces as the full-width ones, since no way of writing
    the others is read alike by all players.

    Args:
        cues: in any order.
        file_format: of the file.
        language: of the text, by which ASS chooses a font and the side that lines begin on.
    """
    file = SSAFile()
    escape = _ESCAPES[file_format]
    for cue in tidy(cues):
        file.append(SSAEvent(start=round(cue.start_s * 1000), end=round(cue.end_s * 1000), text=escape(cue.text)))
    if file_format == "ass":
        return substation.written(file, language)
    return file.to_string(file_format, keep_ssa_tags=True)


def _escape_vtt(text: str) -> str:
    return html.escape(_part_stamps(_part_backslashes(text)), quote=False)


def _escape_srt(text: str) -> str:
    for mark in ("<", "{", "--"):  # <i>, {\an8}, -->
        text = text.replace(mark, mark + JOINER)
    return _part_stamps(_part_backslashes(text))


def _escape_ass(text: str) -> str:
    return _part_backslashes(text.translate(substation.BRACES)).replace("\n", r"\N")


def _part_stamps(text: str) -> str:
    return _STAMP.sub(JOINER, text)


def _part_backslashes(text: str) -> str:
    # \N, \n and \h are line ends and spaces to the writer, and to some players.
    return text.replace("\\", "\\" + JOINER)


_ESCAPES: Final = {"srt": _escape_srt, "vtt": _escape_vtt, "ass": _escape_ass}
