"""The process that opens media: what it may, how it ends, and which track it takes."""

import itertools
import os
import select
import signal
import struct
import subprocess
import sys
import time
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest

from setu_asr.domain.audio import RATE_HZ
from setu_asr.domain.wav import wav_header
from setu_asr.engines.demux.languages import LANGUAGE_TAGS, is_language
from setu_asr.engines.demux.order import Limits, Order
from setu_asr.engines.demux.tracks import Track, choose, tidy
from setu_asr.engines.demuxer import demux
from setu_asr.errors import DecoderKilled, MediaTooExpensive, MediaUnreadable
from setu_common.contracts import LANGUAGE_NAMES
from setu_common.sealed import watching
from setu_common.sealed.watching import CRASHES


def read(path, *, limits=None, language=None, on_progress=lambda _share: None):
    return demux(path, None, limits or Limits(max_duration_s=3600), on_progress, language=language)


def in_place_of_the_process(monkeypatch, code):
    """Run this code as the process, with the order in its first argument."""
    monkeypatch.setattr(watching, "command_of", lambda _module, order: (sys.executable, "-I", "-c", code, order))


def children():
    found: set[str] = set()
    for task in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
        with suppress(OSError):  # a thread that has ended since
            found.update(task.read_text().split())
    return found


def runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", MediaUnreadable),
        ("import os, signal; os.kill(os.getpid(), signal.SIGABRT)", MediaUnreadable),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", DecoderKilled),
        ("import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 5))\nwhile True: pass", MediaTooExpensive),
        ("raise SystemExit(3)", MediaUnreadable),
    ],
    ids=["segmentation-fault", "abort", "killed", "cpu", "exit"],
)
def test_a_process_that_dies_is_a_problem_of_its_own_and_not_the_workers_end(media, monkeypatch, code, problem):
    path = media.audio("a.wav", "pcm_s16le", duration_s=1.0)
    in_place_of_the_process(monkeypatch, code)
    with pytest.raises(problem) as failure:
        read(path)
    assert failure.value.retryable == (problem is DecoderKilled)


def test_a_process_that_does_nothing_is_ended_by_the_clock(media, monkeypatch):
    path = media.audio("a.wav", "pcm_s16le", duration_s=1.0)
    in_place_of_the_process(monkeypatch, "import time; time.sleep(60)")
    monkeypatch.setattr("setu_asr.engines.demux.order.GRACE_S", 0.5)
    began_s = time.monotonic()
    with pytest.raises(MediaTooExpensive, match="more time"):
        read(path, limits=Limits(patience_s=0.1))
    assert time.monotonic() - began_s < 30


def test_a_cancellation_ends_the_process_within_a_second_though_it_says_nothing(media, monkeypatch):
    path = media.audio("a.wav", "pcm_s16le", duration_s=1.0)
    in_place_of_the_process(monkeypatch, "import time; time.sleep(60)")
    before, looks, waits_s = children(), itertools.count(), []

    def heed(_share):
        if next(looks) == 2:
            raise KeyboardInterrupt

    def waiting(*asked):
        waits_s.append(asked[-1])
        return select.select(*asked)

    monkeypatch.setattr(watching, "select", SimpleNamespace(select=waiting))
    began_s = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        read(path, on_progress=heed)
    assert max(waits_s) < 1  # between two looks
    assert time.monotonic() - began_s < 30
    assert children() <= before


def test_memory_beyond_the_limit_is_told_as_such(media):
    path = media.audio("a.flac", "flac", duration_s=2.0)
    with pytest.raises(MediaTooExpensive, match="more memory"):
        read(path, limits=Limits(memory_bytes=100 << 20))
    assert read(path, limits=Limits(memory_bytes=512 << 20)).recording.duration_s == pytest.approx(2.0, abs=0.1)


LIMITS_SEEN = """
import os, resource, sys
from setu_asr.engines.demux import process, sealing
seen = []
def look(file):
    for name in ("AS", "CORE", "CPU", "FSIZE", "NOFILE"):
        seen.append((name, resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))))
    for attempt in (lambda: open("/etc/passwd"), lambda: __import__("socket").socket(), lambda: os.pipe()):
        try:
            attempt()
        except OSError as error:
            seen.append(error.errno)
    seen.append(sorted(os.environ))
    raise process.Unreadable(repr(seen))
process.opened = lambda file, outside, order: look(file)
import socket
process.main(sys.argv[1:])
"""


