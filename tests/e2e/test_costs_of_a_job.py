"""What a job cost and took is told by a whole stack, with real models that are our own and therefore free."""

from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from ownstack.jobs import Caller
from ownstack.stack import OwnStack

STACK = "ordinary"
pytestmark = [pytest.mark.chaos, pytest.mark.models, pytest.mark.timeout(300, func_only=True)]

JOB_S = 180.0


def test_a_jobs_calls_and_stages_are_on_record_and_told(stack: OwnStack, caller: Caller, short_speech: Path):
    job_id = caller.submitted(short_speech, "en")
    assert caller.ended(job_id, JOB_S)["state"] == "succeeded"

    cost = caller.http.get(f"/jobs/{job_id}/cost").json()
    by_stage = {stage["stage"]: stage for stage in cost["stages"]}
    translating, hearing = by_stage["translations"], by_stage["transcriptions"]
    assert (translating["target"], translating["provider"]) == ("en", "own")
    assert (hearing["provider"], hearing["model"], hearing["calls"]) == ("own", "whisper-base", 1)
    assert translating["calls"] >= 1
    assert translating["output_tokens"] > 0
    assert (Decimal(cost["usd"]), cost["unpriced"], cost["unresolved"]) == (Decimal(0), 0, 0)

    with psycopg.connect(stack.database.url) as connection:
        rows = connection.execute(
            "SELECT stage, outcome, wall_s > 0, peak_rss_bytes > 0 FROM ledger.stage_metrics WHERE job_id = %s", (job_id,)
        ).fetchall()
        took = connection.execute(
            "SELECT (SELECT sum(model_load_s) FROM ledger.stage_metrics), (c.usage ->> 'cpu_s')::float"
            " FROM ledger.stage_metrics m JOIN ledger.call c USING (operation_id)"
            " WHERE m.job_id = %s AND m.stage = 'transcriptions'",
            (job_id,),
        ).fetchone()
    assert took is not None
    assert took[0] > 0, "the stack's first recording loads the model, for its probe or its words"
    assert took[1] > 0.1
    assert {row[0] for row in rows} >= {"profiles", "transcriptions", "translations", "renderings"}
    assert {row[1:] for row in rows} == {("succeeded", True, True)}

    report = caller.http.get("/v1/costs", params={"by": "job", "format": "csv"})
    assert job_id in report.text
    estimate = caller.http.post("/jobs/estimate", json={"duration_s": 60, "target_languages": ["en"]}).json()
    assert estimate["time_s"]["expected"] > 0
