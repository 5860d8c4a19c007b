"""Post-editing of translations, and how good they are. N lines in, N lines out, same indices, same times."""

from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from setu_common.contracts.context import Context
from setu_common.contracts.contract import Contract
from setu_common.contracts.language import LanguageCode
from setu_common.contracts.reference import Reference

INLINE_LINES = 500
LINE_CHARACTERS = 2000


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("Leave out the character U+0000: no subtitle can have it.")
    return text


LineText = Annotated[str, Field(max_length=LINE_CHARACTERS), AfterValidator(_without_nul)]

EnhancementMode = Literal["off", "selective", "all"]
"""Which lines a language model is asked about: none, those with a reason, every one."""

ReasonKind = Literal[
    "confidence", "name", "term", "idiom", "script", "length", "number", "negation", "reference", "reading-speed", "asked"
]


class DraftLine(Contract):
    """A line as a machine translated it. ``confidence`` is the engine's own, 0..1."""

    index: int = Field(ge=0)
    start_s: float = Field(ge=0)
    end_s: float = Field(ge=0)
    source: LineText
    draft: LineText
    confidence: float | None = Field(default=None, ge=0, le=1)
    speaker: str | None = Field(default=None, max_length=100)

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        _demand_order(self.start_s, self.end_s)
        return self


class Reason(Contract):
    """Why a line is worth a call."""

    kind: ReasonKind
    detail: str = Field(default="", description="The evidence, such as the name that is missing")


class QualityScore(Contract):
    """How good a line is, 0..100 in all and by part.

    ``methods`` are what it was found by: ``signals`` (rules), ``judge`` (a language model), ``logprob`` (a model's probability of the
    text). ``confidence`` is how sure it is, 0..1.
    """

    total: float = Field(ge=0, le=100)
    accuracy: float = Field(ge=0, le=100)
    fluency: float = Field(ge=0, le=100)
    consistency: float = Field(ge=0, le=100)
    cultural: float = Field(ge=0, le=100)
    methods: tuple[Literal["signals", "judge", "logprob"], ...] = ("signals",)
    confidence: float = Field(ge=0, le=1)


class TriedEdit(Contract):
    """What another model, or other prompts, made of a line beside the usual ones, for a comparison. It is delivered nowhere.

    ``text`` is what would have been delivered, ``score`` its score, ``offered`` what the model gave, ``rejected`` why that would not have
    been kept. ``scene`` tells the scenes of all texts apart.
    """

    scene: str
    offered: str = ""
    text: str
    rejected: str = ""
    score: QualityScore | None = None
    provider: str
    model: str
    prompt: str
    gain: float = Field(description="By how many points the edit scores better than what both were given; 0 if it was not kept")
    usual_gain: float = Field(description="The same of the usual edit")
    comparable: bool = Field(
        default=True, description="False if one of the two gains was found with a judge and the other without"
    )
    cost_usd: Decimal | None = Field(default=None, ge=0, description="Its part of what its own requests cost, and judging it")
    usual_cost_usd: Decimal | None = Field(default=None, ge=0, description="The same of the usual edit")


class Enhancement(Contract):
    """What became of one line.

    ``source`` is what is said. ``text`` is what is delivered: the edit if it was kept, else the draft. ``offered`` is what a model gave, ``rejected`` why it was not
    kept; both empty where nobody was asked.
    """

    segment_index: int = Field(ge=0)
    source: str = ""
    draft: str
    text: str
    changed: bool
    reasons: tuple[Reason, ...] = ()
    offered: str = ""
    rejected: str = ""
    score_before: QualityScore | None = None
    score_after: QualityScore | None = None
    provider: str = ""
    model: str = ""
    cached: bool = False
    cost_usd: Decimal | None = Field(
        default=None,
        ge=0,
        description="Its part of what the requests that it was in cost: those that read its names, edited it and judged that; null if one of them has no price",
    )
    tried: TriedEdit | None = Field(default=None, description="Of a line that another model or prompt was tried on as well")


class GlossaryEntry(Contract):
    """A name or term of a text: how its source spells it, how its translation has to, and who says so."""

    source: tuple[str, ...] = Field(min_length=1)
    target: str
    accepted: tuple[str, ...] = Field(default=(), description="Other spellings that pass")
    kind: Literal["name", "term"]
    provenance: Literal["caller", "tmdb", "learned", "model", "text"]
    gender: str | None = None
    verdict: Literal["accepted", "vetoed"] | None = Field(
        default=None,
        description="What a person decided: what is accepted goes before databases, what is vetoed is said by nobody",
    )


class UsedGlossary(Contract):
    """The names and terms that a text was edited by."""

    source_language: LanguageCode
    target_language: LanguageCode
    sha256: str
    entries: tuple[GlossaryEntry, ...]


class EnhancedTranscript(Contract):
    """The audit of a whole text: every line, in the order of its segments, and what all of them were edited with."""

    source_language: LanguageCode
    target_language: LanguageCode
    prompt: str = Field(description="The prompt's name and version")
    glossary_sha256: str
    glossary: tuple[GlossaryEntry, ...] = ()
    lines: tuple[Enhancement, ...]


