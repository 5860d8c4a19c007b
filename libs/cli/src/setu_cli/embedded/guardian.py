"""The process that owns all others of a stack, so that none outlives it.

The supervisor decides what runs; the guardian starts it, reaps it and stops it. It is the parent of every process and the
adopter of every orphan below it (PR_SET_CHILD_SUBREAPER), so there is no moment at which a process exists that it does not know, and
no pid of which it could not be sure. It lives in a session of its own and holds one end of a socket; when the supervisor ends,
however it ends, the guardian stops everything in order: the highest layer first, each process by its own signal, then by force.
If the guardian itself is killed, the kernel sends every process its stop signal (PR_SET_PDEATHSIG).

Only the standard library is imported here: the guardian starts in a few milliseconds and stays small.
"""

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from setu_cli.embedded.forking import ForkServer
from setu_cli.embedded.identity import children_of, identity_of
from setu_cli.embedded.launch import START, START_FORKSERVER, STOP, Launch
from setu_cli.embedded.settling import PASSED_ON, adopt_orphans, settle

_RECEIVE_BYTES = 65536


@dataclass
class _Child:
    launch: Launch
    pid: int
    kill_at: float | None = None


class Guardian:
    """Starts, reaps and stops the processes of one stack.

    Args:
        control: the socket to the supervisor; its end is the order to stop everything.
        owner_pid: the supervisor, watched as well, since a process forked from it could hold the socket open.
    """

    def __init__(self, control: socket.socket, owner_pid: int) -> None:
        self._control = control
        self._owner_pid = owner_pid
        self._children: dict[int, _Child] = {}
        self._forkserver: ForkServer | None = None
        self._unread = b""
        self._stopping = False
        self._selector = selectors.DefaultSelector()

    def run(self) -> None:
        """Serve until the supervisor is gone or says so; return when nothing is left."""
        wakeup = self._take_signals()
        self._selector.register(wakeup, selectors.EVENT_READ)
        self._selector.register(self._control, selectors.EVENT_READ)
        owner = self._watch_owner()
        while not self._stopping:
            self._turn(wakeup)
        self._selector.unregister(self._control)
        if owner is not None:
            self._selector.unregister(owner)
        self._stop_everything(wakeup)
        self._tell({"event": "stopped"})

    def _take_signals(self) -> socket.socket:
        reading, writing = socket.socketpair()
        reading.settimeout(0)
        writing.settimeout(0)
        signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        self._writing = writing
        # Handlers and not SIG_IGN: what is ignored would stay ignored in the processes that are started.
        for number in PASSED_ON:
            signal.signal(number, lambda _number, _frame: None)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.signal(signal.SIGTERM, lambda _number, _frame: self._stop_soon())
        return reading

    def _watch_owner(self) -> int | None:
        try:
            owner = os.pidfd_open(self._owner_pid)
        except ProcessLookupError:
            self._stopping = True
            return None
        except OSError:
            return None  # a kernel without them; the socket says it as well
        self._selector.register(owner, selectors.EVENT_READ)
        return owner

    def _stop_soon(self) -> None:
        self._stopping = True

    def _turn(self, wakeup: socket.socket) -> None:
        """Wait for the next thing to happen and deal with it."""
        for key, _ in self._selector.select(self._seconds_to_next_kill()):
            if key.fileobj is wakeup:
                wakeup.recv(_RECEIVE_BYTES)
            elif key.fileobj is self._control:
                self._read_control()
            else:
                self._stopping = True
        self._reap()
        self._kill_overdue()

    def _read_control(self) -> None:
        try:
            received = self._control.recv(_RECEIVE_BYTES)
        except ConnectionError:
            received = b""
        if not received:
            self._stopping = True
            return
        *lines, self._unread = (self._unread + received).split(b"\n")
        for line in lines:
            request = json.loads(line)
            if request["do"] == START:
                self._start(Launch.from_request(request))
            elif request["do"] == START_FORKSERVER:
                self._start_forkserver(Launch.from_request(request))
            elif request["do"] == STOP:
                for child in self._children.values():
                    if child.launch.name == request["name"]:
                        self._stop(child)

    def _start(self, launch: Launch) -> None:
        try:
            pid = self._forked(launch) or _spawned(launch)
        except (OSError, subprocess.SubprocessError) as error:
            self._tell({"event": "refused", "name": launch.name, "error": str(error)})
            return
        self._children[pid] = _Child(launch, pid)
        identity = identity_of(pid)
        self._tell({"event": "started", "name": launch.name, "pid": pid, "started": identity.started if identity else "ended"})

    def _start_forkserver(self, launch: Launch) -> None:
        server = ForkServer(launch.name)
        try:
            with server.theirs:
                pid = _spawned(launch, server.theirs)
        except (OSError, subprocess.SubprocessError) as error:
            self._without_forkserver(server, f"it could not be started: {error}")
            return
        self._children[pid] = _Child(launch, pid)
        self._forkserver = server

    def _forked(self, launch: Launch) -> int | None:
        """Start it from the fork server, if that can be; returns its number then."""
        if self._forkserver is None or not launch.forked:
            return None
        try:
            return self._forkserver.fork(launch)
        except OSError as error:
            self._without_forkserver(self._forkserver, str(error))
            return None

    def _without_forkserver(self, server: ForkServer, why: str) -> None:
        """Do without it from now on. What it may still have forked is nobody's, and ends with it."""
        print(f"processes are started without the fork server: {why}", file=sys.stderr)  # noqa: T201
        server.close()
        self._forkserver = None
        for child in self._children.values():
            if child.launch.name == server.name:
                os.kill(child.pid, signal.SIGKILL)

    def _stop(self, child: _Child) -> None:
        if child.kill_at is None:
            child.kill_at = time.monotonic() + child.launch.grace_s
            os.kill(child.pid, child.launch.stop_signal)

    def _seconds_to_next_kill(self) -> float | None:
        moments = [child.kill_at for child in self._children.values() if child.kill_at is not None]
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _kill_overdue(self) -> None:
        now = time.monotonic()
        for pid, child in self._children.items():
            if child.kill_at is not None and child.kill_at <= now:
                child.kill_at = now + child.launch.grace_s
                _kill_group(pid)

    def _reap(self) -> None:
        """Take note of every process that has ended, and end what it left behind."""
        while (pid := _next_ended()) is not None:
            child = self._children.pop(pid, None)
            if child is not None:
                _kill_group(pid)  # before it is reaped: until then nobody else can have this number
            _, status = os.waitpid(pid, 0)
            self._kill_orphans()
            if child is None:
                continue
            self._tell({"event": "ended", "name": child.launch.name, "pid": pid, "code": os.waitstatus_to_exitcode(status)})

    def _kill_orphans(self) -> bool:
        """End processes that were left behind by one that has ended. Returns whether there were any."""
        orphans = [pid for pid in children_of(os.getpid()) if pid not in self._children]
        for pid in orphans:
            os.kill(pid, signal.SIGKILL)
        return bool(orphans)

    def _stop_everything(self, wakeup: socket.socket) -> None:
        for layer in sorted({child.launch.layer for child in self._children.values()}, reverse=True):
            for child in list(self._children.values()):
                if child.launch.layer == layer:
                    self._stop(child)
            while any(child.launch.layer == layer for child in self._children.values()):
                self._turn(wakeup)
        while self._kill_orphans():
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
            self._reap()

    def _tell(self, event: dict[str, Any]) -> None:  # Any: JSON values
        try:
            self._control.sendall(json.dumps(event).encode() + b"\n")
        except OSError:
            return  # the supervisor is gone or stuck; it can't be told, and what must be done is done without it


