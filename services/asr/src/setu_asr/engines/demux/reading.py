"""One audio track on its way into a file of samples."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any, Final, NoReturn

import av
import av.subtitles.stream  # it, and the next, are imported by av when first needed: too late, in a process that can open nothing
import av.video.stream
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Discard, Disposition

from setu_asr.engines.demux.containers import CODECS, CONTAINERS, Declared, Outside, declared
from setu_asr.engines.demux.mixing import FASTEST_HZ, Mixer
from setu_asr.engines.demux.order import SAMPLE_BYTES, Order
from setu_asr.engines.demux.refusals import Empty, Refused, TooLong, Truncated, Unreadable, WithoutAudio, incomplete
from setu_asr.engines.demux.tracks import Track, choose, is_side_title, tidy

READ_BYTES: Final = 1 << 20
GAP_S: Final = 0.1  # a smaller step between two frames' times is rounding, not a gap. Source: swresample's min_hard_comp
JUMP_S: Final = 600.0  # a larger one is a clock that was reset, not a silence
MISSING_S: Final = 0.5
MISSING_SHARE: Final = 0.05
SIDE: Final = Disposition.comment | Disposition.visual_impaired | Disposition.descriptions | Disposition.karaoke
SIDE_LESS: Final = Disposition.clean_effects | Disposition.metadata


@contextmanager
def opened(file: IO[bytes], outside: Outside, order: Order) -> Iterator["Reading"]:
    """Open a file, and choose its track. Nothing but the file is read: playlists and the like would open other files and hosts.

    Raises:
        Refused: it has no track that can be read.
        FFmpegError: it is not media.
    """
    options = {
        "format_whitelist": ",".join(CONTAINERS),
        "codec_whitelist": ",".join(CODECS),  # pictures are never decoded, so their size costs nothing
        "protocol_whitelist": "pipe",
    }
    with av.open(
        file, "r", options=options, metadata_errors="replace", buffer_size=READ_BYTES, io_open=_refuse_others
    ) as container:
        yield Reading(container, outside, file, order)


def _refuse_others(*_: object) -> NoReturn:
    raise PermissionError("a media file asked for another file")


def tracks_of(container: InputContainer) -> list[Track]:
    """A file's audio tracks."""
    found: list[Track] = []
    for stream in container.streams:
        if not isinstance(stream, AudioStream):
            continue
        context: AudioCodecContext | None = stream.codec_context  # None where there is no decoder, whatever its type says
        title = tidy(stream.metadata.get("title", "") or stream.metadata.get("handler_name", ""))
        found.append(
            Track(
                index=stream.index,
                number=len(found) + 1,
                codec=context.name if context else "unknown",
                channels=context.channels if context else 0,
                rate_hz=(context.rate or 0) if context else 0,
                language=tidy(stream.metadata.get("language", "")),
                title="" if title in ("SoundHandler", "Core Media Audio") else title,  # what muxers write unasked
                default=bool(stream.disposition & Disposition.default),
                side=bool(stream.disposition & (SIDE | SIDE_LESS)) or is_side_title(title),
                readable=context is not None and context.name in CODECS,
            )
        )
    return found


