"""Speech as text: words, segments, transcripts, and the plan by which they are made. Times in seconds from the start."""

from typing import Literal

from pydantic import Field

from setu_common.contracts.contract import Contract
from setu_common.contracts.language import LanguageCode
from setu_common.contracts.reference import Reference


class Word(Contract):
    """One word as the recogniser heard it."""

    start_s: float = Field(ge=0)
    end_s: float = Field(ge=0)
    text: str
    probability: float = Field(ge=0, le=1)


class Segment(Contract):
    """A stretch of speech. ``index`` is its place in the transcript and never changes downstream."""

    index: int = Field(ge=0)
    start_s: float = Field(ge=0)
    end_s: float = Field(ge=0)
    text: str
    speaker: str | None = None
    words: tuple[Word, ...] = ()
    avg_logprob: float | None = None
    no_speech_prob: float | None = None
    compression_ratio: float | None = None


class Transcript(Contract):
    """All that was said in a recording, in order of time."""

    language: LanguageCode
    language_probability: float = Field(ge=0, le=1)
    duration_s: float = Field(ge=0)
    segments: tuple[Segment, ...]
    engine: str
    model: str


class AsrPlan(Contract):
    """How a recording is to be transcribed."""

    engine: str = "faster-whisper"
    model: str = "whisper-base"
    beam_size: int = Field(default=5, ge=1, le=20)
    batch_size: int = Field(default=8, ge=1, le=64)
    compute_type: Literal["int8", "int8_float16", "float16", "float32"] = "int8"
    expected_wer: float | None = Field(default=None, ge=0)
    expected_time_s: float | None = Field(default=None, ge=0)
    source: Literal["predicted", "default", "override"] = "default"
    explanation: str = ""


class TranscriptionRequest(Contract):
    """Transcribe a recording that lies in the store; ``language`` absent means: detect it.

    ``plan`` absent means the asr service's own default.
    """

    media: Reference
    language: LanguageCode | None = None
    plan: AsrPlan | None = None


class Transcription(Contract):
    """Where the transcript lies, and what one wants to know of it without opening it."""

    transcript: Reference
    language: LanguageCode
    language_probability: float = Field(ge=0, le=1)
    duration_s: float = Field(ge=0)
    segment_count: int = Field(ge=0)
    plan: AsrPlan
    model_time_s: float = Field(ge=0, description="Wall time inside the model, loading included")