def test_the_process_is_bound_before_it_opens_anything_and_knows_no_secret(media, monkeypatch):
    monkeypatch.setenv("SETU_SERVICE_TOKEN", "of the worker")
    path = media.audio("a.wav", "pcm_s16le", duration_s=1.0)
    in_place_of_the_process(monkeypatch, LIMITS_SEEN)
    limits = Limits(max_duration_s=3600)
    with pytest.raises(MediaUnreadable) as failure:
        read(path, limits=limits)
    *bounds, file, network, pipe, environment = eval(failure.value.detail)
    assert dict(bounds)["AS"] == (limits.memory_bytes, limits.memory_bytes)
    assert dict(bounds)["CORE"] == dict(bounds)["NOFILE"] == (0, 0)
    assert dict(bounds)["FSIZE"][1] == limits.scratch_bytes(RATE_HZ)
    assert dict(bounds)["CPU"] == (21, 202)
    assert {file, network, pipe} == {24}
    assert sorted(environment) == ["LC_ALL", "ORT_DISABLE_TELEMETRY"]


def test_the_process_ends_with_the_one_that_started_it(media):
    """A worker's child that is killed leaves no decoder behind."""
    path = media.audio("a.wav", "pcm_s16le", duration_s=1.0)
    code = f"""
import sys
from pathlib import Path
from setu_asr.engines import demuxer
from setu_asr.engines.demux.order import Limits
sleeper = "import os, sys, time; from setu_common.sealed import giving_up; giving_up.end_with(os.getppid()); print(os.getpid(), file=open({str(media.path("pid"))!r}, 'w')); time.sleep(60)"
from setu_common.sealed import watching
watching.command_of = lambda *_: (sys.executable, "-c", sleeper)
demuxer.demux(Path({str(path)!r}), None, Limits(), lambda _: None)
"""
    with subprocess.Popen([sys.executable, "-c", code]) as parent:
        until_s = time.monotonic() + 20
        while not (media.path("pid").exists() and media.path("pid").read_text().strip()):
            assert time.monotonic() < until_s
            time.sleep(0.05)
        child = int(media.path("pid").read_text())
        assert runs(child)
        parent.kill()
    until_s = time.monotonic() + 5
    while runs(child):
        assert time.monotonic() < until_s
        time.sleep(0.05)


def test_a_pipe_or_a_device_is_no_recording(media):
    os.mkfifo(media.path("pipe.wav"))
    for path in (media.path("pipe.wav"), media.path("pipe.wav").parent / "../../../../../../../../dev/zero"):
        with pytest.raises(MediaUnreadable, match="device or a pipe"):
            read(path)


def test_what_the_profile_wrote_is_taken_as_it_lies(media, monkeypatch):
    in_place_of_the_process(monkeypatch, "raise SystemExit(9)")
    samples = np.arange(-500, 500, dtype=np.int16)
    path = media.bytes("a.wav", wav_header(len(samples), RATE_HZ) + samples.tobytes())
    assert read(path).recording.pcm.tolist() == samples.tolist()
    for other in (path.read_bytes()[:-2], wav_header(1000, 8000) + samples.tobytes(), path.read_bytes() + b"\0\0"):
        with pytest.raises(MediaUnreadable):
            read(media.bytes("b.wav", other))


@pytest.mark.parametrize(
    ("rate_hz", "channels", "form", "codec"),
    [
        (1, 1, "s16", "pcm_s16le"),
        (11, 1, "s16", "pcm_s16le"),
        (8000, 1, "u8", "pcm_u8"),
        (768_000, 2, "s16", "pcm_s16le"),
        (44_100, 2, "dbl", "pcm_f64le"),
        (48_000, 6, "s16", "pcm_s16le"),
        (16_000, 9, "s16", "pcm_s16le"),
        (16_000, 24, "s16", "pcm_s16le"),
        (16_000, 63, "s16", "pcm_s16le"),
        (48_000, 2, "s16p", "alac"),
    ],
)
def test_any_rate_any_number_of_channels_and_any_kind_of_samples(media, rate_hz, channels, form, codec):
    count = max(60, min(2 * rate_hz, 400_000))
    wave = 0.4 * np.sin(2 * np.pi * min(220, rate_hz / 5) * np.arange(count) / rate_hz)
    scaled = {
        "u8": lambda: (wave * 127 + 128).astype(np.uint8),
        "dbl": lambda: wave,
        "s16": lambda: (wave * 32767).astype(np.int16),
        "s16p": lambda: (wave * 32767).astype(np.int16),
    }[form]()
    path = media.path("odd.m4a" if codec == "alac" else "odd.wav")
    layout = {1: "mono", 2: "stereo", 6: "5.1"}.get(channels, f"{channels}C")
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate_hz, layout=layout)
        size = stream.codec_context.frame_size or count
        for start in range(0, count, size):
            piece = np.tile(scaled[start : start + size], (channels, 1))
            piece = piece if form.endswith("p") else piece.T.reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(piece), form, stream.layout.name)
            frame.sample_rate, frame.pts = rate_hz, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    recording = read(path).recording
    assert recording.duration_s == pytest.approx(count / rate_hz, abs=max(0.05, 8 / rate_hz))  # the filter keeps some samples
    loudness = float(np.sqrt(np.mean(np.square(recording.pcm[100:-100].astype(float) / 32768))))
    assert loudness == pytest.approx(0.4 / np.sqrt(2), rel=0.15)


