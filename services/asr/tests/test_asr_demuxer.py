"""From media files of every kind, whole and broken, to decoded audio."""

import tempfile
import wave

import numpy as np
import pytest

from setu_asr.domain.audio import RATE_HZ, Region
from setu_asr.engines.demuxer import decode
from setu_asr.errors import (
    MediaEmpty,
    MediaTooLong,
    MediaTruncated,
    MediaUnreadable,
    MediaWithoutAudio,
    ScratchFull,
    UnusableMedia,
)

HOUR_S = 3600.0
FORMATS = {
    "a.wav": ("pcm_s16le", {}),
    "a.mp3": ("libmp3lame", {}),
    "a.m4a": ("aac", {}),
    "fast.m4a": ("aac", {"movflags": "+faststart"}),
    "fragmented.mp4": ("aac", {"movflags": "frag_keyframe+empty_moov+default_base_moof"}),
    "a.mkv": ("aac", {}),
    "a.webm": ("libopus", {}),
    "a.opus": ("libopus", {}),
    "a.flac": ("flac", {}),
    "a.ts": ("aac", {}),
    "a.aac": ("aac", {}),
    "a.avi": ("libmp3lame", {}),
}


def make(media, name, **more):
    codec, options = FORMATS[name]
    rate_hz = {"libopus": 48000, "libmp3lame": 44100}.get(codec, 16000)
    return media.audio(name, codec, rate_hz=rate_hz, **more, **options)


def read(path, *, longest_s=HOUR_S, on_progress=lambda _share: None):
    return decode(path, None, longest_s, on_progress)


def loudness(recording, start_s, end_s):
    return float(np.sqrt(np.mean(np.square(recording.samples(Region(int(start_s * RATE_HZ), int(end_s * RATE_HZ)))))))


@pytest.mark.parametrize("name", FORMATS)
def test_every_common_format_is_read_to_its_end(media, name):
    told: list[float] = []
    recording = read(make(media, name), on_progress=told.append)
    assert recording.duration_s == pytest.approx(10.0, abs=0.15)
    assert loudness(recording, 0.5, 9.5) > 0.1
    assert told == sorted(told)
    assert 0 <= told[0] <= told[-1] <= 1


def test_stereo_at_another_rate_becomes_mono_at_16_khz(media):
    path = media.audio("a.wav", "pcm_s16le", rate_hz=44100, channels=2)
    recording = read(path)
    assert recording.pcm.dtype == np.int16
    assert recording.duration_s == pytest.approx(10.0, abs=0.01)
    spectrum = np.abs(np.fft.rfft(recording.samples(Region(0, 10 * RATE_HZ))))
    assert spectrum.argmax() / 10 == pytest.approx(220, abs=2)


def test_the_sound_of_a_film_is_read(media):
    assert read(media.video("film.mp4", sound_s=2.0)).duration_s == pytest.approx(2.0, abs=0.1)


def test_sound_that_ends_long_before_the_pictures_is_whole(media):
    for name in ("film.mp4", "film.mkv"):
        assert read(media.video(name, sound_s=2.0, picture_s=8.0)).duration_s == pytest.approx(2.0, abs=0.1)


def test_where_the_file_has_a_gap_there_is_silence_of_its_length(media):
    recording = read(media.audio("gap.mkv", "pcm_s16le", gap=(4.0, 3.0)))
    assert recording.duration_s == pytest.approx(13.0, abs=0.1)
    assert loudness(recording, 4.2, 6.8) == 0
    assert loudness(recording, 7.2, 9.0) > 0.1


def test_the_rate_may_change_in_the_middle(media):
    parts = [
        media.audio("16.aac", "aac", rate_hz=16000, duration_s=4.0).read_bytes(),
        media.audio("44.aac", "aac", rate_hz=44100, duration_s=4.0).read_bytes(),
    ]
    recording = read(media.bytes("both.aac", b"".join(parts)))
    assert recording.duration_s == pytest.approx(8.0, abs=0.3)


