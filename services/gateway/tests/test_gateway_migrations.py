"""Jobs of earlier releases are jobs of this one."""

import shutil
from pathlib import Path
from uuid import uuid4

from psycopg.types.json import Jsonb

from setu_common.contracts import JobRequest, StageState
from setu_common.db import Database, connect, migrate
from setu_gateway import repository
from setu_gateway.migrate import VERSIONS
from setu_gateway.testing.samples import reference, translate

FIRST = Path(str(VERSIONS)) / "0001_jobs_and_operations.py"


async def test_a_job_of_the_first_release_keeps_its_media_and_its_stages(database_settings, tmp_path):
    shutil.copy(FIRST, tmp_path)
    migrate(database_settings, "gateway", tmp_path)
    job_id, media = uuid4(), reference("gateway", 1, "video/mp4")
    request = JobRequest(target_languages=("en",)).model_dump(mode="json")
    with connect(database_settings, "gateway") as connection:
        connection.execute(
            "INSERT INTO job (id, tenant, request, media_name, media_uri, media_bytes, media_type, body_sha256, objects)"
            " VALUES (%s, 'local', %s, 'talk.mp4', %s, %s, %s, 'x', ARRAY[%s])",
            (job_id, Jsonb(request), media.uri, media.bytes, media.media_type, media.uri),
        )
        connection.execute(
            "INSERT INTO stage (job_id, tenant, stage, target, position) VALUES (%s, 'local', 'translate', 'en', 1)", (job_id,)
        )
        connection.commit()
    migrate(database_settings, "gateway", VERSIONS)
    database = Database(database_settings, "gateway")
    try:
        async with database.reading() as connection:
            job = await repository.load_job(connection, "local", job_id)
    finally:
        await database.close()
    assert job is not None
    assert (job.media, job.objects) == (media, [media.uri])
    assert [(stage.key, stage.state, stage.detour) for stage in job.stages] == [(translate("en"), StageState.WAITING, None)]
