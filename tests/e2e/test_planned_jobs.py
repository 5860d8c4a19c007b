"""A job is transcribed as the optimizer plans it, and teaches it something; without the optimizer it goes on: on a whole stack."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ownstack.jobs import Json, operations_of, stored
from ownstack.stack import OwnStack
from toystack.watching import eventually

pytestmark = [pytest.mark.chaos, pytest.mark.models, pytest.mark.timeout(600, func_only=True)]

STACK = "ordinary"
JOB_S = 240.0
TAUGHT_S = 90.0
PLANNER = "optimizer-worker"


def stage_of(job: Json, name: str) -> Json:
    return next(stage for stage in job["stages"] if stage["stage"] == name)


def taught(stack: OwnStack, job_id: str, kind: str) -> list[str]:
    """How the operations stand by which the optimizer learns of a job."""
    return [row["state"] for row in operations_of(stack, job_id, ["optimizer"]) if row["kind"] == kind]


def plan_of_transcript(stack: OwnStack, job_id: str) -> Json:
    (row,) = [row for row in operations_of(stack, job_id, ["asr"]) if row["kind"] == "transcriptions"]
    request: Json = row["request"]
    return request


def test_a_job_is_planned_teaches_is_corrected_and_all_of_that_is_erased_with_it(stack, caller, greeting):
    before = stored(stack)
    job = caller.ended(caller.submitted(greeting), JOB_S)
    assert (job["state"], job["degraded"]) == ("succeeded", []), job
    plan = caller.http.get(f"/jobs/{job['id']}/plan").raise_for_status().json()["prediction"]
    assert stage_of(job, "plan")["note"].startswith(f"{plan['plan']['model']}, beam {plan['plan']['beam_size']}")
    # English alone was learned from: of French nothing is predicted, and the recogniser goes by its own default.
    assert plan["abstained"]
    assert plan_of_transcript(stack, job["id"])["plan"] is None
    assert eventually(lambda: taught(stack, job["id"], "observations") == ["succeeded"], TAUGHT_S), operations_of(
        stack, job["id"]
    )

    captions = caller.subtitles(job)["fr.srt"]
    corrected = captions.replace(captions.split()[-1], "corrigé")
    sent = caller.http.post(
        f"/jobs/{job['id']}/corrections", data={"language": "fr"}, files={"subtitles": ("fr.srt", corrected.encode())}
    )
    assert sent.status_code == 202, sent.text
    ended: list[Json] = []

    def learned() -> bool:
        ended[:] = [caller.http.get(f"/v1/operations/{sent.json()['id']}", params={"wait": 10}).json()]
        return bool(ended[0]["state"] in ("succeeded", "failed"))

    assert eventually(learned, TAUGHT_S)
    assert ended[0]["state"] == "succeeded", ended
    assert (ended[0]["result"]["language"], ended[0]["result"]["job_id"]) == ("fr", job["id"])

    caller.gone(job["id"], JOB_S)
    assert [row["kind"] for row in operations_of(stack, job["id"], ["optimizer"])] == []
    assert eventually(lambda: stored(stack) == before, 10), stored(stack) - before
    with stack.rows() as db:
        assert db.execute("SELECT 1 AS one FROM optimizer.observation WHERE job_id = %s", [job["id"]]).fetchall() == []


@pytest.fixture
def stopped_planner(stack: OwnStack) -> Iterator[None]:
    """Nobody plans: the worker and its children stand still."""
    worker = stack.process(PLANNER).pid
    assert worker is not None
    processes = [worker, *stack.children(PLANNER)]
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    yield
    for pid in processes:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


@pytest.mark.usefixtures("stopped_planner")
def test_a_job_whose_plan_does_not_come_is_transcribed_by_default_and_nothing_of_it_is_missing(stack, caller, greeting: Path):
    job = caller.ended(caller.submitted(greeting), JOB_S)
    assert (job["state"], job["degraded"]) == ("succeeded", []), job
    plan = stage_of(job, "plan")
    assert plan["state"] == "skipped"
    assert plan["note"].startswith(
        "transcribed as the recogniser does by default: The optimizer service did not give its advice"
    )
    assert plan_of_transcript(stack, job["id"])["plan"] is None
    assert caller.http.get(f"/jobs/{job['id']}/plan").json()["code"] == "plan-missing"
