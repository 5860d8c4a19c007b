"""What finished jobs and corrected subtitles teach: how many errors there really were, and how long it really took."""

from setu_optimizer.observing.observations import Observations
from setu_optimizer.observing.observer import Observer
from setu_optimizer.observing.spending import Spending

__all__ = ["Observations", "Observer", "Spending"]
