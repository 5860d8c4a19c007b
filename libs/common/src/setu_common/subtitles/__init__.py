"""Subtitles: cues, and the files SRT and WebVTT that are made of them."""

from setu_common.subtitles.cue import Cue, TranslationMismatch, cues_of
from setu_common.subtitles.reading import SubtitlesUnreadable, parse
from setu_common.subtitles.tidy import tidy
from setu_common.subtitles.writing import MEDIA_TYPES, SubtitleFormat, render

__all__ = [
    "MEDIA_TYPES",
    "Cue",
    "SubtitleFormat",
    "SubtitlesUnreadable",
    "TranslationMismatch",
    "cues_of",
    "parse",
    "render",
    "tidy",
]
