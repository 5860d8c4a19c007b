"""GET /jobs/{id}/media.mkv: made once for a run, on the first call, kept with the job and erased with it."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from setu_common.contracts import JobState, JobView, Operation, OperationState, Problem
from setu_common.errors import RemoteProblem
from setu_common.operations import Operations
from setu_common.settings import OperationSettings
from setu_common.store import ObjectMissing
from setu_gateway import repository
from setu_gateway.delivery.media import MediaFile, MediaFiles, muxing_of
from setu_gateway.errors import JobBeingErased, JobNotFound, MediaNotReady, NothingToMux
from setu_gateway.pipeline.advance import carried_out
from setu_gateway.pipeline.decision import decide
from setu_gateway.pipeline.kinds import MUXINGS, MuxingRequest
from setu_gateway.pipeline.stages import PIPELINE
from setu_gateway.records import DeliveredFile, JobRecord
from setu_gateway.testing.samples import CAPTIONS, PLAN, PROFILE, TRANSCRIBE, a_job, a_problem, failed, reference, succeeded
from setu_gateway.testing.stand import Stand

CONTENT = bytes(range(256)) * 9000  # more than two chunks


@pytest.fixture
async def operations(database, store, hints):
    operations = Operations(database, store, hints, OperationSettings())
    yield operations
    await operations.close()


@pytest.fixture
def media(database, store, operations) -> MediaFiles:
    return MediaFiles(database=database, store=store, operations=operations)


@pytest.fixture
def stand(database, store, jobs) -> Stand:
    return Stand(database, store, jobs)


@pytest.fixture
def end(database, store):
    """End the operation that makes a file, as its worker would."""

    async def end(operation_id: UUID, state: str, problem: Problem | None = None) -> None:
        file = await store.put("local", CONTENT, "video/matroska") if state == "succeeded" else None
        result = f'{{"file": {file.model_dump_json()}, "track_count": 3}}' if file else None
        async with database.transaction() as connection:
            await connection.execute(
                text(
                    "UPDATE operation SET state = :state, ended_at = now(), result = CAST(:result AS jsonb),"
                    " problem = CAST(:problem AS jsonb), version = version + 1,"
                    " objects = CASE WHEN CAST(:uri AS text) IS NULL THEN objects ELSE objects || CAST(:uri AS text) END"
                    " WHERE id = :id"
                ),
                {
                    "id": operation_id,
                    "state": state,
                    "result": result,
                    "problem": problem.model_dump_json() if problem else None,
                    "uri": file.uri if file else None,
                },
            )

    return end


async def asked(media: MediaFiles, job_id: UUID, wait_s: float = 0) -> Operation:
    found = await media.find("local", job_id, wait_s)
    assert isinstance(found, Operation)
    return found


async def count(database, kind: str = "muxings") -> int:
    async with database.reading() as connection:
        return int(
            (await connection.execute(text("SELECT count(*) FROM operation WHERE kind = :kind"), {"kind": kind})).scalar_one()
        )


async def erase(stand: Stand, operations: Operations, job: JobRecord) -> None:
    """A round of erasing, with the gateway's real operations: they hold the rows."""
    await stand.eraser(gateway=operations).erase(await stand.jobs.get("local", job.id))


def delivered(*files: tuple[str, str]) -> tuple[DeliveredFile, ...]:
    return tuple(DeliveredFile(language, form, reference("gateway", n)) for n, (language, form) in enumerate(files))


def test_translations_come_in_the_order_in_which_they_were_asked_for_and_captions_last():
    job = replace(
        a_job("en", "pt", "fr", state=JobState.SUCCEEDED),
        source_language="fr",
        delivered=delivered(("fr", "srt"), ("fr", "vtt"), ("pt", "srt"), ("en", "json"), ("en", "srt")),
    )
    request = muxing_of(job)
    assert request.media == job.media
    assert [(each.language, each.captions) for each in request.subtitles] == [("en", False), ("pt", False), ("fr", True)]
    assert {each.file.uri for each in request.subtitles} == {
        file.reference.uri for file in job.delivered if file.format == "srt"
    }


def test_a_job_that_can_not_have_it_says_why():
    ended = replace(a_job("en", state=JobState.SUCCEEDED), source_language="fr", delivered=delivered(("fr", "srt")))
    with pytest.raises(MediaNotReady):
        muxing_of(replace(ended, state=JobState.RUNNING))
    with pytest.raises(NothingToMux):
        muxing_of(replace(ended, state=JobState.FAILED, delivered=()))
    with pytest.raises(NothingToMux):
        muxing_of(replace(ended, media=None))
    with pytest.raises(JobBeingErased):
        muxing_of(replace(ended, purge_asked_at=ended.created_at))


async def test_it_is_asked_for_once_and_then_is_there(media, stand, database, end, hints):
    job = await stand.finish(await stand.accept("en"))
    first = await asked(media, job.id)
    again = await asked(media, job.id)
    assert first.id == again.id
    assert first.state is OperationState.QUEUED
    assert MUXINGS.queue in hints.looked
    await end(first.id, "succeeded")
    found = await media.find("local", job.id, 0)
    assert isinstance(found, MediaFile)
    assert found.name == "talk.mkv"
    assert b"".join([chunk async for chunk in await media.read(found)]) == CONTENT
    assert await count(database) == 1


async def test_a_request_fits_what_its_worker_takes(media, stand, database):
    job = await stand.finish(await stand.accept("en"))
    await asked(media, job.id)
    async with database.reading() as connection:
        request = (await connection.execute(text("SELECT request FROM operation WHERE kind = 'muxings'"))).scalar_one()
    assert [each.language for each in MuxingRequest.model_validate(request).subtitles] == ["en", "fr"]


