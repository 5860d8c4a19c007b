"""The beginning of a process of ours: what it imports is never garbage, so little time goes into looking for some among it."""

import gc
import sys
from typing import Final

# Measured on a worker's start: 0.35 s of 2.4 s of a processor went into some thousand searches.
_NEW_OBJECTS: Final = 50_000
_ROUNDS: Final = 20


def begin() -> None:
    """Have Python look for garbage less often, where a package is imported for a process of its own (``python -m setu_asr.worker``).

    The first thing that a service's package does. Where it is imported by others, tests among them, nothing is changed.
    """
    if sys.argv[:1] == ["-m"]:  # so it is while the packages above the module are imported, and never afterwards
        gc.set_threshold(_NEW_OBJECTS, _ROUNDS, _ROUNDS)


def settle() -> None:
    """Have Python never again look for garbage among what there is by now: once a process is wired that lasts as long as the process.

    A full search of what libraries are made of takes a fifth of a second in which nothing else is done, and it writes to what it looks at: after a
    fork, children would no longer share it.
    """
    gc.collect()
    gc.freeze()
