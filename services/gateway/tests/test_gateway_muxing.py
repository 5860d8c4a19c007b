"""Media with subtitles in it: every track copied as it is, in a process that can open nothing else."""

import io
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import av
import pytest

from setu_common.contracts import LANGUAGE_NAMES
from setu_common.errors import is_retryable
from setu_common.sealed import watching
from setu_common.sealed.watching import ENVIRONMENT
from setu_common.store import ObjectMissing
from setu_common.subtitles import Cue, parse, render
from setu_gateway.delivery.mux.order import Limits
from setu_gateway.delivery.muxing import Muxer, Stopped
from setu_gateway.delivery.tags import TAGS
from setu_gateway.errors import MediaNotMuxable, MediaTooExpensive, MuxerKilled
from setu_gateway.pipeline.kinds import Muxed, MuxingRequest, SubtitlesToMux
from setu_gateway.testing.fakes import FakeWork
from setu_gateway.testing.samples import reference

RATE_HZ, FRAMES_PER_S = 16_000, 25
# By the file's ending: container, and the codecs of pictures and sound.
KINDS: dict[str, tuple[str, str | None, str | None]] = {
    "mp4": ("mp4", "libx264", "aac"),
    "mov": ("mov", "libx264", "pcm_s16le"),
    "mkv": ("matroska", "libx264", "aac"),
    "ts": ("mpegts", "libx264", "aac"),
    "avi": ("avi", "mpeg4", "libmp3lame"),
    "mp3": ("mp3", None, "libmp3lame"),
    "wav": ("wav", None, "pcm_s16le"),
    "flac": ("flac", None, "flac"),
    "aac": ("adts", None, "aac"),
    "silent.mp4": ("mp4", "libx264", None),
}
REFRAMED = ("ts", "aac")  # Matroska holds their packets without the heads that these containers put before each
ENGLISH = (Cue(0.2, 1.1, "- Tom & Jerry?\n- a < b --> c"), Cue(1.2, 2.5, "{\\an8}Good day."))
HINDI = (Cue(0.5, 2.9, "नमस्ते, दुनिया।"),)


def recorded(path: Path, kind: str, duration_s: int = 3) -> Path:
    """Write a media file: noise, and a picture that changes."""
    container, pictures, sound = KINDS[kind]
    noise = random.Random(7)
    samples = RATE_HZ // FRAMES_PER_S
    with av.open(str(path), "w", format=container) as file:
        video = file.add_stream(pictures, rate=FRAMES_PER_S) if pictures else None
        audio = file.add_stream(sound, rate=RATE_HZ) if sound else None
        if isinstance(video, av.VideoStream):
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        if isinstance(audio, av.AudioStream):
            audio.layout = "mono"
        for place in range(duration_s * FRAMES_PER_S):
            if isinstance(video, av.VideoStream):
                picture = av.VideoFrame(64, 48, "rgb24")
                picture.planes[0].update(bytes([place % 255]) * picture.planes[0].buffer_size)
                picture.pts = place
                file.mux(video.encode(picture))
            if isinstance(audio, av.AudioStream):
                frame = av.AudioFrame("s16", "mono", samples)
                frame.planes[0].update(noise.randbytes(frame.planes[0].buffer_size))
                frame.sample_rate, frame.pts = RATE_HZ, place * samples
                file.mux(audio.encode(frame))
        for stream in (video, audio):
            if isinstance(stream, av.VideoStream | av.AudioStream):
                file.mux(stream.encode())
    return path


async def request_for(store, media: bytes, *subtitles: tuple[str, tuple[Cue, ...]], captions: str = "hi") -> MuxingRequest:
    tracks = [
        SubtitlesToMux(
            language=language,
            captions=language == captions,
            file=await store.put("local", render(cues, "srt").encode(), "application/x-subrip"),
        )
        for language, cues in subtitles
    ]
    return MuxingRequest(media=await store.put("local", media, "video/mp4"), subtitles=tuple(tracks))


def bytes_of(media: Path | bytes) -> bytes:
    return media if isinstance(media, bytes) else media.read_bytes()


def stored(store_settings) -> list[Path]:
    return [path for path in Path(store_settings.url.removeprefix("file://")).rglob("*") if path.is_file()]


