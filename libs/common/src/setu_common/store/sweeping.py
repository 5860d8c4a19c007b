"""Removing what nothing refers to."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from setu_common.store.backend import Backend
from setu_common.store.names import INCOMING, day_of, uri_of

INCOMING_LIFE: Final = timedelta(days=1)
# New objects go to the folder of the day they end on; a row that names them may be committed a little later.
QUIET_DAYS: Final = timedelta(days=1)

Referenced = Callable[[Sequence[str]], Awaitable[set[str]]]


async def sweep(backend: Backend, owner: str, before: date, referenced: Referenced) -> int:
    """Remove an owner's unreferenced objects of past days, and files left half-written; see ``Store.sweep``."""
    now = datetime.now(UTC)
    limit = min(before, now.date() - QUIET_DAYS)
    removed = 0
    for tenant in await backend.folders(owner):
        for folder in await backend.folders(f"{owner}/{tenant}"):
            day = day_of(folder)
            if day is not None and day < limit:
                removed += await _sweep_day(backend, f"{owner}/{tenant}/{folder}", referenced)
    await _sweep_incoming(backend, owner, now - INCOMING_LIFE)
    return removed


async def _sweep_day(backend: Backend, folder: str, referenced: Referenced) -> int:
    removed = 0
    async for batch in backend.files(folder):
        uris = {uri_of(file.path): file.path for file in batch}
        kept = await referenced(list(uris))
        unwanted = [path for uri, path in uris.items() if uri not in kept]
        await backend.delete(unwanted)
        removed += len(unwanted)
    await backend.prune(folder)
    return removed


async def _sweep_incoming(backend: Backend, owner: str, oldest: datetime) -> None:
    async for batch in backend.files(f"{owner}/{INCOMING}"):
        await backend.delete([file.path for file in batch if file.modified_at < oldest])
