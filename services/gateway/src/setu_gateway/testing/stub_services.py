"""The services that the pipeline needs, without models: ``python -m setu_gateway.testing.stub_services --port 8099``.

One process stands for asr, translate, the enhancer and the optimizer. Whatever it is given is French speech of two lines, for which tiny.en is
planned; a translation into Hindi is refused, and one into English where a term is given: then only the recogniser can do it. No language model is there to edit anything. To transcribe takes a second for each megabyte of the
recording, which passes for its own sound; then it wakes the job, as a real service does.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, FastAPI, Query, Request
from pydantic import BaseModel

from setu_common.contracts import (
    CORRECTIONS,
    ENHANCEMENTS,
    OBSERVATIONS,
    PLANS,
    PROFILES,
    SPEECH_TRANSLATIONS,
    TRANSCRIPTIONS,
    TRANSLATIONS,
    AsrPlan,
    Corrected,
    CorrectionRequest,
    EnhancementRequest,
    EnhancementResult,
    ObservationRequest,
    Observed,
    Operation,
    OperationKind,
    OperationState,
    PlanRequest,
    Problem,
    ProfileRequest,
    ProfileResult,
    SpeechTranslationRequest,
    Transcription,
    TranscriptionRequest,
    TranslationRequest,
    TranslationResult,
)
from setu_common.observability import configure_logging
from setu_common.operations import Hints
from setu_common.settings import LogSettings, RedisSettings, StoreSettings, TrustSettings
from setu_common.store import Store
from setu_common.web import CallerDep, InsideTrust, SubmissionDep, create_app, serve
from setu_gateway.testing.fakes import FakeService
from setu_gateway.testing.samples import a_plan, a_profile, a_transcript, a_translation

REFUSED: Final = "hi"
SERVICE: Final = "stub"
STEP_S: Final = 0.05


class StubServices:
    """Does in memory what asr, translate, the enhancer and the optimizer do, and tells how often it was asked."""

    def __init__(self, store: Store, hints: Hints) -> None:
        self.operations = FakeService()
        self._store = store
        self._hints = hints
        self._tasks: set[asyncio.Task[None]] = set()

    async def submit(self, kind: OperationKind[Any, Any], request: BaseModel, submission: SubmissionDep) -> Operation:
        """Take an operation, and begin with it if it is new."""
        known = set(self.operations.operations)
        operation = await self.operations.submit(kind, request, submission)
        if operation.id not in known:
            task = asyncio.create_task(self._work(operation.id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return operation

    async def _work(self, operation_id: UUID) -> None:
        operations, submission = self.operations, self.operations.submissions[operation_id]
        operations.begin(operation_id, 0.5, "working")
        request = operations.requests[operation_id]
        takes_s = request.media.bytes / 1e6 if isinstance(request, TranscriptionRequest) else 0.0
        for _ in range(1 + round(takes_s / STEP_S)):
            await asyncio.sleep(min(takes_s, STEP_S))
            if operations.operations[operation_id].state is OperationState.CANCELLING:
                operations.end_cancelled(operation_id)
                break
        else:
            await self._end(operation_id, submission.tenant)
        if submission.reply_to is not None and submission.job_id is not None:
            self._hints.wake(submission.reply_to, submission.job_id)

    async def _end(self, operation_id: UUID, tenant: str) -> None:
        request = self.operations.requests[operation_id]
        if isinstance(request, ProfileRequest):
            profiled = ProfileResult(profile=a_profile(), audio=request.media, model_time_s=0.0)
            self.operations.succeed(operation_id, profiled.model_dump(mode="json"))
        elif isinstance(request, PlanRequest):
            self.operations.succeed(operation_id, a_plan().model_dump(mode="json"))
        elif isinstance(request, TranscriptionRequest):
            self.operations.succeed(operation_id, await self._transcribed(tenant, request))
        elif isinstance(request, SpeechTranslationRequest):
            self.operations.succeed(operation_id, await self._translated(tenant, "en"))
        elif isinstance(request, TranslationRequest) and request.target_language != REFUSED and not request.terms:
            self.operations.succeed(operation_id, await self._translated(tenant, request.target_language))
        elif isinstance(request, EnhancementRequest):
            self.operations.succeed(operation_id, not_enhanced(request))
        elif isinstance(request, ObservationRequest | CorrectionRequest):
            self.operations.succeed(operation_id, learned(request))
        else:
            problem = Problem(
                title="Refused",
                status=422,
                code="stub-refused",
                detail="The stub does not translate into Hindi, or with terms.",
            )
            self.operations.fail(operation_id, problem)

    async def _transcribed(self, tenant: str, request: TranscriptionRequest) -> dict[str, Any]:
        transcript = a_transcript()
        result = Transcription(
            transcript=await self._store.put_model(tenant, transcript),
            language=transcript.language,
            language_probability=transcript.language_probability,
            duration_s=transcript.duration_s,
            segment_count=len(transcript.segments),
            plan=request.plan or AsrPlan(),
            model_time_s=0.0,
        )
        return result.model_dump(mode="json")

    async def _translated(self, tenant: str, target: str) -> dict[str, Any]:
        translated = a_translation(target)
        result = TranslationResult(
            translated=await self._store.put_model(tenant, translated),
            source_language=translated.source_language,
            target_language=target,
            segment_count=len(translated.translations),
            untranslated_count=0,
            engine=translated.engine,
            model=translated.model,
            model_time_s=0.0,
        )
        return result.model_dump(mode="json")


def not_enhanced(request: EnhancementRequest) -> dict[str, Any]:
    """What the enhancer answers where no language model is set up."""
    result = EnhancementResult(
        source_language=request.source_language,
        target_language=request.target_language,
        segment_count=2,
        selected_count=0,
        edited_count=0,
        kept_count=0,
        skipped="not possible: there is no language model",
    )
    return result.model_dump(mode="json")


def learned(request: ObservationRequest | CorrectionRequest) -> dict[str, Any]:
    """What the optimizer answers about what it was taught."""
    if isinstance(request, ObservationRequest):
        return Observed(observation_id=request.job_id).model_dump(mode="json")
    result = Corrected(job_id=request.job_id, language=request.language, segment_count=2, changed_count=1)
    return result.model_dump(mode="json")


router = APIRouter()


def _stub(request: Request) -> StubServices:
    services: StubServices = request.app.state.services
    return services


@router.post(f"/v1/{PROFILES.name}", status_code=202)
async def profile(body: ProfileRequest, submission: SubmissionDep, request: Request) -> Operation:
    """As asr."""
    return await _stub(request).submit(PROFILES, body, submission)


@router.post(f"/v1/{TRANSCRIPTIONS.name}", status_code=202)
async def transcribe(body: TranscriptionRequest, submission: SubmissionDep, request: Request) -> Operation:
    """As asr."""
    return await _stub(request).submit(TRANSCRIPTIONS, body, submission)


@router.post(f"/v1/{SPEECH_TRANSLATIONS.name}", status_code=202)
async def translate_speech(body: SpeechTranslationRequest, submission: SubmissionDep, request: Request) -> Operation:
    """As asr."""
    return await _stub(request).submit(SPEECH_TRANSLATIONS, body, submission)


@router.post(f"/v1/{TRANSLATIONS.name}", status_code=202)
async def translate(body: TranslationRequest, submission: SubmissionDep, request: Request) -> Operation:
    """As translate."""
    return await _stub(request).submit(TRANSLATIONS, body, submission)


@router.post(f"/v1/{ENHANCEMENTS.name}", status_code=202)
async def enhance(body: EnhancementRequest, submission: SubmissionDep, request: Request) -> Operation:
    """As the enhancer."""
    return await _stub(request).submit(ENHANCEMENTS, body, submission)


@router.post(f"/v1/{PLANS.name}", status_code=202)
async def plan(body: PlanRequest, submission: SubmissionDep, request: Request) -> Operation:
    """As the optimizer."""
    return await _stub(request).submit(PLANS, body, submission)


@router.post(f"/v1/{OBSERVATIONS.name}", status_code=202)
async def observe(body: ObservationRequest, submission: SubmissionDep, request: Request) -> Operation:
    """As the optimizer."""
    return await _stub(request).submit(OBSERVATIONS, body, submission)


@router.post(f"/v1/{CORRECTIONS.name}", status_code=202)
async def correct(body: CorrectionRequest, submission: SubmissionDep, request: Request) -> Operation:
    """As the optimizer."""
    return await _stub(request).submit(CORRECTIONS, body, submission)


@router.get("/v1/operations/{operation_id}")
async def look(operation_id: UUID, caller: CallerDep, request: Request) -> Operation:
    """As any service."""
    return await _stub(request).operations.get(caller.tenant, operation_id)


@router.delete("/v1/operations/{operation_id}")
async def end(operation_id: UUID, caller: CallerDep, request: Request, *, purge: Annotated[bool, Query()] = False) -> Operation:
    """As any service."""
    operations = _stub(request).operations
    operation = await operations.cancel(caller.tenant, operation_id)
    if purge:
        await operations.purge(caller.tenant, operation_id)
    return operation


@router.delete("/v1/context/jobs/{job_id}", status_code=204)
async def forget(job_id: UUID, caller: CallerDep) -> None:
    """As the optimizer, which has learned nothing here."""


@router.get("/stub/submissions")
async def submissions(request: Request) -> list[str]:
    """The idempotency keys of all that was submitted and not erased."""
    operations = _stub(request).operations
    return [operations.submissions[each].idempotency_key or "" for each in operations.operations]


def make_stub(store: StoreSettings, redis: RedisSettings, trust: TrustSettings) -> FastAPI:
    """The stub's app."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        hints = Hints(redis)
        app.state.services = StubServices(Store(store, SERVICE), hints)
        try:
            yield
        finally:
            hints.close()

    checks: dict[str, Callable[[], Any]] = {}
    trusted = InsideTrust(trust.service_token)
    return create_app(service=SERVICE, version="1", lifespan=lifespan, routers=[router], trust=trusted, checks=checks)


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(description="asr, translate, the enhancer and the optimizer without models")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8099)
    arguments = parser.parse_args()
    configure_logging(LogSettings(), SERVICE)
    serve(make_stub(StoreSettings(), RedisSettings(), TrustSettings()), arguments.host, arguments.port)


if __name__ == "__main__":
    main()
