"""Giving up what a process that reads strangers' files does not need."""

import ctypes
import os
import resource
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1  # Source: prctl(2), Linux
_PR_SET_NO_NEW_PRIVS: Final = 38  # Source: prctl(2)


def end_with(parent_pid: int) -> None:
    """Have the kernel kill this process when the thread that started it ends; where there is no such kernel, the caller does."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent_pid:
        os.kill(os.getpid(), signal.SIGKILL)


def seal(*, memory_bytes: int, written_bytes: int, cpu_s: float, most_cpu_s: float | None = None) -> None:
    """Set the bounds, and give up opening anything: no file, no socket, no pipe, whatever a file asks for.

    What is open stays open. A limit of no descriptors holds for code in any language, and nobody can raise it again.

    Args:
        memory_bytes: address space.
        written_bytes: how large a file may become.
        cpu_s: see ``grant_cpu``.
        most_cpu_s: what may be granted later on; no more than ``cpu_s`` if absent.
    """
    _limit(resource.RLIMIT_AS, memory_bytes)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, written_bytes)
    ceiling = _lower(int(cpu_s if most_cpu_s is None else most_cpu_s) + 2, resource.getrlimit(resource.RLIMIT_CPU)[1])
    resource.setrlimit(resource.RLIMIT_CPU, (ceiling, ceiling))
    grant_cpu(cpu_s)
    _limit(resource.RLIMIT_NOFILE, 0)


def grant_cpu(until_s: float) -> None:
    """Let the process take that much CPU time in all; beyond it the kernel ends it with SIGXCPU."""
    ceiling = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (_lower(int(until_s) + 1, ceiling), ceiling))


def _limit(which: int, value: int) -> None:
    bound = _lower(value, resource.getrlimit(which)[1])
    resource.setrlimit(which, (bound, bound))


def _lower(value: int, ceiling: int) -> int:
    return value if ceiling == resource.RLIM_INFINITY else min(value, ceiling)
