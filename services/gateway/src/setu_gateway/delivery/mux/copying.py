"""Tracks on their way from one container into another, as they are: nothing is decoded, nothing encoded."""

import heapq
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from operator import itemgetter
from typing import IO, Any, Final, NoReturn

import av
import av.audio.stream  # these are imported by av when first needed: too late, in a process that can open nothing
import av.subtitles.codeccontext
import av.subtitles.stream
import av.subtitles.subtitle
import av.video.stream
from av.codec.context import CodecContext
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition, Stream

from setu_gateway.delivery.mux.order import SubtitleTrack
from setu_gateway.delivery.mux.refusals import Refused

READ_BYTES: Final = 1 << 20
TOLD_EACH: Final = 64  # packets

# ffmpeg's demuxers for files that people have. Not among them: those that open other files (hls, dash, concat, image2),
# devices, subtitles and raw data, which match anything.
CONTAINERS: Final = (
    "aac", "ac3", "aiff", "amr", "ape", "asf", "au", "avi", "caf", "dts", "eac3", "flac", "flv", "loas", "matroska", "webm",
    "mov", "mp4", "m4a", "3gp", "3g2", "mj2", "mp3", "mpeg", "mpegts", "mxf", "ogg", "rm", "tta", "voc", "w64", "wav", "wv",
)  # fmt: skip

# Where a container does not tell how sound is sampled, a frame of it is decoded to learn that. Pictures never are.
SOUND: Final = (
    "aac", "aac_latm", "ac3", "eac3", "dca", "flac", "mp1", "mp1float", "mp2", "mp2float", "mp3", "mp3float", "opus", "vorbis",
)  # fmt: skip

# What Matroska holds of subtitles that a file has already. Source: ffmpeg, libavformat/matroska.c, ff_mkv_codec_tags.
SUBTITLES: Final = frozenset(
    {"subrip", "srt", "ass", "ssa", "webvtt", "text", "dvd_subtitle", "dvdsub", "dvb_subtitle", "dvbsub", "hdmv_pgs_subtitle", "pgssub"}
)  # fmt: skip


Timed = tuple[float, "Packet[Any]"]  # Any: of tracks of all kinds
"""A packet, and when it is played, seconds."""


@dataclass(frozen=True)
class Copied:
    """What became of a file's tracks.

    Args:
        tracks: how many the result has.
        left_out: what kinds of tracks it does not have, since Matroska holds none such.
    """

    tracks: int
    left_out: tuple[str, ...]


def copy(
    media: IO[bytes], subtitles: Sequence[SubtitleTrack], result: IO[bytes], on_progress: Callable[[float], None]
) -> Copied:
    """Copy sound and pictures of a media file, and subtitles beside them, into a Matroska file.

    Packets are written in order of time as they are read, so that the memory held does not grow with the file.

    Args:
        media: the media file.
        subtitles: become tracks, in this order, in front of those that the media file has.
        result: takes the Matroska file.
        on_progress: told with each packet what share of the media file was read, 0..1.

    Raises:
        Refused: a track can't be copied.
        FFmpegError: it is not media, or damaged.
    """
    with ExitStack() as open_files, opened(media) as source:
        texts = [open_files.enter_context(_opened_text(track)) for track in subtitles]
        taken, left_out = chosen(source)
        with av.open(result, "w", format="matroska", io_open=_refuse_others, buffer_size=READ_BYTES) as target:
            pictures_and_sound = [stream for stream in taken if stream.type != "subtitle"]
            ways = {stream.index: _copied(target, stream) for stream in pictures_and_sound}
            lines = [_lines(text, _titled(target, text, track)) for text, track in zip(texts, subtitles, strict=True)]
            ways |= {stream.index: _copied(target, stream) for stream in taken if stream.type == "subtitle"}
            size_bytes = max(1, os.fstat(media.fileno()).st_size)
            _start(target, pictures_and_sound)
            packets = _merged(_packets(source, taken, ways), heapq.merge(*lines, key=itemgetter(0)))
            for count, packet in enumerate(packets):
                target.mux_one(packet)
                if count % TOLD_EACH == 0:
                    on_progress(min(1.0, media.tell() / size_bytes))
            return Copied(len(ways) + len(lines), left_out)


@contextmanager
def opened(media: IO[bytes]) -> Iterator[InputContainer]:
    """Open a media file. Nothing but the file is read: playlists and the like would open other files and hosts."""
    options = {
        "format_whitelist": ",".join(CONTAINERS),
        "codec_whitelist": ",".join(SOUND),
        "protocol_whitelist": "pipe",
        "fflags": "+genpts",  # some containers, such as AVI, tell only the order
    }
    with av.open(
        media, "r", options=options, metadata_errors="replace", buffer_size=READ_BYTES, io_open=_refuse_others
    ) as container:
        yield container


