"""The kind of operation that trains a model anew."""

from typing import Final

from pydantic import Field

from setu_common.contracts import Contract, OperationKind

AFTER_LESSONS: Final = -20
"""The priority of trainings: corrections, on which people wait, and what jobs teach come first."""


class RetrainingRequest(Contract):
    """Train a model from all that was measured and observed, and promote it if it is better than the one that is asked now.

    ``week`` is the week of which it is the regular one, such as 2026-W48; empty for one on demand, which is done however little is new.
    """

    week: str = Field(default="", max_length=8)


class Retrained(Contract):
    """What came of it. ``challenger`` is empty where nothing was trained, and ``verdict`` says why."""

    champion: str
    challenger: str = ""
    promoted: bool = False
    verdict: str
    observation_count: int = Field(ge=0, description="Jobs that were learned from or tried on")
    example_count: int = Field(default=0, ge=0)
    held_count: int = Field(default=0, ge=0, description="Examples that it was tried on, and that no model learns from")


RETRAININGS: Final = OperationKind(
    name="retrainings",
    service="optimizer",
    queue="learning",
    request=RetrainingRequest,
    result=Retrained,
    timeout_s=3600,
    max_attempts=2,
)
