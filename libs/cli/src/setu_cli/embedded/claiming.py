"""Before a stack is started: is one running already, did one leave something behind, is the port free?"""

from dataclasses import dataclass

import psutil

from setu_cli.embedded.home import Home, HomeLock, lock_holder, wait_until_free
from setu_cli.embedded.home import is_free as is_unlocked
from setu_cli.embedded.leftovers import end_leftovers
from setu_cli.embedded.ports import LOOPBACK, is_free
from setu_cli.embedded.state import forget_state, load_state
from setu_cli.failures import PortInUse, StackFailed, StackRunning

_CLEANUP_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Claim:
    """A home that is ours.

    Args:
        lock: hand it to the supervisor.
        found: what an earlier stack had left, in words; empty when nothing.
    """

    lock: HomeLock
    found: str = ""


def claim(home: Home) -> Claim:
    """Take the home, cleaning up after a stack that was killed.

    Raises:
        StackRunning: a stack runs there.
        StackFailed: one was killed and its processes won't end.
    """
    try:
        home.create()
    except OSError as error:
        raise StackFailed(
            f"the data folder {home.folder} can't be made ({error.strerror}); choose another with --home"
        ) from error
    lock = HomeLock.take(home) or _take_from_the_dead(home)
    left = load_state(home)
    if left is None:
        return Claim(lock)
    ended = end_leftovers(identity for process in left.processes if (identity := process.identity) is not None)
    for ready_file in home.run.iterdir():
        ready_file.unlink()
    forget_state(home)
    remains = f"; {ended} of its processes were still running and have been ended" if ended else ""
    return Claim(lock, found=f"An earlier stack here (started {left.started_at:%Y-%m-%d %H:%M} UTC) had been killed{remains}.")


def refuse_second(home: Home) -> None:
    """Find out early whether a stack runs in the home; ``claim`` makes sure of it.

    Raises:
        StackRunning: one does.
    """
    holder = lock_holder(home)
    if holder is not None and holder.alive() and not is_unlocked(home):
        raise StackRunning(running_message(home, holder.pid))


def _take_from_the_dead(home: Home) -> HomeLock:
    """The lock is held: by a stack that runs, or by the guardian of one that was killed, for a few seconds more."""
    holder = lock_holder(home)
    if holder is not None and holder.alive():
        raise StackRunning(running_message(home, holder.pid))
    if wait_until_free(home, timeout_s=_CLEANUP_TIMEOUT_S) and (lock := HomeLock.take(home)) is not None:
        return lock
    raise StackFailed(f"a stack in {home.folder} was killed and is still being cleaned up; try again in a minute")


def running_message(home: Home, pid: int) -> str:
    """Where the running stack is, and how to stop it."""
    state = load_state(home)
    where = f" at {state.gateway_url}" if state is not None else ""
    return (
        f"a stack is running already{where} (process {pid}, data in {home.folder}); see `setu status`, stop it with `setu down`"
    )


def check_port(port: int) -> None:
    """Make sure that the gateway can listen on the port.

    Raises:
        PortInUse: something else does, or it is a port for root only.
    """
    if port and not is_free(port):
        raise PortInUse(
            f"port {port} on {LOOPBACK} is in use{_owner_of(port)}; stop that program, or choose another port: `setu up --port {port + 1}`"
        )


def _owner_of(port: int) -> str:
    """Who listens there, as far as the system lets us see."""
    try:
        listening = [
            connection.pid
            for connection in psutil.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid
        ]
        if listening:
            process = psutil.Process(listening[0])
            return f" by process {process.pid} ({' '.join(process.cmdline())[:80]})"
    except psutil.Error:
        return ""
    return ""
