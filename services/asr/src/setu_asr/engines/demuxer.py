"""From a media file to decoded audio."""

import errno
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

import av
import numpy as np
import structlog
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet

from setu_asr.domain.audio import RATE_HZ, Recording
from setu_asr.engines.containers import CONTAINERS, Declared, Outside, declared, look
from setu_asr.errors import MediaEmpty, MediaTooLong, MediaTruncated, MediaUnreadable, MediaWithoutAudio, ScratchFull

READ_BYTES: Final = 1 << 20
GAP_S: Final = 0.1  # a smaller step between two frames' times is rounding, not a gap. Source: swresample's min_hard_comp
JUMP_S: Final = 600.0  # a larger one is a clock that was reset, not a silence
MISSING_S: Final = 0.5
MISSING_SHARE: Final = 0.05

log = structlog.get_logger()


def decode(path: Path, scratch_folder: Path | None, max_duration_s: float, on_progress: Callable[[float], None]) -> Recording:
    """Decode a file's best audio track. Times are kept: where the file has a gap, the recording has a silence.

    Args:
        path: the file; nothing that it may refer to is opened.
        scratch_folder: where the decoded audio lies, unnamed, as long as the recording is in use.
        max_duration_s: longer recordings are refused.
        on_progress: told the share that was read, 0..1, with each packet; what it raises ends the work.

    Raises:
        MediaEmpty, MediaUnreadable, MediaWithoutAudio, MediaTruncated, MediaTooLong: as they say.
        ScratchFull: no room for the decoded audio.
    """
    if path.stat().st_size == 0:
        raise MediaEmpty("The file has 0 bytes. Check that the recording was saved, then upload it again.")
    with path.open("rb") as file, tempfile.TemporaryFile(dir=scratch_folder) as pcm:
        outside = look(file)
        # Read through a file object and only as a known container: playlists and the like would open other files and hosts.
        options = {"format_whitelist": ",".join(CONTAINERS), "protocol_whitelist": "pipe"}
        try:
            with av.open(file, "r", options=options, metadata_errors="replace", buffer_size=READ_BYTES) as container:
                track = _Track(container, outside, file, pcm, max_duration_s=max_duration_s, on_progress=on_progress)
                track.read()
            pcm.flush()
        except FFmpegError as error:
            raise _unreadable(error, outside) from error
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise ScratchFull("The worker has no room for the decoded audio; try again later.", retry_after_s=60) from error
            raise
        track.judge()
        return Recording(np.memmap(pcm, dtype=np.int16, mode="r"))


def _unreadable(error: FFmpegError, outside: Outside) -> MediaTruncated | MediaUnreadable:
    log.info("media.unreadable", error=type(error).__name__, cut=outside.cut)
    if outside.cut:
        return MediaTruncated(_incomplete("a part without which it can't be opened is missing"))
    return MediaUnreadable(
        "The file is not audio or video that can be read here, or its beginning is damaged. Check that it plays, "
        "then upload it again, or convert it to MP4, MKV, MP3 or WAV first."
    )


def _incomplete(what: str) -> str:
    return f"The recording is incomplete: {what}. It was probably cut off or damaged on its way; upload the whole file again."


