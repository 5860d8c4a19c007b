"""Which process is meant: a pid alone is not enough, since pids are used again. Linux only (reads ``/proc``)."""

import os
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
_STATE, _PARENT, _STARTED = 0, 1, 19
"""Places in ``/proc/<pid>/stat`` after the command's closing bracket. Source: proc_pid_stat(5)."""


@dataclass(frozen=True)
class ProcessIdentity:
    """A process for certain.

    Args:
        pid: its number, which another process may have later.
        started: boot and start time, opaque; no two processes with the same pid share it.
    """

    pid: int
    started: str

    def alive(self) -> bool:
        """Whether this very process still runs (one that has ended and waits to be reaped does not)."""
        return identity_of(self.pid) == self


def identity_of(pid: int) -> ProcessIdentity | None:
    """The identity of the process that runs under ``pid`` now, if there is one."""
    fields = _stat(pid)
    if fields is None or fields[_STATE] in "ZX":
        return None
    boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
    return ProcessIdentity(pid=pid, started=f"{boot[:8]}-{fields[_STARTED]}")


def own_identity() -> ProcessIdentity:
    """The identity of the process that asks."""
    identity = identity_of(os.getpid())
    if identity is None:
        raise RuntimeError("/proc does not show this process; the embedded stack needs a mounted /proc")
    return identity


def children_of(parent: int) -> list[int]:
    """The pids of all children of ``parent``, ended ones that wait to be reaped included."""
    pids = [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if (fields := _stat(pid)) is not None and int(fields[_PARENT]) == parent]


def _stat(pid: int) -> list[str] | None:
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()
