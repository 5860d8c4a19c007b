"""What all that works on recordings in a thread has in common: steps that tell how far it is, and a way to stop between them."""

from collections.abc import Callable
from typing import Protocol

from setu_asr.engines.recogniser import Load, ModelKey, Recogniser, Remote
from setu_common.contracts import AsrPlan
from setu_common.models import Catalogue
from setu_common.operations import Work


class Abandoned(Exception):
    """The work was cancelled while a thread was at it."""


class Engines(Protocol):
    """The recognisers that this worker has, by the name of their engine."""

    def __call__(self, engine: str) -> Load:
        """What loads a model of that engine.

        Raises:
            UnusablePlan: there is no such engine here.
        """


def step(work: Work, fraction: float, note: str) -> None:
    """Between two pieces of work: say how far it is (0..1), or stop.

    Raises:
        Abandoned: the work was cancelled.
    """
    if work.cancelled:
        raise Abandoned
    work.progress(fraction, note)


def plan_for(plan: AsrPlan, load: Load, catalogue: Catalogue) -> AsrPlan:
    """The plan with a model that its engine has: a hosted one knows none of the catalogue's, and has one of its own."""
    if isinstance(load, Remote) and plan.model in catalogue.names():
        return plan.model_copy(update={"model": load.model})
    return plan


def load_model(catalogue: Catalogue, engines: Engines, key: ModelKey, said: Callable[[str], None]) -> Recogniser:
    """Get a model, from wherever it is had, and load it.

    Args:
        catalogue: has the models.
        engines: load them.
        key: which one.
        said: told what is done.
    """

    def told(done_bytes: int, all_bytes: int) -> None:
        said(f"downloading {key.model}: {done_bytes / 1e6:.0f} of {all_bytes / 1e6:.0f} MB")

    load = engines(key.engine)
    if isinstance(load, Remote):
        return load.connect(key)
    folder = catalogue.ensure(key.model, told)
    said(f"loading {key.model}")
    return load(key, folder)
