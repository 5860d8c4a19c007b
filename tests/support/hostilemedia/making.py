"""Media from bytes: what no encoder writes."""

import io
import struct
import zlib
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Final

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

RATE_HZ: Final = 16_000
TONE_HZ: Final = 250


def wav(
    data: bytes = bytes(32_000),
    *,
    rate_hz: int = RATE_HZ,
    channels: int = 1,
    bits: int = 16,
    block_bytes: int | None = None,
    tag: int = 1,
    said_bytes: int | None = None,
) -> bytes:
    """A WAV file with whatever header."""
    block = (channels * bits // 8 if block_bytes is None else block_bytes) & 0xFFFF
    form = struct.pack("<HHIIHH", tag, channels, rate_hz, rate_hz * block & 0xFFFFFFFF, block, bits)
    length = len(data) if said_bytes is None else said_bytes
    head = struct.pack("<4sI4s4sI", b"RIFF", (36 + length) & 0xFFFFFFFF, b"WAVE", b"fmt ", len(form)) + form
    return head + struct.pack("<4sI", b"data", length) + data


def sound(
    form: str,
    codec: str,
    *,
    duration_s: float = 2.0,
    rate_hz: int = RATE_HZ,
    starts_at: int = 0,
    step: int = 1,
    options: Mapping[str, str] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> bytes:
    """A whole recording of a tone, encoded.

    Args:
        form: ffmpeg's name of the container.
        codec: of an encoder.
        duration_s: how much is encoded.
        rate_hz: samples a second.
        starts_at: the first time stamp, in samples.
        step: time stamps go so many times as fast as the sound.
        options: of the container.
        metadata: likewise.
    """
    content = io.BytesIO()
    with av.open(content, "w", format=form, options=dict(options or {})) as container:
        container.metadata.update(metadata or {})
        stream = audio(container, codec, rate_hz)
        size = stream.codec_context.frame_size or 1024
        time_s = np.arange(int(duration_s * rate_hz)) / rate_hz
        wave = (0.3 * np.sin(2 * np.pi * TONE_HZ * time_s) * 32767).astype(np.int16)
        for start in range(0, len(wave), size):
            frame = av.AudioFrame.from_ndarray(wave[None, start : start + size], "s16", "mono")
            frame.sample_rate, frame.pts, frame.time_base = rate_hz, start, Fraction(1, rate_hz)
            for packet in stream.encode(frame):
                moved(packet, starts_at, step)
                container.mux(packet)
        for packet in stream.encode(None):
            moved(packet, starts_at, step)
            container.mux(packet)
    return content.getvalue()


def audio(container: OutputContainer, codec: str, rate_hz: int) -> AudioStream:
    """A new track of sound."""
    stream = container.add_stream(codec, rate=rate_hz, layout="mono")
    assert isinstance(stream, AudioStream)
    return stream


def moved(packet: "av.Packet[AudioStream]", by: int, step: int) -> None:
    """Put a packet at another time."""
    if packet.pts is not None and packet.dts is not None:
        packet.pts, packet.dts = packet.pts * step + by, packet.dts * step + by


def repeated(form: str, codec: str, times: int, *, rate_hz: int = 48_000) -> bytes:
    """One silent packet over and over: hours of sound in few bytes."""
    content = io.BytesIO()
    with av.open(content, "w", format=form) as container:
        stream = audio(container, codec, rate_hz)
        stream.time_base = Fraction(1, rate_hz)
        size = stream.codec_context.frame_size or 4096
        packets: list[av.Packet[AudioStream]] = []
        for number in range(4):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, size), np.int16), "s16", "mono")
            frame.sample_rate, frame.pts, frame.time_base = rate_hz, number * size, Fraction(1, rate_hz)
            packets += stream.encode(frame)
        silent = bytes(packets[-1])
        for number in range(times):
            packet = av.Packet(silent)
            packet.stream, packet.time_base = stream, Fraction(1, rate_hz)
            packet.pts = packet.dts = number * size
            packet.duration = size
            container.mux(packet)
    return content.getvalue()


def film(form: str = "mp4", *, sound_s: float = 0.0, codec: str = "mpeg4", width: int = 64, height: int = 48) -> bytes:
    """Five grey pictures, and a tone if one is wanted."""
    content = io.BytesIO()
    with av.open(content, "w", format=form) as container:
        pictures = container.add_stream(codec, rate=25)
        assert isinstance(pictures, VideoStream)
        pictures.width, pictures.height = width, height
        pictures.pix_fmt = {"gif": "rgb8", "png": "rgb24", "mjpeg": "yuvj420p"}.get(codec, "yuv420p")
        heard = audio(container, "aac", RATE_HZ) if sound_s else None
        for number in range(5):
            frame = av.VideoFrame.from_ndarray(np.full((height, width, 3), 40 * number, np.uint8), "rgb24")
            frame.pts = number
            container.mux(pictures.encode(frame))
        container.mux(pictures.encode(None))
        if heard is not None:
            for start in range(0, int(sound_s * RATE_HZ), 1024):
                piece = av.AudioFrame.from_ndarray(np.full((1, 1024), 0.1, np.float32), "fltp", "mono")
                piece.sample_rate, piece.pts = RATE_HZ, start
                container.mux(heard.encode(piece))
            container.mux(heard.encode(None))
    return content.getvalue()


def box(kind: bytes, *inside: bytes, size: int | None = None) -> bytes:
    """A box of an MP4 file, which may lie about its size."""
    body = b"".join(inside)
    return struct.pack(">I4s", 8 + len(body) if size is None else size, kind) + body


def patched(content: bytes, behind: bytes, offset: int, value: bytes) -> bytes:
    """Other bytes at an offset behind the first occurrence of some others."""
    at = content.index(behind) + len(behind) + offset
    return content[:at] + value + content[at + len(value) :]


def element(identity: bytes, body: bytes, size: int | None = None) -> bytes:
    """An element of a Matroska file, its size in eight bytes."""
    return identity + struct.pack(">Q", (1 << 56) | (len(body) if size is None else size)) + body


def matroska(tracks: int, data: bytes = bytes(32_000)) -> bytes:
    """A file of so many tracks, the first of which has the sound: int16, mono, at most 32767 samples."""

    def track(number: int) -> bytes:
        audio = element(b"\xb5", struct.pack(">d", RATE_HZ)) + element(b"\x9f", b"\x01") + element(b"\x62\x64", b"\x10")
        named = element(b"\xd7", struct.pack(">I", number)) + element(b"\x73\xc5", struct.pack(">I", number))
        return element(
            b"\xae", named + element(b"\x83", b"\x02") + element(b"\x86", b"A_PCM/INT/LIT") + element(b"\xe1", audio)
        )

    head = element(b"\x1a\x45\xdf\xa3", element(b"\x42\x82", b"matroska"))
    every = element(b"\x16\x54\xae\x6b", b"".join(map(track, range(1, tracks + 1))))
    block = element(b"\xa3", b"\x81" + struct.pack(">hB", 0, 0x80) + data)
    return head + element(b"\x18\x53\x80\x67", every + element(b"\x1f\x43\xb6\x75", element(b"\xe7", b"\0") + block))


def png(width: int, height: int) -> bytes:
    """The head of a picture of that size, and nothing of the picture."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


def id3(frames: Iterable[tuple[bytes, bytes]], said_bytes: int | None = None) -> bytes:
    """An ID3v2.3 tag, which may lie about its size."""
    body = b"".join(kind + struct.pack(">IH", len(content), 0) + content for kind, content in frames)
    size = len(body) if said_bytes is None else said_bytes
    return b"ID3\x03\x00\x00" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + body
