"""What the guardian is asked to start, and how the request travels to it: one JSON object a line."""

import json
import signal
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from setu_cli.embedded.account import Account

SERVER_LAYER = 0
"""Servers stop last."""
SERVICE_LAYER = 1
START, START_FORKSERVER, STOP = "start", "start-forkserver", "stop"


@dataclass(frozen=True)
class Launch:
    """A process to start.

    Args:
        name: unique among what runs; a name may be started again once it has ended.
        command: program and arguments.
        environment: all of it; nothing is inherited.
        folder: working directory.
        log: file that standard output and error are appended to.
        layer: higher layers are stopped first; a lower one waits until they are gone.
        stop_signal: sent to the process itself; what is left of its group is killed after ``grace_s``.
        grace_s: seconds.
        nice: added to the niceness.
        account: who it runs as; None: as the guardian.
        forked: it may begin as a copy of the fork server, if the stack has one; its command is ``python … -m MODULE …``.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: str
    log: str
    layer: int = SERVICE_LAYER
    stop_signal: int = signal.SIGTERM
    grace_s: float = 10.0
    nice: int = 0
    account: Account | None = None
    forked: bool = False

    @property
    def module(self) -> tuple[str, ...]:
        """The Python module that the command runs, and its arguments.

        Raises:
            ValueError: it runs none.
        """
        return self.command[self.command.index("-m") + 1 :]

    def to_line(self, do: str = START) -> bytes:
        """The request as the guardian reads it: to start this, or to start it as the stack's fork server."""
        return json.dumps({"do": do, **asdict(self)}).encode() + b"\n"

    @classmethod
    def from_request(cls, request: Mapping[str, Any]) -> "Launch":  # Any: JSON values; the sender is this very module
        """The opposite of :meth:`to_line`, from the object in the line."""
        fields = {name: value for name, value in request.items() if name != "do"}
        account = fields.pop("account")
        return cls(**{**fields, "command": tuple(fields["command"])}, account=Account(**account) if account else None)


def stop_line(name: str) -> bytes:
    """The request to stop one process."""
    return json.dumps({"do": STOP, "name": name}).encode() + b"\n"
