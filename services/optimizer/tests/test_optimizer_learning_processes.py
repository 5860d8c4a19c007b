"""The API and the worker that learns, from outside: what came of a job, what people say of it, and a model on demand."""

import contextlib
from uuid import uuid4

import pytest

from setu_cli.embedded.guarded import Guarded
from setu_common.clients import OperationsClient
from setu_common.clients.context import ContextClient
from setu_common.contracts import (
    CORRECTIONS,
    OBSERVATIONS,
    AsrPlan,
    AudioProfile,
    Corrected,
    CorrectionRequest,
    EditedCue,
    EditedSubtitles,
    ObservationRequest,
    Observed,
    OperationState,
    Segment,
    Submission,
    Transcript,
)
from setu_common.http import HttpCaller, create_client
from setu_common.store import Store
from setu_optimizer.retraining.kinds import RETRAININGS, Retrained, RetrainingRequest
from testbed.serving import environment_of, launch, served

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

TENANT = "acme"
LINES = ("the captain went aboard", "nobody had seen the harbour", "we wait until the morning")
PROFILE = AudioProfile(duration_s=9, track="0", clipping_ratio=0, speech_ratio=0.9, music_ratio=0, language="en")
HEARD = Transcript(
    language="en",
    language_probability=1,
    duration_s=9,
    segments=tuple(
        Segment(index=at, start_s=3 * at, end_s=3 * at + 2.8, text=line, avg_logprob=-0.2) for at, line in enumerate(LINES)
    ),
    engine="faster-whisper",
    model="whisper-base",
)


@pytest.fixture
async def caller(database_settings, redis_settings, store_settings, service_token, tmp_path):
    """A caller of a running API with the worker behind it."""
    told = {"SETU_OPTIMIZER_ASR_URL": "http://127.0.0.1:9", "SETU_OPTIMIZER_RETRAIN": "false"}
    environment = environment_of(database_settings, redis_settings, store_settings, service_token, **told)
    ready = tmp_path / "ready"
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(served("setu_optimizer.main", environment, tmp_path, timeout_s=120))
        guarded = stack.enter_context(Guarded(tmp_path / "worker-guardian.log"))
        worker = launch(("setu_optimizer.learning_worker",), environment | {"SETU_WORKER_READY_FILE": str(ready)}, tmp_path)
        guarded.start_ready(worker, lambda _: ready.exists(), timeout_s=120)
        async with create_client(url, service_token=service_token) as http:
            yield HttpCaller(http)


async def test_a_job_is_observed_corrected_and_forgotten_and_a_model_is_asked_for(caller, store_settings):
    operations, store, job_id = OperationsClient(caller), Store(store_settings, "asr"), uuid4()

    async def done(kind, request):
        accepted = await operations.submit(kind, request, Submission(tenant=TENANT, idempotency_key=str(uuid4())))
        return await operations.get(TENANT, accepted.id, wait_s=60)

    transcript = await store.put_model(TENANT, HEARD)
    observation = ObservationRequest(
        job_id=job_id, source_language="en", profile=PROFILE, plan=AsrPlan(), transcript=transcript, model_time_s=2
    )
    observed = await done(OBSERVATIONS, observation)
    assert observed.state is OperationState.SUCCEEDED, observed.problem
    texts = ("The captain went ashore.", *LINES[1:])
    cues = tuple(EditedCue(start_s=3 * at, end_s=3 * at + 2.8, text=text) for at, text in enumerate(texts))
    edited = await store.put_model(TENANT, EditedSubtitles(language="en", cues=cues))
    correction = CorrectionRequest(job_id=job_id, language="en", source_language="en", edited=edited, transcript=transcript)
    corrected = await done(CORRECTIONS, correction)
    assert corrected.state is OperationState.SUCCEEDED, corrected.problem
    assert Corrected.model_validate(corrected.result).wer == pytest.approx(1 / 14)
    again = Observed.model_validate((await done(OBSERVATIONS, observation)).result)
    assert again.wer_basis == "known"
    assert again.wer == pytest.approx(1 / 14)
    await ContextClient(caller).forget_job(TENANT, job_id)
    forgotten = Observed.model_validate((await done(OBSERVATIONS, observation)).result)
    assert forgotten.wer_basis != "known"
    trained = await done(RETRAININGS, RetrainingRequest(week="2026-W48"))
    assert trained.state is OperationState.SUCCEEDED, trained.problem
    assert Retrained.model_validate(trained.result).challenger == ""
