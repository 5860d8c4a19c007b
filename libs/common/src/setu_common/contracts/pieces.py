"""Pieces of a long recording, each heard by whichever worker is free. Places in samples at 16 kHz, times in seconds, of the whole recording."""

from pydantic import Field

from setu_common.contracts.contract import Contract
from setu_common.contracts.language import LanguageCode
from setu_common.contracts.reference import Reference
from setu_common.contracts.speech import AsrPlan

Span = tuple[int, int]
"""From the first sample up to and without the second."""


class PieceRequest(Contract):
    """Hear some consecutive clips of a recording.

    ``media`` is its sound as the asr service writes it: WAV, 16 kHz, mono, 16 bits. ``speech`` has the stretches of speech around which the
    clips were cut. With the ``last`` piece all were asked for.
    """

    media: Reference
    clips: tuple[Span, ...] = Field(min_length=1)
    speech: tuple[Span, ...]
    language: LanguageCode
    language_probability: float = Field(ge=0, le=1)
    plan: AsrPlan
    prompt: str = ""
    temperature: float | None = None
    last: bool = False


class HeardText(Contract):
    """A word, or a stretch of text, as it was heard: nothing of it is put in order yet, so its times may leave the recording a little."""

    start_s: float
    end_s: float
    text: str


class PieceWord(HeardText):
    """One word. Its text brings its own leading space."""

    probability: float


class PieceStretch(HeardText):
    """What was heard at a time."""

    words: tuple[PieceWord, ...] = ()
    avg_logprob: float | None = None
    no_speech_prob: float | None = None
    compression_ratio: float | None = None
    speaker: str | None = None


class HeardPiece(Contract):
    """What was heard in the clips, in the order of hearing.

    Its times are named otherwise than a transcription's, which adds them up: in the ledger they would count twice.
    """

    heard: tuple[PieceStretch, ...]
    model: str
    heard_in_s: float = Field(ge=0, description="Wall time inside the model, loading included")
    loaded_in_s: float = Field(ge=0, description="Of it: loading; 0 where it was in memory")
