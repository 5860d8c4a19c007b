"""The handler of ``muxings``: a media file, copied, with subtitles as tracks in it; by a process that can be killed."""

import os
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, NoReturn

import structlog

from setu_common.contracts import LANGUAGE_NAMES
from setu_common.errors import SetuError
from setu_common.operations import Work
from setu_common.sealed.watching import CRASHES, Line, run_sealed
from setu_common.store import Store
from setu_gateway.delivery.mux.order import Limits, Order, SubtitleTrack
from setu_gateway.delivery.tags import TAGS
from setu_gateway.errors import MediaNotMuxable, MediaTooExpensive, MuxerKilled, ScratchFull
from setu_gateway.pipeline.kinds import Muxed, MuxingRequest, SubtitlesToMux

PROCESS: Final = "setu_gateway.delivery.mux.process"
MEDIA_TYPE: Final = "video/matroska"  # Source: RFC 9559

CHUNK_BYTES: Final = 1 << 20
DETAIL_CHARACTERS: Final = 600
COPYING_SHARE: Final = 0.9  # of the work; the rest is bringing it into the store

log = structlog.get_logger()


class Stopped(Exception):
    """The work was asked to stop."""


class Muxer:
    """Puts subtitles into media.

    Args:
        store: the gateway's.
        scratch_folder: where the file is made, unnamed, before it goes to the store; the system's own by default.
        limits: what a file may cost.
    """

    def __init__(self, store: Store, scratch_folder: Path | None = None, limits: Limits | None = None) -> None:
        self._store = store
        self._scratch_folder = scratch_folder
        self._limits = limits or Limits()

    async def __call__(self, request: MuxingRequest, work: Work) -> Muxed:
        """Make one file.

        Raises:
            MediaNotMuxable, MediaTooExpensive: it can't be made of this media.
            MuxerKilled, ScratchFull: it can't be made now.
            ObjectMissing: the media or a subtitle file is not in the store any more.
        """
        async with AsyncExitStack() as objects:
            media = await objects.enter_async_context(self._store.local_file(request.media))
            files = [await objects.enter_async_context(self._store.local_file(each.file)) for each in request.subtitles]
            with tempfile.TemporaryFile(dir=self._scratch_folder) as result:
                made = await work.in_thread(self._made, media, list(zip(request.subtitles, files, strict=True)), result, work)
                async with self._store.writer(work.tenant, MEDIA_TYPE) as writer:
                    size_bytes = max(1, result.seek(0, os.SEEK_END))
                    result.seek(0)
                    while chunk := result.read(CHUNK_BYTES):
                        await writer.write(chunk)
                        work.progress(COPYING_SHARE + (1 - COPYING_SHARE) * writer.bytes / size_bytes, "storing")
                    reference = await writer.finish()
        log.info("media.muxed", bytes=reference.bytes, tracks=made.track_count, left_out=len(made.left_out))
        return Muxed(file=reference, track_count=made.track_count, left_out=made.left_out)

    def _made(self, media: Path, subtitles: Sequence[tuple[SubtitlesToMux, Path]], result: IO[bytes], work: Work) -> "_Made":
        def on_progress(share: float) -> None:
            if work.cancelled:
                raise Stopped
            work.progress(COPYING_SHARE * share, "copying the media's tracks")

        with ExitStack() as files:
            source = files.enter_context(media.open("rb"))
            texts = [files.enter_context(path.open("rb")) for _, path in subtitles]
            tracks = tuple(
                _track(each, text.fileno(), first=place == 0)
                for place, ((each, _), text) in enumerate(zip(subtitles, texts, strict=True))
            )
            return _Watch(source, tracks, result, self._limits, on_progress).run()


def _track(subtitles: SubtitlesToMux, fd: int, *, first: bool) -> SubtitleTrack:
    name = LANGUAGE_NAMES[subtitles.language]
    return SubtitleTrack(
        fd=fd,
        language=TAGS.get(subtitles.language, subtitles.language),
        title=f"{name} (captions)" if subtitles.captions else name,
        captions=subtitles.captions,
        default=first,
    )


@dataclass(frozen=True)
class _Made:
    track_count: int
    left_out: tuple[str, ...]


class _Watch:
    """Starts the process, listens to it, and ends it.

    Args:
        media: the media file.
        tracks: the subtitles, open.
        result: takes the Matroska file.
        limits: what it may cost.
        on_progress: told the share that was read, 0..1, at least every quarter of a second; what it raises ends the work.
    """

    def __init__(
        self,
        media: IO[bytes],
        tracks: tuple[SubtitleTrack, ...],
        result: IO[bytes],
        limits: Limits,
        on_progress: Callable[[float], None],
    ) -> None:
        self._media = media
        self._tracks = tracks
        self._result = result
        self._limits = limits
        self._on_progress = on_progress
        self._size_bytes = os.fstat(media.fileno()).st_size
        self._began_s = time.monotonic()
        self._share = 0.0

    def run(self) -> _Made:
        """Make the file.

        Raises:
            SetuError: it can't be made.
        """
        verdict = run_sealed(PROCESS, self._order, self._note, self._look)
        if verdict.line is None:
            raise self._died(verdict.returncode)
        if verdict.line["kind"] == "refused":
            _refuse(verdict.line)
        return _Made(int(verdict.line["tracks"]), tuple(str(each)[:80] for each in verdict.line["left_out"]))

    def _order(self, report_fd: int) -> Order:
        return Order(
            media_fd=self._media.fileno(),
            result_fd=self._result.fileno(),
            report_fd=report_fd,
            parent_pid=os.getpid(),
            subtitles=self._tracks,
            limits=self._limits,
        )

    def _note(self, told: Line) -> None:
        self._share = max(self._share, min(1.0, float(told["share"])))

    def _look(self) -> None:
        self._on_progress(self._share)
        if time.monotonic() - self._began_s > self._limits.wall_s(self._size_bytes):
            raise _too_expensive("time")

    def _died(self, returncode: int) -> SetuError:
        """Why a process that said nothing ended."""
        log.warning("mux.died", returncode=returncode, share=round(self._share, 3), size_bytes=self._size_bytes)
        if returncode == -signal.SIGXCPU:
            return _too_expensive("computing time")
        if -returncode in CRASHES:
            return MediaNotMuxable(
                "The process that copies media crashed over this file, so it is damaged. Fetch the subtitles as files instead."
            )
        return MuxerKilled(
            "The process was ended from outside, perhaps since the worker's memory is full, or could not begin; try again later."
        )


def _too_expensive(what: str) -> MediaTooExpensive:
    return MediaTooExpensive(
        f"Copying this media takes more {what} than any file of its size should. It is damaged, or was made to do harm. "
        "Fetch the subtitles as files instead."
    )


def _refuse(verdict: Line) -> NoReturn:
    code, detail = str(verdict["code"]), str(verdict["detail"])[:DETAIL_CHARACTERS]
    log.info("mux.refused", code=code, error=str(verdict.get("error", ""))[:80])
    if code == ScratchFull.code:
        raise ScratchFull(detail, retry_after_s=60)
    raise (MediaTooExpensive if code == MediaTooExpensive.code else MediaNotMuxable)(detail)
