"""Fetching models before they are needed, where someone can watch."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from setu_common.errors import SetuError
from setu_common.models import Catalogue, OnProgress


def fetch_missing(catalogue: Catalogue, names: Iterable[str], console: Console) -> list[SetuError]:
    """Make sure that the models lie whole in their folder; those that the catalogue doesn't have are somebody else's.

    Returns:
        Why some could not be had, and what to do.
    """
    missing = [name for name in names if name in catalogue.names() and not catalogue.has(name)]
    if not missing:
        return []
    console.print(f"Fetching {', '.join(missing)} (once)")
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress, ThreadPoolExecutor(len(missing)) as pool:
        fetched = [pool.submit(catalogue.ensure, name, _shown(progress, name, catalogue[name].bytes)) for name in missing]
        errors = [future.exception() for future in fetched]
    for error in errors:
        if error is not None and not isinstance(error, SetuError):
            raise error
    return [error for error in errors if isinstance(error, SetuError)]


def _shown(progress: Progress, name: str, total_bytes: int) -> OnProgress:
    task = progress.add_task(name, total=total_bytes)

    def show(done_bytes: int, all_bytes: int) -> None:
        progress.update(task, completed=done_bytes, total=all_bytes)

    return show
