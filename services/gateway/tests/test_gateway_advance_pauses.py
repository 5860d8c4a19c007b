"""When a job is looked at again, if nobody calls earlier."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from setu_gateway.testing.stand import Stand


@pytest.fixture
def stand(database, store, jobs) -> Stand:
    return Stand(database, store, jobs)


async def test_a_stage_that_has_run_long_is_looked_at_less_often(stand):
    job = await stand.accept()
    await stand.advance(job)
    operation = stand.operation(stand.asr)
    pauses = []
    for age_s in (0, 50, 500):
        stand.asr.begin(operation)
        now = (await stand.jobs.get("local", job.id)).read_at
        stand.asr.change(operation, started_at=now - timedelta(seconds=age_s))
        pauses.append((await stand.advance(job)).after_s)
    assert pauses[0] == 1.0
    assert pauses[1] == pytest.approx(5.0, abs=0.5)
    assert pauses[2] == 15.0


async def test_a_stage_whose_work_is_queued_is_looked_at_seldom_and_when_patience_is_at_its_end(stand):
    job = await stand.accept_planned_for("en")  # a plan can be done without
    pauses = []
    for waited_s in (0, 12, 40):
        async with stand.database.transaction() as connection:
            await connection.execute(
                text("UPDATE job SET updated_at = now() - :waited"), {"waited": timedelta(seconds=waited_s)}
            )
        pauses.append((await stand.advance(job, plan_patience_s=20)).after_s)
    assert pauses == pytest.approx([15.0, 8.0, 15.0], abs=0.5)
