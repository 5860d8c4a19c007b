"""A look at a recording that is only thought of: how long it is, by its beginning, and its end if it was sent. Nothing of it is kept.

What lies between is not read: that may be gigabytes, and none of it tells a length. Where a format keeps its index, it is at the beginning or at
the end (MP4's may be at either; MPEG-TS and Ogg have times there). An MP4's index is read whole or not believed: its tables, cut, tell the length
of what is left of them.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import IO, Final, Literal

from setu_common.contracts import Reference
from setu_common.contracts.cost import EstimateRequest
from setu_common.http import OutsideClient, OutsideLimits
from setu_common.store import Store
from setu_gateway.intake.boxes import Index, index_of
from setu_gateway.intake.fetching import demand_recording, told_of_media
from setu_gateway.intake.form import MEDIA, FieldRule
from setu_gateway.intake.requests import request_of_form
from setu_gateway.intake.upload import FormShape, Upload

HOST_S: Final = 20.0
FIELDS: Final[Mapping[str, FieldRule]] = {"source_language": FieldRule(), "target_languages": FieldRule(repeatable=True)}


ESTIMATE_FORM: Final = FormShape(MEDIA, FIELDS, request_of_form)

Kind = Literal["audio", "video"]


@dataclass(frozen=True)
class Bounds:
    """How much of a recording is looked at.

    Args:
        fetched_bytes: of the beginning of one at a URL.
        sent_bytes: of the beginning, and of the end, of one that is sent; and of one at a URL whose index takes more than that. An index is
            so large after some ten hours of a film: 12 bytes a picture, 4 a packet of sound.
        index_bytes: of an index, where it is sent.
    """

    fetched_bytes: int = 4 << 20
    sent_bytes: int = 16 << 20
    index_bytes: int = 64 << 20


class Looking:
    """Looks at recordings.

    Args:
        store: has what is sent.
        client: goes out to hosts, guarded.
        max_bytes: the largest recording that is taken.
        length_of: how long an open file is, seconds; None if that can't be told.
        bounds: how much is looked at.
    """

    def __init__(
        self,
        store: Store,
        client: OutsideClient,
        max_bytes: int,
        length_of: Callable[[IO[bytes]], Awaitable[float | None]],
        bounds: Bounds = Bounds(),
    ) -> None:
        self._store = store
        self._client = client
        self._limits = OutsideLimits(idle_s=HOST_S, total_s=HOST_S, body_bytes=max_bytes)
        self._length_of = length_of
        self._bounds = bounds

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
                whole_bytes, kind = answer.length_bytes, _kind(answer.media_type)
                seen_bytes, all_of_it = await self._fetched(answer.body(), file, whole_bytes)
            if whole_bytes is None and all_of_it:
                whole_bytes = seen_bytes
            return await self._told(request, file, seen_bytes, whole_bytes, kind)

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
            async with self._parts(media, whole_bytes) as (file, seen_bytes):
                return await self._told(request, file, seen_bytes, whole_bytes, _kind(media.media_type))
        finally:
            await self._store.delete(media.uri)

    async def _fetched(self, body: AsyncIterator[bytes], file: IO[bytes], whole_bytes: int | None) -> tuple[int, bool]:
        """Write the beginning, and what more an index takes: how much that is, and whether it is all there is."""
        wanted = self._bounds.fetched_bytes
        async for chunk in body:
            await asyncio.to_thread(file.write, chunk)
            seen_bytes = file.tell()
            if seen_bytes < wanted:
                continue
            index = await asyncio.to_thread(index_of, file, seen_bytes, whole_bytes)
            if index is None or not index.cut_at(seen_bytes) or index.stop > self._bounds.sent_bytes:
                return seen_bytes, False
            wanted = index.stop
            file.seek(seen_bytes)
        return file.tell(), True

    @asynccontextmanager
    async def _parts(self, media: Reference, whole_bytes: int) -> AsyncIterator[tuple[IO[bytes], int]]:
        """What of a recording tells how long it is, each part in its place in a file that has holes between them.

        With it goes how much of the beginning is there without a hole.
        """
        with tempfile.TemporaryFile() as file:

            async def read(start: int, stop: int) -> None:
                file.seek(start)
                async for chunk in self._store.stream(media, start=start, stop=stop):
                    await asyncio.to_thread(file.write, chunk)

            seen_bytes = min(media.bytes, self._bounds.sent_bytes)
            await read(0, seen_bytes)
            index = await asyncio.to_thread(index_of, file, seen_bytes, whole_bytes)
            for start, stop in _further(seen_bytes, media.bytes, whole_bytes, index, self._bounds):
                await read(start, stop)
                seen_bytes = stop if start == seen_bytes else seen_bytes
            yield file, seen_bytes

    async def _told(
        self, request: EstimateRequest, file: IO[bytes], seen_bytes: int, whole_bytes: int | None, kind: Kind
    ) -> EstimateRequest:
        index = await asyncio.to_thread(index_of, file, seen_bytes, whole_bytes)
        # As long as the whole, so that what is reckoned from a size comes out right.
        if whole_bytes is not None:
            with suppress(OSError):  # longer than files can be here; then it is as long as what was sent
                file.truncate(whole_bytes)
        duration_s = None if index is not None and index.cut_at(seen_bytes) else await self._length_of(file)
        return request.model_copy(update={"duration_s": duration_s, "bytes": whole_bytes or request.bytes, "kind": kind})


def _further(
    seen_bytes: int, sent_bytes: int, whole_bytes: int, index: Index | None, bounds: Bounds
) -> Iterator[tuple[int, int]]:
    """The parts of what was sent that are looked at beside its beginning, from and to, in order."""
    if index is not None and index.cut_at(seen_bytes) and index.stop <= sent_bytes:
        if index.stop - index.start > bounds.index_bytes:
            return
        yield seen_bytes, index.stop
        seen_bytes = index.stop
    if sent_bytes < whole_bytes:
        return
    end = sent_bytes - bounds.sent_bytes
    if index is not None and seen_bytes <= index.start and sent_bytes - index.start <= bounds.index_bytes:
        end = min(end, index.start)
    end = max(seen_bytes, end)
    if end < sent_bytes:
        yield end, sent_bytes


def _kind(media_type: str) -> Kind:
    return "audio" if media_type.startswith("audio/") else "video"
