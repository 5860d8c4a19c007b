"""What is read, and what may be believed of a file's own account of its length."""

import os
import re
import struct
from dataclasses import dataclass
from typing import IO, Final

import av
from av.audio.stream import AudioStream
from av.container import InputContainer

# ffmpeg's demuxers for files that people have. Not among them: those that open other files (hls, dash, concat, image2),
# devices, subtitles and raw data, which match anything.
CONTAINERS: Final = (
    "aac", "ac3", "aiff", "amr", "ape", "asf", "au", "avi", "caf", "dts", "eac3", "flac", "flv", "loas", "matroska", "webm",
    "mov", "mp4", "m4a", "3gp", "3g2", "mj2", "mp3", "mpeg", "mpegts", "mxf", "ogg", "rm", "tta", "voc", "w64", "wav", "wv",
)  # fmt: skip

# Decoders of sound that people have. Those of old games are not among them, nor is any that decodes pictures.
CODECS: Final = (
    "aac", "aac_fixed", "aac_latm", "ac3", "ac3_fixed", "adpcm_g722", "adpcm_g726", "adpcm_ima_qt", "adpcm_ima_wav", "adpcm_ms",
    "adpcm_swf", "adpcm_yamaha", "alac", "als", "amrnb", "amrwb", "ape", "aptx", "aptx_hd", "atrac1", "atrac3", "atrac3al", "atrac3plus",
    "atrac3plusal", "cook", "dca", "dolby_e", "dsd_lsbf", "dsd_lsbf_planar", "dsd_msbf", "dsd_msbf_planar", "dss_sp", "dvaudio", "eac3",
    "evrc", "flac", "g722", "g723_1", "g726", "g726le", "g728", "g729", "gsm", "gsm_ms", "ilbc", "imc", "libopencore_amrnb",
    "libopencore_amrwb", "libopus", "mace3", "mace6", "mlp", "mp1", "mp1float", "mp2", "mp2float", "mp3", "mp3adu", "mp3adufloat",
    "mp3float", "mp3on4", "mp3on4float", "mpc7", "mpc8", "nellymoser", "opus", "pcm_alaw", "pcm_bluray", "pcm_dvd", "pcm_f16le",
    "pcm_f24le", "pcm_f32be", "pcm_f32le", "pcm_f64be", "pcm_f64le", "pcm_lxf", "pcm_mulaw", "pcm_s16be", "pcm_s16be_planar",
    "pcm_s16le", "pcm_s16le_planar", "pcm_s24be", "pcm_s24daud", "pcm_s24le", "pcm_s24le_planar", "pcm_s32be", "pcm_s32le",
    "pcm_s32le_planar", "pcm_s64be", "pcm_s64le", "pcm_s8", "pcm_s8_planar", "pcm_u16be", "pcm_u16le", "pcm_u24be", "pcm_u24le",
    "pcm_u32be", "pcm_u32le", "pcm_u8", "qcelp", "qdm2", "qdmc", "ralf", "real_144", "real_288", "s302m", "sbc", "shorten", "sipr",
    "speex", "tak", "truehd", "truespeech", "tta", "vorbis", "wavpack", "wmalossless", "wmapro", "wmav1", "wmav2", "wmavoice",
)  # fmt: skip

# Those whose header tells the length; the others' is estimated from what is there, or from the bit rate.
TELLS_LENGTH: Final = frozenset({"mov", "mp4", "matroska", "webm", "flac", "asf", "aiff", "caf", "tta", "wv", "ape", "w64"})
MP3_HEADERS: Final = re.compile(rb"Xing|Info|VBRI")
MP3_HEADER_WITHIN: Final = 4096

PLACEHOLDER: Final = 0x7FFF0000  # sizes from here on are written by those who don't know the length beforehand
SLACK_BYTES: Final = 4096
WHOLE_SHARE: Final = 0.98


@dataclass(frozen=True)
class Declared:
    """How long a file says that it is; None if it doesn't say or can't know.

    Args:
        duration_s: seconds.
        of_track: whether that is the audio track's own length, not the whole file's.
    """

    duration_s: float | None
    of_track: bool


def declared(container: InputContainer, stream: AudioStream, *, mp3_tells_length: bool) -> Declared:
    """What a file says of the length of its audio."""
    names = set(container.format.name.split(","))
    if not (names & TELLS_LENGTH or ("mp3" in names and mp3_tells_length)):
        return Declared(None, of_track=True)
    if stream.duration is not None and stream.time_base is not None:
        return Declared(float(stream.duration * stream.time_base), of_track=True)
    tagged = _clock_s(stream.metadata.get("DURATION", ""))
    if tagged is not None:
        return Declared(tagged, of_track=True)
    whole_s = None if container.duration is None else container.duration / av.time_base
    return Declared(whole_s, of_track=False)


@dataclass(frozen=True)
class Outside:
    """What the bytes tell before anything is decoded.

    Args:
        size_bytes: how large it is.
        cut: the file is clearly shorter than its own structure says.
        mp3_tells_length: if it is an MP3 file, its first frame tells its length.
    """

    size_bytes: int
    cut: bool
    mp3_tells_length: bool


def look(file: IO[bytes]) -> Outside:
    """Look at a file from outside. It is left at its beginning."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(12)
    if head[:4] == b"RIFF" and head[8:] in (b"WAVE", b"AVI "):
        said = struct.unpack_from("<I", head, 4)[0] + 8
        cut = said < PLACEHOLDER and _is_short(size, said)
    else:
        cut = head[4:8] == b"ftyp" and _boxes_are_cut(file, size)
    # An ID3v2 tag may come first; the four bytes of its size have seven bits each.
    tag_bytes = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=False))
    file.seek(tag_bytes if head[:3] == b"ID3" else 0)
    frame = file.read(MP3_HEADER_WITHIN)
    file.seek(0)
    return Outside(size_bytes=size, cut=cut, mp3_tells_length=MP3_HEADERS.search(frame) is not None)


def _is_short(size: int, said: int) -> bool:
    return size < said - SLACK_BYTES and size < said * WHOLE_SHARE


def _boxes_are_cut(file: IO[bytes], size: int) -> bool:
    """Walk the boxes of an MP4 file: one may reach beyond its end, or the index may never come."""
    start, indexed = 0, False
    while start + 8 <= size:
        file.seek(start)
        head = file.read(16)
        length, kind = struct.unpack_from(">I4s", head)
        if length == 1 and len(head) == 16:  # noqa: PLR2004 the length is too long for four bytes and follows in eight
            length = struct.unpack_from(">Q", head, 8)[0]
        elif length == 0:
            length = size - start
        indexed = indexed or kind == b"moov"
        # Without the last bytes of its index a file can't be opened; of its sound some may be missing.
        short = size < start + length if kind == b"moov" else _is_short(size, start + length)
        if length < 8 or short:  # noqa: PLR2004 a box is no shorter than its head
            return True
        start += length
    return not indexed


def _clock_s(text: str) -> float | None:
    """Read "00:01:02.500000000", as Matroska's statistics tags have it."""
    found = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", text.strip())
    if found is None:
        return None
    return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])
