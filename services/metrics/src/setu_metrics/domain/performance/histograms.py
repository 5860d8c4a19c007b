"""Percentiles of times that were counted in buckets, so that those of any hours can be told together.

A bucket ends a twentieth above where it begins, and is told as the value from which neither end is further than 2.44 %. What is no longer
than a millisecond is told as 0. They are the ledger's own, see its function ``bucket``.
Source: C. Masson, J. E. Rim, H. K. Lee, "DDSketch", VLDB 2019.
"""

import math
from collections.abc import Sequence
from typing import Final

GROWTH: Final = 1.05
SHORTEST: Final = -142
"""The bucket of all that is no longer than a millisecond."""


def value_of(bucket: int) -> float:
    """What a time in a bucket is told as, seconds."""
    return 2 * GROWTH**bucket / (GROWTH + 1) if bucket > SHORTEST else 0.0


def percentile(buckets: Sequence[int], counts: Sequence[int], share: float) -> float | None:
    """The shortest time that a share of all is no longer than, seconds; None if there are none.

    Args:
        buckets: in any order; one may occur several times.
        counts: how many times fell into each.
        share: 0..1, such as 0.95.
    """
    rank = max(1, math.ceil(share * sum(counts)))
    for bucket, count in sorted(zip(buckets, counts, strict=True)):
        rank -= count
        if rank <= 0:
            return value_of(bucket)
    return None
