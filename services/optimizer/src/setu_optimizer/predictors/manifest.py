"""What is said of a model beside its trees."""

from datetime import datetime

from pydantic import Field

from setu_common.contracts import Candidate, Contract


class LearnedFrom(Contract):
    """The recordings that a model was trained from.

    ``sha256`` is that of all of them, whatever their order.
    """

    description: str
    sha256: str
    recordings: int
    examples: int
    groups: int
    languages: tuple[str, ...]


class LearnedCandidate(Contract):
    """A way that was learned about.

    ``time_factor`` is what it takes on easy recordings, on the machine where the examples were measured: a quarter of them took less.
    """

    candidate: Candidate
    examples: int
    time_factor: float | None = None


class Ranges(Contract):
    """By how much quantiles are moved so that 90 of 100 recordings lie between them: roots of error rates."""

    low: float
    high: float


class Metrics(Contract):
    """How a model did on recordings of groups that were left out while it was trained (cross-validation)."""

    wer_error: float = Field(description="Mean distance of expected from true error rates")
    wer_correlation: float = Field(description="Pearson's, of expected and true error rates")
    wer_coverage: float = Field(description="Share of error rates that lie within their range")
    time_error: float | None = Field(default=None, description="Mean distance of the logarithms of expected and true times")
    folds: int


class Manifest(Contract):
    """A model's description; with it lie the files that ``files`` names, each with its SHA-256.

    ``root_variance`` is that of what errors' roots are off; ``probed`` and ``unprobed`` are the ranges of recordings with and without a probe;
    ``time_ranges`` are those of logarithms of times. ``far`` and ``experience`` say what is out of experience.
    """

    name: str
    created_at: datetime
    schema_version: int
    columns: tuple[str, ...]
    xgboost: str
    learned_from: LearnedFrom
    candidates: tuple[LearnedCandidate, ...]
    rounds: int
    time_rounds: int
    root_variance: float
    probed: Ranges
    unprobed: Ranges
    time_ranges: Ranges | None = None
    far: float
    metrics: Metrics
    files: dict[str, str]
