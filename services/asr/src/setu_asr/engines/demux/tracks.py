"""Which of a file's audio tracks is listened to, and what it is called."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from setu_asr.engines.demux.languages import is_language

TITLE_CHARACTERS: Final = 60

# In titles, where a file doesn't mark such tracks otherwise: commentary, narration for the blind, music and effects without voices.
SIDE_TITLES: Final = (
    "comment", "kommentar", "commento", "комментар", "解説", "टिप्पणी", "audio descri", "audiodescri", "audio-descri", "descriptive",
    "described", "audiodeskription", "audiobeschreibung", "narration for the blind", "visually impaired", "music and effects", "m&e",
    "karaoke", "isolated score",
)  # fmt: skip


@dataclass(frozen=True)
class Track:
    """An audio track, as its container describes it.

    Args:
        index: its number among all streams, from 0.
        number: its number among audio tracks, from 1.
        codec: its codec's name.
        channels: how many; 0 if nothing was seen of it.
        rate_hz: samples a second; 0 if nothing was seen of it.
        language: the tag, as it stands there; may be empty.
        title: likewise.
        default: the file wants it to be played unless another is chosen.
        side: commentary, audio description and the like.
        readable: there is a decoder for it here.
    """

    index: int
    number: int
    codec: str
    channels: int
    rate_hz: int
    language: str = ""
    title: str = ""
    default: bool = False
    side: bool = False
    readable: bool = True

    def describe(self, of: int) -> str:
        """For people: "track 2 of 3: aac, 6 channels, hin, “Original”"."""
        channels = {1: "mono", 2: "stereo"}.get(self.channels, f"{self.channels} channels")
        parts = [self.codec, channels]
        if self.language and self.language != "und":
            parts.append(self.language)
        if self.title:
            parts.append(f"“{self.title}”")
        return f"track {self.number} of {of}: {', '.join(parts)}"


def choose(tracks: Sequence[Track], language: str | None) -> Track | None:
    """The track to listen to; None if none can be read.

    In this order: no commentary or audio description; the language that is known to be spoken; the file's own default; most channels;
    the first.
    """
    readable = [track for track in tracks if track.readable]
    return max(readable, key=lambda track: _merit(track, language), default=None)


def _merit(track: Track, language: str | None) -> tuple[bool, bool, bool, bool, int, int]:
    seen = track.rate_hz > 0 and track.channels > 0
    spoken = language is not None and is_language(track.language, language)
    return seen, not track.side, spoken, track.default, track.channels, -track.number


def is_side_title(title: str) -> bool:
    """Whether a title says that a track is not the recording itself."""
    small = title.casefold()
    return any(word in small for word in SIDE_TITLES)


def tidy(text: str) -> str:
    """A tag without line breaks, control characters and undecodable bytes, cut to a length that can be shown."""
    plain = "".join(
        " " if unicodedata.category(character)[0] == "C" else character for character in text[: 4 * TITLE_CHARACTERS]
    )
    plain = " ".join(plain.replace("\N{REPLACEMENT CHARACTER}", "").split())
    return plain if len(plain) <= TITLE_CHARACTERS else plain[: TITLE_CHARACTERS - 1] + "…"
