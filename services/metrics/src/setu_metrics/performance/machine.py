"""How much memory there is."""

import os
from pathlib import Path
from typing import Final

_LIMIT: Final = Path("/sys/fs/cgroup/memory.max")


def memory_bytes(limit: Path = _LIMIT) -> int:
    """What processes may hold here: the container's limit where it has one, else the machine's memory."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        told = limit.read_text().strip()
    except OSError:
        return total
    return min(total, int(told)) if told.isdecimal() else total
