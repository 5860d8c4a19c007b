"""Requests and results as rows hold them: inline JSON, or a reference to an object in the store when they are large."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from pydantic import BaseModel

from setu_common.contracts import Reference
from setu_common.store import Store

_REFERENCE_KEY: Final = "$object"


class Payloads:
    """Puts payloads away and gets them back.

    Args:
        store: the service's own store; what it writes lives as long as a row names it in ``objects``.
        inline_bytes: payloads up to this size stay in their row.
    """

    def __init__(self, store: Store, inline_bytes: int) -> None:
        self._store = store
        self._inline_bytes = inline_bytes

    async def pack(self, tenant: str, model: BaseModel) -> tuple[dict[str, Any], list[str], str]:
        """Make a row's JSON of a model.

        Returns:
            The JSON to store, the uris of the service's own objects that the payload keeps alive, and the payload's SHA-256.
        """
        data = model.model_dump_json().encode()
        digest = hashlib.sha256(data).hexdigest()
        content = json.loads(data)
        own = f"setu://{self._store.owner}/"
        objects = [uri for uri in _uris(content) if uri.startswith(own)]
        # Postgres's JSON can't hold a NUL; the store can.
        if len(data) <= self._inline_bytes and b"\\u0000" not in data:
            return content, objects, digest
        reference = await self._store.put(tenant, data, "application/json")
        return {_REFERENCE_KEY: reference.model_dump()}, [*objects, reference.uri], digest

    async def unpack(self, content: dict[str, Any]) -> dict[str, Any]:
        """Get a payload's JSON, from the store if it lies there."""
        if set(content) != {_REFERENCE_KEY}:
            return content
        data: dict[str, Any] = json.loads(await self._store.read(Reference.model_validate(content[_REFERENCE_KEY])))
        return data

    async def drop(self, uris: Sequence[str]) -> None:
        """Remove objects that no row names.

        Raises:
            DependencyUnavailable: the store is away; they are left for its sweep.
        """
        await self._store.delete(*uris)


def _uris(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        uri = value.get("uri")
        if isinstance(uri, str) and uri.startswith("setu://"):
            yield uri
        for item in value.values():
            yield from _uris(item)
    elif isinstance(value, list):
        for item in value:
            yield from _uris(item)
