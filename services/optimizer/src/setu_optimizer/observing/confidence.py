"""The estimator that is shipped, made of the measured table by ``python -m setu_optimizer.retraining``."""

from functools import cache
from importlib import resources
from typing import Final

import structlog
from pydantic import ValidationError

from setu_optimizer.domain.observing.estimating import Estimator

FILE: Final = "estimator.json"

log = structlog.get_logger()


@cache
def shipped_estimator() -> Estimator | None:
    """What confidence speaks for; None: none is shipped, or it is of another version, so that nothing is estimated."""
    try:
        return Estimator.model_validate_json(resources.files(__package__).joinpath(FILE).read_bytes())
    except (FileNotFoundError, ValidationError) as error:
        log.warning("estimator.missing", reason=type(error).__name__)
        return None
