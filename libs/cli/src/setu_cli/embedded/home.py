"""The folder in which a stack keeps everything: data, logs, and the lock and state by which others find it."""

import contextlib
import fcntl
import json
import os
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from setu_cli.embedded.identity import ProcessIdentity, own_identity

DEFAULT_NAME = ".setu"


@dataclass(frozen=True)
class Home:
    """A data folder.

    Args:
        folder: absolute.
    """

    folder: Path

    @classmethod
    def chosen(cls, option: Path | None, environment: Mapping[str, str], working_folder: Path) -> Self:
        """The folder that ``--home`` names, else ``SETU_HOME``, else ``.setu`` in the working folder."""
        named = option or Path(environment.get("SETU_HOME") or DEFAULT_NAME)
        return cls((working_folder / named.expanduser()).absolute())

    @property
    def state_file(self) -> Path:
        """What runs, where, with which token."""
        return self.folder / "state.json"

    @property
    def lock_file(self) -> Path:
        """Locked while a stack runs or is being cleaned up; says whose it is."""
        return self.folder / "lock"

    @property
    def logs(self) -> Path:
        """One file a process."""
        return self.folder / "logs"

    @property
    def run(self) -> Path:
        """Files by which workers say that they are ready."""
        return self.folder / "run"

    @property
    def store(self) -> Path:
        """The object store."""
        return self.folder / "store"

    def log(self, name: str) -> Path:
        """The log of the process ``name``."""
        return self.logs / f"{name}.log"

    def create(self) -> None:
        """Make what is missing. Nothing but the way through the folder is open to other users."""
        if not self.folder.is_dir():
            self.folder.mkdir(parents=True)
            self.folder.chmod(0o711)
            (self.folder / ".gitignore").write_text("*\n")
        for folder in (self.logs, self.run, self.store):
            folder.mkdir(mode=0o700, exist_ok=True)


class HomeLock:
    """The right to run a stack in a home.

    It is held through an open file by the supervisor and its guardian, so it lasts exactly until the last of a stack's processes is
    gone, and the kernel gives it back whatever is killed.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, home: Home) -> Self | None:
        """The lock, or None when another holds it."""
        descriptor = os.open(home.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(asdict(own_identity())).encode(), 0)
        return cls(descriptor)

    @property
    def descriptor(self) -> int:
        """To be inherited by the guardian."""
        return self._descriptor

    def release(self) -> None:
        """Close it here; whoever inherited it holds it on."""
        os.close(self._descriptor)


def lock_holder(home: Home) -> ProcessIdentity | None:
    """Who took the lock last, whether it lives or not."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        return ProcessIdentity(**json.loads(home.lock_file.read_text()))
    return None


def is_free(home: Home) -> bool:
    """Whether no stack runs in the home, nor is being cleaned up."""
    return wait_until_free(home, timeout_s=0)


def wait_until_free(home: Home, *, timeout_s: float) -> bool:
    """Wait until the lock can be had; it is not kept.

    Returns:
        False when ``timeout_s`` passed before.
    """
    try:
        descriptor = os.open(home.lock_file, os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        if timeout_s <= 0:
            os.close(descriptor)
            return False
    else:
        os.close(descriptor)
        return True
    # A thread, since a lock has no timeout of its own. One that waits in vain ends with the program, or with the lock.
    free = threading.Event()

    def wait() -> None:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        os.close(descriptor)
        free.set()

    threading.Thread(target=wait, daemon=True).start()
    return free.wait(timeout_s)
