"""From a request's body to a recording in the store and a job to be made of it. Memory held: a few megabytes, whatever its size."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from starlette.requests import ClientDisconnect

from setu_common.contracts import JobRequest, Reference
from setu_common.errors import PayloadTooLarge
from setu_common.http import OutsideUrl, parse_url
from setu_common.store import Store, Writer
from setu_gateway.errors import TooManyUploads, UploadInterrupted, UploadStalled
from setu_gateway.intake.form import MEDIA, FieldRule, FormLimits, MediaForm, boundary_of, media_type_of, too_large
from setu_gateway.intake.requests import FIELDS, JSON_BYTES, request_of_form, request_of_json
from setu_gateway.settings import UploadSettings

NAME_CHARS: Final = 255
NAMELESS: Final = "recording"
COME_AGAIN_S: Final = 5.0
JSON: Final = "application/json"
_FIXED: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True)
class Upload:
    """What is to be done, and the recording: it lies in the store, or is yet to be fetched (None)."""

    request: JobRequest
    media_name: str
    media: Reference | None

    @property
    def body_sha256(self) -> str:
        """Tells a repeated request from another one: the recording's hash and the fields, in a fixed form."""
        meant = [self.media.sha256 if self.media is not None else None, self.request.model_dump(mode="json")]
        return hashlib.sha256(_FIXED.encode(meant).encode()).hexdigest()


@dataclass(frozen=True)
class FormShape:
    """A form that asks for a job.

    Args:
        media_field: the field that is the file.
        fields: the others.
        request: what they ask for. It is called with those that came before the file, then with all of them.
    """

    media_field: str
    fields: Mapping[str, FieldRule]
    request: Callable[[Mapping[str, Sequence[str]]], JobRequest]


JOB_FORM: Final = FormShape(MEDIA, FIELDS, request_of_form)


