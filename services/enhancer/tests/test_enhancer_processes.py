"""The service's own processes, a migration, an API and a worker, from outside, with a language model's wire behind them."""

import contextlib
import json
from uuid import uuid4

import pytest

from setu_cli.embedded.guarded import Guarded
from setu_common.clients import OperationsClient
from setu_common.contracts import (
    ENHANCEMENTS,
    QUALITY_SCORES,
    EnhancementRequest,
    EnhancementResult,
    OperationState,
    QualityReport,
    QualityRequest,
    Submission,
)
from setu_common.http import HttpCaller, create_client
from setu_common.testing import OpenAiWire, faulty_wire
from testbed.editing import ENGLISH, LINES, document_of, names_of, translated, verdicts_of
from testbed.serving import environment_of, launch, served

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

LANGUAGES = {"source_language": "hi", "target_language": "en"}
RAJ = {"characters": [{"name": "Raj", "source": "राज"}]}


def says(asked) -> str:
    user = asked.messages[-1][1]
    return verdicts_of(user) or names_of(user) or translated(document_of(user))


@pytest.fixture
async def wire():
    async with faulty_wire(OpenAiWire(say=says)) as wire:
        yield wire


@pytest.fixture
def environment(database_settings, redis_settings, store_settings, service_token, wire):
    providers = [{"name": "vendor", "model": "m-1", "base_url": f"{wire.url}/v1"}]
    return environment_of(
        database_settings, redis_settings, store_settings, service_token, SETU_LLM_PROVIDERS=json.dumps(providers)
    )


@pytest.fixture
async def client(environment, service_token, tmp_path):
    """A client of a running API with a running worker behind it."""
    ready = tmp_path / "ready"
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(served("setu_enhancer.main", environment, tmp_path))
        guarded = stack.enter_context(Guarded(tmp_path / "worker-guardian.log"))
        worker = launch(("setu_enhancer.worker",), environment | {"SETU_WORKER_READY_FILE": str(ready)}, tmp_path)
        guarded.start_ready(worker, lambda _: ready.exists(), timeout_s=60)
        async with create_client(url, service_token=service_token) as http:
            yield OperationsClient(HttpCaller(http))


async def test_lines_are_edited_once_and_scored_and_erasing_them_erases_what_was_remembered(client, wire):
    lines = [
        {"index": line.index, "start_s": line.start_s, "end_s": line.end_s, "source": line.source, "draft": line.draft}
        for line in LINES[:6]
    ]
    request = EnhancementRequest.model_validate({**LANGUAGES, "lines": lines, "context": RAJ})

    async def ended(kind, asked):
        accepted = await client.submit(kind, asked, Submission(tenant="acme", idempotency_key=str(uuid4())))
        operation = await client.get("acme", accepted.id, wait_s=30)
        assert operation.state is OperationState.SUCCEEDED, operation.problem
        return operation

    first = await ended(ENHANCEMENTS, request)
    edited = EnhancementResult.model_validate(first.result)
    assert [line.text for line in edited.lines if line.changed]
    assert edited.lines[0].text == ENGLISH[0]
    asked = len(wire.asked)
    second = await ended(ENHANCEMENTS, request)
    again = EnhancementResult.model_validate(second.result)
    ruled = sum(line.provider == "rules" and not line.cached for line in again.lines)  # names, which cost nothing
    assert again.cached_count + ruled == edited.selected_count
    assert again.cached_count > 0
    assert len(wire.asked) == asked

    scored = [{"source": line.source, "text": line.draft} for line in LINES[:6]]
    report = (await ended(QUALITY_SCORES, QualityRequest.model_validate({**LANGUAGES, "lines": scored}))).result
    assert len(QualityReport.model_validate(report).scores) == 6

    for operation in (first, second):
        await client.purge("acme", operation.id)
    await ended(ENHANCEMENTS, request)
    assert len(wire.asked) == 2 * asked
