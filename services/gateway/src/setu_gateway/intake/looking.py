"""A look at a recording that is only thought of: how long it is, by its beginning. Nothing of it is kept."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO, Final, Literal

from setu_common.contracts.cost import EstimateRequest
from setu_common.http import OutsideClient, OutsideLimits
from setu_common.store import Store
from setu_gateway.intake.fetching import demand_recording, told_of_media
from setu_gateway.intake.form import MEDIA, FieldRule
from setu_gateway.intake.requests import request_of_form
from setu_gateway.intake.upload import FormShape, Upload

BEGINNING_BYTES: Final = 4 << 20
HOST_S: Final = 20.0
FIELDS: Final[Mapping[str, FieldRule]] = {"source_language": FieldRule(), "target_languages": FieldRule(repeatable=True)}


ESTIMATE_FORM: Final = FormShape(MEDIA, FIELDS, request_of_form)

Kind = Literal["audio", "video"]


class Looking:
    """Looks at recordings.

    Args:
        store: has what is sent.
        client: goes out to hosts, guarded.
        max_bytes: the largest recording that is taken.
        length_of: how long an open file is, seconds; None if that can't be told.
    """

    def __init__(
        self, store: Store, client: OutsideClient, max_bytes: int, length_of: Callable[[IO[bytes]], Awaitable[float | None]]
    ) -> None:
        self._store = store
        self._client = client
        self._limits = OutsideLimits(idle_s=HOST_S, total_s=HOST_S, body_bytes=max_bytes)
        self._length_of = length_of

    async def at_url(self, request: EstimateRequest) -> EstimateRequest:
        """The same, with what the beginning of the recording at its URL tells: how long it is, how large, of which kind.

        Raises:
            SetuError: why it could not be fetched for a job either, by name.
        """
        if request.media_url is None or request.duration_s is not None:
            return request
        with told_of_media(), tempfile.TemporaryFile() as file:
            async with self._client.get(request.media_url, self._limits) as answer:
                demand_recording(answer)
                async for chunk in answer.body():
                    await asyncio.to_thread(file.write, chunk)
                    if file.tell() >= BEGINNING_BYTES:
                        break
                whole_bytes, kind = answer.length_bytes, _kind(answer.media_type)
            seen_bytes = file.tell()
            if whole_bytes is None and seen_bytes < BEGINNING_BYTES:
                whole_bytes = seen_bytes
            return await self._told(request, file, whole_bytes, kind)

    async def at_upload(self, upload: Upload, whole_bytes: int | None) -> EstimateRequest:
        """What is thought of, with what the file tells that was sent, whole or its beginning; it is removed.

        Args:
            upload: of an ``ESTIMATE_FORM``.
            whole_bytes: how large the recording is; None: the file is all of it.
        """
        media = upload.media
        if media is None:
            raise ValueError("an upload without a file has nothing to look at")
        asked = upload.request
        request = EstimateRequest(source_language=asked.source_language, target_languages=asked.target_languages)
        try:
            async with self._store.local_file(media) as path, _beginning(path, whole_bytes) as file:
                return await self._told(request, file, whole_bytes or media.bytes, _kind(media.media_type))
        finally:
            await self._store.delete(media.uri)

    async def _told(self, request: EstimateRequest, file: IO[bytes], whole_bytes: int | None, kind: Kind) -> EstimateRequest:
        # As long as the whole, so that what is reckoned from a size comes out right.
        if whole_bytes is not None and file.writable():
            with suppress(OSError):  # longer than files can be here; then it is as long as what was sent
                file.truncate(whole_bytes)
        duration_s = await self._length_of(file)
        return request.model_copy(update={"duration_s": duration_s, "bytes": whole_bytes or request.bytes, "kind": kind})


@asynccontextmanager
async def _beginning(path: Path, whole_bytes: int | None) -> AsyncIterator[IO[bytes]]:
    """What was sent, to be read; where it is only the beginning, a copy that can be made as long as the whole."""
    with path.open("rb") as file, tempfile.TemporaryFile() as copy:
        if whole_bytes is None or whole_bytes <= os.fstat(file.fileno()).st_size:
            yield file
            return
        await asyncio.to_thread(copy.write, file.read(BEGINNING_BYTES))
        yield copy


def _kind(media_type: str) -> Kind:
    return "audio" if media_type.startswith("audio/") else "video"
