"""The service's own processes, a migration, an API and a worker, from outside."""

import contextlib
from uuid import uuid4

import pytest

from setu_cli.embedded.guarded import Guarded
from setu_common.clients import OperationsClient
from setu_common.clients.optimizer import OptimizerClient
from setu_common.contracts import (
    PLANS,
    AsrOverrides,
    AudioProfile,
    OperationState,
    PlanRequest,
    PlanResult,
    PredictionRequest,
    Submission,
)
from setu_common.http import HttpCaller, create_client
from testbed.serving import environment_of, launch, served

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

PROFILE = AudioProfile(duration_s=60, track="0", clipping_ratio=0, speech_ratio=0.8, music_ratio=0, language="en")
REQUEST = PredictionRequest(profile=PROFILE)


@pytest.fixture
def environment(database_settings, redis_settings, store_settings, service_token):
    told = {"SETU_ASR_MODEL": "whisper-small", "SETU_OPTIMIZER_ASR_URL": "http://127.0.0.1:9", "SETU_OPTIMIZER_TIMEOUT_S": "60"}
    return environment_of(database_settings, redis_settings, store_settings, service_token, **told)


@pytest.fixture
async def caller(environment, service_token, tmp_path):
    """A caller of a running API with a running worker behind it."""
    ready = tmp_path / "ready"
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(served("setu_optimizer.main", environment, tmp_path))
        guarded = stack.enter_context(Guarded(tmp_path / "worker-guardian.log"))
        worker = launch(("setu_optimizer.worker",), environment | {"SETU_WORKER_READY_FILE": str(ready)}, tmp_path)
        guarded.start_ready(worker, lambda _: ready.exists(), timeout_s=60)
        async with create_client(url, service_token=service_token) as http:
            yield HttpCaller(http)


async def test_the_worker_plans_as_the_api_predicts_and_overrides_win(caller):
    operations, optimizer = OperationsClient(caller), OptimizerClient(caller)
    predicted = await optimizer.predict("acme", REQUEST)
    assert predicted.plan.model == "whisper-small"
    assert predicted.abstained
    accepted = await operations.submit(
        PLANS, PlanRequest(prediction=REQUEST), Submission(tenant="acme", idempotency_key=str(uuid4()))
    )
    operation = await operations.get("acme", accepted.id, wait_s=30)
    assert operation.state is OperationState.SUCCEEDED, operation.problem
    planned = PlanResult.model_validate(operation.result).prediction
    assert planned.model_copy(update={"took_s": 0}) == predicted.model_copy(update={"took_s": 0})
    wanted = REQUEST.model_copy(update={"overrides": AsrOverrides(model="whisper-large-v3", beam_size=2)})
    plan = (await optimizer.predict("acme", wanted)).plan
    assert (plan.model, plan.beam_size, plan.source) == ("whisper-large-v3", 2, "override")
