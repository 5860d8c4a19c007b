"""A Valkey that can be killed and started again where it was."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from setu_cli.embedded.guarded import Guarded
from setu_cli.embedded.valkey import ValkeyServer, prepare_valkey

START_S = 30.0


class KillableValkey:
    """The server.

    Args:
        server: where it lies.
        guarded: what runs it.
    """

    def __init__(self, server: ValkeyServer, guarded: Guarded) -> None:
        self.url = server.url
        self._server = server
        self._guarded = guarded
        self._pid = 0

    def start(self) -> None:
        """Start it; it is ready afterwards."""
        self._pid = self._guarded.start_ready(self._server.server(), self._server.ready, timeout_s=START_S)

    def kill(self) -> None:
        """Kill it."""
        os.kill(self._pid, signal.SIGKILL)


@contextmanager
def killable_valkey(folder: Path) -> Iterator[KillableValkey]:
    """Have one that runs, for the time of the block."""
    server = prepare_valkey(folder / "valkey")
    with Guarded(folder / "guardian.log") as guarded:
        valkey = KillableValkey(server, guarded)
        valkey.start()
        yield valkey
