"""Subtitles: delivery profiles, cues cut and checked by them, and the files SRT, WebVTT and ASS that are made of them."""

from setu_common.subtitles.checking import Violation, violations
from setu_common.subtitles.cue import Cue, TranslationMismatch, cues_of
from setu_common.subtitles.profile import PROFILES, Limits, Profile, UnknownProfile, profile_named
from setu_common.subtitles.reading import SubtitlesUnreadable, parse
from setu_common.subtitles.segmenting import segmented
from setu_common.subtitles.tidy import tidy
from setu_common.subtitles.writing import MEDIA_TYPES, SubtitleFormat, render

__all__ = [
    "MEDIA_TYPES",
    "PROFILES",
    "Cue",
    "Limits",
    "Profile",
    "SubtitleFormat",
    "SubtitlesUnreadable",
    "TranslationMismatch",
    "UnknownProfile",
    "Violation",
    "cues_of",
    "parse",
    "profile_named",
    "render",
    "segmented",
    "tidy",
    "violations",
]