class _Track:
    """One audio track on its way into a file of samples."""

    def __init__(
        self,
        container: InputContainer,
        outside: Outside,
        file: IO[bytes],
        pcm: IO[bytes],
        *,
        max_duration_s: float,
        on_progress: Callable[[float], None],
    ) -> None:
        stream = container.streams.best("audio")
        if not isinstance(stream, AudioStream):
            kinds = sorted({other.type for other in container.streams})
            raise MediaWithoutAudio(
                f"The file has no audio track that can be read (it has: {', '.join(kinds) or 'nothing'}). "
                "Upload a recording with sound."
            )
        self._stream = stream
        self._container = container
        self._file_bytes = max(1, container.size)
        self._file = file
        self._pcm = pcm
        self._max_duration_s = max_duration_s
        self._on_progress = on_progress
        self._outside = outside
        self._declared: Declared = declared(container, stream, mp3_tells_length=outside.mp3_tells_length)
        self._offset_s = -(container.start_time or 0) / av.time_base
        self._resampler: AudioResampler | None = None
        self._shape: tuple[str, str, int] | None = None
        self._written = 0  # samples
        self._end_s = 0.0  # of the last frame, on the recording's clock
        self._seen_s = 0.0  # of any packet of any track
        self._lost_s = 0.0  # silence put in place of what is not there
        self._failures = 0

    def read(self) -> None:
        """Decode all of it."""
        watched = [stream for stream in self._container.streams if stream.type in ("audio", "video")]
        with suppress(EOFError):
            for packet in self._container.demux([self._stream] if self._declared.of_track else watched):
                self._on_progress(min(1.0, self._file.tell() / self._file_bytes))
                self._see(packet)
                if packet.stream_index == self._stream.index:
                    self._decode(packet)
        self._resample(None)

    def judge(self) -> None:
        """Say what is wrong with it, if anything is, now that all was read."""
        if self._written == 0:
            if self._failures or self._outside.cut:
                raise MediaTruncated(_incomplete("none of its audio could be decoded"))
            raise MediaEmpty("The file's audio track has no sound data in it. Check the recording, then upload it again.")
        reached_s = max(self._end_s, 0.0 if self._declared.of_track else self._seen_s)
        whole_s = max(self._declared.duration_s or 0.0, reached_s)
        missing_s = max(0.0, whole_s - reached_s) + (self._lost_s if self._failures else 0.0)
        if missing_s > max(MISSING_S, MISSING_SHARE * whole_s):
            raise MediaTruncated(
                _incomplete(f"{missing_s:.1f} of {whole_s:.1f} seconds are missing or can't be decoded"),
                declared_s=round(whole_s, 3),
                missing_s=round(missing_s, 3),
            )
        if self._outside.cut:
            raise MediaTruncated(_incomplete("the file is shorter than its header says"))
        if self._failures:
            log.warning("media.partly_undecodable", failures=self._failures, lost_s=round(self._lost_s, 3))

    def _see(self, packet: "Packet[Any]") -> None:
        if packet.pts is not None and packet.time_base is not None:
            end_s = float((packet.pts + (packet.duration or 0)) * packet.time_base) + self._offset_s
            self._seen_s = max(self._seen_s, end_s)

    def _decode(self, packet: "Packet[Any]") -> None:
        try:
            frames = self._stream.decode(packet)
        except EOFError:
            return
        except FFmpegError:
            self._failures += 1  # one broken packet is no reason to lose the others
            return
        for frame in frames:
            self._place(frame)
            self._resample(frame)

    def _place(self, frame: AudioFrame) -> None:
        """Fill a gap before the frame, and keep the clock."""
        start_s = self._end_s if frame.time is None else frame.time + self._offset_s
        gap_s = start_s - self._end_s
        if gap_s > JUMP_S or gap_s < -JUMP_S:
            self._offset_s -= gap_s
            start_s, gap_s = self._end_s, 0.0
        if gap_s > GAP_S:
            self._resample(None)
            if self._written:
                self._lost_s += gap_s
            self._write(np.zeros(max(0, round(start_s * RATE_HZ) - self._written), dtype=np.int16))
        self._end_s = max(self._end_s, start_s + frame.samples / frame.sample_rate)

    def _resample(self, frame: AudioFrame | None) -> None:
        """Give the resampler a frame; without one, take out what it still holds."""
        shape = None if frame is None else (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is not None and shape != self._shape:
            for rest in self._resampler.resample(None):
                self._write(rest.to_ndarray()[0])
            self._resampler = None
        if frame is None:
            return
        if self._resampler is None:
            self._resampler, self._shape = AudioResampler(format="s16", layout="mono", rate=RATE_HZ), shape
        for resampled in self._resampler.resample(frame):
            self._write(resampled.to_ndarray()[0])

    def _write(self, samples: np.ndarray[tuple[int, ...], np.dtype[np.int16]]) -> None:
        self._written += len(samples)
        if self._written > self._max_duration_s * RATE_HZ:
            raise MediaTooLong(
                f"The recording is longer than {self._max_duration_s / 3600:g} hours. Cut it into parts and upload them one by one."
            )
        self._pcm.write(samples.tobytes())
