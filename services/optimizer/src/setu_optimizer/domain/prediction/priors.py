"""What is expected of models that nobody has measured here: from published tables, in proportion to one that was learned about."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from setu_common.contracts import Candidate
from setu_optimizer.domain.prediction.features import Size
from setu_optimizer.domain.prediction.policy import Expected, scaled

LANGUAGE: Final = "en"
"""The tables' language; of others they say nothing."""
WIDER_ERRORS: Final = 1.5
WIDER_TIMES: Final = 2.0
"""By these factors the ranges are wider on either side: the tables' recordings are not ours, nor their machines."""


@dataclass(frozen=True)
class Published:
    """What is published of a model.

    Args:
        size: how large it is.
        wer: errors per word on a corpus on which all were measured.
    """

    size: Size
    wer: float


Table = Mapping[str, Published]
"""By the models' names in the catalogue."""


def prior(candidate: Candidate, anchor: Expected, table: Table, measured_ratio: float | None = None) -> Expected:
    """What is expected of a way that nobody has measured here.

    Args:
        candidate: the way; its model and the anchor's are in the table.
        anchor: what is expected on the same recording of a way that was learned about.
        table: what is published.
        measured_ratio: how many times as long as the anchor it took on this machine, if that was measured.
    """
    this, other = table[candidate.model], table[anchor.candidate.model]
    errors = this.wer / other.wer
    times = measured_ratio or this.size.parameters_m / other.size.parameters_m
    wider = 1.0 if measured_ratio else WIDER_TIMES
    return replace(
        anchor,
        candidate=candidate,
        wer=anchor.wer * errors,
        wer_low=anchor.wer_low * errors / WIDER_ERRORS,
        wer_high=anchor.wer_high * errors * WIDER_ERRORS,
        time_s=anchor.time_s * times,
        time_low_s=anchor.time_low_s * times / wider,
        time_high_s=anchor.time_high_s * times * wider,
        prior=True,
    )


def timed(way: Expected, time_s: float) -> Expected:
    """The same in a time that was measured on the machine: its range is as wide in proportion, or that of a guess where no time was expected.

    Args:
        way: what is expected.
        time_s: that it takes, above 0.
    """
    if way.time_s > 0:
        return scaled(way, time_s / way.time_s)
    return replace(way, time_s=time_s, time_low_s=time_s / WIDER_TIMES, time_high_s=time_s * WIDER_TIMES)
