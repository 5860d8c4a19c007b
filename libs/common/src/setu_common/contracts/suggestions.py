"""What could have been had for less, told from jobs that are over."""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from setu_common.contracts.contract import View

SuggestionKind = Literal["smaller-model", "reuse", "selection", "provider"]
"""Another model to transcribe with; not to hear the same sound twice; which lines to have edited; whom to have them edited by."""


class Suggestion(View):
    """What to do otherwise, what that would have saved, and how sure that is. ``evidence`` says what it was computed from."""

    kind: SuggestionKind
    said: str
    saving_usd: Decimal | None = Field(default=None, ge=0, description="Null where what was spent has no price")
    saving_s: float = Field(default=0.0, ge=0, description="Time inside models")
    more_wer: float = Field(default=0.0, description="Errors per word that it would have cost on average, expected")
    lost_score: float = Field(default=0.0, description="Points of score per line that it would have cost, 0..100")
    confidence: float = Field(ge=0, le=1)
    jobs: int = Field(ge=1, description="That speak for it")
    evidence: tuple[str, ...]


class Suggestions(View):
    """What could have been had for less in the last days, the largest saving first; and all of it replayed over the jobs together."""

    days: int
    jobs: int = Field(ge=0, description="That were looked at")
    cost_usd: Decimal = Field(ge=0, description="What transcribing and editing them cost, where that has a price")
    suggestions: tuple[Suggestion, ...] = ()
    replayed: str = Field(default="", description="What following all of them would have saved, and cost")
