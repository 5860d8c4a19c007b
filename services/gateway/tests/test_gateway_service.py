"""Use cases that need several callers at once."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from setu_cli.embedded.ports import free_port
from setu_common.contracts import JobRequest, JobState
from setu_common.db import Database
from setu_common.errors import DependencyUnavailable, IdempotencyConflict, is_retryable
from setu_common.operations import Operations
from setu_common.settings import DatabaseSettings, OperationSettings
from setu_gateway.errors import JobBeingErased
from setu_gateway.intake.upload import Upload
from setu_gateway.pipeline.stages import PIPELINE
from setu_gateway.service import Jobs


async def an_upload(store, *targets: str, content: bytes = b"media") -> Upload:
    return Upload(JobRequest(target_languages=targets), "talk.mp4", await store.put("local", content, "video/mp4"))


def files(store_settings) -> list[Path]:
    return [path for path in Path(store_settings.url.removeprefix("file://")).rglob("*") if path.is_file()]


async def test_the_same_key_at_the_same_moment_makes_one_job(jobs, store, store_settings, database):
    uploads = [await an_upload(store, "en") for _ in range(8)]
    accepted = await asyncio.gather(*(jobs.accept("local", upload, "key") for upload in uploads))
    assert len({job.id for job in accepted}) == 1
    async with database.reading() as connection:
        assert (
            await connection.execute(text("SELECT (SELECT count(*) FROM job), (SELECT count(*) FROM operation)"))
        ).one() == (1, 1)
    assert len(files(store_settings)) == 1
    assert await store.read(accepted[0].media) == b"media"


async def test_the_same_key_with_different_requests_at_the_same_moment_makes_one_job(jobs, store, store_settings):
    uploads = [await an_upload(store, "en", content=f"media {n}".encode()) for n in range(4)]
    outcomes = await asyncio.gather(*(jobs.accept("local", upload, "key") for upload in uploads), return_exceptions=True)
    assert sum(isinstance(each, IdempotencyConflict) for each in outcomes) == 3
    assert len(files(store_settings)) == 1


@pytest.mark.parametrize("target", ["en", "hi"])
async def test_the_key_of_a_job_that_is_being_erased_makes_no_job_until_that_one_is_gone(jobs, store, database, target):
    first = await jobs.accept("local", await an_upload(store, "en"), "key")
    await jobs.purge("local", first.id)
    with pytest.raises(JobBeingErased) as caught:
        await jobs.accept("local", await an_upload(store, target, content=b"again"), "key")
    assert is_retryable(caught.value)
    assert caught.value.retry_after_s == pytest.approx(2, abs=1)
    async with database.transaction() as connection:
        await connection.execute(text("DELETE FROM job"))
    second = await jobs.accept("local", await an_upload(store, target, content=b"again"), "key")
    assert second.id != first.id
    assert await store.read(second.media) == b"again"


async def test_the_same_key_of_two_tenants_makes_two_jobs(jobs, store):
    one = await jobs.accept("one", await an_upload(store), "key")
    other = await jobs.accept("other", await an_upload(store), "key")
    assert one.id != other.id


async def test_a_job_that_can_not_be_written_leaves_no_recording(jobs, store, store_settings, database):
    upload = await an_upload(store)
    async with database.transaction() as connection:
        await connection.execute(text("DROP TABLE operation"))
    with pytest.raises(Exception, match="operation"):
        await jobs.accept("local", upload, None)
    assert files(store_settings) == []


async def test_without_a_database_to_ask_no_recording_is_kept(store, store_settings, hints):
    nowhere = Database(DatabaseSettings(url=f"postgresql://setu@127.0.0.1:{free_port()}/setu"), "gateway")
    operations = Operations(nowhere, store, hints, OperationSettings())
    jobs = Jobs(database=nowhere, store=store, operations=operations, pipeline=PIPELINE)
    with pytest.raises(DependencyUnavailable):
        await jobs.accept("local", await an_upload(store), "key")
    assert files(store_settings) == []
    await operations.close()
    await nowhere.close()


async def test_a_recording_that_can_not_be_removed_does_not_hide_the_answer(jobs, store, monkeypatch):
    first = await jobs.accept("local", await an_upload(store), "key")
    upload = await an_upload(store)

    async def away(*_uris: str) -> None:
        raise DependencyUnavailable("The store does not answer.")

    monkeypatch.setattr(store, "delete", away)
    assert (await jobs.accept("local", upload, "key")).id == first.id


async def test_many_followers_see_each_change_and_one_task_looks_for_all(jobs, store):
    job = await jobs.accept("local", await an_upload(store), None)
    seen: asyncio.Queue[tuple[int, JobState]] = asyncio.Queue()

    async def follow() -> None:
        async for each in jobs.follow("local", job.id):
            seen.put_nowait((each.version, each.state))

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        followers = [group.create_task(follow()) for _ in range(20)]
        assert [await seen.get() for _ in followers] == [(1, JobState.QUEUED)] * 20
        await jobs.cancel("local", job.id)
        assert [await seen.get() for _ in followers] == [(2, JobState.CANCELLING)] * 20
        assert len([task for task in asyncio.all_tasks() if task.get_name() == "version-watcher"]) == 1
        for task in followers:
            task.cancel()


async def test_a_follower_sees_the_change_and_then_the_end_of_a_job_that_is_erased(jobs, store, database):
    job = await jobs.accept("local", await an_upload(store), None)
    following = jobs.follow("local", job.id)
    assert (await anext(following)).version == 1
    await jobs.cancel("local", job.id)
    assert (await anext(following)).state is JobState.CANCELLING
    async with database.transaction() as connection:
        await connection.execute(text("DELETE FROM job"))
    with pytest.raises(StopAsyncIteration):
        await anext(following)
