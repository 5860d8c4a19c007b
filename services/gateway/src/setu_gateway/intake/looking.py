"""A look at a recording that is only thought of: how long it is, by its beginning, and its end if it was sent. Nothing of it is kept.

What lies between is not read: that may be gigabytes, and none of it tells a length. Where a format keeps its index, it is at the beginning or at
the end (MP4's may be at either; MPEG-TS and Ogg have times there).
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import IO, Final, Literal

from setu_common.contracts import Reference
from setu_common.contracts.cost import EstimateRequest
from setu_common.http import OutsideClient, OutsideLimits
from setu_common.store import Store
from setu_gateway.intake.fetching import demand_recording, told_of_media
from setu_gateway.intake.form import MEDIA, FieldRule
from setu_gateway.intake.requests import request_of_form
from setu_gateway.intake.upload import FormShape, Upload

BEGINNING_BYTES: Final = 4 << 20
END_BYTES: Final = 16 << 20  # the index of some ten hours of a film: 12 bytes a picture, 4 a packet of sound
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
        whole_bytes = max(whole_bytes or 0, media.bytes)
        try:
            async with self._parts(media, whole_bytes) as file:
                return await self._told(request, file, whole_bytes, _kind(media.media_type))
        finally:
            await self._store.delete(media.uri)

    @asynccontextmanager
    async def _parts(self, media: Reference, whole_bytes: int) -> AsyncIterator[IO[bytes]]:
        """What of a recording tells how long it is, each part in its place in a file that has holes between them."""
        with tempfile.TemporaryFile() as file:
            for start, stop in _wanted(media.bytes, whole_bytes):
                file.seek(start)
                async for chunk in self._store.stream(media, start=start, stop=stop):
                    await asyncio.to_thread(file.write, chunk)
            yield file

    async def _told(self, request: EstimateRequest, file: IO[bytes], whole_bytes: int | None, kind: Kind) -> EstimateRequest:
        # As long as the whole, so that what is reckoned from a size comes out right.
        if whole_bytes is not None:
            with suppress(OSError):  # longer than files can be here; then it is as long as what was sent
                file.truncate(whole_bytes)
        duration_s = await self._length_of(file)
        return request.model_copy(update={"duration_s": duration_s, "bytes": whole_bytes or request.bytes, "kind": kind})


def _wanted(sent_bytes: int, whole_bytes: int) -> Iterator[tuple[int, int]]:
    """The parts of what was sent that are looked at, from and to, in order."""
    beginning = min(sent_bytes, BEGINNING_BYTES)
    yield 0, beginning
    end = max(beginning, sent_bytes - END_BYTES)
    if sent_bytes == whole_bytes and end < sent_bytes:
        yield end, sent_bytes


def _kind(media_type: str) -> Kind:
    return "audio" if media_type.startswith("audio/") else "video"
