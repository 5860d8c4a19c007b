"""Child processes that end with the test process, however that ends."""

import ctypes
import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PR_SET_PDEATHSIG = 1  # Source: linux/prctl.h
LIBC = ctypes.CDLL(None, use_errno=True)


@contextmanager
def child(
    command: Sequence[str], *, log: Path, end_with: signal.Signals, user: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``command`` as long as the block lasts, and no longer than this process lives.

    Args:
        command: the program and its arguments.
        log: where its output goes.
        end_with: the signal that asks it to end; the kernel sends the same one if this process is killed.
        user: run it as this user and the group of the same number.
    """

    def die_with_parent() -> None:
        # Runs after the change of user, which would clear the setting.
        LIBC.prctl(PR_SET_PDEATHSIG, int(end_with), 0, 0, 0)

    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            start_new_session=True,  # Ctrl-C in the terminal is pytest's to handle
            preexec_fn=die_with_parent,  # noqa: PLW1509 - the child only calls prctl before it executes
        )
    try:
        yield process
    finally:
        end(process, end_with)


def end(process: subprocess.Popen[bytes], end_with: signal.Signals) -> None:
    """Ask ``process`` to end, and make it after ten seconds."""
    if process.poll() is None:
        process.send_signal(end_with)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """Return a TCP port on which nothing listens right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def unprivileged_user() -> int | None:
    """Return the user to run Postgres as: it refuses to run as root."""
    return 65534 if os.geteuid() == 0 else None
