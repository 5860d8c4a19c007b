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
    transliterated: bool = Field(
        default=False, description="Heard in another script, and put into the language's own letter by letter"
    )
    avg_logprob: float | None = None
    no_speech_prob: float | None = None
    compression_ratio: float | None = None


RemovalReason = Literal["silence", "repetition", "boilerplate", "guess"]


class Removal(Contract):
    """Something that a recogniser wrote though nobody said it: what was taken out of a transcript, and why."""

    start_s: float = Field(ge=0)
    end_s: float = Field(ge=0)
    text: str
    reason: RemovalReason
    evidence: str = Field(description="The figures that spoke against it")


class Transcript(Contract):
    """All that was said in a recording, in order of time.

    ``removed`` is what a recogniser invented; ``notes`` say what is less than asked for, such as times that are not aligned.
    """

    language: LanguageCode
    language_probability: float = Field(ge=0, le=1)
    duration_s: float = Field(ge=0)
    segments: tuple[Segment, ...]
    engine: str
    model: str
    removed: tuple[Removal, ...] = ()
    notes: tuple[str, ...] = ()


ComputeType = Literal["int8", "int8_float16", "float16", "float32"]


class AsrPlan(Contract):
    """How a recording is to be transcribed."""

    engine: str = "faster-whisper"
    model: str = "whisper-base"
    beam_size: int = Field(default=5, ge=1, le=20)
    batch_size: int = Field(default=8, ge=1, le=64)
    compute_type: ComputeType = "int8"
    redecode: bool = Field(
        default=True, description="Hear doubtful stretches again, one by one, as plain batching costs accuracy"
    )
    align: bool = Field(default=False, description="Times of words by an aligner, where the engine has one")
    diarise: bool = Field(default=False, description="Name the speakers, where the engine can")
    expected_wer: float | None = Field(default=None, ge=0)
    expected_time_s: float | None = Field(default=None, ge=0)
    source: Literal["predicted", "default", "override"] = "default"
    explanation: str = ""


class AsrOverrides(Contract):
    """What a caller wants done otherwise than planned; what is absent stays as planned.

    ``prompt`` is text that could have been said just before: names and terms in the spelling that is wanted.
    """

    engine: str | None = Field(default=None, max_length=40)
    model: str | None = Field(default=None, max_length=100)
    beam_size: int | None = Field(default=None, ge=1, le=20)
    batch_size: int | None = Field(default=None, ge=1, le=64)
    compute_type: ComputeType | None = None
    redecode: bool | None = None
    align: bool | None = None
    diarise: bool | None = None
    prompt: str = Field(default="", max_length=2000)
    temperature: float | None = Field(default=None, ge=0, le=1)


class TranscriptionRequest(Contract):
    """Transcribe a recording that lies in the store; ``language`` absent means: detect it.

    ``plan`` absent means the asr service's own default; ``overrides`` change either. With ``reuse``, what the same tenant had of the
    same sound, heard in the same way, is taken again.
    """

    media: Reference
    language: LanguageCode | None = None
    plan: AsrPlan | None = None
    overrides: AsrOverrides = AsrOverrides()
    reuse: bool = True


class Transcription(Contract):
    """Where the transcript lies, and what one wants to know of it without opening it."""

    transcript: Reference
    language: LanguageCode
    language_probability: float = Field(ge=0, le=1)
    duration_s: float = Field(ge=0)
    segment_count: int = Field(ge=0)
    removed_count: int = Field(default=0, ge=0, description="Stretches that were taken out since nobody said them")
    notes: tuple[str, ...] = ()
    plan: AsrPlan
    cached: bool = Field(default=False, description="Taken from an earlier operation on the same sound and plan")
    stand_in: str | None = Field(
        default=None, description="The engine that heard what the plan's could not; absent where the plan's heard it all"
    )
    model_time_s: float = Field(ge=0, description="Wall time inside the model, loading included")
    model_load_s: float | None = Field(default=None, ge=0, description="Of model_time_s: loading; 0 where it was in memory")
