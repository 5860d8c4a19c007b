"""Giving up what a process that reads strangers' files does not need."""

import ctypes
import os
import resource
import signal
import sys
from typing import Final

from setu_gateway.delivery.mux.order import Limits

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


def seal(limits: Limits, file_bytes: int) -> None:
    """Set the bounds, and give up opening anything: no file, no socket, no pipe, whatever a file asks for.

    What is open stays open. A limit of no descriptors holds for code in any language, and nobody can raise it again.
    """
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write beyond the limit then fails, and can be told
    _limit(resource.RLIMIT_AS, limits.memory_bytes)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, limits.result_bytes(file_bytes))
    _limit(resource.RLIMIT_CPU, int(limits.cpu_s(file_bytes)) + 1)
    _limit(resource.RLIMIT_NOFILE, 0)


def _limit(which: int, value: int) -> None:
    ceiling = resource.getrlimit(which)[1]
    bound = value if ceiling == resource.RLIM_INFINITY else min(value, ceiling)
    resource.setrlimit(which, (bound, bound))
