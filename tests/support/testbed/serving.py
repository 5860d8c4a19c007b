"""Real service processes on loopback, for tests that look at them from outside."""

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from setu_cli.embedded.guarded import Guarded
from setu_cli.embedded.launch import Launch
from setu_cli.embedded.ports import free_port
from setu_common.settings import DatabaseSettings, RedisSettings, StoreSettings


def environment_of(
    database: DatabaseSettings, redis: RedisSettings, store: StoreSettings, token: SecretStr, **more: str
) -> dict[str, str]:
    """Return the environment that a service's processes need, and nothing of the developer's own."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "COVERAGE_PROCESS_CONFIG") if name in os.environ}
    return {
        **inherited,
        "DATABASE_URL": database.url,
        "REDIS_URL": redis.url,
        "REDIS_KEY_PREFIX": redis.key_prefix,
        "SETU_STORE_URL": store.url,
        "SETU_STORE_DURABLE": "false",
        "SETU_SERVICE_TOKEN": token.get_secret_value(),
        "SETU_MODELS_OFFLINE": "true",
        "SETU_LOG_LEVEL": "WARNING",
        **more,
    }


@contextmanager
def served(
    module: str, environment: Mapping[str, str], folder: Path, timeout_s: float = 30, *, migrated: bool = False
) -> Iterator[str]:
    """Run ``python -m module --host … --port …`` for the time of the block, and give its URL.

    Its migrations are run before, by the ``migrate`` module beside it, unless they have been.
    """
    port = free_port()
    package = module.rpartition(".")[0]
    with Guarded(folder / "guardian.log") as guarded:
        if not migrated:
            guarded.finish(launch((f"{package}.migrate",), environment, folder), timeout_s=timeout_s)
        service = launch((module, "--host", "127.0.0.1", "--port", str(port)), environment, folder)
        guarded.start_ready(service, lambda _: ready(port), timeout_s=timeout_s)
        yield f"http://127.0.0.1:{port}"


def launch(command: tuple[str, ...], environment: Mapping[str, str], folder: Path) -> Launch:
    """Describe a process of this Python environment; its output goes to a file named after its module."""
    return Launch(
        name=command[0],
        command=(sys.executable, "-m", *command),
        environment=environment,
        folder=str(folder),
        log=str(folder / f"{command[0]}.log"),
    )


def ready(port: int) -> bool:
    """Say whether the service on ``port`` answers that it is ready."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=3) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
