"""Whatever is killed in mid-job, the job ends well, with the same subtitles as if nothing had happened, and each stage done once."""

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx2
import pytest

from ownstack.jobs import Caller, Json, operations_of, under_way
from ownstack.stack import OwnStack

pytestmark = [pytest.mark.chaos, pytest.mark.models, pytest.mark.timeout(240)]

TARGET = "en"
HEALING_S = 30.0
FIRST_S = 180.0  # the first job loads the models


@dataclass(frozen=True)
class Blow:
    """Something that happens to a stack in mid-job.

    Args:
        during: the service that is at work on the job then.
        strike: does it, knowing the row that is under way.
        counted: the (attempts, losses) that the row has in the end.
    """

    during: str
    strike: Callable[[OwnStack, Json], object]
    counted: tuple[int, int] = (0, 0)


def kill(name: str, number: signal.Signals = signal.SIGKILL) -> Callable[[OwnStack, Json], object]:
    return lambda stack, _row: stack.kill(name, number)


def kill_child(stack: OwnStack, row: Json) -> None:
    assert row["pid"] in stack.children("asr-worker")
    os.kill(row["pid"], signal.SIGKILL)


BLOWS: Mapping[str, Blow] = {
    "child of the asr worker killed": Blow("asr", kill_child, counted=(1, 0)),
    "asr worker killed": Blow("asr", kill("asr-worker"), counted=(0, 1)),
    "gateway API killed": Blow("asr", kill("gateway-api")),
    "pipeline worker killed": Blow("asr", kill("gateway-worker")),
    "Valkey killed and emptied": Blow("asr", lambda stack, _row: stack.empty_valkey()),
    "Postgres restarted": Blow("asr", kill("postgres", signal.SIGINT)),
    "Postgres killed": Blow("asr", kill("postgres")),
    "translate worker killed": Blow("translate", kill("translate-worker"), counted=(0, 1)),
    "language model killed": Blow("translate", kill("llm"), counted=(1, 0)),
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


def assert_done_once(stack: OwnStack, job: Json, counted: Mapping[object, tuple[int, int]]) -> None:
    """Each stage ran once for the job, and has exactly the result of its one operation, which succeeded."""
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
            assert (row["attempts"], row["losses"]) == counted.get(row["id"], (0, 0)), row
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
