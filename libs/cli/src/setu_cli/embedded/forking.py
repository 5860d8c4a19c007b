"""The guardian's end of the fork server. Only the standard library is imported here, as in the guardian."""

import socket
from typing import Final

from setu_cli.embedded.launch import Launch

_ANSWER_S: Final = 20.0
"""The first answer waits for what the fork server imports."""


class ForkServer:
    """Starts programs as copies of a process that has imported the most of them. ``theirs`` is that process's standard input.

    Args:
        name: that process's.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._control, self.theirs = socket.socketpair()
        self._control.settimeout(_ANSWER_S)

    def fork(self, launch: Launch) -> int:
        """Start a program, and return its process's number.

        Raises:
            OSError: the fork server is gone, or does not answer; it must not be asked again.
        """
        self._control.sendall(launch.to_line())
        with self._control.makefile("rb") as answers:
            answer = answers.readline()
        if not answer.endswith(b"\n"):
            raise ConnectionResetError("the fork server is gone")
        return int(answer)

    def close(self) -> None:
        """Leave it, so that it ends."""
        self._control.close()
