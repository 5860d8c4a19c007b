"""Whatever is killed in mid-job, the job ends well, with the same subtitles as if nothing had happened, and each stage done once."""

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from ownstack.badmedia import silence
from ownstack.jobs import Caller, Json, named, operations_of, stored, under_way
from ownstack.stack import OwnStack
from toystack.watching import eventually

pytestmark = [pytest.mark.chaos, pytest.mark.models, pytest.mark.timeout(180, func_only=True)]

TARGET = "en"
HEALING_S = 30.0
FIRST_S = 180.0  # the first job loads the models


Counts = tuple[int, int]
NONE: Counts = (0, 0)


@dataclass(frozen=True)
class Blow:
    """Something that happens to a stack in mid-job.

    Args:
        during: the service that is at work on the job then.
        strike: does it, knowing the row that is under way.
        counted: the (attempts, losses) that the row may have in the end.
    """

    during: str
    strike: Callable[[OwnStack, Json], object]
    counted: tuple[Counts, ...] = (NONE,)


def kill(name: str, number: signal.Signals = signal.SIGKILL) -> Callable[[OwnStack, Json], object]:
    return lambda stack, _row: stack.kill(name, number)


def kill_child(stack: OwnStack, row: Json) -> None:
    assert row["pid"] in stack.children("asr-worker")
    os.kill(row["pid"], signal.SIGKILL)


BLOWS: Mapping[str, Blow] = {
    "child of the asr worker killed": Blow("asr", kill_child, counted=((1, 0),)),
    "asr worker killed": Blow("asr", kill("asr-worker"), counted=((0, 1),)),
    "gateway API killed": Blow("asr", kill("gateway-api")),
    "pipeline worker killed": Blow("asr", kill("gateway-worker")),
    "Valkey killed and emptied": Blow("asr", lambda stack, _row: stack.empty_valkey()),
    "Postgres restarted": Blow("asr", kill("postgres", signal.SIGINT)),
    "Postgres killed": Blow("asr", kill("postgres")),
    "translate worker killed": Blow("translate", kill("translate-worker"), counted=((0, 1),)),
    # Its second attempt is 10 s after the first; on a busy machine the model may not be loaded by then.
    "language model killed": Blow("translate", kill("llm"), counted=((1, 0), (2, 0))),
}


@dataclass
class Undisturbed:
    """What a job gives if it is left in peace."""

    subtitles: dict[str, str]
    took_s: float


@pytest.fixture(scope="module")
def undisturbed(stack, speech):
    with httpx2.Client(base_url=stack.url, timeout=15) as client:
        caller = Caller(stack, client)
        job = caller.ended(caller.submitted(speech, TARGET), FIRST_S)
        assert_done_once(stack, job, {})
        return Undisturbed(caller.subtitles(job), seconds(job))


@pytest.mark.parametrize("blow", BLOWS.values(), ids=BLOWS.keys())
def test_a_job_survives(blow, stack, caller, speech, undisturbed):
    job_id = caller.submitted(speech, TARGET)
    row = under_way(stack, job_id, blow.during, FIRST_S)
    struck_at = datetime.now(UTC)
    blow.strike(stack, row)

    job = caller.ended(job_id, HEALING_S + 3 * undisturbed.took_s)

    assert job["state"] == "succeeded", job
    assert datetime.fromisoformat(job["ended_at"]) > struck_at
    assert caller.subtitles(job) == undisturbed.subtitles
    assert_done_once(stack, job, {row["id"]: blow.counted})
    assert_outages_were_told(caller)
    stack.healed()
    sys.stdout.write(f"{seconds(job):.1f} s, {undisturbed.took_s:.1f} s if undisturbed; ")
    sys.stdout.write(f"{caller.silences} silences, {len(caller.refusals)} refusals\n")


OUTAGES = {
    "gateway API killed": ("gateway-api", signal.SIGKILL),
    "Postgres restarted": ("postgres", signal.SIGINT),
    "Postgres killed": ("postgres", signal.SIGKILL),
}