def chosen(source: InputContainer) -> tuple[list[Stream], tuple[str, ...]]:
    """The tracks that are copied, and the kinds of those that are not.

    Raises:
        Refused: there is neither sound nor a picture among them.
    """
    taken: list[Stream] = []
    left_out: list[str] = []
    for stream in source.streams:
        context: CodecContext | None = stream.codec_context  # None where there is no decoder, whatever its type says
        name = context.name if context is not None else "unknown"
        cover = bool(stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails))
        played = stream.type in ("video", "audio") and context is not None and not cover
        if played or (stream.type == "subtitle" and name in SUBTITLES):
            taken.append(stream)
        else:
            left_out.append("cover" if cover else f"{stream.type} ({name})")
    if not any(stream.type in ("video", "audio") for stream in taken):
        raise Refused("The media has neither sound nor pictures that can be copied; fetch the subtitles as files instead.")
    return taken, tuple(dict.fromkeys(left_out))


def _refuse_others(*_: object) -> NoReturn:
    raise PermissionError("a media file asked for another file")


def _opened_text(track: SubtitleTrack) -> InputContainer:
    file = os.fdopen(track.fd, "rb")
    return av.open(file, "r", format="srt", options={"protocol_whitelist": "pipe"}, io_open=_refuse_others)


def _copied(target: OutputContainer, stream: Stream) -> Stream:
    try:
        copied = target.add_stream_from_template(stream)
    except ValueError as error:
        raise _no_place(stream.codec_context.name) from error
    copied.metadata.update({name: stream.metadata[name] for name in ("language", "title") if name in stream.metadata})
    copied.disposition = stream.disposition & ~Disposition.default if stream.type == "subtitle" else stream.disposition
    return copied


def _titled(target: OutputContainer, text: InputContainer, track: SubtitleTrack) -> Stream:
    stream = target.add_stream_from_template(text.streams[0])
    stream.metadata.update({"language": track.language, "title": track.title})
    stream.disposition = (Disposition.default if track.default else Disposition(0)) | (
        Disposition.original if track.captions else Disposition(0)
    )
    return stream


def _start(target: OutputContainer, streams: Sequence[Stream]) -> None:
    """Write the head, which tells whether Matroska has a place for each track."""
    try:
        target.start_encoding()
    except FFmpegError as error:
        raise _no_place(", ".join(dict.fromkeys(stream.codec_context.name for stream in streams))) from error


def _no_place(codecs: str) -> Refused:
    return Refused(
        f"Matroska can't hold the tracks of this media as they are ({codecs}), and Setu does not re-encode them. "
        "Fetch the subtitles as files, or convert the media to MP4 or MKV and submit it again."
    )


def _packets(source: InputContainer, taken: Sequence[Stream], ways: dict[int, Stream]) -> "Iterator[Timed]":
    """The media's packets, on a clock that begins with the recording, as that of its transcript does."""
    begins_s = (source.start_time or 0) / av.time_base
    ticks_s = {stream.index: float(stream.time_base or 0) for stream in taken}
    shifts = {index: round(begins_s / tick_s) if tick_s else 0 for index, tick_s in ticks_s.items()}
    for packet in source.demux(list(taken)):
        if packet.size == 0:
            continue  # what ends a track
        index = packet.stream_index
        if shift := shifts[index]:
            packet.pts = None if packet.pts is None else packet.pts - shift
            packet.dts = None if packet.dts is None else packet.dts - shift
        packet.stream = ways[index]
        yield (packet.dts or 0) * ticks_s[index], packet


def _lines(text: InputContainer, stream: Stream) -> "Iterator[Timed]":
    tick_s = float(text.streams[0].time_base or 0)
    for packet in text.demux(text.streams[0]):
        if packet.size:
            packet.stream = stream
            yield (packet.pts or 0) * tick_s, packet


def _merged(media: "Iterator[Timed]", lines: "Iterator[Timed]") -> "Iterator[Packet[Any]]":
    """Lines come before the packets that are played after them. The media's own order, which is not only of time, is kept."""
    line = next(lines, None)
    for now_s, packet in media:
        while line is not None and line[0] <= now_s:
            yield line[1]
            line = next(lines, None)
        yield packet
    while line is not None:
        yield line[1]
        line = next(lines, None)
