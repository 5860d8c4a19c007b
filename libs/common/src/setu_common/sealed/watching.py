"""Starting a process that opens a stranger's file, listening to it, and ending it."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any, Final, Protocol

ENVIRONMENT: Final = {"LC_ALL": "C.UTF-8"}
"""What such a process has of it, and nothing of its parent's: no keys, no addresses."""
LOOK_EVERY_S: Final = 0.2
"""How often whoever waits is asked whether to go on."""
CRASHES: Final = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP)
"""By which code in other languages ends over a damaged file."""
_LINE_BYTES: Final = 1 << 16
_LAST_BREATH_S: Final = 2.0  # between the end of a process's reports and its own end
_VERDICTS: Final = ("done", "refused")

Line = Mapping[str, Any]  # Any: JSON


class Order(Protocol):
    """What a process is to do."""

    @property
    def fds(self) -> tuple[int, ...]:
        """All that it is handed."""

    def to_json(self) -> str:
        """As its argument."""


@dataclass(frozen=True)
class Verdict:
    """What a process left.

    Args:
        line: its last one, of the kind ``done`` or ``refused``; None if it ended without.
        returncode: as it ended by itself; meaningless where there is a line.
    """

    line: Line | None
    returncode: int


def run_sealed(module: str, order: Callable[[int], Order], note: Callable[[Line], None], look: Callable[[], None]) -> Verdict:
    """Run ``python -m MODULE 'ORDER'`` to its end, which comes with this call's at the latest.

    Args:
        module: seals itself before it opens anything, and writes lines of JSON, each with its ``kind``.
        order: made of the descriptor that takes those lines.
        note: told each line before the last.
        look: called at least every quarter of a second; what it raises ends the process.
    """
    report, told = os.pipe()
    with open(report, "rb", buffering=0) as lines:  # noqa: PTH123 a descriptor
        try:
            process = _start(module, order(told))
        finally:
            os.close(told)
        with process:
            try:
                verdict = _listen(lines, note, look)
                if verdict is None:
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(_LAST_BREATH_S)
            finally:
                process.kill()  # it has nothing left to do, or is to be stopped
        return Verdict(verdict, process.returncode)


def command_of(module: str, order: str) -> tuple[str, ...]:
    """How a process is begun."""
    # -I and -P keep the working directory and PYTHON* variables from bringing other code in.
    return (sys.executable, "-I", "-P", "-m", module, order)


def _start(module: str, order: Order) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 our own module
        command_of(module, order.to_json()),
        pass_fds=order.fds,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=ENVIRONMENT,
    )


def _listen(lines: IO[bytes], note: Callable[[Line], None], look: Callable[[], None]) -> Line | None:
    rest = b""
    while True:
        readable, _, _ = select.select([lines], [], [], LOOK_EVERY_S)
        if readable:
            piece = lines.read(_LINE_BYTES)
            if not piece:
                return None
            *whole, rest = (rest + piece).split(b"\n")
            if len(rest) > _LINE_BYTES:
                return None
            for each in whole:
                line: dict[str, Any] = json.loads(each)
                if line["kind"] in _VERDICTS:
                    return line
                note(line)
        look()
