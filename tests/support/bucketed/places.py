"""Places for objects as tests see them: what lies there, whatever the store says of it."""

import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bucketed.server import Server
from setu_common.settings import StoreSettings

PREFIX = "some/prefix"


class Place(Protocol):
    """A place for objects."""

    @property
    def settings(self) -> StoreSettings:
        """What makes a store of it."""

    def paths(self) -> set[str]:
        """Everything that takes room there, half-written files included."""

    def put(self, *paths: str, age_s: float = 0) -> None:
        """Have empty files lie there, as if they had for a while."""


@dataclass(frozen=True)
class Folder:
    """A folder of a test's own."""

    root: Path
    durable: bool = False

    @property
    def settings(self) -> StoreSettings:
        """See Place."""
        return StoreSettings(url=f"file://{self.root}", durable=self.durable)

    def paths(self) -> set[str]:
        """See Place."""
        return {str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()}

    def put(self, *paths: str, age_s: float = 0) -> None:
        """See Place."""
        then = time.time() - age_s
        for path in paths:
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
            os.utime(file, (then, then))


@dataclass(frozen=True)
class Bucket:
    """A bucket of a test's own."""

    server: Server
    name: str

    @property
    def settings(self) -> StoreSettings:
        """See Place."""
        return StoreSettings(url=f"s3://{self.name}/{PREFIX}")

    def paths(self) -> set[str]:
        """See Place. The parts of uploads that are not finished take room as well."""
        found: dict[str, list[str]] = self.server.ask("lying", name=self.name)
        return {path.removeprefix(f"{PREFIX}/") for path in (*found["objects"], *found["uploads"])}

    def put(self, *paths: str, age_s: float = 0) -> None:
        """See Place."""
        self.server.ask("put", name=self.name, paths=[f"{PREFIX}/{path}" for path in paths], age_s=age_s)


def new_bucket(server: Server) -> Bucket:
    """A new bucket; whatever the server had been told is forgotten."""
    server.ask("calm")
    bucket = Bucket(server, f"bucket-{secrets.token_hex(4)}")
    server.ask("bucket", name=bucket.name)
    return bucket
