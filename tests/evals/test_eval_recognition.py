"""The labelled recordings are what they are said to be: two sides that share nothing, spoiled by as much as is said."""

from collections import Counter

import numpy as np
import pytest
from evals.optimizer import outcomes
from evals.recognition import TABLE
from evals.recognition.degradations import CLEAN, TEST, TRAIN, Sound
from evals.recognition.recordings import VOICES, planned, sentences
from evals.recognition.rows import append, read
from evals.recognition.table import rows
from evals.voices import RATE_HZ

SPECS = planned()
SPEECH = np.asarray(
    0.1 * np.sin(2 * np.pi * 440 * np.arange(3 * RATE_HZ) / RATE_HZ) * (np.arange(3 * RATE_HZ) // 4000 % 2), np.float32
)
OTHER = np.asarray(0.1 * np.sin(2 * np.pi * 330 * np.arange(2 * RATE_HZ) / RATE_HZ), np.float32)


def _spoiled(kind, strength, seed=1):
    return kind.spoil(Sound(SPEECH, lambda: [OTHER], np.random.default_rng(seed)), strength)


def _of(split, name):
    return {value for spec in SPECS if spec.split == split for value in name(spec)}


def test_texts_voices_and_ways_of_being_spoiled_are_on_one_side_only():
    assert not _of("train", lambda spec: spec.texts) & _of("test", lambda spec: spec.texts)
    assert not _of("train", lambda spec: [(each.engine, each.name) for each in spec.voices]) & _of(
        "test", lambda spec: [(each.engine, each.name) for each in spec.voices]
    )
    assert _of("train", lambda spec: [spec.kind]) & _of("test", lambda spec: [spec.kind]) == {CLEAN}
    assert set(VOICES) == {spec.split for spec in SPECS}


def test_the_first_recordings_are_a_fair_choice_of_all():
    third = SPECS[: len(SPECS) // 3]
    all_of, some_of = (Counter((spec.split, spec.kind) for spec in specs) for specs in (SPECS, third))
    assert max(abs(some_of[key] - all_of[key] / 3) for key in all_of) < 2
    assert planned() == SPECS


def test_nothing_is_read_twice_in_one_recording_and_every_text_is_long_enough():
    assert all(len(set(spec.texts)) == len(spec.texts) for spec in SPECS)
    words = {(spec.split, text): " ".join(sentences(spec.split, text)).split() for spec in SPECS for text in spec.texts}
    assert min(map(len, words.values())) > 150


@pytest.mark.parametrize("name", [*TRAIN, *TEST])
def test_what_is_spoiled_is_the_same_each_time_and_worse_where_more_is_done(name):
    kind = {**TRAIN, **TEST}[name]
    weak, again, strong = (_spoiled(kind, kind.strengths[level]) for level in (0, 0, 4))
    assert np.array_equal(weak, again)
    assert weak.dtype == np.float32
    assert np.abs(strong).max() <= 1
    if name == "faster":
        assert len(strong) < len(weak) < len(SPEECH)
    elif name == CLEAN:
        assert np.array_equal(strong, SPEECH)
    else:
        assert abs(len(weak) - len(SPEECH)) < RATE_HZ / 2  # codecs begin with some silence
        # A tone is no voice: what is made for voices may spare it, and yet not leave it alone.
        assert _unlike(strong) > (0.01 if name in ("aac", "telephone codec") else _unlike(weak))


def _unlike(spoiled):
    """How far its spectrum lies from the speech's, levels aside, wherever codecs have moved it to."""
    one, other = (np.abs(np.fft.rfft(each[: 2 * RATE_HZ])) for each in (spoiled, SPEECH))
    return 1 - float((one * other).sum() / np.sqrt(np.square(one).sum() * np.square(other).sum()))


def test_noise_is_as_far_below_the_speech_as_is_said():
    said_db = 8.0
    spoiled = _spoiled(TRAIN["white noise"], said_db)
    loud = np.abs(SPEECH) > 1e-4
    behind = spoiled - SPEECH
    found_db = 20 * np.log10(np.sqrt(np.square(SPEECH[loud]).mean()) / np.sqrt(np.square(behind).mean()))
    assert found_db == pytest.approx(said_db, abs=0.3)


def test_dropouts_take_away_the_share_that_is_said():
    spoiled = _spoiled(TEST["dropouts"], 0.2)
    assert 0.2 <= (spoiled == 0).mean() - (SPEECH == 0).mean() < 0.3


def test_a_row_that_was_being_written_when_the_process_died_is_measured_again(tmp_path):
    path = tmp_path / "rows.jsonl"
    append(path, {"recording": "train-000"})
    path.write_text(path.read_text() + '{"recording": "tr')
    assert read(path) == [{"recording": "train-000"}]
    append(path, {"recording": "train-001"})
    assert [row["recording"] for row in read(path)] == ["train-000", "train-001"]


def test_the_table_has_only_recordings_that_were_heard_in_every_way_and_are_planned_as_they_were(tmp_path):
    heard, features = tmp_path / "rows.jsonl", tmp_path / "features.jsonl"
    first, second, third, fourth = (spec.cells for spec in SPECS[:4])
    changed = fourth | {"strength": 99.0}
    for cells in (first, second, third, changed):
        for beam in (1, 5) if cells is not second else (1,):
            append(heard, cells | {"model": "whisper-base", "beam_size": beam, "wer": 0.1})
    for cells in (first, second, changed):
        append(features, cells | {"snr_db": 20.0})
    found = rows(SPECS, heard, features)
    assert [(row["recording"], row["beam_size"], row["snr_db"]) for row in found] == [
        (first["recording"], 1, 20.0),
        (first["recording"], 5, 20.0),
    ]


def test_the_committed_table_is_small_whole_and_of_the_recordings_that_are_planned():
    assert TABLE.stat().st_size < 1_000_000
    recordings = {split: outcomes.read(TABLE, split) for split in ("train", "test")}  # refuses what was not heard in every way
    planned_as = {spec.name: (spec.kind, spec.level) for spec in SPECS}
    for split, found in recordings.items():
        assert {each.name: (each.kind, each.level) for each in found}.items() <= planned_as.items(), split
        assert {len(each.outcomes) for each in found} == {4}
        assert min(each.profiled for each in found) > 0
    kinds = [{each.kind for each in found} for found in recordings.values()]
    assert kinds[0] & kinds[1] == {CLEAN}
    assert kinds[0] | kinds[1] == {*TRAIN, *TEST}