async def muxed(store, media: Path | bytes, work: FakeWork | None = None, **options) -> tuple[Muxed, bytes]:
    request = await request_for(store, bytes_of(media), ("en", ENGLISH), ("hi", HINDI))
    made = await Muxer(store, **options)(request, work or FakeWork())
    return made, await store.read(made.file)


def packets_of(content: bytes) -> dict[str, list[bytes]]:
    with av.open(io.BytesIO(content), "r") as file:
        found: dict[str, list[bytes]] = {}
        for packet in file.demux():
            if packet.size and packet.stream.type != "subtitle":
                found.setdefault(packet.stream.type, []).append(bytes(packet))
        return found


def lines_of(content: bytes) -> dict[str, list[tuple[float, float, str]]]:
    """By language: when each line is to be seen, and what it says."""
    with av.open(io.BytesIO(content), "r") as file:
        found: dict[str, list[tuple[float, float, str]]] = {}
        for packet in file.demux(*(stream for stream in file.streams if stream.type == "subtitle")):
            if packet.size and packet.pts is not None and packet.duration:
                start_s = float(packet.pts * packet.time_base)
                end_s = start_s + float(packet.duration * packet.time_base)
                found.setdefault(packet.stream.metadata["language"], []).append((start_s, end_s, bytes(packet).decode()))
        return found


@pytest.mark.parametrize("kind", KINDS)
async def test_every_track_is_copied_as_it_is_and_the_subtitles_stand_beside_it(store, tmp_path, kind):
    media = recorded(tmp_path / f"talk.{kind}", kind)
    made, content = await muxed(store, media)
    assert made.file.media_type == "video/matroska"
    assert made.file.uri.startswith("setu://gateway/local/")
    original = packets_of(media.read_bytes())
    copied = packets_of(content)
    assert copied.keys() == original.keys()
    for track, packets in original.items():
        assert len(copied[track]) == len(packets)
        if kind not in REFRAMED:
            assert copied[track] == packets
    with av.open(io.BytesIO(content), "r") as file:
        assert file.format.name == "matroska,webm"
        assert made.track_count == len(file.streams) == len(original) + 2
        subtitles = [stream for stream in file.streams if stream.type == "subtitle"]
        assert [(stream.metadata["language"], stream.metadata["title"]) for stream in subtitles] == [
            ("eng", "English"),
            ("hin", "Hindi (captions)"),
        ]
        assert [bool(stream.disposition & av.stream.Disposition.default) for stream in subtitles] == [True, False]
        frames = sum(1 for stream in file.streams if stream.type != "subtitle" for _ in decoded(content, stream.index))
        assert frames >= 3 * 10


def decoded(content: bytes, index: int):
    with av.open(io.BytesIO(content), "r") as file:
        yield from file.decode(file.streams[index])


@pytest.mark.parametrize("kind", ["mp4", "ts", "wav", "mp3"])
async def test_the_lines_are_those_of_the_files_at_their_times(store, tmp_path, kind):
    """At their times beside what is heard then: all may begin later by what an encoder puts in front of the sound."""
    media = recorded(tmp_path / f"talk.{kind}", kind)
    _, content = await muxed(store, media)
    later_s = sound_at_s(content, 9) - sound_at_s(media.read_bytes(), 9)
    assert 0 <= later_s < 0.1
    lines = lines_of(content)
    for language, cues in (("eng", ENGLISH), ("hin", HINDI)):
        times = [at_s - later_s for start_s, end_s, _ in lines[language] for at_s in (start_s, end_s)]
        assert times == pytest.approx([at_s for cue in cues for at_s in (cue.start_s, cue.end_s)], abs=0.003)
        body = "".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n{text}\n\n" for n, (*_, text) in enumerate(lines[language], 1))
        assert [cue.text for cue in parse(body, "srt")] == [cue.text for cue in cues]


def sound_at_s(content: bytes, place: int) -> float:
    """When a packet of sound is heard, on the clock on which the recording begins at 0, as transcripts have it."""
    with av.open(io.BytesIO(content), "r") as file:
        begins_s = 0 if file.format.name.startswith("matroska") else (file.start_time or 0) / av.time_base
        packets = [packet for packet in file.demux(file.streams.audio[0]) if packet.size and packet.pts is not None]
        return float((packets[place].pts or 0) * packets[place].time_base) - begins_s


