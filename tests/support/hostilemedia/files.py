"""The files, each with the problem that it has to end in.

Those that point elsewhere point at a canary file and at a loopback address, which whoever uses them watches.
"""

import gzip
import io
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from hostilemedia.making import RATE_HZ, box, element, film, id3, matroska, patched, png, repeated, sound, wav

UNREADABLE: Final = "media-unreadable"
WITHOUT_AUDIO: Final = "media-without-audio"
TRUNCATED: Final = "media-truncated"
TOO_LONG: Final = "media-too-long"
EXPENSIVE: Final = "media-too-expensive"
EMPTY: Final = "media-empty"
READ: Final = ""  # it is sound after all, however odd, and has to be read

LONGEST_S: Final = 600.0  # the bombs are longer than this, so it is to be the limit where they are opened


@dataclass(frozen=True)
class Outside:
    """What files point at.

    Args:
        path: a file that nobody may open.
        url: an address at which nobody may call, without the slash at its end.
    """

    path: str
    url: str


@dataclass(frozen=True)
class Hostile:
    """One file.

    Args:
        file_name: as its sender calls it.
        make: its bytes.
        code: of the problem that it ends in; empty if it has to be read.
    """

    file_name: str
    make: Callable[[], bytes]
    code: str


Entry = tuple[str, Callable[[], bytes], str]


def hostile_media(outside: Outside) -> dict[str, Hostile]:
    """All of them, by what they are."""
    groups = (HEADERS, pointing(outside), BOMBS, BOXES, MATROSKA, STREAMS, ODD_SOUND, NO_SOUND, TAGS)
    return {name: Hostile(*entry) for group in groups for name, entry in group.items()}


HEADERS: Final[Mapping[str, Entry]] = {
    "a header of another kind of file": ("talk.mp3", lambda: b"%PDF-1.7\n" + sound("wav", "pcm_s16le"), UNREADABLE),
    "a page that says not found": ("talk.mp4", lambda: b"<!doctype html><title>404</title>" + b"<p>gone</p>" * 200, UNREADABLE),
    "JSON in place of sound": ("talk.wav", lambda: b'{"error": {"code": 403}}' * 100, UNREADABLE),
    "a WAV header that promises two gigabytes": ("talk.wav", lambda: wav(said_bytes=0x70000000), TRUNCATED),
    "a WAV file without channels": ("talk.wav", lambda: wav(channels=0, block_bytes=2), UNREADABLE),
    "a WAV file of 65535 channels": ("talk.wav", lambda: wav(channels=65535), UNREADABLE),
    "a WAV file without a rate": ("talk.wav", lambda: wav(rate_hz=0), UNREADABLE),
    "a WAV file of two billion samples a second": ("talk.wav", lambda: wav(rate_hz=2_000_000_000), UNREADABLE),
    "a WAV file of no bits": ("talk.wav", lambda: wav(bits=0, block_bytes=0), UNREADABLE),
    "ADPCM blocks of no bytes": ("talk.wav", lambda: wav(tag=0x11, bits=4, block_bytes=0), READ),
    "an AIFF rate that is no number": (
        "talk.aiff",
        lambda: patched(sound("aiff", "pcm_s16be"), b"COMM", 12, b"\x7f\xff" + bytes(8)),
        UNREADABLE,
    ),
    "FLAC that promises days": (
        "talk.flac",
        lambda: patched(sound("flac", "flac"), b"fLaC", 4 + 13, b"\x0f\xff\xff\xff\xff"),
        TRUNCATED,
    ),
    "a TTA index of four billion frames": (
        "talk.tta",
        lambda: b"TTA1" + struct.pack("<HHHII", 1, 1, 16, 8000, 0xFFFFFFF0) + bytes(4096),
        UNREADABLE,
    ),
    "an ID3 tag longer than the file": ("talk.mp3", lambda: id3([], 0x0FFFFFFF) + sound("mp3", "libmp3lame"), UNREADABLE),
    "FLV that nests arrays": (
        "talk.flv",
        lambda: b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00\x12\x00\x40\x00" + bytes(7)
        + b"\x02\x00\x0aonMetaData" + b"\x08\xff\xff\xff\xff\x00\x01a" * 2000,
        UNREADABLE,
    ),
    "ASF objects of no size": (
        "talk.wma",
        lambda: bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + struct.pack("<QIBB", 30, 0xFFFFFFFF, 1, 2) + bytes(24) * 500,
        UNREADABLE,
    ),
}  # fmt: skip


