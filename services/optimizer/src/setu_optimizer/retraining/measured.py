"""The measured table that is shipped with the service: what every model learns from first, and what it is tried on."""

from importlib import resources
from typing import Final

import structlog

from setu_optimizer.domain.prediction.examples import Example
from setu_optimizer.predictors.learning_table import read_table

FILE: Final = "measured.csv"
TAUGHT: Final = "train"
HELD: Final = "test"

log = structlog.get_logger()


def measured_examples() -> tuple[list[Example], list[Example]]:
    """What models learn from, and what they are tried on; nothing where no table is shipped."""
    with resources.as_file(resources.files(__package__).joinpath(FILE)) as path:
        if not path.is_file():
            log.warning("retraining.no_measured_table")
            return [], []
        return read_table(path, TAUGHT), read_table(path, HELD)
