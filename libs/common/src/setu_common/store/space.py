"""How much room the store's disk has left."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from setu_common.settings import StoreSettings


@dataclass(frozen=True)
class Space:
    """Of a disk, bytes."""

    size_bytes: int
    free_bytes: int


def folder_of(settings: StoreSettings) -> Path | None:
    """The folder that the store is; None where it is a bucket, which has no end."""
    parts = urlsplit(settings.url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def space_in(folder: Path) -> Space | None:
    """The room on the disk that a folder is on, for who is not root; None where there is no such folder yet."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return None
    return Space(found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize)
