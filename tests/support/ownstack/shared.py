"""Stacks that several files of tests use one after the other, since each start costs half a minute of a processor."""

import os
import shutil
import socket
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from hostilemedia.files import LONGEST_S
from ownstack.hosted import Hosted
from ownstack.jobs import unended
from ownstack.stack import OwnStack, own_stack
from setu_cli.embedded.ports import LOOPBACK, free_port
from setu_cli.embedded.stack import embedded_stack
from testbed.wires import serving
from toystack.watching import eventually

# It listens from the start: a port that is only chosen may be another process's by the time that a recording is to lie there.
HOST: Final = socket.create_server((LOOPBACK, free_port()))
HOST_PORT: Final[int] = HOST.getsockname()[1]
LIMIT_BYTES: Final = 7 << 20
IDLE_S: Final = 2.0
PATIENCE_S: Final = 8
SCRATCH: Final = Path(tempfile.gettempdir()) / f"setu-test-scratch-{os.getpid()}"
HOSTED: Final = "hosted"
# Nothing is heard of a recording before it is planned how to hear it.
QUICKLY_MEASURED: Final = {"SETU_ASR_PROBE": "false"}
_QUIET_S: Final = 60.0

SETTINGS: Final[Mapping[str, Mapping[str, str]]] = {
    # Whoever asks for it leaves it whole.
    "ordinary": {
        "SETU_GATEWAY_OUTSIDE_ALLOWED": "127.0.0.1",
        "SETU_GATEWAY_OUTSIDE_PORTS": str(HOST_PORT),
        "SETU_GATEWAY_MAX_UPLOAD_BYTES": str(LIMIT_BYTES),
        "SETU_GATEWAY_UPLOAD_IDLE_S": str(IDLE_S),
        "SETU_GATEWAY_PLAN_PATIENCE_S": str(PATIENCE_S),
        "SETU_ASR_MAX_DURATION_S": str(LONGEST_S),
        "SETU_ASR_SCRATCH_FOLDER": str(SCRATCH),
    },
    # Whoever asks for it kills what it consists of. Recordings of more than a minute are heard in pieces, of a clip each where batches are of one.
    # A job that is done twice has the same subtitles, which costs a second of a processor a line.
    "broken": {
        "SETU_ASR_SPLIT_ABOVE_S": "60",
        "SETU_ASR_PIECE_S": "20",
        "SETU_TRANSLATE_LLM_PARALLEL": "1",
        "SETU_LLAMA_REPEATABLE": "true",
        **QUICKLY_MEASURED,
    },
    # Looked at with a browser, which must be told when its gateway goes away.
    "shown": QUICKLY_MEASURED,
}


class SharedStacks:
    """At most one of them runs: files that name the same come one after the other, in one process of the test run.

    Attributes:
        hosted: the provider that the stack of that name is told of.
    """

    def __init__(self) -> None:
        self.hosted = Hosted()
        self._running = ExitStack()
        self._name = ""
        self._stack: OwnStack | None = None

    def named(self, name: str, logs: Path) -> OwnStack:
        """The stack of that name, started if it does not run, with nothing left to be done in it."""
        if self._stack is None or self._name != name:
            self.close()
            SCRATCH.mkdir(exist_ok=True)
            self._running.callback(shutil.rmtree, SCRATCH)
            self._stack = self._running.enter_context(own_stack(embedded_stack, self._settings(name), logs))
            self._name = name
        stack = self._stack
        stack.healed()
        assert eventually(lambda: not unended(stack), _QUIET_S), unended(stack)
        return stack

    def _settings(self, name: str) -> Mapping[str, str]:
        if name != HOSTED:
            return SETTINGS[name]
        self.hosted = Hosted()
        self._running.enter_context(serving(self.hosted.wire))
        return {**self.hosted.settings, **QUICKLY_MEASURED}

    def close(self) -> None:
        """End what runs."""
        self._stack = None
        self._running.close()