class Intake:
    """Takes requests for jobs.

    Args:
        store: where recordings go.
        settings: what an upload may be.
        vet: judges what is asked for beyond its form; raises what is wrong with it.
    """

    def __init__(self, store: Store, settings: UploadSettings, vet: Callable[[JobRequest], Awaitable[None]]) -> None:
        self._store = store
        self._settings = settings
        self._vet = vet
        self._limits = FormLimits(media_bytes=settings.max_upload_bytes)
        self._under_way = 0

    async def receive(
        self, body: AsyncIterator[bytes], *, tenant: str, content_type: str | None, content_length: int | None
    ) -> Upload:
        """Read a body to its end. If anything is wrong with it, nothing of it is left in the store.

        Of a form, fields that come before the file are judged before any of the file is stored, those after it at the end.

        Args:
            body: the chunks as they come.
            tenant: whose upload it is.
            content_type: the header.
            content_length: the header, if there is one; a body that says beforehand that it is too large is not read.

        Raises:
            SetuError: what is wrong, by name (see ``setu_gateway.errors``).
        """
        if media_type_of(content_type) == JSON:
            return await self._receive_json(body, content_length)
        return await self.receive_form(
            body, tenant=tenant, content_type=content_type, content_length=content_length, shape=JOB_FORM
        )

    async def _receive_json(self, body: AsyncIterator[bytes], content_length: int | None) -> Upload:
        content = bytearray()

        async def take(chunk: bytes) -> None:
            content.extend(chunk)
            _demand_small(len(content))

        _demand_small(content_length or 0)
        with self._counted():
            await self._each(body, take)
        request = request_of_json(bytes(content))
        await self._vet(request)
        return Upload(request, name_in(parse_url(request.media_url or "")), None)

    async def receive_form(
        self,
        body: AsyncIterator[bytes],
        *,
        tenant: str,
        content_type: str | None,
        content_length: int | None,
        shape: FormShape,
    ) -> Upload:
        """The same of a form alone, of whatever shape."""
        boundary = boundary_of(content_type)
        if content_length is not None and content_length > self._limits.media_bytes + self._limits.envelope_bytes:
            raise too_large(self._limits.media_bytes)
        form = MediaForm(boundary, shape.fields, self._limits, shape.media_field)
        async with AsyncExitStack() as resources:
            resources.enter_context(self._counted())
            writer, vetted = await self._copy(body, form, shape, tenant, resources)
            form.close()
            request = shape.request(form.fields)
            if request != vetted:
                await self._vet(request)
            if writer is None:
                raise AssertionError("a form with a file that is not empty has had a writer")
            media = await writer.finish()
        return Upload(request, display_name(form.media_name or ""), media)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        if self._under_way >= self._settings.max_concurrent_uploads:
            raise TooManyUploads(
                f"{self._under_way} uploads are under way, which is as many as are taken at once. Send it again later.",
                retry_after_s=COME_AGAIN_S,
                limit=self._settings.max_concurrent_uploads,
            )
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1

    async def _copy(
        self, body: AsyncIterator[bytes], form: MediaForm, shape: FormShape, tenant: str, resources: AsyncExitStack
    ) -> tuple[Writer | None, JobRequest | None]:
        """Store the file; returns what it was written with, and what was asked for before it came, which is vetted."""
        writer: Writer | None = None
        vetted: JobRequest | None = None

        async def take(chunk: bytes) -> None:
            nonlocal writer, vetted
            begun = form.media_name is not None
            pieces = form.feed(chunk)
            if form.media_name is not None and not begun:
                vetted = shape.request(form.fields)
                await self._vet(vetted)
            for piece in pieces:
                if writer is None:
                    writer = await resources.enter_async_context(self._store.writer(tenant, form.media_type))
                await writer.write(piece)

        await self._each(body, take)
        return writer, vetted

    async def _each(self, body: AsyncIterator[bytes], take: Callable[[bytes], Awaitable[None]]) -> None:
        """Hand each chunk on as it comes, as long as they do come.

        Raises:
            UploadInterrupted, UploadStalled: they don't.
        """
        idle_s = self._settings.upload_idle_s
        now = asyncio.get_running_loop().time
        try:
            async with asyncio.timeout(idle_s) as patience:
                async for chunk in self._fast_enough(body, now):
                    await take(chunk)
                    patience.reschedule(now() + idle_s)
        except ClientDisconnect as error:
            raise UploadInterrupted("The connection ended before the upload did; send it again.") from error
        except TimeoutError as error:
            raise UploadStalled(f"Nothing came for {idle_s:g} s; send it again.") from error

    async def _fast_enough(self, body: AsyncIterator[bytes], now: Callable[[], float]) -> AsyncIterator[bytes]:
        """The chunks, as long as they come fast enough. Counted is the time that they are waited for, not what our store takes."""
        least, grace_s = self._settings.upload_min_rate_bytes_per_s, self._settings.upload_grace_s
        received_bytes, waited_s, since_s = 0, 0.0, now()
        async for chunk in body:
            received_bytes += len(chunk)
            waited_s += now() - since_s
            if waited_s > grace_s and received_bytes < least * waited_s:
                raise UploadStalled(
                    f"Only {received_bytes} bytes came in {waited_s:.0f} s, less than {least} a second; send it again over a faster line.",
                    received_bytes=received_bytes,
                )
            yield chunk
            since_s = now()


def name_in(url: OutsideUrl) -> str:
    """The name of the file that a URL leads to, as far as it tells."""
    return display_name(unquote(url.target.partition("?")[0]))


def display_name(name: str) -> str:
    """A client's file name as it is shown: its last part, printable, at most 255 characters. It is never used as a path."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(char for char in base if char.isprintable()).strip()
    return printable[:NAME_CHARS] if printable.strip(".") else NAMELESS


def _demand_small(size_bytes: int) -> None:
    if size_bytes > JSON_BYTES:
        raise PayloadTooLarge(f"Send at most {JSON_BYTES} bytes of JSON.", limit_bytes=JSON_BYTES)