def pointing(outside: Outside) -> Mapping[str, Entry]:
    """Playlists, scripts and references, which would have other files and addresses opened."""
    path, url = outside.path, outside.url
    hls = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n{}#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n"
    mpd = (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT10S">'
        '<Period><AdaptationSet mimeType="audio/mp4"><Representation id="1" bandwidth="1"><BaseURL>{}</BaseURL>'
        "</Representation></AdaptationSet></Period></MPD>"
    )
    texts = {
        "an HLS playlist of a local file": ("list.m3u8", hls.format("", path), UNREADABLE),
        "an HLS playlist of a file URL": ("talk.mp4", hls.format("", f"file://{path}"), UNREADABLE),
        "an HLS playlist of an address": ("list.m3u8", hls.format("", f"{url}/a.ts"), UNREADABLE),
        "an HLS playlist whose key is elsewhere": (
            "list.m3u8", hls.format(f'#EXT-X-KEY:METHOD=AES-128,URI="{url}/key"\n', path), UNREADABLE,
        ),
        "an HLS playlist of joined files": ("list.m3u8", hls.format("", f"concat:{path}|{url}/b"), UNREADABLE),
        "an HLS master playlist": ("list.m3u8", f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{url}/v.m3u8\n", UNREADABLE),
        "a DASH manifest of an address": ("list.mpd", mpd.format(f"{url}/a.mp4"), UNREADABLE),
        "a DASH manifest of a local file": ("list.mpd", mpd.format(f"file://{path}"), UNREADABLE),
        "XML that includes a file": (
            "list.mpd", f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file://{path}">]>' + mpd.format("&e;")[21:], UNREADABLE,
        ),
        "a concat script of a file": ("talk.ffconcat", f"ffconcat version 1.0\nfile '{path}'\n", UNREADABLE),
        "a concat script of an address": ("talk.mp3", f"ffconcat version 1.0\nfile {url}/a.mp3\noption safe 0\n", UNREADABLE),
        "a session description": (
            "talk.sdp",
            f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio {url.rsplit(':', 1)[1]} RTP/AVP 0\n",
            UNREADABLE,
        ),
        "a PLS playlist": ("list.pls", f"[playlist]\nFile1={url}/a.mp3\nNumberOfEntries=1\n", UNREADABLE),
        "an ASX playlist": ("list.asx", f'<asx version="3.0"><entry><ref href="{url}/a.wma"/></entry></asx>', UNREADABLE),
        "a RealAudio reference": ("talk.ram", f"{url}/a.rm\nfile://{path}\n", UNREADABLE),
        "a filter graph": ("talk.lavfi", f"amovie={path}", UNREADABLE),
        "an SVG picture of a file": ("a.svg", f'<svg xmlns="http://www.w3.org/2000/svg"><image href="file://{path}"/></svg>', UNREADABLE),
    }  # fmt: skip
    # A data reference of a QuickTime file: the sound is said to lie in another file.
    reference = box(b"url ", bytes(4), f"file://{path}\0".encode())
    alias = box(
        b"alis", bytes(4), bytes(6) + struct.pack(">H", 150) + bytes(122) + struct.pack(">hh", 1, 1) + bytes(16) + _alias(path)
    )
    return {
        **{name: (file_name, text.encode, code) for name, (file_name, text, code) in texts.items()},
        "QuickTime that says where else its sound is": ("talk.mov", lambda: _referring(reference), READ),
        "QuickTime with its sound behind an alias": ("talk.mov", lambda: _referring(alias), TRUNCATED),
    }


def _alias(path: str) -> bytes:
    """Entries 2 and 18 of an alias record: the absolute path, as classic and as POSIX systems write it."""
    name = path.encode()
    return b"".join(struct.pack(">hH", kind, len(name)) + name + b"\0" * (len(name) % 2) for kind in (2, 18)) + struct.pack(
        ">hH", -1, 0
    )


def _referring(reference: bytes) -> bytes:
    """A QuickTime file, its index behind its sound, whose own data reference is replaced by another."""
    whole = sound("mov", "pcm_s16le")
    old = whole.index(b"dref") - 4
    length = struct.unpack_from(">I", whole, old)[0]
    new = box(b"dref", bytes(4), struct.pack(">I", 1), reference)
    grown = bytearray(whole[:old] + new + whole[old + length :])
    at, end = 0, len(whole)
    for kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
        at = whole.index(kind, at, end)
        struct.pack_into(">I", grown, at - 4, struct.unpack_from(">I", whole, at - 4)[0] + len(new) - length)
    return bytes(grown)


def _zip(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("talk.wav", content)
    return file.getvalue()


BOMBS: Final[Mapping[str, Entry]] = {
    "an hour of silence in a little FLAC": ("talk.flac", lambda: repeated("flac", "flac", 40_000), TOO_LONG),
    "twenty minutes of silence in a little Opus": ("talk.opus", lambda: repeated("ogg", "libopus", 60_000), TOO_LONG),
    "eleven days at one sample a second": ("talk.wav", lambda: wav(bytes(1_000_000), rate_hz=1, bits=8), TOO_LONG),
    "packets ten minutes apart": ("talk.mkv", lambda: sound("matroska", "pcm_s16le", step=6000, duration_s=0.6), TOO_LONG),
    "a zip file of nothing": ("talk.zip", lambda: _zip(bytes(20_000_000)), UNREADABLE),
    "a gzipped picture": ("talk.svgz", lambda: gzip.compress(b"<svg>" + b" " * 20_000_000 + b"</svg>"), UNREADABLE),
    "gzip in gzip": ("talk.gz", lambda: gzip.compress(gzip.compress(bytes(20_000_000))), UNREADABLE),
    "a MOV whose index is packed": (
        "talk.mov",
        lambda: box(b"ftyp", b"qt  ", bytes(4))
        + box(b"moov", box(b"cmov", box(b"dcom", b"zlib"), box(b"cmvd", struct.pack(">I", 0x7FFFFFFF), gzip.compress(bytes(1_000_000))))),
        EXPENSIVE,
    ),
}  # fmt: skip


def _m4a() -> bytes:
    return sound("mp4", "aac")


def _nested(depth: int) -> bytes:
    content = b""
    for _ in range(depth):
        content = box(b"moov", box(b"trak", content))
    return box(b"ftyp", b"isom", bytes(4)) + content


def _encrypted() -> bytes:
    key = "00112233445566778899aabbccddeeff"
    scheme = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": key, "encryption_kid": key}
    return sound("mp4", "aac", options=scheme)


BOXES: Final[Mapping[str, Entry]] = {
    "MP4 that promises a thousand hours": (
        "talk.m4a", lambda: patched(_m4a(), b"mdhd", 12, struct.pack(">II", 1000, 0xFFFFFFF0)), TRUNCATED,
    ),
    "MP4 with four billion samples in its table": (
        "talk.m4a", lambda: patched(_m4a(), b"stts", 4, struct.pack(">III", 1, 0x7FFFFFFF, 1024)), READ,
    ),
    "MP4 with a table of four billion entries": ("talk.m4a", lambda: patched(_m4a(), b"stsz", 8, b"\xff\xff\xff\xf0"), UNREADABLE),
    "MP4 with chunks beyond its end": ("talk.m4a", lambda: patched(_m4a(), b"stco", 8, b"\x7f\xff\xff\xff"), TRUNCATED),
    "MP4 boxes in boxes in boxes": ("talk.mp4", lambda: _nested(5000), UNREADABLE),
    "an MP4 box shorter than its own head": ("talk.mp4", lambda: box(b"ftyp", b"isom", bytes(4)) + box(b"moov", bytes(64), size=3), TRUNCATED),
    "an MP4 box longer than any disk": (
        "talk.mp4",
        lambda: box(b"ftyp", b"isom", bytes(4)) + struct.pack(">I4sQ", 1, b"mdat", 0x7FFFFFFFFFFFFFFF) + bytes(512),
        TRUNCATED,
    ),
    "MP4 cut in its index": ("talk.m4a", lambda: _m4a()[:-200], TRUNCATED),
    "MP4 that is encrypted": ("talk.m4a", _encrypted, UNREADABLE),
    "MP4 of pictures larger than memory": (
        "film.mp4", lambda: patched(film(sound_s=1.0), b"mp4v", 24, b"\xff\xff\xff\xff"), READ,
    ),
}  # fmt: skip

_EBML: Final = element(b"\x1a\x45\xdf\xa3", element(b"\x42\x82", b"matroska"))
_SEGMENT: Final = b"\x18\x53\x80\x67"
_CLUSTER: Final = b"\x1f\x43\xb6\x75"

MATROSKA: Final[Mapping[str, Entry]] = {
    "a Matroska segment of 2^55 bytes": ("talk.mkv", lambda: _EBML + element(_SEGMENT, bytes(64), (1 << 55)), UNREADABLE),
    "Matroska tags in tags": ("talk.mkv", lambda: _EBML + _SEGMENT + b"\x01" + b"\xff" * 7 + (b"\x12\x54\xc3\x67\x01" + b"\xff" * 7) * 5000, UNREADABLE),
    "a Matroska block of a gigabyte": (
        "talk.mkv", lambda: sound("matroska", "pcm_s16le")[:600] + element(_CLUSTER, element(b"\xa3", bytes(64), 1 << 30)), TRUNCATED,
    ),
    "WebM of opus that ends in noise": ("talk.webm", lambda: sound("webm", "libopus", rate_hz=48000)[:9000] + bytes(range(256)) * 400, TRUNCATED),
}  # fmt: skip

STREAMS: Final[Mapping[str, Entry]] = {
    "two thousand audio tracks": ("talk.mkv", lambda: matroska(2000), READ),
    "five hundred audio tracks, one of them with sound": ("talk.mkv", lambda: matroska(500), READ),
    "a thousand Ogg streams, one after the other": ("talk.ogg", lambda: sound("ogg", "flac", duration_s=0.05) * 1000, READ),
    "an MP4 file in a WAV file": ("talk.wav", lambda: wav(_m4a()), READ),
    "a film in a film": ("talk.mkv", lambda: film("matroska", sound_s=1.0) * 2, READ),
}

ODD_SOUND: Final[Mapping[str, Entry]] = {
    "384 000 samples a second": ("talk.wav", lambda: sound("wav", "pcm_s16le", rate_hz=384_000), READ),
    "one sample a second": ("talk.wav", lambda: wav(bytes(100), rate_hz=1, bits=8), READ),
    "time stamps below zero": ("talk.mkv", lambda: sound("matroska", "pcm_s16le", starts_at=-40_000), READ),
    "time stamps of the year 2300": ("talk.ts", lambda: sound("mpegts", "aac", starts_at=RATE_HZ * 90_000), READ),
    "a track that says nothing": ("talk.wav", lambda: wav(b""), EMPTY),
}

NO_SOUND: Final[Mapping[str, Entry]] = {
    "a picture of four billion pixels": ("talk.png", lambda: png(65535, 65535), UNREADABLE),
    "an endless animation": ("talk.gif", lambda: film("gif", codec="gif"), UNREADABLE),
    "a photograph": ("talk.jpg", lambda: film("image2pipe", codec="mjpeg"), UNREADABLE),
    "subtitles alone": ("talk.srt", lambda: b"1\n00:00:01,000 --> 00:00:02,000\nHello\n\n" * 50, UNREADABLE),
    "pictures alone": ("film.mp4", film, WITHOUT_AUDIO),
    "a MIDI score": ("talk.mid", lambda: b"MThd" + struct.pack(">IHHH", 6, 0, 1, 96) + b"MTrk" + struct.pack(">I", 4) + b"\x00\xff\x2f\x00", UNREADABLE),
}  # fmt: skip

TAGS: Final[Mapping[str, Entry]] = {
    "names that are not UTF-8": (
        "talk\udcff\udcfe\udc80.mp3",
        lambda: id3([(b"TIT2", b"\x03\xff\xfe\xc3\x28" * 50), (b"TPE1", b"\x01\xff\xfe\x00\xd8\x00")]) + sound("mp3", "libmp3lame"),
        READ,
    ),
    "a cover larger than memory": (
        "talk.mp3",
        lambda: id3([(b"APIC", b"\0image/png\0\3\0" + png(65535, 65535))]) + sound("mp3", "libmp3lame"),
        READ,
    ),
    "a title of a megabyte": (
        "talk.mkv", lambda: sound("matroska", "pcm_s16le", metadata={"title": "\u202e" + "x" * 1_000_000}), READ,
    ),
}  # fmt: skip
