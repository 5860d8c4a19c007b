"""The service's own processes, a migration, an API and a worker, from outside."""

import contextlib
from uuid import uuid4

import pytest

from setu_cli.embedded.guarded import Guarded
from setu_common.clients import OperationsClient
from setu_common.contracts import (
    TRANSLATIONS,
    OperationState,
    Submission,
    TranslatedTranscript,
    TranslationRequest,
    TranslationResult,
)
from setu_common.http import HttpCaller, create_client
from setu_common.store import Store
from testbed.serving import environment_of, launch, served

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]


@pytest.fixture
def environment(database_settings, redis_settings, store_settings, service_token, llm_url):
    return environment_of(
        database_settings,
        redis_settings,
        store_settings,
        service_token,
        SETU_TRANSLATE_LLM_URL=llm_url,
        SETU_TRANSLATE_LLM_MODEL="some-model",
    )


@pytest.fixture
async def client(environment, service_token, tmp_path):
    """A client of a running API with a running worker behind it."""
    ready = tmp_path / "ready"
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(served("setu_translate.main", environment, tmp_path))
        guarded = stack.enter_context(Guarded(tmp_path / "worker-guardian.log"))
        worker = launch(("setu_translate.worker",), environment | {"SETU_WORKER_READY_FILE": str(ready)}, tmp_path)
        guarded.start_ready(worker, lambda _: ready.exists(), timeout_s=60)
        async with create_client(url, service_token=service_token) as http:
            yield OperationsClient(HttpCaller(http))


async def test_transcripts_are_translated_refused_and_cancelled(client, store_settings, llm, make_transcript):
    store = Store(store_settings, "gateway")
    await a_transcript_is_translated_and_what_cannot_be_is_told(client, store, llm, make_transcript)
    llm.requests.clear()
    await a_translation_under_way_can_be_cancelled(client, store, llm, make_transcript)


async def a_transcript_is_translated_and_what_cannot_be_is_told(client, store, llm, make_transcript):
    transcript = await store.put_model("local", make_transcript("Bonjour", "♪", "Merci"))
    submission = Submission(tenant="local", job_id=uuid4(), idempotency_key="k")
    request = TranslationRequest(transcript=transcript, target_language="en")
    accepted = await client.submit(TRANSLATIONS, request, submission)
    ended = await client.get("local", accepted.id, wait_s=30)
    assert ended.state is OperationState.SUCCEEDED, ended.problem
    assert ended.progress == 1.0
    result = TranslationResult.model_validate(ended.result)
    translated = await store.load(result.translated, TranslatedTranscript)
    assert [each.text for each in translated.translations] == ["BONJOUR", "♪", "MERCI"]
    assert {request["model"] for request in llm.requests} == {"some-model"}

    unsupported = TranslationRequest(transcript=transcript, target_language="sw")
    refused = await client.submit(TRANSLATIONS, unsupported, Submission(tenant="local"))
    ended = await client.get("local", refused.id, wait_s=30)
    assert ended.state is OperationState.FAILED
    assert ended.problem is not None
    assert ended.problem.code == "language-pair-unsupported"
    assert "Swahili" in ended.problem.detail


async def a_translation_under_way_can_be_cancelled(client, store, llm, make_transcript):
    llm.delay_s = lambda _: 60
    transcript = await store.put_model("local", make_transcript(*(f"Bonjour {n}" for n in range(9))))
    request = TranslationRequest(transcript=transcript, target_language="en")
    accepted = await client.submit(TRANSLATIONS, request, Submission(tenant="local"))
    await llm.four_at_once.wait()
    await client.cancel("local", accepted.id)
    ended = await client.get("local", accepted.id, wait_s=20)
    assert ended.state is OperationState.CANCELLED
    assert len(llm.requests) == 4
