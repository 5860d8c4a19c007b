"""A Valkey (or Redis) of one's own, on loopback, with a password that only its owner can read."""

import contextlib
import os
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from setu_cli.embedded.binaries import valkey_program
from setu_cli.embedded.guarded import Guarded
from setu_cli.embedded.launch import SERVER_LAYER, Launch
from setu_cli.embedded.ports import LOOPBACK, free_port

_READY_TIMEOUT_S = 30.0
_PROBE_TIMEOUT_S = 0.5


@dataclass(frozen=True)
class ValkeyServer:
    """A server in a data folder, running or not.

    Args:
        folder: holds the append-only file, the configuration and the password.
        port: on loopback.
        log: file that the server writes to.
        program: the server's.
        password: of the default user.
    """

    folder: Path
    port: int
    log: Path
    program: Path
    password: str

    @property
    def url(self) -> str:
        """For REDIS_URL."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def server(self) -> Launch:
        """The server's process."""
        return Launch(
            name="valkey",
            command=(str(self.program), str(self.folder / "valkey.conf")),
            environment={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            folder=str(self.folder),
            log=str(self.log),
            layer=SERVER_LAYER,
        )

    def ready(self, _pid: int) -> bool:
        """Whether the server answers to its password (so it is this one and no other)."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=_PROBE_TIMEOUT_S) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (received := connection.recv(256)):  # noqa: PLR2004  two answers
                    answer += received
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"


def prepare_valkey(folder: Path, *, port: int | None = None, log: Path | None = None) -> ValkeyServer:
    """Make everything ready for a server in ``folder``, without starting anything.

    Args:
        folder: made if needed.
        port: on loopback; None: a free one.
        log: default ``folder/valkey.log``.

    Raises:
        ServerMissing: neither Valkey nor Redis is installed.
    """
    program = valkey_program()
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    server = ValkeyServer(
        folder=folder,
        port=port or free_port(),
        log=log or folder / "valkey.log",
        program=program,
        password=secrets.token_urlsafe(32),
    )
    _write_configuration(server)
    return server


@contextlib.contextmanager
def running_valkey(folder: Path, *, port: int | None = None) -> Iterator[ValkeyServer]:
    """Run a server for the time of a ``with`` block; it never outlives this process, even if that is killed.

    Args:
        folder: data is kept there.
        port: on loopback; None: a free one.

    Yields:
        The server; its ``url`` is for REDIS_URL.
    """
    server = prepare_valkey(folder, port=port)
    with Guarded(folder / "guardian.log") as guarded:
        guarded.start_ready(server.server(), server.ready, timeout_s=_READY_TIMEOUT_S)
        yield server


def _write_configuration(server: ValkeyServer) -> None:
    """Into a file, since other users of the machine can read command lines."""
    lines = [
        f"bind {LOOPBACK}",
        f"port {server.port}",
        f'dir "{_escaped(str(server.folder))}"',
        f"requirepass {server.password}",
        "appendonly yes",
        "appendfsync everysec",
        'save ""',
        "maxmemory-policy noeviction",
        "daemonize no",
    ]
    path = server.folder / "valkey.conf"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as opened:
        opened.write("\n".join(lines) + "\n")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
