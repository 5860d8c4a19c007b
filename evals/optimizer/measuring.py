"""How good the optimizer's choices are: ``make eval-optimizer``.

A model is trained, as the starting model is, on the training side of evals/recognition/measured.csv, and chooses for the other side: texts,
voices and ways of being spoiled that it never met. Its own cost, the profile and the probe, is charged to it.
"""

from bench.figures import Figure

from evals.optimizer import bounds, choosing, learning, predicting
from evals.optimizer.learned import Optimizer, trained_on
from evals.optimizer.outcomes import read
from evals.recognition import TABLE
from setu_optimizer.domain.prediction.policy import LAMBDAS


def measure() -> list[Figure]:
    """Train, choose, and compare."""
    train, test = read(TABLE, "train"), read(TABLE, "test")
    print(f"  {len(train)} recordings to learn from, {len(test)} that are new", flush=True)
    predictor = trained_on(train)
    policies = {quality: Optimizer(predictor, quality) for quality in LAMBDAS}
    return [
        *choosing.measure(train, test, policies),
        *bounds.measure(train, test, policies[choosing.JUDGED]),
        *predicting.measure(test, policies[choosing.JUDGED]),
        *learning.without_probe(test, policies),
        *learning.curve(train, test),
        *learning.unseen(train, test),
    ]
