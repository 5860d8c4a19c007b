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
    ``apart`` is how far the root of its error rate lies from the mean of all ways on the same recording; absent where no recording that was
    heard in another way was heard in it too.
    """

    candidate: Candidate
    examples: int
    time_factor: float | None = None
    apart: float | None = None


class Side(Contract):
    """How recordings with a probe are predicted, or those without: each kind has trees of its own.

    ``rounds``, ``depth`` and ``time_rounds`` say how trees were grown. ``low`` and ``high`` are by how much quantiles of errors' roots are moved
    outwards so that 90 of 100 recordings lie between them, ``time_low`` and ``time_high`` the same of logarithms of times. ``bias`` is how
    many times as many errors were made as the squares of expected roots say.
    """

    rounds: int
    depth: int
    low: float
    high: float
    bias: float
    trust: float = Field(default=1.0, ge=0, le=1)
    time_rounds: int = 0
    time_low: float = 0.0
    time_high: float = 0.0


class Metrics(Contract):
    """How a model did on recordings of groups that were left out while it was trained (cross-validation)."""

    wer_error: float = Field(description="Mean distance of expected from true error rates")
    wer_correlation: float = Field(description="Pearson's, of expected and true error rates")
    wer_coverage: float = Field(description="Share of error rates that lie within their range")
    time_error: float | None = Field(default=None, description="Mean distance of the logarithms of expected and true times")
    folds: int


class Manifest(Contract):
    """A model's description; with it lie the files that ``files`` names, each with its SHA-256.

    ``probed`` is absent where no recording was probed that it learned from. ``far`` and the file of experience say what is out of experience.
    """

    name: str
    created_at: datetime
    schema_version: int
    columns: tuple[str, ...]
    xgboost: str
    learned_from: LearnedFrom
    candidates: tuple[LearnedCandidate, ...]
    probed: Side | None = None
    unprobed: Side
    far: float
    metrics: Metrics
    files: dict[str, str]
