"""From a request's body to a recording in the store and a job to be made of it. Memory held: a few megabytes, whatever its size."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError
from starlette.requests import ClientDisconnect

from setu_common.contracts import LANGUAGE_NAMES, FieldProblem, JobRequest, Reference
from setu_common.errors import InvalidRequest
from setu_common.store import Store, Writer
from setu_gateway.errors import TooManyUploads, UnknownLanguage, UploadInterrupted, UploadStalled
from setu_gateway.intake.form import FormLimits, MediaForm, boundary_of, too_large
from setu_gateway.settings import UploadSettings

NAME_CHARS: Final = 255
NAMELESS: Final = "recording"
COME_AGAIN_S: Final = 5.0
# The fields beside the file; True: may be repeated.
FIELDS: Final[dict[str, bool]] = {"source_language": False, "target_languages": True}


@dataclass(frozen=True)
class Upload:
    """A recording that lies in the store, and what is to be done with it."""

    request: JobRequest
    media_name: str
    media: Reference

    @property
    def body_sha256(self) -> str:
        """Tells a repeated request from another one: the recording's hash and the fields, in a fixed form."""
        meant = [self.media.sha256, self.request.model_dump(mode="json")]
        return hashlib.sha256(json.dumps(meant, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


class Intake:
    """Takes uploads.

    Args:
        store: where recordings go.
        settings: what an upload may be.
    """

    def __init__(self, store: Store, settings: UploadSettings) -> None:
        self._store = store
        self._settings = settings
        self._limits = FormLimits(media_bytes=settings.max_upload_bytes)
        self._under_way = 0

    async def receive(
        self, body: AsyncIterator[bytes], *, tenant: str, content_type: str | None, content_length: int | None
    ) -> Upload:
        """Read a body to its end. If anything is wrong with it, nothing of it is left in the store.

        Fields that come before the file are judged before any of the file is stored, those after it at the end.

        Args:
            body: the chunks as they come.
            tenant: whose upload it is.
            content_type: the header.
            content_length: the header, if there is one; a body that says beforehand that it is too large is not read.

        Raises:
            SetuError: what is wrong, by name (see ``setu_gateway.errors``).
        """
        boundary = boundary_of(content_type)
        if content_length is not None and content_length > self._limits.media_bytes + self._limits.envelope_bytes:
            raise too_large(self._limits.media_bytes)
        form = MediaForm(boundary, FIELDS, self._limits)
        async with AsyncExitStack() as resources:
            resources.enter_context(self._counted())
            writer = await self._copy(body, form, tenant, resources)
            form.close()
            request = job_request(form.fields)
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

    async def _copy(self, body: AsyncIterator[bytes], form: MediaForm, tenant: str, resources: AsyncExitStack) -> Writer | None:
        writer: Writer | None = None
        idle_s = self._settings.upload_idle_s
        now = asyncio.get_running_loop().time
        try:
            async with asyncio.timeout(idle_s) as patience:
                async for chunk in self._fast_enough(body, now):
                    begun = form.media_name is not None
                    pieces = form.feed(chunk)
                    if form.media_name is not None and not begun:
                        job_request(form.fields)
                    for piece in pieces:
                        if writer is None:
                            writer = await resources.enter_async_context(self._store.writer(tenant, form.media_type))
                        await writer.write(piece)
                    patience.reschedule(now() + idle_s)
        except ClientDisconnect as error:
            raise UploadInterrupted("The connection ended before the upload did; send it again.") from error
        except TimeoutError as error:
            raise UploadStalled(f"Nothing came for {idle_s:g} s; send it again.") from error
        return writer

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


def job_request(fields: dict[str, list[str]]) -> JobRequest:
    """What a form's fields ask for.

    Raises:
        UnknownLanguage: a language that Setu does not know.
        InvalidRequest: anything else that does not fit.
    """
    source = (fields.get("source_language") or [""])[0].strip().lower()
    targets = [value.strip().lower() for value in fields.get("target_languages", [])]
    unknown = [
        FieldProblem(field=name, message=f"unknown language {_shown(value)!r}")
        for name, value in [("source_language", source), *((f"target_languages.{i}", each) for i, each in enumerate(targets))]
        if value not in LANGUAGE_NAMES and (value or name != "source_language")
    ]
    if unknown:
        raise UnknownLanguage(
            "Give languages by their codes of two or three letters, such as 'hi', 'en' or 'pt'; one in each target_languages field.",
            errors=unknown,
        )
    try:
        return JobRequest(source_language=source or None, target_languages=tuple(dict.fromkeys(targets)))
    except ValidationError as error:
        problems = [FieldProblem(field=".".join(map(str, each["loc"])), message=each["msg"]) for each in error.errors()]
        raise InvalidRequest("Correct the fields named in errors.", errors=problems) from error


def display_name(name: str) -> str:
    """A client's file name as it is shown: its last part, printable, at most 255 characters. It is never used as a path."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(char for char in base if char.isprintable()).strip()
    return printable[:NAME_CHARS] if printable.strip(".") else NAMELESS


def _shown(value: str) -> str:
    return "".join(char for char in value[:20] if char.isprintable())
