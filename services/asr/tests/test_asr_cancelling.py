"""What the API ends by itself: a transcription that is cancelled while it waits for another attempt."""

from uuid import UUID

import psycopg
import pytest
from fastapi.testclient import TestClient

from setu_asr.app import create_api
from setu_asr.migrate import VERSIONS
from setu_asr.settings import AsrSettings
from setu_common.contracts import TRANSCRIPTIONS, Reference, TranscriptionRequest
from setu_common.db import migrate
from setu_common.settings import CoreSettings, LogSettings, ModelSettings, OperationSettings, WorkerSettings


@pytest.fixture
def asr_database(cloned_database):
    return cloned_database("asr", lambda settings: migrate(settings, "asr", VERSIONS))


@pytest.fixture
def api(asr_database, redis_settings, store_settings, trust_settings, recognition):
    core = CoreSettings(
        database=asr_database,
        redis=redis_settings,
        store=store_settings,
        operations=OperationSettings(),
        log=LogSettings(),
        worker=WorkerSettings(),
    )
    settings = AsrSettings(core, ModelSettings(folder=recognition.scratch_folder, offline=True), recognition)
    headers = {"Authorization": f"Bearer {trust_settings.service_token.get_secret_value()}", "Setu-Tenant": "acme"}
    with TestClient(create_api(settings, trust_settings), headers=headers) as client:
        yield client


def submitted(api: TestClient) -> UUID:
    media = Reference(uri=f"setu://gateway/acme/2026-01-01/{'0' * 64}-{'0' * 8}", media_type="audio/wav", bytes=44)
    answer = api.post(f"/v1/{TRANSCRIPTIONS.name}", json=TranscriptionRequest(media=media).model_dump(mode="json"))
    assert answer.status_code == 202, answer.text
    return UUID(answer.json()["id"])


def test_what_was_heard_of_a_transcription_goes_with_its_cancellation_while_it_waits(api, asr_database):
    cancelled_id, waiting_id = submitted(api), submitted(api)
    with psycopg.connect(asr_database.url, autocommit=True) as connection:
        for operation_id in (cancelled_id, waiting_id):
            connection.execute("INSERT INTO asr.heard_part VALUES (%s, 'a clip', 'what was said')", [operation_id])
        assert api.delete(f"/v1/operations/{cancelled_id}").json()["state"] == "cancelled"
        assert connection.execute("SELECT operation_id FROM asr.heard_part").fetchall() == [(waiting_id,)]
