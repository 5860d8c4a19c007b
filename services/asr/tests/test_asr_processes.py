"""The service's own processes: a migration, an API and a worker, from outside."""

import contextlib
from uuid import UUID, uuid4

import numpy as np
import pytest

from setu_cli.embedded.guarded import Guarded
from setu_common.clients import OperationsClient
from setu_common.contracts import TRANSCRIPTIONS, OperationState, Submission, Transcript, Transcription, TranscriptionRequest
from setu_common.http import HttpCaller, create_client
from setu_common.models import Catalogue
from setu_common.settings import ModelSettings
from setu_common.store import Store
from testbed.serving import launch, served

pytestmark = [pytest.mark.stack, pytest.mark.models, pytest.mark.timeout(120)]


@contextlib.contextmanager
def working(environment, folder):
    """Run the worker for the time of the block."""
    ready = folder / "ready"
    with Guarded(folder / "worker-guardian.log") as guarded:
        worker = launch(("setu_asr.worker",), environment | {"SETU_WORKER_READY_FILE": str(ready)}, folder)
        guarded.start_ready(worker, lambda _: ready.exists(), timeout_s=60)
        yield


@pytest.fixture
async def client(service_environment, service_token, tmp_path):
    """A client of a running API with a running worker behind it, which has the models."""
    settings = ModelSettings()
    Catalogue.load(settings).ensure("whisper-base")
    environment = service_environment | {"SETU_MODELS_FOLDER": str(settings.folder.expanduser())}
    with served("setu_asr.main", environment, tmp_path) as url, working(environment, tmp_path):
        async with create_client(url, service_token=service_token) as http:
            yield OperationsClient(HttpCaller(http))


async def test_what_is_sent_becomes_a_transcript_or_a_problem_of_its_own(client, store_settings, media):
    store = Store(store_settings, "gateway")
    await recordings_that_cannot_be_transcribed_fail_with_problems_of_their_own(client, store, media)
    await speech_becomes_a_transcript_in_a_worker_that_was_forked(client, store)


async def recordings_that_cannot_be_transcribed_fail_with_problems_of_their_own(client, store, media):
    silent = media.audio("silent.wav", "pcm_s16le", samples=np.zeros((1, 16000 * 2), np.float32))
    uploads = {
        "no-speech": silent.read_bytes(),
        "media-empty": b"",
        "media-unreadable": b"Bonjour. " * 100,
        "media-truncated": silent.read_bytes()[:20000],
        "media-without-audio": media.video("film.mp4").read_bytes(),
    }
    told = {}
    for code, content in uploads.items():
        reference = await store.put("local", content, "audio/wav")
        submission = Submission(tenant="local", job_id=uuid4(), idempotency_key=code)
        accepted = await client.submit(TRANSCRIPTIONS, TranscriptionRequest(media=reference), submission)
        assert isinstance(accepted.id, UUID)
        ended = await client.get("local", accepted.id, wait_s=30)
        assert ended.state is OperationState.FAILED
        assert ended.attempt == 1
        assert ended.problem is not None
        told[code] = ended.problem.code
        assert "again" in ended.problem.detail or "Check" in ended.problem.detail or "Upload" in ended.problem.detail
    assert told == {code: code for code in uploads}


async def speech_becomes_a_transcript_in_a_worker_that_was_forked(client, store):
    reference = await store.put("local", Catalogue.load(ModelSettings()).sample("fr").read_bytes(), "audio/wav")
    accepted = await client.submit(TRANSCRIPTIONS, TranscriptionRequest(media=reference), Submission(tenant="local"))
    ended = await client.get("local", accepted.id, wait_s=60)
    assert ended.state is OperationState.SUCCEEDED, ended.problem
    result = Transcription.model_validate(ended.result)
    transcript = await store.load(result.transcript, Transcript)
    assert (result.language, result.segment_count, ended.progress) == ("fr", 3, 1.0)
    assert transcript.segments[0].text.startswith("Bonjour")
