"""Short speech clips joined to one recording, so that its subtitles are several."""

import os
import struct
import sys
import tempfile
import wave
from array import array
from pathlib import Path

from setu_common.models.errors import NoSuchSample

PAUSE_S = 0.5
FLOAT_FORMAT = 3  # WAVE_FORMAT_IEEE_FLOAT, which the standard library's wave module doesn't read


def sample_recording(clips: Path, language: str, into: Path) -> Path:
    """Join the clips of a language, in order of their names, with half a second of silence between them.

    Args:
        clips: a folder with a folder a language, in which each ``x.wav`` (mono, 32-bit float) has its ``x.txt``.
        language: whose clips.
        into: where the recording is kept; made on first use, each file in one step.

    Returns:
        A 16-bit mono WAV file; the text file beside it has a line a clip.

    Raises:
        NoSuchSample: there are no clips in that language.
        OSError: ``into`` can't be written.
    """
    languages = sorted(folder.name for folder in clips.iterdir() if folder.is_dir())
    if language not in languages:
        raise NoSuchSample(f"there is no speech sample in {language!r}; there are some in {', '.join(languages)}")
    recording, transcript = into / f"{language}.wav", into / f"{language}.txt"
    if recording.is_file() and transcript.is_file():
        return recording
    sources = sorted((clips / language).glob("*.wav"))
    into.mkdir(parents=True, exist_ok=True)
    _write(transcript, "".join(source.with_suffix(".txt").read_text("utf-8").strip() + "\n" for source in sources).encode())
    samples, rate_hz = _join([read_float_wav(source) for source in sources])
    with tempfile.TemporaryFile() as content:
        with wave.open(content, "wb") as writer:
            writer.setnchannels(1)
            writer.setsampwidth(2)
            writer.setframerate(rate_hz)
            writer.writeframes(samples)
        content.seek(0)
        _write(recording, content.read())
    return recording


def read_float_wav(path: Path) -> tuple["array[float]", int]:
    """Read a mono 32-bit float WAV file.

    Returns:
        The samples, -1..1, and their rate in Hz.

    Raises:
        ValueError: it is not such a file.
    """
    content = path.read_bytes()
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise ValueError(f"{path.name} is not a WAV file")
    chunks, offset = {}, 12
    while offset + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, offset)
        chunks[name] = content[offset + 8 : offset + 8 + size]
        offset += 8 + size + size % 2
    layout, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", chunks.get(b"fmt ", bytes(16)))
    if (layout, channels, bits) != (FLOAT_FORMAT, 1, 32) or b"data" not in chunks:
        raise ValueError(f"{path.name} is not mono 32-bit float")
    samples = array("f", chunks[b"data"])
    if sys.byteorder == "big":
        samples.byteswap()
    return samples, rate_hz


def _join(clips: list[tuple["array[float]", int]]) -> tuple[bytes, int]:
    rate_hz = clips[0][1]
    joined = array("h")
    for number, (samples, clip_rate_hz) in enumerate(clips):
        if clip_rate_hz != rate_hz:
            raise ValueError("clips of several sample rates")
        if number:
            joined.extend([0] * int(PAUSE_S * rate_hz))
        joined.extend(round(max(-1.0, min(1.0, sample)) * 32767) for sample in samples)
    if sys.byteorder == "big":
        joined.byteswap()
    return joined.tobytes(), rate_hz


def _write(path: Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(0o644)
        draft.rename(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
