"""The models that there are: the one that is asked, offers of others, and the way back."""

from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from setu_common.contracts import Reference
from setu_common.db import Database
from setu_common.errors import Conflict
from setu_common.store import Store
from setu_optimizer import repository
from setu_optimizer.domain.prediction.comparison import Comparison
from setu_optimizer.errors import ModelUnusable, NothingEarlier
from setu_optimizer.predictors.bundle import MEDIA_TYPE, unpacked
from setu_optimizer.predictors.manifest import Manifest

STARTING: Final = "starting.zip"
"""The model that is shipped: trained from recordings of the project's own (docs/ml-optimization.md)."""
EVERYBODY: Final = "setu"
"""Whose models are, in the store."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Kept:
    """A model in the registry.

    Args:
        id: its row's; None: it is the one that is shipped.
        name: of the model.
        state: champion, retired, refused or rolled-back.
        file: where it lies; None: in this package.
        verdict: how it came to be what it is.
        manifest: what is said of it; None where that is another version's.
        created_at: when it was offered.
    """

    id: UUID | None
    name: str
    state: str
    file: Reference | None
    verdict: str = ""
    manifest: Manifest | None = None
    created_at: datetime | None = None


CLOCK_DAYS: Final = 7
CLOCK_FEWEST: Final = 30
CLOCK_MOST: Final = 500
SHIPPED: Final = Kept(id=None, name="starting", state="champion", file=None)


@dataclass(frozen=True)
class Offer:
    """A challenger whose file is in the store.

    Args:
        manifest: what is said of it.
        file: where it lies.
        comparison: with the champion, on recordings that neither has learned from.
        against: the champion that it was compared with.
    """

    manifest: Manifest
    file: Reference
    comparison: Comparison
    against: Kept


class Predictors:
    """Keeps models in the database and the store. There is one champion for all tenants.

    Args:
        database: the optimizer's.
        store: has the models' files.
    """

    def __init__(self, database: Database, store: Store) -> None:
        self._database = database
        self._store = store

    async def champion(self) -> Kept:
        """The model that is asked: the one that was promoted last, else the one that is shipped."""
        async with self._database.reading() as connection:
            row = await repository.champion(connection)
        return SHIPPED if row is None else _kept(row)

    async def data(self, kept: Kept) -> bytes:
        """A model's file.

        Raises:
            ModelUnusable: there is none.
            ObjectMissing: the store has it no more.
        """
        return starting_model() if kept.file is None else await self._store.read(kept.file)

    async def clock(self) -> float | None:
        """How many seconds on the clock jobs took of late for a second that was expected; None: too few are known to tell.

        What is expected is a processor's time. On the clock it is less with several threads, more where jobs share the processors.
        """
        async with self._database.reading() as connection:
            return await repository.clock(connection, CLOCK_DAYS, fewest=CLOCK_FEWEST, most=CLOCK_MOST)

    async def history(self, limit: int = 20) -> list[Kept]:
        """The last models that were offered, newest first."""
        async with self._database.reading() as connection:
            return [_kept(row) for row in await repository.newest(connection, limit)]

    async def offer(self, challenger: bytes, comparison: Comparison, *, against: Kept) -> bool:
        """Promote a model if it is better than the champion; keep it with the verdict either way.

        Args:
            challenger: the model's file.
            comparison: with the champion, on recordings that neither has learned from.
            against: the champion that it was compared with.

        Returns:
            Whether it is the champion now.

        Raises:
            ModelUnusable: it can't be used at all; nothing is kept.
            Conflict: another model is champion by now: compare with that one.
        """
        offer = await self.prepare(challenger, comparison, against=against)
        async with self._database.transaction() as connection:
            await self.offer_in(connection, offer)
        return comparison.better

    async def prepare(self, challenger: bytes, comparison: Comparison, *, against: Kept) -> Offer:
        """Put a model's file into the store, so that it can be offered within a transaction; see ``offer``."""
        manifest = unpacked(challenger).manifest
        return Offer(manifest, await self._store.put(EVERYBODY, challenger, MEDIA_TYPE), comparison, against)

    async def offer_in(self, connection: AsyncConnection, offer: Offer) -> None:
        """``offer`` in the caller's transaction, for who writes down beside it what came of it.

        Raises:
            Conflict: see ``offer``.
        """
        comparison = offer.comparison
        await repository.lock(connection)
        row = await repository.champion(connection)
        if (row.id if row is not None else None) != offer.against.id:
            raise Conflict("Another model has been promoted meanwhile. Compare with that one, and offer the challenger again.")
        if comparison.better and row is not None:
            await repository.change(connection, row.id, "retired")
        await repository.add(
            connection,
            name=offer.manifest.name,
            state="champion" if comparison.better else "refused",
            file=offer.file,
            manifest=offer.manifest.model_dump(mode="json"),
            verdict=comparison.verdict,
            replaced=row.id if comparison.better and row is not None else None,
        )
        log.info("predictor.offered", name=offer.manifest.name, promoted=comparison.better, verdict=comparison.verdict)

    async def went_back_at(self, kept: Kept) -> datetime | None:
        """When somebody went back to a model, or to one before it; None: nobody has since it was offered.

        Args:
            kept: the champion.
        """
        async with self._database.reading() as connection:
            found = await repository.went_back_at(connection)
        return None if found is None or (kept.created_at is not None and kept.created_at > found) else found

    async def roll_back(self) -> Kept:
        """Ask the model again that was champion before this one; before the first one there is the one that is shipped.

        Returns:
            The champion now.

        Raises:
            NothingEarlier: the shipped one is champion.
        """
        async with self._database.transaction() as connection:
            await repository.lock(connection)
            row = await repository.champion(connection)
            if row is None:
                raise NothingEarlier("The model that is shipped is the one that is asked; there is none before it.")
            await repository.change(connection, row.id, "rolled-back")
            if row.replaced is not None:
                await repository.change(connection, row.replaced, "champion")
        return await self.champion()


def starting_model() -> bytes:
    """The file of the model that is shipped.

    Raises:
        ModelUnusable: none is shipped with this version.
    """
    try:
        return resources.files(__package__).joinpath(STARTING).read_bytes()
    except FileNotFoundError:
        raise ModelUnusable("No model has been trained yet.") from None


def _kept(row: repository.Model) -> Kept:
    return Kept(
        id=row.id,
        name=row.name,
        state=row.state,
        file=Reference(uri=row.uri, bytes=row.bytes, media_type=row.media_type),
        verdict=row.verdict,
        manifest=Manifest.model_validate(row.manifest) if row.manifest.keys() == Manifest.model_fields.keys() else None,
        created_at=row.created_at,
    )
