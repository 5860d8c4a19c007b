"""How a recording is to be transcribed: what each way is expected to cost in errors and time, and which is chosen, and why."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import Field

from setu_common.contracts.audio import AudioProbe, AudioProfile
from setu_common.contracts.context import Context
from setu_common.contracts.contract import Contract
from setu_common.contracts.enhancement import GlossaryEntry
from setu_common.contracts.language import LanguageCode
from setu_common.contracts.speech import AsrOverrides, AsrPlan, ComputeType

Quality = Literal["speed", "balanced", "quality"]
"""What a caller would rather have: an answer soon, or few errors, or something between."""


class Candidate(Contract):
    """A way to transcribe: a model, and how it is run."""

    engine: str = Field(default="faster-whisper", max_length=40)
    model: str = Field(max_length=100)
    beam_size: int = Field(default=5, ge=1, le=20)
    batch_size: int = Field(default=8, ge=1, le=64)
    compute_type: ComputeType = "int8"


class InstalledCandidate(Contract):
    """A way to transcribe that there is on the asr service's machine. ``time_factor`` is what it took there of a short sound."""

    candidate: Candidate
    time_factor: float | None = Field(
        default=None, gt=0, description="Processor seconds for a second of sound; null: not measured there yet"
    )
    measured_at: datetime | None = None


class InstalledCandidates(Contract):
    """All ways to transcribe that there are on the asr service's machine."""

    candidates: tuple[InstalledCandidate, ...] = ()


class Forecast(Contract):
    """What is expected of a candidate on one recording. Ranges hold 90 of 100 recordings.

    ``basis`` is ``measured`` where the figures were learned from recordings that were transcribed so, ``prior`` where they are taken from
    published tables.
    """

    candidate: Candidate
    expected_wer: float = Field(ge=0, description="Errors per word that is said")
    wer_low: float = Field(ge=0)
    wer_high: float = Field(ge=0)
    expected_time_s: float = Field(ge=0)
    time_low_s: float = Field(ge=0)
    time_high_s: float = Field(ge=0)
    cost_usd: Decimal | None = Field(default=None, ge=0, description="Of the machine's time; null where it has no price")
    utility: float = Field(description="What the choice goes by: -errors - lambda * time per second of recording")
    basis: Literal["measured", "prior"] = "measured"
    ruled_out: str = Field(default="", description="Why it may not be chosen, such as that it takes longer than the deadline")


class PlanReason(Contract):
    """What one figure of a recording did to the expected errors of the chosen candidate, in points of error rate."""

    feature: str
    value: float | None = None
    wer_points: float
    said: str = Field(description="The same as a sentence")


class PredictionRequest(Contract):
    """Say how a recording is best transcribed. ``overrides`` win over whatever would be chosen."""

    profile: AudioProfile
    probe: AudioProbe | None = None
    language: LanguageCode | None = Field(default=None, description="Absent: the profile's")
    quality: Quality = "balanced"
    target_wer: float | None = Field(default=None, gt=0, le=1, description="The cheapest way that is expected to stay below it")
    deadline_s: float | None = Field(default=None, gt=0, description="How long transcribing may take, on the clock")
    budget_usd: Decimal | None = Field(
        default=None,
        ge=0,
        description="What it may cost: rules out ways whose time costs more, where SETU_PRICES_CPU_USD_PER_HOUR gives it a price",
    )
    overrides: AsrOverrides = AsrOverrides()


class Prediction(Contract):
    """A plan, the ways it was chosen from, and why.

    ``abstained`` says why the default plan was taken instead of a prediction; empty if it was not.
    """

    plan: AsrPlan
    quality: Quality
    forecasts: tuple[Forecast, ...] = ()
    reasons: tuple[PlanReason, ...] = ()
    abstained: str = ""
    predictor: str = Field(default="", description="The name of the model that predicted; empty if none did")
    took_s: float = Field(default=0.0, ge=0)


class PlanRequest(Contract):
    """The pipeline's question before a recording is transcribed: how, and what is known of the names and terms in it."""

    prediction: PredictionRequest
    target_languages: tuple[LanguageCode, ...] = ()
    context: Context = Context()


class KnownContext(Contract):
    """Names and terms that earlier episodes and films taught, for one pair of languages; the most certain first.

    Behind them is what people vetoed, by that verdict, so that it does not come back from another source.
    """

    source_language: LanguageCode
    target_language: LanguageCode
    entries: tuple[GlossaryEntry, ...] = ()


class PlanResult(Contract):
    """How to transcribe, and what is known beforehand."""

    prediction: Prediction
    known: tuple[KnownContext, ...] = ()
    notes: tuple[str, ...] = ()
