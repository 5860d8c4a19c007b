"""The optimizer's own choices: models trained and asked as production does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from evals.optimizer.outcomes import Recording, examples_of
from evals.optimizer.policies import Chosen
from setu_common.contracts import Candidate, Quality
from setu_optimizer.domain.prediction.examples import Example
from setu_optimizer.domain.prediction.features import Vector
from setu_optimizer.domain.prediction.policy import Expected, Wishes, choose
from setu_optimizer.predictors.predictor import Predictor
from setu_optimizer.predictors.tables import published
from setu_optimizer.predictors.training import train
from setu_optimizer.settings import DefaultSettings

LONG_AGO: Final = datetime(2026, 1, 1, tzinfo=UTC)  # models of evaluations are thrown away: their date says nothing


def default_way() -> Candidate:
    """What is done where nothing is predicted."""
    plan = DefaultSettings().plan()
    return Candidate(model=plan.model, beam_size=plan.beam_size, batch_size=plan.batch_size, compute_type=plan.compute_type)


def trained(examples: Sequence[Example]) -> Predictor:
    """A model, trained as the starting model is."""
    sizes = {name: each.size for name, each in published().items()}
    return Predictor.read(train(examples, sizes, kind="eval", description="an evaluation", now=LONG_AGO), published())


def trained_on(recordings: Sequence[Recording]) -> Predictor:
    """A model, trained on all that came of recordings."""
    return trained(examples_of(recordings))


@dataclass(frozen=True)
class Optimizer:
    """A policy: the trained model's.

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
        overhead = recording.profiled + (recording.probed if self.probes else 0.0)
        strange = self.predictor.strange(self._figures(recording), recording.examples[0].language)
        if strange:
            return Chosen(default_way(), overhead, strange)
        choice = choose(self.expect(recording), recording.duration_s, Wishes(quality=self.quality))
        return Chosen(choice.chosen.expected.candidate, overhead)

    def expect(self, recording: Recording) -> list[Expected]:
        """What is expected of every way."""
        return self.predictor.expect(self._figures(recording), recording.duration_s, list(recording.outcomes))

    def _figures(self, recording: Recording) -> Vector:
        return recording.figures if self.probes else recording.without_probe