def _spawned(launch: Launch, standard_input: socket.socket | None = None) -> int:
    """Start a program by its command, and return its process's number. Who it belongs to reaps it."""
    guardian_pid = os.getpid()

    def settled() -> None:
        settle(launch, guardian_pid)

    with Path(launch.log).open("ab") as log:
        process = subprocess.Popen(  # noqa: S603  the command comes from the stack's declaration
            launch.command,
            env=dict(launch.environment),
            cwd=launch.folder,
            stdin=subprocess.DEVNULL if standard_input is None else standard_input.fileno(),
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=settled,  # noqa: PLW1509  the guardian has one thread
        )
    process.returncode = 0  # it is not Popen that waits for it
    return process.pid


def _next_ended() -> int | None:
    """A child that has ended and is not reaped yet."""
    try:
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    return ended.si_pid if ended is not None else None


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return  # nobody is left in it


def main() -> None:
    """Run as ``python -m setu_cli.embedded.guardian SOCKET_FD OWNER_PID``."""
    control = socket.socket(fileno=int(sys.argv[1]))
    control.settimeout(5.0)  # for sending; reading waits in select
    os.set_inheritable(control.fileno(), False)  # noqa: FBT003  takes it by position only
    adopt_orphans()
    Guardian(control, int(sys.argv[2])).run()


if __name__ == "__main__":
    main()