async def test_sound_stays_where_it_was_beside_the_pictures(store, tmp_path):
    media = recorded(tmp_path / "talk.ts", "ts")
    _, content = await muxed(store, media)

    def lag_s(file_content: bytes) -> float:
        with av.open(io.BytesIO(file_content), "r") as file:
            firsts: dict[str, float] = {}
            for packet in file.demux(*(stream for stream in file.streams if stream.type in ("audio", "video"))):
                if packet.pts is not None and packet.size:
                    firsts.setdefault(packet.stream.type, float(packet.pts * packet.time_base))
            return firsts["audio"] - firsts["video"]

    assert lag_s(content) == pytest.approx(lag_s(media.read_bytes()), abs=0.002)


async def test_subtitles_that_the_media_has_already_are_kept_behind_ours(store, tmp_path):
    request = await request_for(store, recorded(tmp_path / "talk.mp4", "mp4").read_bytes(), ("fr", HINDI), captions="fr")
    first = await Muxer(store)(request, FakeWork())
    _, content = await muxed(store, await store.read(first.file))
    with av.open(io.BytesIO(content), "r") as file:
        tracks = [(stream.metadata.get("language"), bool(stream.disposition & av.stream.Disposition.default))
                  for stream in file.streams if stream.type == "subtitle"]  # fmt: skip
    assert tracks == [("eng", True), ("hin", False), ("fre", False)]


async def test_media_whose_codec_matroska_has_no_place_for_is_refused_by_name(store, tmp_path):
    path = tmp_path / "call.au"
    with av.open(str(path), "w", format="au") as file:
        audio = file.add_stream("pcm_mulaw", rate=8000)
        assert isinstance(audio, av.AudioStream)
        audio.layout = "mono"
        frame = av.AudioFrame("s16", "mono", 8000)
        frame.planes[0].update(bytes(16_000))
        frame.sample_rate = 8000
        file.mux([*audio.encode(frame), *audio.encode()])
    with pytest.raises(MediaNotMuxable, match="pcm_mulaw") as raised:
        await muxed(store, path)
    assert "as files" in raised.value.detail
    assert not is_retryable(raised.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"just text, no media",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/hostname\n",
        b"1\n00:00:00,000 --> 00:00:01,000\nsubtitles are no media\n",
        b"\x1a\x45\xdf\xa3" + b"\xff" * 5000,
        b"RIFF\xff\xff\xff\xffWAVE" + b"\0" * 100,
    ],
)
async def test_what_is_no_media_is_refused_and_nothing_stays(store, store_settings, content):
    with pytest.raises(MediaNotMuxable):
        await muxed(store, content)
    assert len(stored(store_settings)) == 3  # the media and the two subtitle files that the test put there


@pytest.mark.parametrize("share", [0.2, 0.7])
async def test_media_that_breaks_off_is_copied_as_far_as_it_goes_or_refused(store, tmp_path, share):
    whole = recorded(tmp_path / "talk.mkv", "mkv").read_bytes()
    try:
        made, content = await muxed(store, whole[: int(len(whole) * share)])
    except MediaNotMuxable:
        return
    assert made.track_count == 4
    assert len(packets_of(content)["audio"]) < len(packets_of(whole)["audio"])


async def test_a_file_larger_than_the_memory_that_is_granted_is_copied(store, tmp_path):
    """Memory does not grow with the file: 200 MB of sound go through a process that may have 180 MB for all that it is."""
    path = tmp_path / "long.wav"
    size = 200 << 20
    head = (
        b"RIFF"
        + (size + 36).to_bytes(4, "little")
        + b"WAVEfmt "
        + bytes.fromhex("10000000010001008 03e0000007d000002001000".replace(" ", ""))
    )
    with path.open("wb") as file:
        file.write(head + b"data" + size.to_bytes(4, "little"))
        file.truncate(44 + size)
    request = await request_for(store, b"placeholder", ("en", ENGLISH))
    async with store.writer("local", "audio/wav") as writer:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                await writer.write(chunk)
        request = request.model_copy(update={"media": await writer.finish()})
    made = await Muxer(store, limits=Limits(memory_bytes=180 << 20))(request, FakeWork())
    assert size < made.file.bytes < size * 1.05


