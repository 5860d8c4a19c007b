"""Ending what an earlier stack may have left, should even its guardian have been killed."""

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterable

from setu_cli.embedded.identity import ProcessIdentity


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
        waiting = _wait_for(set(handles), patience_s)
        for handle in waiting:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(handles[handle].pid, signal.SIGKILL)
        _wait_for(waiting, patience_s)
        return len(handles)


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
