"""The optimizer's own choices: models trained and asked as production does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from evals.optimizer.outcomes import Recording, examples_of
from evals.optimizer.policies import Chosen
from setu_common.contracts import Candidate, InstalledCandidate, InstalledCandidates, PredictionRequest, Quality
from setu_optimizer.domain.prediction.examples import Example
from setu_optimizer.domain.prediction.features import vector_of
from setu_optimizer.domain.prediction.plans import candidate_of
from setu_optimizer.domain.prediction.policy import Expected
from setu_optimizer.predictors.answering import answer
from setu_optimizer.predictors.machine import Machine
from setu_optimizer.predictors.predictor import Predictor
from setu_optimizer.predictors.tables import published
from setu_optimizer.predictors.training import train
from setu_optimizer.settings import DefaultSettings

LONG_AGO: Final = datetime(2026, 1, 1, tzinfo=UTC)  # models of evaluations are thrown away: their date says nothing


def default_way() -> Candidate:
    """What is done where nothing is predicted."""
    return candidate_of(DefaultSettings().plan())


def trained(examples: Sequence[Example]) -> Predictor:
    """A model, trained as the starting model is."""
    sizes = {name: each.size for name, each in published().items()}
    return Predictor.read(train(examples, sizes, kind="eval", description="an evaluation", now=LONG_AGO), published())


def trained_on(recordings: Sequence[Recording]) -> Predictor:
    """A model, trained on all that came of recordings."""
    return trained(examples_of(recordings))


@dataclass(frozen=True)
class Optimizer:
    """A policy: what the service answers with a model.

    Args:
        predictor: the model.
        quality: what the caller wishes.
        probes: whether recordings are probed; else they are predicted, and charged, without.
    """

    predictor: Predictor
    quality: Quality
    probes: bool = True

    def __call__(self, recording: Recording) -> Chosen:
        """See `evals.optimizer.policies.Policy`."""
        probe = recording.probe if self.probes else None
        request = PredictionRequest(profile=recording.profile, probe=probe, quality=self.quality)
        found = answer(request, self.predictor, self._machine(recording), published(), DefaultSettings().plan())
        overhead = recording.profiled + (recording.probed if self.probes else 0.0)
        return Chosen(candidate_of(found.plan), overhead, found.abstained)

    def expect(self, recording: Recording) -> list[Expected]:
        """What is expected of every way, whether or not the service would say so."""
        figures = vector_of(recording.profile, recording.probe if self.probes else None)
        return self.predictor.expect(figures, recording.duration_s, list(recording.outcomes))

    def _machine(self, recording: Recording) -> Machine:
        """The one that the recordings were measured on, on which all ways are installed."""
        ways = (InstalledCandidate(candidate=way, time_factor=self.predictor.time_factor(way)) for way in recording.outcomes)
        return Machine(InstalledCandidates(candidates=tuple(ways)))