@pytest.mark.parametrize(("name", "number"), OUTAGES.values(), ids=OUTAGES.keys())
def test_what_is_submitted_in_an_outage_is_refused_clearly_and_sent_again_becomes_one_job(
    name, number, stack, caller, short_speech
):
    key = str(uuid4())
    stack.kill(name, number)

    accepted = caller.insisted(lambda: caller.submit(short_speech, key=key), HEALING_S)
    repeated = caller.submit(short_speech, key=key)

    assert caller.silences + len(caller.refusals) > 0, "nothing was away"
    assert_outages_were_told(caller)
    assert (repeated.status_code, repeated.json()["id"]) == (202, accepted["id"])
    job = caller.ended(accepted["id"], FIRST_S)
    assert job["state"] == "succeeded", job
    assert_done_once(stack, job, {})
    assert_one_job(stack, job, key, short_speech)


def test_an_upload_that_the_gateway_dies_over_can_be_sent_again(stack, caller, tmp_path):
    key = str(uuid4())
    long = tmp_path / "long.wav"
    long.write_bytes(silence(180.0))
    before = stored(stack)

    def half_sent() -> Iterator[bytes]:
        yield from (b"--x\r\n", b'Content-Disposition: form-data; name="media"; filename="long.wav"\r\n\r\n')
        yield long.read_bytes()[: long.stat().st_size // 2]
        assert eventually(lambda: len(stored(stack)) > len(before)), "nothing was being written"
        stack.kill("gateway-api")
        while True:  # until it is noticed
            yield b"\0" * 1000

    with pytest.raises(httpx2.TransportError):
        caller.http.post("/jobs", content=half_sent(), headers={"Content-Type": "multipart/form-data; boundary=x"})
    (half_written,) = stored(stack) - before
    assert half_written.startswith("gateway/.incoming/")  # nobody can take it for a recording; it is swept after a day
    (stack.home.store / half_written).unlink()
    accepted = caller.insisted(lambda: caller.submit(long, key=key), HEALING_S)

    assert caller.submit(long, key=key).json()["id"] == accepted["id"]
    job = caller.ended(accepted["id"], FIRST_S)
    assert job["problem"]["code"] == "no-speech"
    assert_one_job(stack, job, key, long)


def assert_one_job(stack: OwnStack, job: Json, key: str, media: Path) -> None:
    """The key stands for one job, and of the recordings that were sent only that job's was kept."""
    with stack.rows() as db:
        rows = db.execute("SELECT id, objects FROM gateway.job WHERE idempotency_key = %s", [key]).fetchall()
    assert [str(row["id"]) for row in rows] == [job["id"]]
    assert stored(stack) == named(stack)
    assert job["media"]["bytes"] == media.stat().st_size


def assert_done_once(stack: OwnStack, job: Json, counted: Mapping[object, tuple[Counts, ...]]) -> None:
    """Each stage ran once for the job, and has exactly the result of its one operation, which succeeded."""
    assert eventually(
        lambda: all(row["ended_at"] for row in operations_of(stack, job["id"]))
    )  # the job's own ends just after it
    rows = operations_of(stack, job["id"])
    stages = {(stage["stage"], stage["target"]): stage for stage in job["stages"]}
    keys = {f"{job['id']}/{stage}/{target}/1" for stage, target in stages}
    assert Counter(row["idempotency_key"] for row in rows) == Counter({*keys, f"{job['id']}/1/advance"})
    assert {(row["state"], row["problem"] is None) for row in rows} == {("succeeded", True)}
    assert {(stage["state"], stage["run"]) for stage in stages.values()} == {("succeeded", 1)}
    results = {row["id"]: row["result"] for row in rows}
    with stack.rows() as db:
        taken = db.execute("SELECT operation_id, result FROM gateway.stage WHERE job_id = %s", [job["id"]]).fetchall()
    assert len({row["operation_id"] for row in taken}) == len(stages)
    assert all(results[row["operation_id"]] == row["result"] for row in taken)
    for row in rows:
        if row["kind"] != "advances":  # it is claimed many times a job; one of those claims may be lost with its worker
            assert (row["attempts"], row["losses"]) in counted.get(row["id"], (NONE,)), row
        assert row["attempts"] == 0 or row["id"] in counted, row


def assert_outages_were_told(caller: Caller) -> None:
    """Whoever asked meanwhile got no answer, or one that says when to come back."""
    for answer in caller.refusals:
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["retryable"]) == (503, "dependency-unavailable", True)
        assert "again" in problem["detail"]
        assert float(answer.headers["Retry-After"]) > 0


def seconds(job: Json) -> float:
    return (datetime.fromisoformat(job["ended_at"]) - datetime.fromisoformat(job["created_at"])).total_seconds()
