"""The demo's recordings: clips joined with pauses."""

import struct
import wave
from array import array

import pytest

from setu_common.models import NoSuchSample
from setu_common.models.samples import read_float_wav, sample_recording


def write_clip(path, samples, rate_hz=16000, *, extra=b""):
    data = array("f", samples).tobytes()
    fmt = struct.pack("<HHIIHH", 3, 1, rate_hz, rate_hz * 4, 4, 32)
    chunks = b"fmt " + struct.pack("<I", 16) + fmt + extra + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)


@pytest.fixture
def clips(tmp_path):
    folder = tmp_path / "clips"
    (folder / "fr").mkdir(parents=True)
    for name, value in (("b_second", 0.5), ("a_first", -0.5)):
        write_clip(folder / "fr" / f"{name}.wav", [value] * 1600, extra=b"fact" + struct.pack("<II", 4, 1600))
        (folder / "fr" / f"{name}.txt").write_text(f"{name}\n")
    return folder


def test_clips_are_joined_in_order_with_half_a_second_between_and_the_words_beside(clips, tmp_path):
    recording = sample_recording(clips, "fr", tmp_path / "joined")
    with wave.open(str(recording)) as reader:
        assert (reader.getnchannels(), reader.getsampwidth(), reader.getframerate()) == (1, 2, 16000)
        samples = array("h", reader.readframes(reader.getnframes()))
    assert len(samples) == 1600 + 8000 + 1600
    assert set(samples[:1600]) == {-16384}
    assert set(samples[1600:9600]) == {0}
    assert set(samples[9600:]) == {16384}
    assert recording.with_suffix(".txt").read_text() == "a_first\nb_second\n"


def test_the_second_time_the_same_files_are_given(clips, tmp_path):
    first = sample_recording(clips, "fr", tmp_path / "joined")
    changed = first.stat().st_mtime_ns
    assert sample_recording(clips, "fr", tmp_path / "joined") == first
    assert first.stat().st_mtime_ns == changed
    assert sorted(path.name for path in (tmp_path / "joined").iterdir()) == ["fr.txt", "fr.wav"]


def test_a_language_without_clips_says_which_there_are(clips, tmp_path):
    with pytest.raises(NoSuchSample, match="fr"):
        sample_recording(clips, "xx", tmp_path / "joined")


def test_loud_samples_are_clipped_and_not_wrapped(clips, tmp_path):
    write_clip(clips / "fr" / "a_first.wav", [2.0, -2.0])
    with wave.open(str(sample_recording(clips, "fr", tmp_path / "joined"))) as reader:
        assert list(array("h", reader.readframes(2))) == [32767, -32767]


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFF\x04\0\0\0WAVE", b"ID3 not a wave file at all"])
def test_what_is_no_float_wave_file_is_refused(tmp_path, content):
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"bad\.wav"):
        read_float_wav(path)
