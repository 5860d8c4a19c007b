"""Ending what a stack has left whose guardian was killed."""

import contextlib
import os
import signal
from collections.abc import Iterable

import psutil

from setu_cli.embedded.identity import ProcessIdentity, children_of


def end_leftovers(identities: Iterable[ProcessIdentity], *, patience_s: float = 5.0) -> int:
    """End the processes that still run, gently first.

    Args:
        identities: what was recorded; ended ones and pids that have another owner now are passed over.
        patience_s: how long they may take before they and their groups are killed.

    Returns:
        How many were still running.
    """
    found = [process for identity in identities if (process := _process(identity)) is not None]
    for process in found:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
            process.resume()  # one that is halted could not heed it
    _, deaf = psutil.wait_procs(found, timeout=patience_s)
    for process in deaf:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    psutil.wait_procs(deaf, timeout=patience_s)
    return len(found)


def end_adopted() -> None:
    """Kill what this process has adopted: its children in sessions other than its own, and what they leave in turn."""
    while adopted := [pid for pid in children_of(os.getpid()) if _session(pid) not in (None, os.getsid(0))]:
        for pid in adopted:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def wait_until_ended(identity: ProcessIdentity, *, timeout_s: float) -> None:
    """Wait for a process that is on its way out."""
    process = _process(identity)
    if process is not None:
        psutil.wait_procs([process], timeout=timeout_s)


def _process(identity: ProcessIdentity) -> psutil.Process | None:
    try:
        process = psutil.Process(identity.pid)
    except psutil.NoSuchProcess:
        return None
    return process if identity.alive() else None
