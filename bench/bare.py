"""Services as processes of their own on a PostgreSQL, a Valkey and a folder, with nothing else of a stack."""

import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from probe.bench import start
from setu_cli.embedded.postgres import running_postgres
from setu_cli.embedded.valkey import running_valkey

START_S = 60


@contextmanager
def running(command: list[str], variables: dict[str, str], log: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A server for as long as the block lasts, listening when it begins."""
    process = start(command, variables, log)
    try:
        give_up_at = time.monotonic() + START_S
        while not any(
            each.laddr.port == port and each.status == "LISTEN" for each in psutil.Process(process.pid).net_connections()
        ):
            if process.poll() is not None or time.monotonic() > give_up_at:
                raise RuntimeError(log.read_text())
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait(20)


@dataclass(frozen=True)
class Bare:
    """What services need.

    Args:
        folder: where all of it lies.
        database_url: of an empty database.
        variables: the environment of every process.
    """

    folder: Path
    database_url: str
    variables: dict[str, str]

    def migrated(self, *services: str) -> None:
        """Make the services' tables."""
        for service in services:
            subprocess.run([sys.executable, "-m", f"setu_{service}.migrate"], env=self.variables, check=True)

    @contextmanager
    def served(self, service: str, port: int) -> Iterator[psutil.Process]:
        """The API of a service, its tables being made, for as long as the block lasts."""
        command = [sys.executable, "-m", f"setu_{service}.main", "--port", str(port)]
        with running(command, self.variables, self.folder / f"{service}.log", port) as process:
            yield psutil.Process(process.pid)


@contextmanager
def bare(more: Mapping[str, str] | None = None) -> Iterator[Bare]:
    """A database, a Valkey and a store for as long as the block lasts; ``more`` joins the environment."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="setu-bench-")))
        folder.chmod(0o755)
        postgres = stack.enter_context(running_postgres(folder / "postgres"))
        valkey = stack.enter_context(running_valkey(folder / "valkey"))
        (folder / "store").mkdir()
        variables = {
            "PATH": "/usr/bin:/bin",
            "DATABASE_URL": postgres.url,
            "REDIS_URL": valkey.url,
            "SETU_STORE_URL": f"file://{folder}/store",
            "SETU_SERVICE_TOKEN": secrets.token_urlsafe(24),
            "SETU_LOG_LEVEL": "WARNING",
            **(more or {}),
        }
        yield Bare(folder, postgres.url, variables)
