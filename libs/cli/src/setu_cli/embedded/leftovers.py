"""Ending what a stack has left whose guardian was killed."""

import contextlib
import ctypes
import os
import select
import signal
import time
from collections.abc import Iterable

from setu_cli.embedded.identity import ProcessIdentity, children_of

_PR_SET_CHILD_SUBREAPER = 36
"""Source: linux/prctl.h."""


def end_leftovers(identities: Iterable[ProcessIdentity], *, patience_s: float = 5.0) -> int:
    """End the processes that still run, gently first.

    Args:
        identities: what was recorded; ended ones and pids that have another owner now are passed over.
        patience_s: how long they may take before they and their groups are killed.

    Returns:
        How many were still running.
    """
    with contextlib.ExitStack() as stack:
        handles: dict[int, ProcessIdentity] = {}
        for identity in identities:
            handle = _handle(identity)
            if handle is not None:
                stack.callback(os.close, handle)
                handles[handle] = identity
        for handle in handles:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, signal.SIGTERM)
                signal.pidfd_send_signal(handle, signal.SIGCONT)  # one that is halted could not heed it
        waiting = _wait_for(set(handles), patience_s)
        for handle in waiting:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(handles[handle].pid, signal.SIGKILL)
        _wait_for(waiting, patience_s)
        return len(handles)


def adopt_orphans() -> None:
    """Let this process become the parent of every process below it that loses its own."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


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


def wait_until_ended(identity: ProcessIdentity, *, timeout_s: float) -> bool:
    """Wait for a process that is on its way out. Returns whether it is gone."""
    handle = _handle(identity)
    if handle is None:
        return True
    try:
        return not _wait_for({handle}, timeout_s)
    finally:
        os.close(handle)


def _handle(identity: ProcessIdentity) -> int | None:
    """A pidfd, which can't come to mean another process."""
    try:
        handle = os.pidfd_open(identity.pid)
    except ProcessLookupError:
        return None
    if not identity.alive():
        os.close(handle)
        return None
    return handle


def _wait_for(handles: set[int], timeout_s: float) -> set[int]:
    """Wait until the processes have ended; returns those that have not."""
    waiting = set(handles)
    deadline = time.monotonic() + timeout_s
    while waiting and (left_s := deadline - time.monotonic()) > 0:
        ended, _, _ = select.select(waiting, [], [], left_s)
        waiting.difference_update(ended)
    return waiting