async def test_another_tenant_finds_nothing_and_has_nothing_made(media, stand, database):
    job = await stand.finish(await stand.accept("en"))
    with pytest.raises(JobNotFound):
        await media.find("other", job.id, 0)
    with pytest.raises(JobNotFound):
        await media.find("local", uuid4(), 0)
    assert await count(database) == 0


async def test_what_can_not_be_made_stays_so_and_what_failed_for_now_is_made_anew(media, stand, end):
    job = await stand.finish(await stand.accept("en"))
    first = await asked(media, job.id)
    await end(first.id, "failed", a_problem("scratch-full", status=507, retryable=True))
    with pytest.raises(RemoteProblem) as raised:
        await media.find("local", job.id, 0)
    assert raised.value.remote.code == "scratch-full"
    second = await asked(media, job.id)
    assert second.id != first.id
    await end(second.id, "failed", a_problem("media-not-muxable"))
    for _ in range(2):
        with pytest.raises(RemoteProblem) as raised:
            await media.find("local", job.id, 0)
        assert raised.value.remote.code == "media-not-muxable"


async def test_one_that_was_cancelled_is_made_anew(media, stand, end):
    job = await stand.finish(await stand.accept("en"))
    first = await asked(media, job.id)
    await end(first.id, "cancelled")
    with pytest.raises(RemoteProblem):
        await media.find("local", job.id, 0)
    assert (await asked(media, job.id)).id != first.id


async def test_it_is_erased_with_the_job(media, stand, end, operations):
    job = await stand.finish(await stand.accept("en"))
    await end((await asked(media, job.id)).id, "succeeded")
    found = await media.find("local", job.id, 0)
    assert isinstance(found, MediaFile)
    await stand.jobs.purge("local", job.id)
    with pytest.raises(JobBeingErased):
        await media.find("local", job.id, 0)
    await erase(stand, operations, job)
    with pytest.raises(JobNotFound):
        await stand.jobs.get("local", job.id)
    assert await count(stand.database) == 0
    with pytest.raises(ObjectMissing):
        await stand.store.read(found.reference)


async def test_one_that_is_being_made_is_cancelled_when_the_job_is_erased(media, stand, database, jobs, operations):
    job = await stand.finish(await stand.accept("en"))
    operation = await asked(media, job.id)
    await jobs.purge("local", job.id)
    await erase(stand, operations, job)  # cancels it, and comes again
    assert (await operations.get("local", operation.id)).state is OperationState.CANCELLED
    await erase(stand, operations, job)
    with pytest.raises(JobNotFound):
        await jobs.get("local", job.id)
    assert await count(database) == 0


@pytest.fixture
def move(api, database):
    """End stages of a job as the pipeline would, and write what follows."""

    async def move(job_id, *outcomes) -> None:
        async with database.transaction() as connection:
            before = await repository.load_job(connection, "local", job_id)
            assert before is not None
            ended = {stage.key: stage for stage in outcomes}
            seen = replace(before, stages=tuple(ended.get(stage.key, stage) for stage in before.stages))
            await repository.save_job(connection, before, carried_out(seen, decide(seen, PIPELINE)))

    return move


def submitted(api, *targets: str) -> JobView:
    response = api.post(
        "/jobs", files={"media": ("Übung 1.mp4", b"media", "video/mp4")}, data={"target_languages": list(targets)}
    )
    return JobView.model_validate_json(response.content)


async def test_over_http_it_is_202_until_it_is_made_and_then_the_file(api, database, store, end, move):
    job = submitted(api)
    early = api.get(f"/jobs/{job.id}/media.mkv")
    assert (early.status_code, early.json()["code"]) == (409, "media-not-ready")
    await move(job.id, succeeded(PROFILE), succeeded(PLAN), succeeded(TRANSCRIBE))
    await move(job.id, succeeded(CAPTIONS))
    making = api.get(f"/jobs/{job.id}/media.mkv", params={"wait": 0.2})
    assert making.status_code == 202
    assert making.headers["location"] == f"/jobs/{job.id}/media.mkv"
    assert int(making.headers["retry-after"]) > 0
    operation = Operation.model_validate_json(making.content)
    assert operation.state is OperationState.QUEUED
    await end(operation.id, "succeeded")
    made = api.get(f"/jobs/{job.id}/media.mkv")
    assert (made.status_code, made.content) == (200, CONTENT)
    assert made.headers["content-type"] == "video/matroska"
    assert made.headers["content-length"] == str(len(CONTENT))
    assert "filename*=UTF-8''%C3%9Cbung%201.mkv" in made.headers["content-disposition"]


async def test_over_http_what_failed_is_told_as_it_failed(api, end, move):
    job = submitted(api)
    await move(job.id, succeeded(PROFILE), succeeded(PLAN), succeeded(TRANSCRIBE))
    await move(job.id, succeeded(CAPTIONS))
    operation = Operation.model_validate_json(api.get(f"/jobs/{job.id}/media.mkv").content)
    await end(operation.id, "failed", a_problem("media-not-muxable"))
    response = api.get(f"/jobs/{job.id}/media.mkv")
    assert (response.status_code, response.json()["code"]) == (422, "media-not-muxable")
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_failed_job_without_subtitles_says_so_over_http(api, move):
    job = submitted(api)
    await move(job.id, failed(PROFILE))
    response = api.get(f"/jobs/{job.id}/media.mkv")
    assert (response.status_code, response.json()["code"]) == (409, "nothing-to-mux")
