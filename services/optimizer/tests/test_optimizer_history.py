"""Past jobs of another system: read whole, or not at all."""

import json

import pytest
from sqlalchemy import text

from setu_optimizer.domain.observing.history import read_history
from setu_optimizer.observing.desk import take_history

HEADER = "recording,duration_s,model,wer,snr_db,probe_mean_logprob,beam_size,wer_basis,work,operator\n"
GOOD = HEADER + "a.wav,60,whisper-base,0.12,18.5,-0.3,1,known,Mirzapur,Anna\nb.wav,90.5,whisper-tiny.en,0.3,,,,estimated,,\n"


def test_jobs_are_read_with_what_is_known_of_their_sound():
    found = read_history(GOOD, is_json=False)
    assert found.problems == ()
    assert found.unknown == ("operator",)
    first, second = found.jobs
    assert (first.recording, first.wer, first.beam_size, first.work) == ("a.wav", 0.12, 1, "Mirzapur")
    assert first.figures == {"snr_db": 18.5, "probe_mean_logprob": -0.3}
    assert (second.beam_size, second.wer_basis, second.language, second.figures) == (5, "estimated", "en", {})


def test_json_says_the_same_as_csv():
    rows = [
        {"recording": "a.wav", "duration_s": 60, "model": "whisper-base", "wer": 0.12, "snr_db": 18.5, "probe_mean_logprob": -0.3,
         "beam_size": 1, "wer_basis": "known", "work": "Mirzapur", "operator": "Anna"},
        {"recording": "b.wav", "duration_s": 90.5, "model": "whisper-tiny.en", "wer": 0.3, "wer_basis": "estimated", "work": None},
    ]  # fmt: skip
    assert read_history(json.dumps(rows), is_json=True) == read_history(GOOD, is_json=False)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a.wav,60,whisper-base,twelve,,,,,,", "line 3: wer"),
        ("a.wav,60,whisper-base,12,loud,,,,,", "line 3: snr_db: it should be a number"),
        (",60,whisper-base,0.1,,,,,,", "line 3: recording"),
        ("c.wav,-5,whisper-base,0.1,,,,,,", "line 3: duration_s"),
        ("c.wav,60,whisper-base,nan,,,,,,", "line 3: wer"),
        ("c.wav,60,whisper-base,55,,,,,,", "line 3: wer"),
        ("c.wav,60,whisper-base,0.1,,,99,,,", "line 3: beam_size"),
        ("c.wav,60,whisper-base,0.1,,,,guessed,,", "line 3: wer_basis"),
        ("ok.wav,70,whisper-base,0.1,,,,,,", "'ok.wav' stands in line 2 already"),
        ("c.wav,60", "line 3 has not as many cells"),
    ],
)
def test_a_bad_line_is_named(row, said):
    found = read_history(f"{HEADER}ok.wav,60,whisper-base,0.1,,,,,,\n{row}\n", is_json=False)
    assert len(found.problems) == 1
    assert said in found.problems[0]


@pytest.mark.parametrize("broken", ["", "recording,duration_s\n", "{}", "[1]", "[", '{"a": [}'])
def test_what_is_no_table_is_a_problem_and_no_crash(broken):
    assert read_history(broken, is_json=broken.startswith(("{", "["))).problems


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ({"snr_db": [18.5]}, "entry 2: snr_db: it should be a number"),
        ({"snr_db": {}}, "entry 2: snr_db: it should be a number"),
        ({"snr_db": float("nan")}, "entry 2: snr_db: it should be a number"),
        ({"snr_db": 10**400}, "entry 2: snr_db: it should be a number"),
        ({"recording": "b\0.wav"}, "entry 2: recording: there is a NUL character in it"),
        ({"work": "Mirza\0pur"}, "entry 2: work: there is a NUL character in it"),
    ],
)
def test_what_json_alone_can_say_is_named_with_its_entry_too(odd, said):
    row = {"recording": "a.wav", "duration_s": 60, "model": "whisper-base", "wer": 0.1}
    found = read_history(json.dumps([row, row | {"recording": "b.wav"} | odd]), is_json=True)
    assert found.problems == (said,)


def test_a_byte_order_mark_and_spaces_do_no_harm():
    found = read_history("\ufeffrecording , duration_s,model,wer\n a.wav , 60 ,whisper-base, 0.1 \n", is_json=False)
    assert found.problems == ()
    assert found.jobs[0].recording == "a.wav"


async def test_what_is_taken_twice_is_there_once(optimizer_database_settings, database):
    jobs = read_history(GOOD, is_json=False).jobs
    assert await take_history(optimizer_database_settings, "acme", jobs) == 2
    assert await take_history(optimizer_database_settings, "acme", jobs) == 0
    async with database.reading() as connection:
        rows = (await connection.execute(text("SELECT * FROM observation ORDER BY recording"))).mappings().all()
    assert [(row["source"], row["recording"], row["wer"], row["wer_basis"], row["weight"]) for row in rows] == [
        ("history", "a.wav", 0.12, "known", 1.0),
        ("history", "b.wav", 0.3, "estimated", 0.25),
    ]
    assert rows[0]["profile"] == {"duration_s": 60, "snr_db": 18.5, "probe_mean_logprob": -0.3}
    assert "irzapur" not in rows[0]["work"]