@pytest.mark.parametrize(
    "name", ["a.wav", "a.mp3", "a.m4a", "fast.m4a", "fragmented.mp4", "a.mkv", "a.webm", "a.flac", "a.avi"]
)
@pytest.mark.parametrize("share", [0.3, 0.8])
def test_a_file_that_was_cut_off_is_known_by_what_its_header_says(media, name, share):
    whole = make(media, name).read_bytes()
    cut = media.bytes(f"cut-{name}", whole[: int(len(whole) * share)])
    with pytest.raises(MediaTruncated, match="upload the whole file again"):
        read(cut)


@pytest.mark.parametrize("name", ["a.mp3", "a.m4a", "a.mkv"])
def test_a_file_that_is_broken_in_the_middle_says_how_much_is_missing(media, name):
    content = bytearray(make(media, name).read_bytes())
    start, end = int(len(content) * 0.4), int(len(content) * 0.7)
    content[start:end] = np.random.default_rng(1).integers(0, 256, end - start, dtype=np.uint8).tobytes()
    with pytest.raises(MediaTruncated) as failure:
        read(media.bytes(f"broken-{name}", bytes(content)))
    missing_s = failure.value.context["missing_s"]
    assert isinstance(missing_s, int | float)
    assert missing_s > 1


def test_a_scratch_in_a_file_costs_only_what_it_hit(media):
    content = bytearray(make(media, "a.m4a").read_bytes())
    content[len(content) // 2 : len(content) // 2 + 200] = bytes(200)
    assert read(media.bytes("scratched.m4a", bytes(content))).duration_s == pytest.approx(10.0, abs=0.2)


def test_a_file_of_no_bytes_is_empty(media):
    with pytest.raises(MediaEmpty):
        read(media.bytes("nothing.mp4", b""))


def test_a_track_without_samples_is_empty(media):
    path = media.path("silent.wav")
    with wave.open(str(path), "wb") as writer:
        writer.setparams((1, 2, 16000, 0, "NONE", ""))
    with pytest.raises(MediaEmpty):
        read(path)


def test_pictures_alone_are_refused(media):
    with pytest.raises(MediaWithoutAudio, match="video"):
        read(media.video("film.mp4"))


@pytest.mark.parametrize(
    "content",
    [
        b"Bonjour tout le monde.\n" * 50,
        np.random.default_rng(0).integers(0, 256, 50_000, dtype=np.uint8).tobytes(),
        b"%PDF-1.7\n" + b"x" * 2000,
        b"RIFF",
        b"\0" * 4096,
    ],
    ids=["text", "noise", "pdf", "stump", "zeros"],
)
def test_what_is_no_media_is_unreadable(media, content):
    with pytest.raises(MediaUnreadable, match="convert it to MP4"):
        read(media.bytes("odd.bin", content))


def test_a_playlist_cannot_make_the_worker_open_other_files(media):
    secret = make(media, "a.ts")
    playlists = {
        "list.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{secret}\n#EXT-X-ENDLIST\n",
        "list.ffconcat": f"ffconcat version 1.0\nfile {secret.name}\n",
        "list.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
        "list.mpd": f'<?xml version="1.0"?><MPD><Period><BaseURL>{secret}</BaseURL></Period></MPD>',
    }
    for name, text in playlists.items():
        with pytest.raises(UnusableMedia):
            read(media.bytes(name, text.encode()))


def test_more_than_is_taken_is_refused_while_it_is_read(media):
    with pytest.raises(MediaTooLong):
        read(make(media, "a.wav"), longest_s=5.0)


def test_what_the_progress_raises_ends_the_reading(media):
    def give_up(share):
        if share > 0.4:
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        read(media.audio("long.wav", "pcm_s16le", duration_s=120.0), on_progress=give_up)


def test_a_full_disk_is_not_the_files_fault(media, monkeypatch):
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: open("/dev/full", "r+b", buffering=0))  # noqa: PTH123, SIM115
    with pytest.raises(ScratchFull) as failure:
        read(make(media, "a.wav"))
    assert failure.value.retryable
