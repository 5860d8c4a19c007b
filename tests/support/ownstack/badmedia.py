"""Files that are no recordings, or not quite."""

import io
import wave
from pathlib import Path

import av
import numpy as np

RATE_HZ = 16_000


def silence(seconds: float = 3.0) -> bytes:
    """A WAV file in which nobody says anything."""
    content = io.BytesIO()
    with wave.open(content, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE_HZ)
        writer.writeframes(bytes(int(seconds * RATE_HZ) * 2))
    return content.getvalue()


def video_without_audio(frames: int = 25) -> bytes:
    """An MP4 file of pictures alone."""
    content = io.BytesIO()
    with av.open(content, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(frames):
            picture = np.full((48, 64, 3), number * 9 % 256, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return content.getvalue()


def m4a(speech: Path, *, index_first: bool) -> bytes:
    """A recording as AAC in MP4, its index at the end, as recorders write it, or first, as it is put on the web."""
    options = {"movflags": "faststart"} if index_first else {}
    path = speech.with_suffix(".m4a")
    with av.open(str(speech)) as source, av.open(str(path), "w", format="mp4", options=options) as container:
        stream = container.add_stream("aac", rate=RATE_HZ)
        for frame in source.decode(audio=0):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path.read_bytes()


def half(content: bytes) -> bytes:
    """What is left of a file whose transfer broke off in the middle."""
    return content[: len(content) // 2]
