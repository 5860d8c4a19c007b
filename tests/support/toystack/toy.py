"""A toy stack in a process of its own, to be killed by tests."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field

from setu_cli.embedded.home import Home, is_free
from setu_cli.embedded.state import StackState, load_state
from toystack import stack
from toystack.watching import MOMENT_S, eventually, running_in


@dataclass
class Toy:
    """A toy stack in a process of its own."""

    home: Home
    port: int
    kind: str = "whole"
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self) -> subprocess.Popen[str]:
        # A shell that starts the tests in its background has them ignore interrupts, and what they start.
        process = subprocess.Popen(
            ["env", "--default-signal=INT", sys.executable, stack.__file__, str(self.home.folder), str(self.port)],
            env={**os.environ, "TOY": self.kind},
            stderr=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        return process

    def up(self) -> StackState:
        """Start it and wait until everything is ready."""
        process = self.start()

        def ready_or_ended() -> bool:
            state = load_state(self.home)
            return process.poll() is not None or (state is not None and state.supervisor_pid == process.pid and state.ready)

        assert eventually(ready_or_ended, 30), load_state(self.home)
        assert process.poll() is None, process.communicate()[1]
        return self.state()

    def state(self) -> StackState:
        state = load_state(self.home)
        assert state is not None
        return state

    def pid(self, name: str) -> int:
        process = self.state().process(name)
        assert process is not None
        assert process.pid is not None
        return process.pid

    def kill(self) -> None:
        """End the supervisor as nothing can be prepared for."""
        self.processes[-1].send_signal(signal.SIGKILL)
        self.processes[-1].wait()

    def left(self) -> list[str]:
        """What still runs a moment after the home is free again."""
        assert eventually(lambda: is_free(self.home), 20), f"still held; running: {running_in(self.home.folder)}"
        eventually(lambda: not running_in(self.home.folder), MOMENT_S)
        return running_in(self.home.folder)

    def end(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
            process.communicate(timeout=30)
