"""Looking at processes from outside, as someone who wants them gone."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import psutil

SELDOM_S = 0.25
MOMENT_S = 5.0
"""How long what was killed may take to be gone; what is left behind runs for minutes."""


def pauses(longest_s: float = SELDOM_S) -> Iterator[float]:
    """How long to wait between one look and the next, ever longer: who looks keeps the processors from what is waited for."""
    pause_s = 0.02
    while True:
        yield pause_s
        pause_s = min(1.2 * pause_s, longest_s)


def eventually(condition: Callable[[], object], timeout_s: float = 15.0, *, longest_s: float = SELDOM_S) -> bool:
    """Wait until ``condition`` holds; False when it does not in time.

    Args:
        condition: what is waited for.
        timeout_s: how long.
        longest_s: how long it may have held before that is noticed.
    """
    deadline, pause = time.monotonic() + timeout_s, pauses(longest_s)
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(next(pause))
    return bool(condition())


def running_in(folder: Path) -> list[str]:
    """Every process that has to do with ``folder``: works in it, was told of it, or is below one that is."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        try:
            told = [*process.cmdline(), process.cwd()]
            if (
                process.status() != psutil.STATUS_ZOMBIE
                and process.pid != os.getpid()
                and any(str(folder) in word for word in told)
            ):
                found |= {each.pid: each for each in (process, *process.children(recursive=True))}
        except psutil.Error:
            continue
    names = {pid: _name(process) for pid, process in found.items()}
    return [f"{pid} {name}" for pid, name in names.items() if name is not None]


def alive(pids: Iterable[int]) -> list[int]:
    """Those of the processes that still run a moment later."""
    handles = {process for pid in pids if (process := _process(pid)) is not None}
    psutil.wait_procs(handles, timeout=MOMENT_S)
    return [process.pid for process in handles if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def _process(pid: int) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None


def _name(process: psutil.Process) -> str | None:
    try:
        return " ".join(process.cmdline())[:60]
    except psutil.Error:
        return None  # it has ended since it was found


def below(pid: int) -> set[int]:
    """The pids of everything that descends from ``pid`` now."""
    return {process.pid for process in psutil.Process(pid).children(recursive=True)}
