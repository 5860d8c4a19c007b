"""What the optimizer is asked for."""

from typing import Final

from setu_common.contracts import CORRECTIONS, OBSERVATIONS, PLANS
from setu_optimizer.observing.second import SECOND_HEARINGS
from setu_optimizer.retraining.kinds import RETRAININGS

PLANNED: Final = (PLANS,)
"""What the worker does, on whom jobs wait."""
LEARNED: Final = (OBSERVATIONS, CORRECTIONS, RETRAININGS, SECOND_HEARINGS)
"""What the other worker does, on whom nobody waits."""
