"""What a new process does to itself before it becomes the program that it was started for. Only the standard library is imported here."""

import ctypes
import os
import signal
from typing import Final

from setu_cli.embedded.account import become
from setu_cli.embedded.launch import Launch

PASSED_ON: Final = (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE)
"""Signals that the guardian takes for itself, and that a process gets back as the system has them."""
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
"""Source: linux/prctl.h."""
_LIBC = ctypes.CDLL(None, use_errno=True)


def settle(launch: Launch, guardian_pid: int) -> None:
    """Make this process what it is to be, between fork and program, where only standard error tells what went wrong."""
    try:
        _prepare(launch, guardian_pid)
    except BaseException as error:
        os.write(2, f"{launch.name} could not be made ready to run: {error}\n".encode())
        raise


def adopt_orphans() -> None:
    """Let this process become the parent of every process below it that loses its own."""
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _prepare(launch: Launch, guardian_pid: int) -> None:
    for number in (*PASSED_ON, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    if launch.nice:
        os.nice(launch.nice)
    if launch.account is not None:
        become(launch.account)
    _LIBC.prctl(_PR_SET_PDEATHSIG, int(launch.stop_signal), 0, 0, 0)  # after become(): a change of user clears it
    if os.getppid() != guardian_pid:
        os._exit(1)  # the guardian died before the signal was set
