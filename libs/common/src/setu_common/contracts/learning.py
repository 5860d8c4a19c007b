"""What a finished job and its corrections teach."""

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from setu_common.contracts.audio import AudioProbe, AudioProfile
from setu_common.contracts.context import Context
from setu_common.contracts.contract import Contract
from setu_common.contracts.language import LanguageCode
from setu_common.contracts.planning import Prediction
from setu_common.contracts.reference import Reference
from setu_common.contracts.speech import AsrPlan

WerBasis = Literal["known", "estimated"]
"""How an error rate is known: people corrected the text, or the recogniser's own confidence lets it be guessed."""


class DeliveredText(Contract):
    """What was delivered in one language, as it lies in the store: the translation, and the audit of its edits if it was edited."""

    language: LanguageCode
    translated: Reference
    report: Reference | None = None


class ObservationRequest(Contract):
    """Learn from a finished job. Once per job and run: a second one of the same job replaces the first.

    ``audio`` is the decoded sound, of which a share of jobs has a minute heard by another candidate, to compare.
    """

    job_id: UUID
    source_language: LanguageCode
    profile: AudioProfile
    probe: AudioProbe | None = None
    prediction: Prediction | None = Field(default=None, description="What was planned; absent where nothing was")
    plan: AsrPlan = Field(description="What was done")
    transcript: Reference
    audio: Reference | None = None
    model_time_s: float = Field(ge=0)
    cached: bool = Field(default=False, description="The transcript was reused: its time says nothing")
    stand_in: str | None = Field(
        default=None, description="Another engine heard a part of it or all: neither errors nor time are the plan's"
    )
    context: Context = Context()
    delivered: tuple[DeliveredText, ...] = ()


class Observed(Contract):
    """What was learned of a job."""

    observation_id: UUID
    wer: float | None = Field(default=None, ge=0)
    wer_basis: WerBasis | None = None
    learned_count: int = Field(default=0, ge=0, description="Names and terms that were seen, new ones and known ones")
    notes: tuple[str, ...] = ()


class EditedCue(Contract):
    """One subtitle as a person left it."""

    start_s: float = Field(ge=0)
    end_s: float = Field(ge=0)
    text: str = Field(max_length=2000)


class EditedSubtitles(Contract):
    """Subtitles of one language as a person left them."""

    language: LanguageCode
    cues: tuple[EditedCue, ...] = Field(max_length=50_000)


class CorrectionRequest(Contract):
    """Learn from subtitles that people corrected: of the source language, the true error rate; of a target, names, terms and edits.

    ``edited`` is an EditedSubtitles in the store. ``accepted_at`` tells which of several is the last, in whatever order they arrive.
    """

    job_id: UUID
    language: LanguageCode
    source_language: LanguageCode
    edited: Reference
    transcript: Reference
    delivered: DeliveredText | None = Field(
        default=None, description="What was delivered in ``language``; absent for the source's"
    )
    context: Context = Context()
    accepted_at: AwareDatetime | None = Field(
        default=None, description="When it came; what was learned of a later one stays. Absent: it counts as the last"
    )


class Corrected(Contract):
    """What a correction taught."""

    job_id: UUID
    language: LanguageCode
    segment_count: int = Field(ge=0)
    changed_count: int = Field(ge=0, description="Segments whose text people changed")
    wer: float | None = Field(default=None, ge=0, description="Of the source language: errors per word of the corrected text")
    learned: tuple[str, ...] = Field(default=(), description="Names and terms that were learned, as `source → target`")
    notes: tuple[str, ...] = ()