class Reading:
    """A file that is open, with one track chosen.

    Args:
        container: the file.
        outside: what its bytes tell.
        file: the same, as it is read.
        order: the rate, the limits, and the language if it is known.

    Attributes:
        description: what the track is, for people.
    """

    def __init__(self, container: InputContainer, outside: Outside, file: IO[bytes], order: Order) -> None:
        tracks = tracks_of(container)
        chosen = choose(tracks, order.language)
        if chosen is None:
            raise _without_audio(container, tracks)
        self.description = chosen.describe(len(tracks))
        stream = container.streams[chosen.index]
        assert isinstance(stream, AudioStream)  # noqa: S101 chosen among those
        stream.codec_context.thread_count = 1
        self._stream = stream
        self._container = container
        self._file = file
        self._file_bytes = max(1, outside.size_bytes)
        self._rate_hz = order.rate_hz
        self._limits = order.limits
        self._outside = outside
        self._declared: Declared = declared(container, stream, mp3_tells_length=outside.mp3_tells_length)
        self._offset_s = -(container.start_time or 0) / av.time_base
        self._mixer = Mixer(order.rate_hz)
        self._written = 0  # samples
        self._end_s = 0.0  # of the last frame, on the recording's clock
        self._seen_s = 0.0  # of any packet of any track
        self._lost_s = 0.0  # silence put in place of what is not there
        self._failures = 0

    @property
    def duration_s(self) -> float:
        """How much sound there is by now."""
        return self._written / self._rate_hz

    def read(self, pcm: IO[bytes], on_progress: Callable[[float, float], None]) -> None:
        """Decode all of it.

        Args:
            pcm: takes int16 samples, mono. It must be empty.
            on_progress: told with each packet what share was read, 0..1, and how many seconds of sound there are.

        Raises:
            Refused: it is too long, or of a kind that can't be mixed.
        """
        watched = [stream for stream in self._container.streams if stream.type in ("audio", "video")]
        if self._declared.of_track:
            watched = [self._stream]
        for stream in self._container.streams:
            if stream not in watched:
                stream.discard = Discard.all
        with suppress(EOFError):
            for packet in self._container.demux(watched):
                on_progress(min(1.0, self._file.tell() / self._file_bytes), self.duration_s)
                self._see(packet)
                if packet.stream_index == self._stream.index:
                    if packet.has_sidedata("encryption_info"):
                        raise Unreadable(
                            "The file's sound is encrypted, as shops and streaming services do it. Upload a recording that any player "
                            "can play."
                        )
                    self._decode(packet, pcm)
        self._write(self._mixer.rest(), pcm)
        pcm.truncate(self._written * SAMPLE_BYTES)  # a silence at the end was only skipped

    def judge(self) -> None:
        """Say what is wrong with it, if anything is, now that all was read.

        Raises:
            Refused: there is nothing in it, or a part is missing.
        """
        if self._written == 0:
            if self._outside.cut or (self._declared.of_track and (self._declared.duration_s or 0.0) > MISSING_S):
                raise Truncated(incomplete("none of its sound is there, or none could be decoded"))
            if self._failures:
                raise Unreadable(
                    "None of the file's sound could be decoded: it is damaged, or not of the kind that it says. Check that it plays, "
                    "or convert it to MP3 or WAV first."
                )
            raise Empty("The file's audio track has no sound data in it. Check the recording, then upload it again.")
        reached_s = max(self._end_s, 0.0 if self._declared.of_track else self._seen_s)
        whole_s = max(self._declared.duration_s or 0.0, reached_s)
        missing_s = max(0.0, whole_s - reached_s) + (self._lost_s if self._failures else 0.0)
        if missing_s > max(MISSING_S, MISSING_SHARE * whole_s):
            raise Truncated(
                incomplete(f"{missing_s:.1f} of {whole_s:.1f} seconds are missing or can't be decoded"),
                declared_s=round(whole_s, 3),
                missing_s=round(missing_s, 3),
            )
        if self._outside.cut:
            raise Truncated(incomplete("the file is shorter than its header says"))

    def _see(self, packet: "Packet[Any]") -> None:
        if packet.pts is not None and packet.time_base is not None:
            end_s = float((packet.pts + (packet.duration or 0)) * packet.time_base) + self._offset_s
            self._seen_s = max(self._seen_s, end_s)

    def _decode(self, packet: "Packet[Any]", pcm: IO[bytes]) -> None:
        try:
            frames = self._stream.decode(packet)
        except (EOFError, MemoryError):
            raise
        except FFmpegError:
            self._failures += 1  # one broken packet is no reason to lose the others
            return
        for frame in frames:
            self._place(frame, pcm)

    def _place(self, frame: AudioFrame, pcm: IO[bytes]) -> None:
        """Fill a gap before the frame, keep the clock, and mix it in."""
        if not 0 < frame.sample_rate <= FASTEST_HZ:
            raise Unreadable(
                f"The file says that its sound has {frame.sample_rate} samples a second, which no recorder makes. "
                "Convert it to MP3 or WAV, then upload that."
            )
        start_s = self._end_s if frame.time is None else frame.time + self._offset_s
        gap_s = start_s - self._end_s
        if abs(gap_s) > JUMP_S:
            self._offset_s -= gap_s
            start_s, gap_s = self._end_s, 0.0
        if gap_s > GAP_S:
            self._write(self._mixer.rest(), pcm)
            if self._written:
                self._lost_s += gap_s
            self._skip(round(start_s * self._rate_hz) - self._written, pcm)
        self._end_s = max(self._end_s, start_s + frame.samples / frame.sample_rate)
        self._write(self._mixer.mix(frame), pcm)

    def _write(self, pieces: Iterator[memoryview], pcm: IO[bytes]) -> None:
        for piece in pieces:
            self._grow(len(piece) // SAMPLE_BYTES)
            pcm.write(piece)

    def _skip(self, samples: int, pcm: IO[bytes]) -> None:
        """Silence: the file has a hole there, which takes no room."""
        if samples > 0:
            self._grow(samples)
            pcm.seek(samples * SAMPLE_BYTES, 1)

    def _grow(self, samples: int) -> None:
        self._written += samples
        if self._written > self._limits.max_duration_s * self._rate_hz:
            raise TooLong.than(self._limits.max_duration_s)


def _without_audio(container: InputContainer, tracks: list[Track]) -> Refused:
    if tracks:
        codecs = ", ".join(sorted({track.codec for track in tracks}))
        return Unreadable(
            f"The file's sound is in a format that can't be decoded here ({codecs}). Convert it to MP3 or WAV, then upload that."
        )
    kinds = sorted({str(stream.type) for stream in container.streams})
    return WithoutAudio(
        f"The file has no audio track that can be read (it has: {', '.join(kinds) or 'nothing'}). Upload a recording with sound."
    )
