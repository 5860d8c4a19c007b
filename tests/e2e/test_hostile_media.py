"""Media made to do harm, sent as jobs: each fails by name at the first attempt, and nothing is touched or left behind."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hostilemedia.files import Hostile, hostile_media
from hostilemedia.making import sound
from hostilemedia.watching import Watch, watched
from ownstack.jobs import Caller, Json, named, operations_of, stored
from ownstack.shared import SCRATCH
from ownstack.stack import OwnStack
from toystack.watching import eventually

pytestmark = [pytest.mark.chaos, pytest.mark.models, pytest.mark.timeout(600, func_only=True)]

STACK = "ordinary"
ALL_S = 500.0
BOUNDARY = b"a-boundary-of-a-test"
NOBODY_SPEAKS = "no-speech"  # what tones end in, where the file can be read


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    with watched(tmp_path / "canary", sound("wav", "pcm_s16le")) as watch:
        yield watch


def submitted(caller: Caller, hostile: Hostile) -> str:
    """Send it under its own name, whatever bytes that has."""
    disposition = b'Content-Disposition: form-data; name="media"; filename="' + os.fsencode(hostile.file_name) + b'"'
    source = b'Content-Disposition: form-data; name="source_language"\r\n\r\nfr'
    parts = (source, disposition + b"\r\n\r\n" + hostile.make())
    body = b"".join(b"--" + BOUNDARY + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + BOUNDARY + b"--\r\n"
    answer = caller.http.post(
        "/jobs", content=body, headers={"Content-Type": f"multipart/form-data; boundary={BOUNDARY.decode()}"}
    )
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["id"]
    return job_id


def told(job: Json) -> str:
    """The problem that a job ended in; empty if it was done."""
    return "" if job["state"] == "succeeded" else str(job["problem"]["code"])


def test_each_fails_by_name_at_once_and_leaves_the_stack_as_it_was(stack: OwnStack, caller: Caller, watch: Watch):
    before = stored(stack)
    every = hostile_media(watch.outside)
    jobs = {name: submitted(caller, hostile) for name, hostile in every.items()}
    ended = {name: caller.ended(job_id, ALL_S) for name, job_id in jobs.items()}

    problems = {name: told(job) for name, job in ended.items()}
    read = {name for name, hostile in every.items() if not hostile.code}
    assert {name: code for name, code in problems.items() if name not in read} == {
        name: hostile.code for name, hostile in every.items() if hostile.code
    }
    assert {problems[name] for name in read} <= {"", NOBODY_SPEAKS}
    attempts = [row["attempts"] for job_id in jobs.values() for row in operations_of(stack, job_id, ["asr"])]
    assert max(attempts) == 1
    assert watch.touched() == []
    assert list(SCRATCH.iterdir()) == []

    caller.all_gone(jobs.values(), ALL_S)
    assert eventually(lambda: stored(stack) == before == named(stack) | before, 20)
