"""Whether anybody opens a file, or calls at an address."""

import ctypes
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hostilemedia.files import Outside

_OPENED: Final = 0x20  # IN_OPEN. Source: inotify(7)
_EVENT: Final = struct.Struct("iIII")


@dataclass(frozen=True)
class Watch:
    """A canary file and an address on loopback, both watched by the kernel.

    Args:
        outside: the two.
    """

    outside: Outside
    _notes: int
    _listener: socket.socket

    def touched(self) -> list[str]:
        """What was opened or called since this was last asked."""
        found = []
        try:
            notes = os.read(self._notes, 1 << 16)
        except BlockingIOError:
            notes = b""
        while notes:
            *_, length = _EVENT.unpack_from(notes)
            found.append("opened " + notes[_EVENT.size : _EVENT.size + length].rstrip(b"\0").decode())
            notes = notes[_EVENT.size + length :]
        while True:
            try:
                connection, _ = self._listener.accept()
            except BlockingIOError:
                return found
            connection.close()
            found.append("called")


@contextmanager
def watched(folder: Path, content: bytes) -> Iterator[Watch]:
    """Put a canary into a folder of its own, and listen.

    Args:
        folder: does not exist yet.
        content: of the canary: something worth opening.
    """
    folder.mkdir()
    canary = folder / "canary.wav"
    canary.write_bytes(content)
    libc = ctypes.CDLL(None, use_errno=True)
    notes = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if notes < 0 or libc.inotify_add_watch(notes, os.fsencode(folder), _OPENED) < 0:
        raise OSError(ctypes.get_errno(), "inotify")
    try:
        with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
            listener.setblocking(False)
            port = listener.getsockname()[1]
            yield Watch(Outside(str(canary), f"http://127.0.0.1:{port}"), notes, listener)
    finally:
        os.close(notes)
