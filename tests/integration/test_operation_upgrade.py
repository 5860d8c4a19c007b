"""Operations that were accepted before an upgrade, and those that continue their jobs after it."""

import asyncio
import shutil
from pathlib import Path
from uuid import UUID, uuid4

from probe.kinds import NOOPS, Task
from probe.rig import PATIENT, Told
from setu_common.contracts import Submission
from setu_common.db import Database, connect, migrate
from setu_common.operations import Operations
from setu_common.operations.claims import Claims
from setu_common.operations.connection import HealingConnection
from setu_common.settings import DatabaseSettings, StoreSettings
from setu_common.store import Store
from setu_translate.migrate import VERSIONS

EARLIER = ("0001_operations.py", "0002_narrower_turns.py", "0003_parts_of_operations.py")


def test_what_was_begun_before_operations_went_by_the_age_of_their_jobs_is_ended_first_after_it(
    database_settings: DatabaseSettings, store_settings: StoreSettings, tmp_path: Path
) -> None:
    for name in EARLIER:
        shutil.copy(VERSIONS / name, tmp_path)
    migrate(database_settings, "translate", tmp_path)
    begun, others = uuid4(), [uuid4(), uuid4()]
    accepted(database_settings, begun, hours_ago=3, state="succeeded")
    for hours_ago, job_id in zip((2, 1), others, strict=True):
        accepted(database_settings, job_id, hours_ago=hours_ago, state="queued")

    migrate(database_settings, "translate", VERSIONS)
    asyncio.run(submit(database_settings, store_settings, begun))

    connection = HealingConnection(database_settings, "translate")
    claims = Claims(connection, PATIENT, "north", 1)
    assert [claim.job_id for claim in iter(lambda: claims.next(NOOPS.queue), None)] == [begun, *others]
    connection.close()


def accepted(settings: DatabaseSettings, job_id: UUID, *, hours_ago: int, state: str) -> None:
    """A row as the version before wrote it."""
    with connect(settings, "translate") as connection:
        connection.execute(
            "INSERT INTO operation (id, tenant, kind, queue, job_id, request, request_sha256, max_attempts, timeout_s, state, ended_at, created_at)"
            " VALUES (%(id)s, 'acme', %(kind)s, %(queue)s, %(job_id)s, '{}', '', 3, 60, %(state)s, CASE WHEN %(state)s = 'succeeded' THEN now() END,"
            " now() - %(hours_ago)s * interval '1 hour')",
            {"id": uuid4(), "kind": NOOPS.name, "queue": NOOPS.queue, "job_id": job_id, "state": state, "hours_ago": hours_ago},
        )


async def submit(settings: DatabaseSettings, store: StoreSettings, job_id: UUID) -> None:
    """Have more done for a job."""
    database = Database(settings, "translate")
    operations = Operations(database, Store(store, "translate"), Told(), PATIENT)
    await operations.submit(NOOPS, Task(), Submission(tenant="acme", job_id=job_id))
    await database.close()
