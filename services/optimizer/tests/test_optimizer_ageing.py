"""What was observed ages, each tenant's in its own time."""

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text

from setu_common.contracts import AsrPlan, Candidate, Reference, Submission
from setu_common.operations.connection import HealingConnection
from setu_common.operations.retention import Retention
from setu_common.settings import OperationSettings
from setu_optimizer.domain.observing.labels import Label
from setu_optimizer.domain.saving import Edited
from setu_optimizer.equipment import KEEPSAKES
from setu_optimizer.observing import repository
from setu_optimizer.observing.repository import Hearing, Observation
from setu_optimizer.observing.second import SECOND_HEARINGS, SecondHearingRequest
from setu_optimizer.observing.spending import keep_edits

PLAN = AsrPlan(model="whisper-base")


@pytest.fixture
def healing(optimizer_database_settings):
    connection = HealingConnection(optimizer_database_settings, "optimizer")
    yield connection
    connection.close()


async def test_what_was_observed_ages_by_tenant_and_of_trainings_the_last_fifty_stay(database, healing, store):
    async def aged(statement: str, days: int, **values: object) -> None:
        await connection.execute(text(statement), {"ago": days, **values})

    async with database.transaction() as connection:
        for tenant in ("acme", "patient"):
            for days in (1, 40, 100):
                job_id = uuid4()
                whose = {"tenant": tenant, "job": job_id}
                seen = Observation("job", str(job_id), job_id, "w", "en", {}, PLAN, Candidate(model="whisper-base"), 60)
                await repository.keep(connection, tenant, seen, Label(0.1, "estimated", 0.25))
                await keep_edits(connection, tenant, job_id, [("hi", Edited("p", "m", "name", 2, 1, 1.0, 1.0, None))])
                await aged(
                    "INSERT INTO correction VALUES (:tenant, :job, 0, 9, 0, 0, 0, 1, '[]', now() - make_interval(days => :ago))",
                    days,
                    **whose,
                )
                for change in ("observation SET updated_at", "edit_outcome SET observed_at"):
                    where = "WHERE tenant = :tenant AND job_id = :job"
                    await aged(f"UPDATE {change} = now() - make_interval(days => :ago) {where}", days, **whose)
        for week in range(60):
            trained = "INSERT INTO retraining VALUES (:id, now() - make_interval(days => :ago), 'a', 'b', 1, 1, 1, false, '')"
            await aged(trained, week * 7, id=uuid4())
    settings = OperationSettings(retention_days=30, retention_days_by_tenant={"patient": 90})
    await asyncio.to_thread(Retention(healing, store, settings, KEEPSAKES).run)
    async with database.reading() as connection:
        for table in ("observation", "correction", "edit_outcome"):
            found = await connection.execute(text(f"SELECT tenant, count(*) FROM {table} GROUP BY tenant ORDER BY tenant"))
            assert [tuple(row) for row in found] == [("acme", 1), ("patient", 2)], table
        assert (await connection.execute(text("SELECT count(*) FROM retraining"))).scalar_one() == 50


async def test_a_minute_that_is_being_heard_is_not_swept_and_one_that_was_left_behind_is(database, healing, store, operations):
    transcript = Reference(uri=f"setu://asr/acme/2026-11-26/{'0' * 64}-00000000", bytes=1, media_type="application/json")
    request = SecondHearingRequest(job_id=uuid4(), language="en", plan=PLAN, transcript=transcript, audio=transcript)
    operation = await operations.submit(SECOND_HEARINGS, request, Submission(tenant="acme"))
    media = await store.put("acme", b"RIFF", "audio/wav")
    async with database.transaction() as connection:
        await repository.keep_hearing(connection, operation.id, Hearing("en", media, PLAN, 0))

    def named() -> set[str]:
        with healing.transaction() as db:
            return {row["uri"] for each in KEEPSAKES for row in db.execute(each.named, {"uris": [media.uri]})}

    assert named() == {media.uri}
    await operations.cancel("acme", operation.id)
    assert named() == set()
