"""The store: put, read, stream, delete and sweep."""

import tempfile
from asyncio import to_thread
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import unquote, urlsplit

import obstore
from obstore.store import LocalStore, S3Store
from pydantic import BaseModel

from setu_common.contracts import Reference
from setu_common.settings import StoreSettings
from setu_common.store import names
from setu_common.store.bucket import BucketSink, translated_store_errors
from setu_common.store.local import FolderSink, make_folders, translated_os_errors
from setu_common.store.writing import Sink, Writer

ModelT = TypeVar("ModelT", bound=BaseModel)
STREAM_CHUNK_BYTES: Final = 1 << 20
SWEEP_BATCH: Final = 500
INCOMING_LIFE: Final = timedelta(days=1)


class Store:
    """Objects of one service: it writes under its own name and reads any reference.

    Args:
        settings: where the store is, and whether local writes wait for the disk.
        owner: the service's name, the first part of the path of what it writes.

    Raises:
        ValueError: if the URL is neither file:///folder nor s3://bucket/prefix.
    """

    def __init__(self, settings: StoreSettings, owner: str) -> None:
        self._owner = names.check_owner(owner)
        self._durable = settings.durable
        self._root, self._objects = _opened(settings.url)

    @property
    def owner(self) -> str:
        """Whose objects this store writes."""
        return self._owner

    async def put(self, tenant: str, data: bytes, media_type: str) -> Reference:
        """Store a small payload."""
        async with self.writer(tenant, media_type) as writer:
            await writer.write(data)
            return await writer.finish()

    async def put_model(self, tenant: str, model: BaseModel) -> Reference:
        """Store a message as JSON."""
        return await self.put(tenant, model.model_dump_json().encode(), "application/json")

    @asynccontextmanager
    async def writer(self, tenant: str, media_type: str) -> AsyncIterator[Writer]:
        """Write an object piece by piece; what is left without ``finish()`` is removed.

        Raises:
            ValueError: if the tenant's name can't be a folder's name.
            DependencyUnavailable: if the store can't take it.
        """
        names.check_tenant(tenant)

        def final(sha256: str) -> str:
            return names.object_path(self._owner, tenant, names.today(), sha256)

        sink: Sink
        if self._root is not None:
            sink = FolderSink(self._root, names.incoming_path(self._owner), final, durable=self._durable)
        else:
            sink = BucketSink(self._objects, names.incoming_path(self._owner), final, media_type)
        writer = Writer(sink, lambda path, size_bytes: names.reference(path, size_bytes, media_type))
        try:
            yield writer
        finally:
            if not writer.finished:
                await writer.discard()

    async def read(self, reference: Reference) -> bytes:
        """All bytes of an object.

        Raises:
            ObjectMissing: if it is not there.
        """
        with translated_store_errors(reference.path):
            result = await obstore.get_async(self._objects, reference.path)
            return bytes(await result.bytes_async())

    async def load(self, reference: Reference, model: type[ModelT]) -> ModelT:
        """An object read as a message.

        Raises:
            ObjectMissing: if it is not there.
        """
        return model.model_validate_json(await self.read(reference))

    async def stream(self, reference: Reference, chunk_bytes: int = STREAM_CHUNK_BYTES) -> AsyncIterator[bytes]:
        """An object's bytes in chunks of at least ``chunk_bytes``, but the last.

        Raises:
            ObjectMissing: if it is not there.
        """
        with translated_store_errors(reference.path):
            result = await obstore.get_async(self._objects, reference.path)
            async for chunk in result.stream(min_chunk_size=chunk_bytes):
                yield bytes(chunk)

    @asynccontextmanager
    async def local_file(self, reference: Reference) -> AsyncIterator[Path]:
        """The object as a file, for those who need a path: the very file of a local store, else a copy that is removed.

        Raises:
            ObjectMissing: if it is not there.
        """
        if self._root is not None:
            path = self._root / reference.path
            if not await to_thread(path.is_file):
                raise names.missing(reference.path)
            yield path
            return
        with tempfile.NamedTemporaryFile(prefix="setu-") as copy:
            async for chunk in self.stream(reference, 8 * STREAM_CHUNK_BYTES):
                await to_thread(copy.write, chunk)
            await to_thread(copy.flush)
            yield Path(copy.name)

    async def delete(self, *uris: str) -> None:
        """Remove objects; one that is not there is no error. No object is shared, so nobody else's is removed."""
        await self._delete([uri.removeprefix("setu://") for uri in uris])

    async def check(self) -> None:
        """Return if the store can be used.

        Raises:
            DependencyUnavailable: if it can't.
        """
        if self._root is not None:
            with translated_os_errors():
                await to_thread(make_folders, self._root / self._owner / names.INCOMING, durable=False)
            return
        with translated_store_errors():
            await obstore.list_with_delimiter_async(self._objects, f"{self._owner}/{names.INCOMING}")

    async def sweep(self, before: date, referenced: Callable[[Sequence[str]], Awaitable[set[str]]]) -> int:
        """Remove this owner's objects of the days before ``before`` that nothing refers to, and files left half-written.

        Only days that have been over for a full day are looked at, whatever ``before`` says, and new objects only go to
        today's folder: so no sweep can meet an object whose row is not committed yet.

        Args:
            before: the first day to leave alone (UTC).
            referenced: given URIs, returns those that some row refers to.

        Returns:
            How many objects were removed.
        """
        limit = names.sweep_limit(before, names.today())
        removed = 0
        for folder in await self._day_folders(limit):
            with translated_store_errors(folder):
                async for batch in obstore.list(self._objects, prefix=folder, chunk_size=SWEEP_BATCH):
                    uris = [f"setu://{meta['path']}" for meta in batch]
                    kept = await referenced(uris)
                    unwanted = [uri.removeprefix("setu://") for uri in uris if uri not in kept]
                    await self._delete(unwanted)
                    removed += len(unwanted)
        await self._sweep_incoming()
        return removed

    async def _day_folders(self, limit: date) -> list[str]:
        folders: list[str] = []
        with translated_store_errors(self._owner):
            tenants = await obstore.list_with_delimiter_async(self._objects, self._owner)
            for tenant in tenants["common_prefixes"]:
                days = await obstore.list_with_delimiter_async(self._objects, tenant)
                for folder in days["common_prefixes"]:
                    day = names.day_of(folder.rsplit("/", 1)[-1])
                    if day is not None and day < limit:
                        folders.append(folder)
        return folders

    async def _sweep_incoming(self) -> None:
        oldest = datetime.now(UTC) - INCOMING_LIFE
        with translated_store_errors(self._owner):
            async for batch in obstore.list(self._objects, prefix=f"{self._owner}/{names.INCOMING}", chunk_size=SWEEP_BATCH):
                await self._delete([meta["path"] for meta in batch if meta["last_modified"] < oldest])

    async def _delete(self, paths: list[str]) -> None:
        if not paths:
            return
        try:
            await obstore.delete_async(self._objects, paths)
        except FileNotFoundError:
            return


def _opened(url: str) -> tuple[Path | None, LocalStore | S3Store]:
    parts = urlsplit(url)
    if parts.scheme == "file" and not parts.netloc:
        root = Path(unquote(parts.path))
        return root, LocalStore(root, automatic_cleanup=True, mkdir=True)
    if parts.scheme == "s3" and parts.netloc:
        return None, S3Store(parts.netloc, prefix=parts.path.strip("/") or None)
    raise ValueError(f"SETU_STORE_URL must be file:///folder or s3://bucket/prefix, not {parts.scheme}://…")
