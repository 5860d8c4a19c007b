"""The supervisor's end of the guardian."""

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from setu_cli.embedded.launch import Launch, stop_line
from setu_cli.failures import StackFailed

_RECEIVE_BYTES = 65536
_PROBE_EVERY_S = 0.02
_START_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Event:
    """What the guardian reports.

    Args:
        event: ``started``, ``refused`` (could not be started), ``ended``, or ``stopped`` (everything has).
        name: the process.
        pid: its number; 0 when it never ran.
        started: see :class:`~setu_cli.embedded.identity.ProcessIdentity`.
        code: exit code; minus the signal's number when a signal ended it.
        error: why it was refused.
    """

    event: str
    name: str = ""
    pid: int = 0
    started: str = ""
    code: int | None = None
    error: str = ""

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """Read one line of the guardian's."""
        fields: dict[str, Any] = json.loads(line)  # Any: the sender is guardian.py
        return cls(**fields)


def spawn_guardian(control: socket.socket, *, log: Path, holds: Sequence[int] = ()) -> subprocess.Popen[bytes]:
    """Start a guardian in a session of its own.

    Args:
        control: the guardian's end of a socket pair; close it afterwards.
        log: where its own complaints go.
        holds: file descriptors that stay open as long as it lives (the stack's lock).
    """
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603  our own module
            [sys.executable, "-P", "-m", "setu_cli.embedded.guardian", str(control.fileno()), str(os.getpid())],
            pass_fds=(control.fileno(), *holds),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
        )


class Guarded:
    """A few processes under a guardian, for callers that wait: what leaves the ``with`` block, or dies, takes them along.

    Args:
        log: where the guardian's own complaints go.
    """

    def __init__(self, log: Path) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            self._guardian = spawn_guardian(theirs, log=log)
        self._unread = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop everything in order and wait until nothing is left."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_WR)
        self._guardian.wait()
        self._control.close()

    def start(self, launch: Launch) -> int:
        """Start a process.

        Returns:
            Its pid.

        Raises:
            StackFailed: it could not be started.
        """
        self._control.sendall(launch.to_line())
        for event in self._events(timeout_s=_START_TIMEOUT_S):
            if event.event == "started" and event.name == launch.name:
                return event.pid
            if event.event == "refused":
                raise StackFailed(f"{launch.name} could not be started: {event.error}")
        raise StackFailed(f"{launch.name} could not be started: its guardian does not answer")

    def finish(self, launch: Launch, *, timeout_s: float) -> None:
        """Run a process to its end.

        Raises:
            StackFailed: it failed, or took longer than ``timeout_s``.
        """
        self.start(launch)
        for event in self._events(timeout_s=timeout_s):
            if event.event == "ended" and event.name == launch.name:
                if event.code != 0:
                    raise StackFailed(f"{launch.name} ended with code {event.code}; {last_words(Path(launch.log))}")
                return
        raise StackFailed(f"{launch.name} took longer than {timeout_s:.0f} s; see {launch.log}")

    def start_ready(self, launch: Launch, ready: Callable[[int], bool], *, timeout_s: float) -> int:
        """Start a process and return its pid once it is ready.

        Args:
            launch: the process.
            ready: asked again and again with the pid; must be quick.
            timeout_s: give up after this.

        Raises:
            StackFailed: it ended, or was not ready in time.
        """
        pid = self.start(launch)
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if ready(pid):
                return pid
            for event in self._events(timeout_s=_PROBE_EVERY_S):
                if event.event == "ended" and event.name == launch.name:
                    raise StackFailed(f"{launch.name} ended with code {event.code}; {last_words(Path(launch.log))}")
        raise StackFailed(f"{launch.name} was not ready after {timeout_s:.0f} s; {last_words(Path(launch.log))}")

    def stop_one(self, name: str) -> None:
        """Ask one process to stop; does not wait."""
        self._control.sendall(stop_line(name))

    def _events(self, timeout_s: float) -> Iterator[Event]:
        """What is reported within the time; ends early when the guardian is gone."""
        deadline = time.monotonic() + timeout_s
        while (left_s := deadline - time.monotonic()) > 0:
            while b"\n" in self._unread:
                line, _, self._unread = self._unread.partition(b"\n")
                yield Event.from_line(line)
            if not select.select([self._control], [], [], left_s)[0]:
                return
            received = self._control.recv(_RECEIVE_BYTES)
            if not received:
                return
            self._unread += received
        # A line that came with the deadline is kept for the next call.


def last_words(log: Path, *, lines: int = 3) -> str:
    """The end of a log in a sentence that also says where it is."""
    with contextlib.suppress(OSError), log.open("rb") as opened:
        opened.seek(max(0, log.stat().st_size - 4096))
        tail = [line.strip() for line in opened.read().decode(errors="replace").splitlines() if line.strip()][-lines:]
        if tail:
            return f"its last words in {log}: {' / '.join(tail)}"
    return f"it wrote nothing to {log}"
