"""Transcripts and translations in the shapes of OpenAI's audio API."""

import json
import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from setu_common.contracts import LANGUAGE_NAMES, Segment, Transcript, TranslatedTranscript
from setu_common.subtitles import cues_of, render, tidy
from setu_gateway.openai.asking import Asked

UNSPACED: Final = frozenset({"bo", "ja", "km", "lo", "my", "th", "yue", "zh"})
SEEK_HZ: Final = 100  # Whisper's frames a second, in which "seek" is told
JSON: Final = "application/json"
TEXT: Final = "text/plain; charset=utf-8"

Json = dict[str, Any]  # Any: JSON


@dataclass(frozen=True)
class Speech:
    """What was said, and what it means in English if that was asked for (None: it was said in English, or not asked for)."""

    transcript: Transcript
    translated: TranslatedTranscript | None = None


@dataclass(frozen=True)
class Silence:
    """A recording in which nobody says anything."""

    duration_s: float


def body_of(asked: Asked, heard: Speech | Silence) -> tuple[str, str]:
    """The answer's body and its media type."""
    if asked.response_format in ("srt", "vtt"):
        cues = () if isinstance(heard, Silence) else tidy(cues_of(heard.transcript, heard.translated))
        return render(cues, asked.response_format), TEXT
    if asked.response_format == "text":
        return f"{_text(heard)}\n", TEXT
    usage = {"type": "duration", "seconds": math.ceil(_duration_s(heard))}
    plain: Json = {"text": _text(heard), "usage": usage}
    return json.dumps(_verbose(asked, heard) | plain if asked.response_format == "verbose_json" else plain), JSON


def _verbose(asked: Asked, heard: Speech | Silence) -> Json:
    speech = heard if isinstance(heard, Speech) else None
    spoken = speech.transcript.language if speech else asked.job.source_language
    language = "en" if asked.translating else spoken
    found: Json = {
        "task": "translate" if asked.translating else "transcribe",
        "language": LANGUAGE_NAMES[language].lower() if language else "",
        "duration": round(_duration_s(heard), 2),
    }
    if "segment" in asked.granularities:
        found["segments"] = list(_segments(speech, asked.temperature)) if speech else []
    if "word" in asked.granularities:
        found["words"] = [
            {"word": word.text, "start": word.start_s, "end": word.end_s}
            for segment in (speech.transcript.segments if speech else ())
            for word in segment.words
        ]
    return found


def _segments(speech: Speech, temperature: float) -> Iterator[Json]:
    """Each segment as Whisper tells it. Tokens are not kept; figures that nobody told are 0."""
    for segment, (text, avg_logprob) in zip(speech.transcript.segments, _lines(speech), strict=True):
        encoded = text.encode() or b" "
        yield {
            "id": segment.index,
            "seek": int(segment.start_s * SEEK_HZ),
            "start": segment.start_s,
            "end": segment.end_s,
            "text": text,
            "tokens": [],
            "temperature": temperature,
            "avg_logprob": avg_logprob,
            "compression_ratio": round(len(encoded) / len(zlib.compress(encoded)), 4),
            "no_speech_prob": segment.no_speech_prob or 0.0,
        }


def _lines(speech: Speech) -> list[tuple[str, float]]:
    """The text of each segment, and the mean log probability of its tokens."""
    if speech.translated is None:
        return [(segment.text, _logprob(segment)) for segment in speech.transcript.segments]
    return [(each.text, math.log(each.confidence) if each.confidence else 0.0) for each in speech.translated.translations]


def _logprob(segment: Segment) -> float:
    return segment.avg_logprob if segment.avg_logprob is not None else 0.0


def _text(heard: Speech | Silence) -> str:
    if isinstance(heard, Silence):
        return ""
    language = heard.translated.target_language if heard.translated else heard.transcript.language
    return ("" if language in UNSPACED else " ").join(text for text, _ in _lines(heard))


def _duration_s(heard: Speech | Silence) -> float:
    return heard.duration_s if isinstance(heard, Silence) else heard.transcript.duration_s