class LinesToEnhance(Contract):
    """Post-edit translated lines. What other teams ask for: an ``EnhancementRequest`` of lines alone."""

    source_language: LanguageCode
    target_language: LanguageCode
    lines: tuple[DraftLine, ...] = Field(min_length=1, max_length=INLINE_LINES)
    context: Context = Context()
    mode: EnhancementMode = "selective"
    characters_per_s: float | None = Field(
        default=None, gt=0, le=100, description="How fast one may have to read; absent: the target language's usual limit"
    )
    reuse: bool = Field(default=True, description="Take what was edited before in the same context again")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        _demand_growing(self.lines)
        return self

    def whole(self) -> "EnhancementRequest":
        """The same as services ask for it."""
        return EnhancementRequest.model_validate(self.model_dump())


class EnhancementRequest(Contract):
    """Post-edit translated lines: either ``lines``, or the ``transcript`` and what it was ``translated`` to, as they lie in the store.

    ``known`` are names and terms that earlier work taught, the most certain first; what the caller or The Movie Database says wins.
    """

    source_language: LanguageCode
    target_language: LanguageCode
    lines: tuple[DraftLine, ...] = Field(default=(), max_length=INLINE_LINES)
    transcript: Reference | None = None
    translated: Reference | None = None
    context: Context = Context()
    known: tuple[GlossaryEntry, ...] = Field(default=(), max_length=1000)
    mode: EnhancementMode = "selective"
    characters_per_s: float | None = Field(
        default=None, gt=0, le=100, description="How fast one may have to read; absent: the target language's usual limit"
    )
    profile: str = Field(
        default="none",
        pattern=r"^[a-z0-9-]{1,40}$",
        description="The delivery rules by which a transcript's lines stay on the screen, and how fast they may be read; none: as long as they are said",
    )
    reuse: bool = Field(default=True, description="Take what was edited before in the same context again")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        whole = self.transcript is not None and self.translated is not None
        parts = self.transcript is not None or self.translated is not None
        if parts is not whole or whole is bool(self.lines):
            raise ValueError("Give either lines, or both transcript and translated.")
        _demand_growing(self.lines)
        return self


def _demand_growing(lines: tuple[DraftLine, ...]) -> None:
    for place, (line, following) in enumerate(pairwise(lines), start=1):
        if following.index <= line.index:
            raise ValueError(
                f"The indices of lines must grow: that of lines.{place} is {following.index}, behind {line.index}; give each line one of its own, in their order."
            )


def _demand_order(start_s: float, end_s: float) -> None:
    if end_s < start_s:
        raise ValueError("A line must not end before it starts: see start_s and end_s, in seconds.")


class EnhancementResult(Contract):
    """Where the edited text and its audit lie. ``lines`` are given for a request that gave lines."""

    source_language: LanguageCode
    target_language: LanguageCode
    translated: Reference | None = Field(default=None, description="The final text, as a TranslatedTranscript")
    report: Reference | None = Field(
        default=None, description="The audit, as an EnhancedTranscript; null if nobody was to be asked"
    )
    page: Reference | None = Field(default=None, description="The audit as a page of HTML, of a text that lay in the store")
    lines: tuple[Enhancement, ...] = ()
    segment_count: int = Field(ge=0)
    selected_count: int = Field(ge=0, description="Lines that had a reason to be edited")
    edited_count: int = Field(ge=0, description="Lines that a model, or a rule, gave another text for")
    kept_count: int = Field(ge=0, description="Changes that passed the guards and scored better than their drafts")
    cached_count: int = Field(default=0, ge=0, description="Lines whose edit was taken from earlier work")
    score_before: float | None = Field(default=None, ge=0, le=100, description="Mean of all lines")
    score_after: float | None = Field(default=None, ge=0, le=100)
    cost_usd: Decimal | None = Field(
        default=None,
        ge=0,
        description="Of all lines: for reading names, edits, and judging them, those included that were only tried; null if one of the requests has no price",
    )
    provider: str = ""
    model: str = ""
    model_time_s: float = Field(
        default=0.0,
        ge=0,
        description="How long models were waited for that were asked for edits, all requests together; reading names and judging edits is not in it",
    )
    skipped: str = Field(
        default="", description="Why nobody was to be asked at all: the mode is off, or no language model is set up"
    )
    degraded: str = Field(default="", description="Why less was done than asked, such as that the budget is used up")
    notes: tuple[str, ...] = ()


class ScoredLine(Contract):
    """A translated line to be scored, with a translation by people where there is one."""

    source: LineText
    text: LineText
    reference: LineText | None = None
    start_s: float | None = Field(default=None, ge=0)
    end_s: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.start_s is not None and self.end_s is not None:
            _demand_order(self.start_s, self.end_s)
        return self


class QualityRequest(Contract):
    """Say how good translated lines are. References are never shown to the scorer: BLEU and chrF are told beside its score."""

    source_language: LanguageCode
    target_language: LanguageCode
    lines: tuple[ScoredLine, ...] = Field(min_length=1, max_length=INLINE_LINES)
    context: Context = Context()
    judge: bool = Field(default=False, description="Ask a language model as well, where there is one; costs money")


class QualityReport(Contract):
    """How good the lines are, each and all."""

    scores: tuple[QualityScore, ...]
    mean: QualityScore
    bleu: float | None = Field(default=None, ge=0, le=100, description="sacreBLEU over all lines with a reference")
    chrf: float | None = Field(default=None, ge=0, le=100, description="chrF over all lines with a reference")
    cost_usd: Decimal | None = Field(default=None, ge=0)
    provider: str = ""
    model: str = ""
    notes: tuple[str, ...] = ()
