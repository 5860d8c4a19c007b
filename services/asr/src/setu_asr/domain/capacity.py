"""How many recordings a machine transcribes at once."""

from typing import Final

# Measured: a process with whisper-base (145 MB of files, int8) that has heard eight clips holds 0.71 GB, and held 0.93 GB at most.
PROCESS_BYTES: Final = 700_000_000
TIMES_THE_FILES: Final = 1.5  # a model in memory, and while it is converted
SHARE: Final = 0.6  # of the memory; the rest is for everybody else


def at_once(cores: int, memory_bytes: int, model_bytes: int) -> int:
    """One process a core, each with one thread, where the memory allows it: they do more work than one process with all the threads.

    Args:
        cores: that this worker may use.
        memory_bytes: that are free.
        model_bytes: of the model's files; each process loads its own.
    """
    each = PROCESS_BYTES + TIMES_THE_FILES * model_bytes
    return max(1, min(cores, int(SHARE * memory_bytes / each)))
