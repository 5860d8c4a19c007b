"""Where the servers of tests keep their files."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import disk_usage
from typing import Final

# What the servers of some test processes take is a tenth of it.
ROOM_BYTES: Final = 4 << 30


@contextmanager
def folder_of_servers() -> Iterator[Path]:
    """Make a folder that the unprivileged user of Postgres may enter, which pytest's own are not.

    It lies in memory where there is room: measured, Postgres took five times as much of the processors to make and drop databases on a disk.
    """
    with tempfile.TemporaryDirectory(prefix="setu-test-", dir=in_memory(), ignore_cleanup_errors=True) as folder:
        path = Path(folder)
        path.chmod(0o755)
        yield path


def in_memory() -> Path | None:
    """Return where files lie in memory, if this system has that, nobody says where else files are to be, and there is room.

    A container may have 64 MB of it.
    """
    shared = Path("/dev/shm")
    usable = "TMPDIR" not in os.environ and shared.is_dir() and os.access(shared, os.W_OK)
    return shared if usable and disk_usage(shared).free >= ROOM_BYTES else None