async def test_a_process_without_enough_memory_ends_in_a_problem_of_its_own(store, tmp_path):
    with pytest.raises((MediaTooExpensive, MediaNotMuxable)):
        await muxed(store, recorded(tmp_path / "talk.mp4", "mp4"), limits=Limits(memory_bytes=1 << 20))


async def test_a_file_that_takes_too_long_is_given_up(store, tmp_path, monkeypatch):
    monkeypatch.setattr(watching, "command_of", lambda *_: ("/bin/sleep", "60"))
    limits = Limits(patience_s=0.0, bytes_per_cpu_s=1e15)
    with pytest.raises(MediaTooExpensive, match="time"):
        await muxed(store, recorded(tmp_path / "talk.mp4", "mp4"), limits=limits)


async def test_work_that_is_cancelled_ends_its_process(store, tmp_path, monkeypatch):
    monkeypatch.setattr(watching, "command_of", lambda *_: ("/bin/sleep", "60"))
    started = spied(monkeypatch)
    work = FakeWork()
    work.cancelled = True
    with pytest.raises(Stopped):
        await muxed(store, recorded(tmp_path / "talk.mp4", "mp4"), work)
    assert started[0].returncode == -signal.SIGKILL


def spied(monkeypatch) -> "list[subprocess.Popen[bytes]]":
    started: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def remember(*arguments, **options):
        started.append(start(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", remember)
    return started


@pytest.mark.parametrize(
    ("ending", "problem"),
    [
        ("kill -KILL $$", MuxerKilled),
        ("kill -SEGV $$", MediaNotMuxable),
        ("kill -XCPU $$", MediaTooExpensive),
        ("exit 3", MuxerKilled),
    ],
)
async def test_a_process_that_ends_without_a_word_is_told_by_how_it_ended(store, tmp_path, monkeypatch, ending, problem):
    monkeypatch.setattr(watching, "command_of", lambda *_: ("/bin/sh", "-c", ending))
    with pytest.raises(problem) as raised:
        await muxed(store, recorded(tmp_path / "talk.mp3", "mp3"))
    assert is_retryable(raised.value) == (problem is MuxerKilled)


async def test_a_store_without_the_media_says_so(store):
    request = await request_for(store, b"media", ("en", ENGLISH))
    with pytest.raises(ObjectMissing):
        await Muxer(store)(request.model_copy(update={"media": reference("gateway", 77)}), FakeWork())


def test_the_process_can_open_nothing_and_is_told_nothing_of_the_workers_environment():
    program = (
        "import os, socket, sys\n"
        "from setu_common.sealed.giving_up import end_with\n"
        "from setu_gateway.delivery.mux import sealing\n"
        "from setu_gateway.delivery.mux.order import Limits\n"
        "end_with(os.getppid())\n"
        "sealing.seal(Limits(), 1000)\n"
        "def fails(what):\n"
        "    try:\n"
        "        what()\n"
        "    except OSError:\n"
        "        return True\n"
        "    return False\n"
        "ok = [fails(lambda: open('/etc/hostname')), fails(socket.socket), fails(os.pipe), fails(lambda: os.dup(1))]\n"
        "print(ok, sorted(os.environ))\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-P", "-c", program], capture_output=True, text=True, env=ENVIRONMENT, cwd="/", check=True
    )
    assert done.stdout.strip() == "[True, True, True, True] ['LC_ALL']"


def test_the_process_ends_with_the_one_that_asked():
    program = "import os; from setu_common.sealed.giving_up import end_with; end_with(1 << 22); print('alive')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, env=dict(os.environ))
    assert (done.returncode, done.stdout) == (-9, "")


def test_each_language_has_a_tag_of_three_letters():
    assert TAGS.keys() == LANGUAGE_NAMES.keys()
    assert all(len(tag) == 3 for tag in TAGS.values())
    assert len(set(TAGS.values())) == len(TAGS)
