"""Things that happen to a stack in mid-job, and what must hold of the job for all that."""

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx2

from ownstack.jobs import Caller, Json, operations_of, under_way
from ownstack.stack import OwnStack
from setu_common.contracts import OBSERVATIONS
from setu_gateway.pipeline.kinds import ADVANCES, LESSONS
from toystack.watching import eventually

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
    """End a process of the stack."""
    return lambda stack, _row: stack.kill(name, number)


def kill_child(stack: OwnStack, row: Json) -> None:
    """Kill the process that is at work on the row."""
    assert row["pid"] in stack.children("asr-worker")
    os.kill(row["pid"], signal.SIGKILL)


@dataclass
class Undisturbed:
    """What a job gives if it is left in peace."""

    subtitles: dict[str, str]
    took_s: float


def left_in_peace(stack: OwnStack, speech: Path) -> Undisturbed:
    """Have a job done to which nothing happens."""
    with httpx2.Client(base_url=stack.url, timeout=15) as client:
        caller = Caller(stack, client)
        job = caller.ended(caller.submitted(speech, TARGET), FIRST_S)
        assert_done_once(stack, job, {})
        return Undisturbed(caller.subtitles(job), seconds(job))


def assert_survived(blow: Blow, stack: OwnStack, caller: Caller, speech: Path, undisturbed: Undisturbed) -> None:
    """Strike in the midst of a job; it ends well, with the same subtitles as if nothing had happened, and each stage done once."""
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


def assert_done_once(stack: OwnStack, job: Json, counted: Mapping[object, tuple[Counts, ...]]) -> None:
    """Each stage ran once for the job, and has exactly the result of its one operation, which succeeded."""
    # The job's own operation ends just after the job.
    assert eventually(lambda: all(row["ended_at"] for row in operations_of(stack, job["id"]) if row["kind"] == ADVANCES.name))
    # What the job teaches comes after it, and is no stage.
    rows = [row for row in operations_of(stack, job["id"]) if row["kind"] not in (LESSONS.name, OBSERVATIONS.name)]
    stages = {(stage["stage"], stage["target"]): stage for stage in job["stages"]}
    keys = {f"{job['id']}/{stage}/{target}/1" for stage, target in stages}
    assert Counter(row["idempotency_key"] for row in rows) == Counter({*keys, f"{job['id']}/1/advance"})
    assert {(row["state"], row["problem"] is None) for row in rows} == {("succeeded", True)}
    # There is no model for editing here, so that stage ends with nothing done, or with names put right by rules.
    ends = {(name, stage["state"], stage["run"]) for (name, _), stage in stages.items()}
    assert ends - {("enhance", "skipped", 1)} <= {(name, "succeeded", 1) for name, _ in stages}
    results = {row["id"]: row["result"] for row in rows}
    with stack.rows() as db:
        taken = db.execute("SELECT operation_id, state, result FROM gateway.stage WHERE job_id = %s", [job["id"]]).fetchall()
    assert {row["operation_id"] for row in taken} <= results.keys()
    assert len({row["operation_id"] for row in taken}) == len(stages)
    assert [row for row in taken if row["state"] == "succeeded" and row["result"] != results[row["operation_id"]]] == []
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
    """How long a job took."""
    return (datetime.fromisoformat(job["ended_at"]) - datetime.fromisoformat(job["created_at"])).total_seconds()
