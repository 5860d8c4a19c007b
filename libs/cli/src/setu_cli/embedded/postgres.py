"""A PostgreSQL of one's own: real, durable, on loopback, with a password that only its owner can read."""

import contextlib
import os
import secrets
import shlex
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from setu_cli.embedded.account import Account, unprivileged_account
from setu_cli.embedded.binaries import POSTGRES_MAJOR, postgres_programs
from setu_cli.embedded.guarded import Guarded
from setu_cli.embedded.launch import SERVER_LAYER, Launch
from setu_cli.embedded.ports import LOOPBACK, free_port
from setu_cli.failures import StackFailed

_USER = "setu"
_DATABASE = "postgres"  # the one that initdb makes
_READY_TIMEOUT_S = 60.0
_STATUS_LINE = 7
"""Place of the status in ``postmaster.pid``, counted from 0. Source: PostgreSQL, src/include/utils/pidfile.h."""
_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "logging_collector": "off",
    "log_checkpoints": "off",
}
_FAST_AND_LOOSE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class PostgresServer:
    """A server in a data folder, running or not.

    Args:
        folder: holds ``data`` and ``password``.
        port: on loopback.
        log: file that the server writes to.
        durable: fsync what is committed; False for tests, whose data may be lost with the machine.
        programs: folder of ``initdb`` and ``postgres``.
        account: who the server runs as, None: as Setu itself.
        password: of the only user.
    """

    folder: Path
    port: int
    log: Path
    durable: bool
    programs: Path
    account: Account | None
    password: str

    @property
    def url(self) -> str:
        """For DATABASE_URL."""
        return f"postgresql://{_USER}:{self.password}@{LOOPBACK}:{self.port}/{_DATABASE}"

    @property
    def initialised(self) -> bool:
        """Whether the data folder has been made."""
        return (self.folder / "data" / "PG_VERSION").is_file()

    def initdb(self) -> Launch:
        """The process that makes the data folder: wholly or not at all, whenever it is killed."""
        initdb = [
            str(self.programs / "initdb"), "-D", "data.new", "-U", _USER, "--pwfile=password", "--auth=scram-sha-256",
            "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions",
            # The password is 256 random bits: hashing it thousands of times would only make each connection slower.
            "--set", "scram_iterations=1",
            "--no-sync",  # a thousand files one after the other; they are synced together below
        ]  # fmt: skip
        sync = "{ sync -f data.new || sync; } && " if self.durable else ""
        script = f"rm -rf data.new && {shlex.join(initdb)} && {sync}mv data.new data"
        return self._launch("postgres-initdb", ("/bin/sh", "-c", script), signal.SIGTERM)

    def server(self) -> Launch:
        """The server's process. SIGINT is its fast shutdown: connections are ended, data is written."""
        settings = {**_SETTINGS, **({} if self.durable else _FAST_AND_LOOSE), "port": str(self.port)}
        flags = [flag for name, value in settings.items() for flag in ("-c", f"{name}={value}")]
        return self._launch("postgres", (str(self.programs / "postgres"), "-D", "data", *flags), signal.SIGINT)

    def ready(self, pid: int) -> bool:
        """Whether the server with this pid takes connections; it writes so in its pid file."""
        try:
            lines = (self.folder / "data" / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > _STATUS_LINE and lines[0] == str(pid) and lines[_STATUS_LINE].strip() == "ready"

    def _launch(self, name: str, command: tuple[str, ...], stop_signal: signal.Signals) -> Launch:
        return Launch(
            name=name,
            command=command,
            environment={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            folder=str(self.folder),
            log=str(self.log),
            layer=SERVER_LAYER,
            stop_signal=stop_signal,
            grace_s=20.0,
            account=self.account,
        )


def prepare_postgres(folder: Path, *, port: int | None = None, log: Path | None = None, durable: bool = True) -> PostgresServer:
    """Make everything ready for a server in ``folder``, without starting anything.

    Args:
        folder: made if needed. When Setu is root it is given to the account that the server runs under.
        port: on loopback; None: a free one.
        log: default ``folder/postgres.log``.
        durable: see :class:`PostgresServer`.

    Raises:
        ServerMissing: PostgreSQL is not installed.
        StackFailed: the folder can't be used, and why.
    """
    programs = postgres_programs()
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        account = unprivileged_account([folder.parent, programs / "postgres", programs.parent / "share"])
        _refuse_foreign_data(folder, account)
        _close_to_others(folder, account)
        password = _password(folder, account)
    except (PermissionError, LookupError) as error:
        raise StackFailed(f"Postgres can't use {folder}: {error}") from error
    return PostgresServer(
        folder=folder,
        port=port or free_port(),
        log=log or folder / "postgres.log",
        durable=durable,
        programs=programs,
        account=account,
        password=password,
    )


@contextlib.contextmanager
def running_postgres(folder: Path, *, port: int | None = None, durable: bool = True) -> Iterator[PostgresServer]:
    """Run a server for the time of a ``with`` block; it never outlives this process, even if that is killed.

    Args:
        folder: data is kept there.
        port: on loopback; None: a free one.
        durable: False for tests: faster, and gone if the machine fails.

    Yields:
        The server; its ``url`` is for DATABASE_URL.
    """
    server = prepare_postgres(folder, port=port, durable=durable)
    with Guarded(folder / "guardian.log") as guarded:
        if not server.initialised:
            guarded.finish(server.initdb(), timeout_s=_READY_TIMEOUT_S)
        guarded.start_ready(server.server(), server.ready, timeout_s=_READY_TIMEOUT_S)
        yield server


def _refuse_foreign_data(folder: Path, account: Account | None) -> None:
    """A data folder that this server could not, or must not, open."""
    data = folder / "data"
    if not data.exists():
        return
    version = (data / "PG_VERSION").read_text().strip()
    if version != str(POSTGRES_MAJOR):
        raise StackFailed(
            f"the database in {folder} was made by PostgreSQL {version}, and {POSTGRES_MAJOR} is installed; "
            "move the folder away, or dump and restore it with that version"
        )
    owner, own = data.stat().st_uid, account.uid if account is not None else os.geteuid()
    if owner != own:
        raise StackFailed(
            f"the database in {folder} belongs to user {owner}, and would be run as user {own}; use another --home"
        )
    if not (folder / "password").exists():
        raise StackFailed(
            f"the password of the database in {folder} is gone (the file password); restore it, or move the folder away"
        )


def _close_to_others(folder: Path, account: Account | None) -> None:
    folder.chmod(0o700)
    if account is not None:
        os.chown(folder, account.uid, account.gid)


def _password(folder: Path, account: Account | None) -> str:
    path = folder / "password"
    if not path.exists():
        new = folder / "password.new"
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as opened:
            opened.write(secrets.token_urlsafe(32))
        if account is not None:
            os.chown(new, account.uid, account.gid)
        new.rename(path)
    return path.read_text().strip()
