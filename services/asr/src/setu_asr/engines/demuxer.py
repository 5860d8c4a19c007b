"""From a media file to decoded audio, by a process that can be killed."""

import os
import signal
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import structlog

from setu_asr.domain.audio import RATE_HZ, Recording
from setu_asr.domain.wav import HEADER_BYTES, plain_samples
from setu_asr.engines.demux.order import Limits, Order
from setu_asr.errors import (
    DecoderKilled,
    MediaEmpty,
    MediaTooExpensive,
    MediaTooLong,
    MediaTruncated,
    MediaUnreadable,
    MediaWithoutAudio,
    ScratchFull,
    UnusableMedia,
)
from setu_common.sealed.watching import CRASHES, Line, run_sealed

PROCESS: Final = "setu_asr.engines.demux.process"
DETAIL_CHARACTERS: Final = 600

PROBLEMS: Final[dict[str, type[UnusableMedia]]] = {
    problem.code: problem
    for problem in (MediaEmpty, MediaUnreadable, MediaWithoutAudio, MediaTruncated, MediaTooLong, MediaTooExpensive)
}

log = structlog.get_logger()


@dataclass(frozen=True)
class Decoded:
    """A recording's sound, and which of the file's tracks it is; ``plain`` if the file has just this, as `setu_asr.domain.wav` writes it."""

    recording: Recording
    track: str
    plain: bool = False


def decode(
    path: Path,
    scratch_folder: Path | None,
    max_duration_s: float,
    on_progress: Callable[[float], None],
    *,
    language: str | None = None,
) -> Recording:
    """Decode a file's best audio track; see `demux`."""
    return demux(path, scratch_folder, Limits(max_duration_s=max_duration_s), on_progress, language=language).recording


def demux(
    path: Path,
    scratch_folder: Path | None,
    limits: Limits,
    on_progress: Callable[[float], None],
    *,
    language: str | None = None,
) -> Decoded:
    """Decode a file's best audio track. Times are kept: where the file has a gap, the recording has a silence.

    The file is opened by a process of its own, which can open nothing else, and which ends when this call does. A WAV file just like
    what `setu_asr.domain.wav` writes is taken as it lies.

    Args:
        path: the file. It must stay as it is while the recording is in use.
        scratch_folder: where the decoded audio lies, unnamed, as long as the recording is in use.
        limits: what the file may cost.
        on_progress: told the share that was read, 0..1, at least every quarter of a second; what it raises ends the work.
        language: the language that is spoken, if it is known: of several tracks, one in it is taken.

    Raises:
        UnusableMedia: MediaEmpty, MediaUnreadable, MediaWithoutAudio, MediaTruncated, MediaTooLong, MediaTooExpensive as they say;
            DecoderKilled if it ended by no fault of the file's.
        ScratchFull: no room for the decoded audio.
    """
    with _opened(path) as file:
        size_bytes = os.fstat(file.fileno()).st_size
        if size_bytes == 0:
            raise MediaEmpty("The file has 0 bytes. Check that the recording was saved, then upload it again.")
        samples = plain_samples(file.read(HEADER_BYTES), size_bytes, RATE_HZ)
        if samples is not None and samples <= limits.max_duration_s * RATE_HZ:
            on_progress(1.0)
            pcm = np.memmap(file, dtype=np.int16, mode="r", offset=HEADER_BYTES, shape=(samples,))
            return Decoded(Recording(pcm), "track 1 of 1: pcm_s16le, mono", plain=True)
        with tempfile.TemporaryFile(dir=scratch_folder) as scratch:
            track = _Watch(file, scratch, limits, size_bytes, on_progress).run(language)
            return Decoded(Recording(np.memmap(scratch, dtype=np.int16, mode="r")), track)


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    # Without waiting: a named pipe would hold the worker for ever.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise MediaUnreadable("This is no file but a device or a pipe. Upload the recording itself.")
        yield file


class _Watch:
    """Starts the process, listens to it, and ends it.

    Args:
        file: the media.
        scratch: takes the sound.
        limits: what it may cost.
        size_bytes: of the media.
        on_progress: see `demux`.
    """

    def __init__(
        self, file: IO[bytes], scratch: IO[bytes], limits: Limits, size_bytes: int, on_progress: Callable[[float], None]
    ) -> None:
        self._file = file
        self._scratch = scratch
        self._limits = limits
        self._size_bytes = size_bytes
        self._on_progress = on_progress
        self._began_s = time.monotonic()
        self._share = 0.0
        self._sound_s = 0.0
        self._track = ""

    def run(self, language: str | None) -> str:
        """Decode, and return the track's description."""

        def order(report_fd: int) -> Order:
            return Order(
                media_fd=self._file.fileno(),
                pcm_fd=self._scratch.fileno(),
                report_fd=report_fd,
                parent_pid=os.getpid(),
                rate_hz=RATE_HZ,
                language=language,
                limits=self._limits,
            )

        verdict = run_sealed(PROCESS, order, self._note, self._look)
        if verdict.line is None:
            raise self._died(verdict.returncode)
        if verdict.line["kind"] == "refused":
            raise _problem(verdict.line)
        self._on_progress(self._share)
        return self._track

    def _look(self) -> None:
        self._on_progress(self._share)
        if time.monotonic() - self._began_s > self._limits.wall_s(self._size_bytes, self._sound_s):
            raise _too_expensive("time")

    def _note(self, told: Line) -> None:
        if told["kind"] == "track":
            self._track = str(told["track"])[:DETAIL_CHARACTERS]
        else:
            self._share = max(self._share, min(1.0, float(told["share"])))
            self._sound_s = float(told["sound_s"])

    def _died(self, returncode: int) -> UnusableMedia:
        """Why a process that said nothing ended."""
        log.warning("demux.died", returncode=returncode, sound_s=round(self._sound_s, 3), size_bytes=self._size_bytes)
        if returncode == -signal.SIGXCPU:
            return _too_expensive("computing time")
        if -returncode in CRASHES:
            return MediaUnreadable(
                "The decoder crashed over this file, so it is damaged in a way that no player should be given. Convert its sound to "
                "MP3 or WAV, then upload that."
            )
        if returncode == -signal.SIGKILL:
            return DecoderKilled(
                "The decoder was ended from outside, perhaps since the worker's memory is full; try again later."
            )
        return MediaUnreadable(
            "The decoder gave up on this file. Check that it plays, then upload it again, or convert it to MP3 or WAV first."
        )


def _too_expensive(what: str) -> MediaTooExpensive:
    return MediaTooExpensive(
        f"Decoding this file takes more {what} than any recording of its size should. It is damaged, or was made to do harm. "
        "Convert its sound to MP3 or WAV, then upload that."
    )


def _problem(verdict: Line) -> UnusableMedia | ScratchFull:
    code, detail = str(verdict["code"]), str(verdict["detail"])[:DETAIL_CHARACTERS]
    log.info("media.refused", code=code, error=str(verdict.get("error", ""))[:80])
    if code == ScratchFull.code:
        return ScratchFull(detail, retry_after_s=60)
    figures: dict[str, Any] = verdict["context"]
    return PROBLEMS[code](detail, **figures)
