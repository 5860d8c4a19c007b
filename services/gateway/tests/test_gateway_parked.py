"""What a stage says whose operation nobody is at."""

from uuid import uuid4

import pytest

from setu_common.contracts import JobState, Operation, StageState
from setu_common.errors import DependencyUnavailable
from setu_gateway.pipeline import observation
from setu_gateway.pipeline.stages import PIPELINE
from setu_gateway.records import StageRecord
from setu_gateway.testing.samples import TRANSCRIBE, a_job


@pytest.mark.parametrize(
    ("problem", "note", "said"),
    [
        (None, "transcribing: 2 of 5 pieces", "transcribing: 2 of 5 pieces"),
        (None, "", "queued"),
        (DependencyUnavailable("Away.").problem(), "transcribing", "queued"),  # it pauses before another attempt
    ],
)
def test_a_stage_that_waits_is_queued_and_one_that_is_parked_says_how_far_its_parts_are(problem, note, said):
    job = a_job(state=JobState.RUNNING)
    stage = StageRecord(TRANSCRIBE, state=StageState.RUNNING)
    operation = Operation(
        id=uuid4(), kind="transcriptions", state="queued", version=2, progress=0.4, note=note, attempt=0, created_at=job.created_at,
        started_at=job.created_at, problem=problem,
    )  # fmt: skip
    seen = observation.absorbed(job, stage, operation, PIPELINE)
    assert (seen.state, seen.progress, seen.note) == (StageState.RUNNING, 0.4, said)
