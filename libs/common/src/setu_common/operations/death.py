"""Processes that do not outlive those they work for."""

import ctypes
import os
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1  # Source: prctl(2), Linux


def die_with_parent(parent_pid: int) -> None:
    """Have the kernel kill this process when its parent dies; where the kernel can't, the lease is what ends its claim.

    Args:
        parent_pid: who the parent must be; if it is gone already, this process ends here.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent_pid:
        os.kill(os.getpid(), signal.SIGKILL)
