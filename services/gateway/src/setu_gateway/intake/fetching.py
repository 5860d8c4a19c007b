"""Recordings that lie at a URL: vetted before a job is taken, and brought into the store by the handler of ``fetches``."""

import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote

import structlog

from setu_common.contracts import Reference
from setu_common.errors import SetuError
from setu_common.http import (
    NameUnresolvable,
    OutsideAnswer,
    OutsideClient,
    OutsideEncoded,
    OutsideLimits,
    OutsideTooLarge,
    OutsideTooSlow,
    OutsideUnavailable,
    UrlRefused,
    parse_retry_after,
)
from setu_common.operations import Work
from setu_common.store import Store
from setu_gateway.errors import (
    MediaEmpty,
    MediaUrlNotFound,
    MediaUrlNotServed,
    MediaUrlRefused,
    MediaUrlTooLarge,
    MediaUrlTooSlow,
    MediaUrlUnavailable,
    MediaUrlUnresolvable,
    MediaUrlWrongType,
)
from setu_gateway.intake.form import OTHER_MEDIA_TYPE
from setu_gateway.intake.upload import display_name, name_in
from setu_gateway.pipeline.kinds import Fetched, FetchRequest
from setu_gateway.settings import OutsideSettings

log = structlog.get_logger()

MEGABYTE: Final = 1e6
LONGEST_PAUSE_S: Final = 300.0
_TAKEN: Final = re.compile(r"(?:audio|video)/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
# What hosts call recordings that they have no better name for.
_TAKEN_AS_WELL: Final = frozenset(
    {"", OTHER_MEDIA_TYPE, "binary/octet-stream", "application/x-binary", "application/ogg", "application/mp4", "application/mxf",
     "application/x-matroska", "application/vnd.rn-realmedia", "application/force-download", "application/download"}
)  # fmt: skip
# Lists of other addresses, which Setu does not go on to.
_PLAYLISTS: Final = frozenset(
    {"audio/mpegurl", "audio/x-mpegurl", "audio/x-scpls", "audio/x-pn-realaudio", "video/x-ms-asf-plugin"}
)
_GONE: Final = frozenset({404, 410})
_COME_BACK: Final = frozenset({408, 425, 429})
_SERVER_ERROR: Final = 500
# Source: RFC 6266 (Content-Disposition), RFC 8187 (its encoded form).
_ENCODED_NAME: Final = re.compile(r"filename\*\s*=\s*utf-8'[^']*'([^;\s]+)", re.IGNORECASE)
_PLAIN_NAME: Final = re.compile(r'filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))', re.IGNORECASE)


class Fetcher:
    """Fetches recordings.

    Args:
        store: where they go.
        client: goes out, guarded.
        settings: how long it may take.
        max_bytes: the largest recording that is taken.
        clock: monotonic, seconds.
    """

    def __init__(
        self,
        store: Store,
        client: OutsideClient,
        settings: OutsideSettings,
        *,
        max_bytes: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._client = client
        self._limits = OutsideLimits(idle_s=settings.fetch_idle_s, total_s=settings.fetch_total_s, body_bytes=max_bytes)
        self._clock = clock

    async def __call__(self, request: FetchRequest, work: Work) -> Fetched:
        """Fetch one recording. What came of one that can't be taken whole is removed.

        Raises:
            SetuError: why it can't be fetched, by name (see ``setu_gateway.errors``).
        """
        with told_of_media():
            async with self._client.get(request.url, self._limits) as answer:
                demand_recording(answer)
                media = await self._stored(answer, work)
                log.info("media.fetched", host=answer.url.host, bytes=media.bytes)
                return Fetched(media=media, media_name=name_of(answer), host=answer.url.host)

    async def _stored(self, answer: OutsideAnswer, work: Work) -> Reference:
        async with self._store.writer(work.tenant, answer.media_type or OTHER_MEDIA_TYPE) as writer:
            async for chunk in self._with_progress(answer, work):
                await writer.write(chunk)
            if writer.bytes == 0:
                raise MediaEmpty("The file at the media URL has no bytes; check the link.")
            return await writer.finish()

    async def _with_progress(self, answer: OutsideAnswer, work: Work) -> AsyncIterator[bytes]:
        since_s, taken_bytes, whole_bytes = self._clock(), 0, answer.length_bytes
        of_whole = f" of {whole_bytes / MEGABYTE:.1f}" if whole_bytes else ""
        async for chunk in answer.body():
            yield chunk
            taken_bytes += len(chunk)
            rate = taken_bytes / MEGABYTE / max(self._clock() - since_s, 1e-3)
            work.progress(
                taken_bytes / whole_bytes if whole_bytes else 0.0,
                f"fetching: {taken_bytes / MEGABYTE:.1f}{of_whole} MB, {rate:.1f} MB/s",
            )


def demand_recording(answer: OutsideAnswer) -> None:
    """Go on only if an answer is what one hopes for, as far as its head tells.

    Raises:
        SetuError: what it is instead, by name.
    """
    if not answer.ok:
        raise _not_served(answer)
    kind = answer.media_type
    if kind in _PLAYLISTS or not (kind in _TAKEN_AS_WELL or _TAKEN.fullmatch(kind)):
        shown = kind if re.fullmatch(r"[a-z0-9!#$&^_.+/-]{1,80}", kind) else "something else"
        raise MediaUrlWrongType(
            f"The host says that it is {shown}, and not sound or video. Give a link to the file itself, not to a page or a playlist about it."
        )


def _not_served(answer: OutsideAnswer) -> SetuError:
    status = answer.status
    if status in _GONE:
        return MediaUrlNotFound(f"The host answers {status}: the file is not there (any more); check the link.")
    if status in _COME_BACK or status >= _SERVER_ERROR:
        retry_after_s = parse_retry_after(answer.headers.get("retry-after"), datetime.now(UTC))
        return MediaUrlUnavailable(
            f"The host answers {status}; try again later.",
            retry_after_s=min(retry_after_s, LONGEST_PAUSE_S) if retry_after_s is not None else None,
        )
    return MediaUrlNotServed(f"The host answers {status}. Give a link that works without signing in, such as a signed one.")


@contextmanager
def told_of_media() -> Iterator[None]:
    """Tell what goes wrong outside as what is wrong with a media URL.

    Raises:
        SetuError: by name.
    """
    try:
        yield
    except UrlRefused as error:
        raise MediaUrlRefused(error.detail) from error
    except NameUnresolvable as error:
        raise MediaUrlUnresolvable(error.detail) from error
    except OutsideTooLarge as error:
        raise MediaUrlTooLarge(
            f"{error.detail} Audio alone is enough and much smaller.", limit_bytes=error.context.get("limit_bytes")
        ) from error
    except OutsideTooSlow as error:
        raise MediaUrlTooSlow(f"{error.detail} Upload the file instead, or try again later.") from error
    except OutsideEncoded as error:
        raise MediaUrlWrongType(error.detail) from error
    except OutsideUnavailable as error:
        raise MediaUrlUnavailable(error.detail) from error


def name_of(answer: OutsideAnswer) -> str:
    """The file's name as its host tells it, for people; never a path."""
    told = answer.headers.get("content-disposition", "")
    if found := _ENCODED_NAME.search(told):
        return display_name(unquote(found[1]))
    if found := _PLAIN_NAME.search(told):
        return display_name(found[1] or found[2] or "")
    return name_in(answer.url)
