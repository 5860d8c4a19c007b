"""The store: put, read, stream, delete and sweep."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel

from setu_common.contracts import Reference
from setu_common.settings import StoreSettings
from setu_common.store import names, sweeping
from setu_common.store.backend import Backend
from setu_common.store.bucket import BucketBackend
from setu_common.store.folder import FolderBackend
from setu_common.store.noting import note
from setu_common.store.writing import Writer

ModelT = TypeVar("ModelT", bound=BaseModel)
STREAM_CHUNK_BYTES: Final = 1 << 20


class Store:
    """Objects of one service: it writes under its own name and reads any reference.

    Every put makes an object of its own, even of content that is there already, so whoever deletes one takes nothing from others.

    Args:
        settings: where the store is, and whether local writes wait for the disk.
        owner: the service's name, the first part of the path of what it writes.

    Raises:
        ValueError: if the URL is neither file:///folder nor s3://bucket/prefix.
    """

    def __init__(self, settings: StoreSettings, owner: str) -> None:
        self._owner = names.check_owner(owner)
        self._backend = _backend(settings)

    @property
    def owner(self) -> str:
        """Whose objects this store writes."""
        return self._owner

    async def put(self, tenant: str, data: bytes, media_type: str) -> Reference:
        """Store a small payload.

        Raises:
            ValueError: if the tenant's name can't be a folder's name.
            DependencyUnavailable: if the store can't take it.
        """
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
            path = names.object_path(self._owner, tenant, names.today(), sha256)
            note(names.uri_of(path))
            return path

        sink = self._backend.sink(names.incoming_path(self._owner), final, media_type)
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
        return await self._backend.read(names.path_of(reference.uri))

    async def load(self, reference: Reference, model: type[ModelT]) -> ModelT:
        """An object read as a message.

        Raises:
            ObjectMissing: if it is not there.
        """
        return model.model_validate_json(await self.read(reference))

    async def stream(
        self, reference: Reference, chunk_bytes: int = STREAM_CHUNK_BYTES, *, start: int = 0, stop: int | None = None
    ) -> AsyncIterator[bytes]:
        """An object's bytes in chunks of about ``chunk_bytes``.

        Args:
            reference: the object.
            chunk_bytes: about how many are held at once.
            start: the first that is wanted.
            stop: the one behind the last that is wanted; None: all there are.

        Raises:
            ObjectMissing: if it is not there.
        """
        async with aclosing(self._backend.stream(names.path_of(reference.uri), chunk_bytes, start, stop)) as chunks:
            async for chunk in chunks:
                yield chunk

    def local_file(self, reference: Reference) -> AbstractAsyncContextManager[Path]:
        """The object as a file, for those who need a path: the very file of a local store, else a copy that is removed.

        Raises:
            ObjectMissing: if it is not there.
        """
        return self._backend.file(names.path_of(reference.uri))

    async def delete(self, *uris: str) -> None:
        """Remove objects; one that is not there is no error.

        Raises:
            ValueError: if a URI names no object.
        """
        await self._backend.delete([names.path_of(uri) for uri in uris])

    async def check(self) -> None:
        """Return if the store can be used.

        Raises:
            DependencyUnavailable: if it can't.
        """
        await self._backend.check(f"{self._owner}/{names.INCOMING}")

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
        return await sweeping.sweep(self._backend, self._owner, before, referenced)


def _backend(settings: StoreSettings) -> Backend:
    parts = urlsplit(settings.url)
    if parts.scheme == "file" and not parts.netloc and parts.path not in ("", "/"):
        return FolderBackend(Path(unquote(parts.path)), durable=settings.durable)
    if parts.scheme == "s3" and parts.netloc:
        return BucketBackend(
            parts.netloc, parts.path.strip("/"), settings.access_key_id, settings.secret_access_key, settings.session_token
        )
    raise ValueError("SETU_STORE_URL must be file:///folder or s3://bucket/prefix")
