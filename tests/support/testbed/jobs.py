"""Jobs that have ended, without a model or a worker: what a gateway's routes can really answer with."""

from dataclasses import dataclass
from uuid import UUID

from setu_common.db import Database
from setu_common.operations import Hints, Operations
from setu_common.settings import DatabaseSettings, OperationSettings, RedisSettings, StoreSettings
from setu_common.store import Store
from setu_gateway.delivery.rendering import Renderer
from setu_gateway.pipeline.kinds import RenderingRequest
from setu_gateway.pipeline.stages import PIPELINE
from setu_gateway.service import Jobs
from setu_gateway.testing.fakes import FakeWork
from setu_gateway.testing.samples import a_problem, a_transcript, a_translation, an_audit, an_enhancement
from setu_gateway.testing.stand import Stand


@dataclass(frozen=True)
class EndedJobs:
    """One that delivered French captions and English subtitles, and one whose recording had no sound."""

    succeeded: UUID
    failed: UUID


async def end_jobs(database_settings: DatabaseSettings, redis: RedisSettings, store_settings: StoreSettings) -> EndedJobs:
    """Make a succeeded and a failed job in a gateway's migrated database, with their files in the store."""
    database = Database(database_settings, "gateway")
    store, asr, translate, enhancer = (Store(store_settings, name) for name in ("gateway", "asr", "translate", "enhancer"))
    hints = Hints(redis)
    operations = Operations(database, store, hints, OperationSettings())
    jobs = Jobs(database=database, store=store, operations=operations, pipeline=PIPELINE)
    try:
        stand = Stand(database, store, jobs)
        return EndedJobs(await _succeeded(stand, asr, translate, enhancer), await _failed(stand))
    finally:
        await jobs.close()
        await operations.close()
        await database.close()
        hints.close()


async def _succeeded(stand: Stand, asr: Store, translate: Store, enhancer: Store) -> UUID:
    transcript = await asr.put_model("local", a_transcript("fr"))
    translated = await translate.put_model("local", a_translation("en"))
    enhanced = an_enhancement("en").model_copy(
        update={
            "translated": await enhancer.put_model("local", a_translation("en")),
            "report": await enhancer.put_model("local", an_audit()),
            "page": await enhancer.put("local", b"<!doctype html>", "text/html"),
        }
    )
    job = await stand.accept("en")
    for _ in ("profile", "plan", "transcribe", "translate", "enhance"):
        await stand.advance(job)
        for operation_id in stand.enhancer.under_way():
            stand.enhancer.succeed(operation_id, enhanced.model_dump(mode="json"))
        for service in (stand.asr, stand.translate, stand.optimizer):
            for operation_id in service.under_way():
                stand.succeed(service, operation_id, "fr")
    await stand.advance(job)
    for operation_id in stand.gateway.under_way():
        language = RenderingRequest.model_validate(stand.gateway.requests[operation_id]).language
        request = RenderingRequest(
            transcript=transcript, translated=translated if language == "en" else None, language=language
        )
        rendering = await Renderer(stand.store)(request, FakeWork())
        stand.gateway.succeed(operation_id, rendering.model_dump(mode="json"))
    return (await stand.finish(job)).id


async def _failed(stand: Stand) -> UUID:
    job = await stand.accept("en")
    await stand.advance(job)
    stand.asr.fail(stand.operation(stand.asr), a_problem())
    return (await stand.finish(job)).id