def test_a_rate_that_no_recorder_makes_is_refused(media):
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + 8000, b"WAVE", b"fmt ", 16, 1, 1, 2_000_000_000, 0, 2, 16, b"data", 8000
    )
    with pytest.raises(MediaUnreadable, match="2000000000 samples a second"):
        read(media.bytes("fast.wav", head + bytes(8000)))


def film(media, *tracks):
    """A film with several tracks: (tone in Hz, language, title, disposition, channels)."""
    path = media.path("film.mkv")
    with av.open(str(path), "w") as container:
        streams = []
        for _, language, title, disposition, channels in tracks:
            stream = container.add_stream("pcm_s16le", rate=16000, layout={1: "mono", 2: "stereo", 6: "5.1"}[channels])
            stream.metadata["language"] = language
            stream.metadata["title"] = title
            stream.disposition = disposition
            stream.time_base = Fraction(1, 16000)
            streams.append(stream)
        for stream, (tone_hz, _, _, _, channels) in zip(streams, tracks, strict=True):
            wave = (8000 * np.sin(2 * np.pi * tone_hz * np.arange(16000) / 16000)).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(np.repeat(wave, channels)[None, :], "s16", stream.layout.name)
            frame.sample_rate, frame.pts = 16000, 0
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return path


DEFAULT, COMMENT, BLIND = 1, 8, 256


@pytest.mark.parametrize(
    ("tracks", "language", "number"),
    [
        ([(300, "eng", "", 0, 2), (500, "hin", "", DEFAULT, 2)], None, 2),
        ([(300, "eng", "", DEFAULT, 2), (500, "hin", "", 0, 2)], "hi", 2),
        ([(300, "eng", "", DEFAULT, 2), (500, "hin", "", 0, 2)], "ta", 1),
        ([(300, "eng", "Director's Commentary", DEFAULT, 2), (500, "eng", "", 0, 2)], None, 2),
        ([(300, "hin", "", COMMENT, 2), (500, "eng", "", 0, 2)], "hi", 2),
        ([(300, "eng", "", BLIND | DEFAULT, 6), (500, "eng", "", 0, 1)], None, 2),
        ([(300, "eng", "", 0, 2), (500, "eng", "", 0, 6), (700, "eng", "", 0, 6)], None, 2),
        ([(300, "fre", "", 0, 2), (500, "eng", "", 0, 6)], "fr", 1),
    ],
    ids=[
        "default",
        "spoken",
        "spoken-is-not-there",
        "commentary",
        "marked-as-commentary",
        "for-the-blind",
        "channels",
        "bibliographic",
    ],
)
def test_the_track_that_people_would_choose_is_taken_and_named(media, tracks, language, number):
    decoded = read(film(media, *tracks), language=language)
    assert decoded.track.startswith(f"track {number} of {len(tracks)}: pcm_s16le, ")
    spectrum = np.abs(np.fft.rfft(decoded.recording.pcm[:16000].astype(float)))
    assert spectrum.argmax() == pytest.approx(tracks[number - 1][0], abs=2)


def test_a_track_is_described_for_people():
    track = Track(3, 2, "aac", 6, 48000, "hin", "Original")
    assert track.describe(4) == "track 2 of 4: aac, 6 channels, hin, “Original”"
    assert Track(0, 1, "mp3", 1, 8000, "und").describe(1) == "track 1 of 1: mp3, mono"


def test_a_track_of_which_nothing_was_seen_or_that_has_no_decoder_comes_last():
    unseen, odd, plain = (
        Track(0, 1, "aac", 0, 0, default=True),
        Track(1, 2, "xyz", 8, 48000, readable=False),
        Track(2, 3, "aac", 1, 8000),
    )
    assert choose([unseen, odd, plain], None) == plain
    assert choose([unseen, odd], None) == unseen
    assert choose([odd], None) is None


def test_tags_are_made_fit_to_be_shown():
    assert tidy("  a\nb\x00\x1b[31m\u202ec\ufffd ") == "a b [31m c"
    assert len(tidy("x" * 5000)) == 60


def test_every_language_has_its_tags():
    assert set(LANGUAGE_TAGS) == set(LANGUAGE_NAMES)
    assert is_language("de-AT", "de")
    assert is_language("GER", "de")
    assert not is_language("dent", "de")
    assert not is_language("", "de")


def test_orders_survive_their_way():
    order = Order(1, 2, 3, 4, 16000, "hi", Limits(max_duration_s=7.5))
    assert Order.from_json(order.to_json()) == order


def test_signals_of_crashes_are_not_those_of_limits():
    assert not {signal.SIGXCPU, signal.SIGKILL} & set(CRASHES)
