"""Webhooks: written with the end of a job, signed as Standard Webhooks has it, sent to public addresses and nowhere else."""

import contextlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import text
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from setu_common.contracts import JobRequest, JobState, Operation, OperationState
from setu_common.errors import is_retryable
from setu_common.http import Guard, OutsideClient, OutsidePolicy
from setu_common.operations import Ending
from setu_common.testing import loopback
from setu_common.testing.outside import RecordingConnector, RecordingResolver
from setu_gateway import errors
from setu_gateway.delivery.webhooks import PAUSES_S, Notifier, notice_of
from setu_gateway.intake.upload import Upload
from setu_gateway.intake.vetting import Vetting
from setu_gateway.pipeline.kinds import ADVANCES, NOTICES, FileOfNotice, Noticed, NoticeRequest
from setu_gateway.settings import OutsideSettings
from setu_gateway.testing.fakes import FakeWork
from setu_gateway.testing.samples import NOW
from setu_gateway.testing.stand import Stand
from setu_gateway.worker import run_ended

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SETTINGS = OutsideSettings(webhook_secret=SecretStr(SECRET), webhook_timeout_s=5)
JOB = uuid4()


class Receiver:
    """Takes notices, and answers as it is told."""

    def __init__(self) -> None:
        self.status = 204
        self.headers: dict[str, str] = {}
        self.taken: list[tuple[dict[str, str], bytes]] = []

    async def __call__(self, request: Request) -> Response:
        self.taken.append((dict(request.headers), await request.body()))
        return Response(b"an inner secret" * 100, self.status, self.headers)


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[tuple[Receiver, str]]:
    receiver = Receiver()
    app = Starlette(routes=[Route("/done", receiver.__call__, methods=["POST"])])
    async with loopback(app) as url:
        yield receiver, f"{url}/done"


def client_for(url: str) -> OutsideClient:
    policy = OutsidePolicy.of(f"80,{urlsplit(url).port or 80}", "127.0.0.1")
    return OutsideClient(Guard(policy, RecordingResolver({"inner.example": ["10.0.0.1"], "public.example": ["93.184.216.34"]})))


def a_notice(url: str, state: JobState = JobState.SUCCEEDED, run: int = 1) -> NoticeRequest:
    files = tuple(FileOfNotice(language="hi", format=form) for form in ("srt", "json"))
    return NoticeRequest(
        url=url, job_id=JOB, run=run, state=state, ended_at=NOW, files=files if state is JobState.SUCCEEDED else ()
    )


async def send(
    url: str, request: NoticeRequest | None = None, *, attempt: int = 1, settings: OutsideSettings = SETTINGS
) -> Noticed:
    work = FakeWork()
    work.attempt = attempt
    async with client_for(url) as client:
        return await Notifier(client, settings)(request or a_notice(url), work)


async def test_a_notice_is_verified_by_the_librarys_own_verifier():
    async with receiving() as (receiver, url):
        assert (await send(url)).status == 204
    [(headers, body)] = receiver.taken
    told = Webhook(SECRET).verify(body, headers)
    path = f"/jobs/{JOB}"
    assert told == {
        "type": "job.succeeded",
        "timestamp": "2026-01-02T03:04:05Z",
        "data": {
            "job_id": str(JOB),
            "run": 1,
            "state": "succeeded",
            "links": {
                "job": path,
                "subtitles": [
                    {"language": "hi", "format": "srt", "url": f"{path}/subtitles/hi.srt"},
                    {"language": "hi", "format": "json", "url": f"{path}/subtitles/hi.json"},
                ],
                "media": f"{path}/media.mkv",
            },
        },
    }
    assert headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 32).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body.replace(b"succeeded", b"cancelled"), headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body, headers | {"webhook-id": "another"})


async def test_a_job_without_subtitles_links_to_itself_alone_and_links_may_be_whole_addresses():
    async with receiving() as (receiver, url):
        settings = SETTINGS.model_copy(update={"public_url": "https://setu.example/"})
        await send(url, a_notice(url, JobState.FAILED), settings=settings)
    told = json.loads(receiver.taken[0][1])
    assert told["type"] == "job.failed"
    assert told["data"]["links"] == {"job": f"https://setu.example/jobs/{JOB}", "subtitles": []}


async def test_each_attempt_has_the_same_id_and_its_own_time_and_another_run_another_id():
    async with receiving() as (receiver, url):
        clock = iter([datetime.now(UTC) - timedelta(seconds=100), datetime.now(UTC), datetime.now(UTC)])
        async with client_for(url) as client:
            notifier = Notifier(client, SETTINGS, clock=lambda: next(clock))
            for request in (a_notice(url), a_notice(url), a_notice(url, run=2)):
                await notifier(request, FakeWork())
    first, again, other = (headers for headers, _ in receiver.taken)
    assert first["webhook-id"] == again["webhook-id"] != other["webhook-id"]
    assert first["webhook-timestamp"] != again["webhook-timestamp"]
    assert first["webhook-signature"] != again["webhook-signature"]
    for headers, body in receiver.taken:
        Webhook(SECRET).verify(body, headers)


@pytest.mark.parametrize("status", [400, 401, 404, 408, 429, 500, 503])
async def test_a_receiver_that_does_not_take_it_is_asked_again_later_and_later(status):
    async with receiving() as (receiver, url):
        receiver.status = status
        pauses = []
        for attempt in range(1, NOTICES.max_attempts):
            with pytest.raises(errors.WebhookNotTaken) as raised:
                await send(url, attempt=attempt)
            assert is_retryable(raised.value)
            assert "secret" not in raised.value.detail
            pauses.append(raised.value.retry_after_s)
    assert pauses == list(PAUSES_S)
    assert sum(PAUSES_S) > 20 * 3600


@pytest.mark.parametrize(("status", "problem"), [(301, errors.WebhookRedirects), (302, errors.WebhookRedirects),
                                                 (307, errors.WebhookRedirects), (410, errors.WebhookGone)])  # fmt: skip
async def test_a_receiver_that_points_elsewhere_or_is_gone_is_not_asked_again(status, problem):
    async with receiving() as (receiver, url):
        receiver.status, receiver.headers = status, {"Location": url}
        with pytest.raises(problem) as raised:
            await send(url)
        assert len(receiver.taken) == 1
    assert not is_retryable(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/done",
        "http://169.254.169.254/latest",
        "http://inner.example/done",
        "http://[::1]/done",
        "file:///etc/passwd",
    ],
)
async def test_a_private_address_is_not_called(url):
    connector = RecordingConnector()
    resolver = RecordingResolver({"inner.example": ["10.0.0.1"]})
    async with OutsideClient(Guard(OutsidePolicy(), resolver), connector) as client:
        with pytest.raises(errors.WebhookUrlRefused) as raised:
            await Notifier(client, SETTINGS)(a_notice(url), FakeWork())
    assert connector.connected == []
    assert not is_retryable(raised.value)


async def test_a_name_that_came_to_mean_a_private_address_is_not_called():
    connector = RecordingConnector()
    resolver = RecordingResolver({"hooks.example": [["93.184.216.34"], ["127.0.0.1"]]})
    guard = Guard(OutsidePolicy(), resolver)
    await Vetting(guard)(JobRequest(webhook_url="http://hooks.example/done"))
    async with OutsideClient(guard, connector) as client:
        with pytest.raises(errors.WebhookUrlRefused):
            await Notifier(client, SETTINGS)(a_notice("http://hooks.example/done"), FakeWork())
    assert connector.connected == []


@pytest.mark.parametrize("url", ["http://nowhere.example/", "http://127.0.0.1:1/"])
async def test_a_receiver_that_is_away_is_asked_again_later(url):
    with pytest.raises(errors.WebhookNotTaken) as raised:
        await send(url, attempt=3)
    assert raised.value.retry_after_s == PAUSES_S[2]


async def test_without_a_secret_no_notice_is_sent_and_no_job_is_taken_that_asks_for_one():
    bare = SETTINGS.model_copy(update={"webhook_secret": None})
    async with receiving() as (receiver, url):
        with pytest.raises(errors.WebhooksNotConfigured, match="SETU_GATEWAY_WEBHOOK_SECRET"):
            await send(url, settings=bare)
    assert receiver.taken == []
    guard = Guard(OutsidePolicy(), RecordingResolver({"public.example": ["93.184.216.34"]}))
    with pytest.raises(errors.WebhooksNotConfigured, match="SETU_GATEWAY_WEBHOOK_SECRET") as raised:
        await Vetting(guard, signs=False)(JobRequest(webhook_url="https://public.example/"))
    assert [each.field for each in raised.value.errors] == ["webhook_url"]
    await Vetting(guard, signs=False)(JobRequest(target_languages=("en",)))


@pytest.mark.parametrize(
    "secret", ["whsec_", "whsec_short", "whsec_" + "A" * 100, "whsec_!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!", "hunter2"]
)
def test_a_secret_that_is_none_is_refused_at_the_start(secret):
    with pytest.raises(ValidationError, match="whsec_"):
        OutsideSettings(webhook_secret=SecretStr(secret))


def test_an_empty_secret_is_none():
    assert OutsideSettings(webhook_secret=SecretStr("")).webhook_secret is None
    assert SECRET not in repr(SETTINGS)


@pytest.fixture
def stand(database, store, jobs) -> Stand:
    return Stand(database, store, jobs)


@pytest.fixture
def accept(jobs, store):
    async def accept(webhook: str | None = "https://hooks.example/done", *targets: str):
        request = JobRequest(target_languages=targets, webhook_url=webhook)
        return await jobs.accept("local", Upload(request, "talk.mp4", await store.put("local", b"media", "video/mp4")), None)

    return accept


@pytest.fixture
def end(database):
    """End an ``advances`` operation of a job, as a worker would."""

    async def end(job, state: OperationState = OperationState.SUCCEEDED, run: int = 1, purpose: str = "advance") -> None:
        operation = Operation(
            id=uuid4(), kind=ADVANCES.name, state=state, version=2, progress=0, attempt=1, created_at=NOW, ended_at=NOW
        )
        ending = Ending(operation, "local", "pipeline", job.id, None, False, f"{job.id}/{run}/{purpose}")
        async with database.transaction() as connection:
            for statement, values in run_ended(ending):
                await connection.exec_driver_sql(statement, dict(values))

    return end


@pytest.fixture
def notices(database):
    async def notices() -> list[NoticeRequest]:
        async with database.reading() as connection:
            rows = await connection.execute(
                text("SELECT request FROM operation WHERE kind = 'notices' AND state = 'queued' ORDER BY created_at, id")
            )
            return [NOTICES.request.model_validate(request) for request in rows.scalars()]

    return notices


async def test_a_notice_is_written_when_a_jobs_run_has_ended_and_once(stand, accept, end, notices):
    job = await accept("https://hooks.example/done", "en")
    await end(job)
    assert await notices() == []  # it has not ended, whatever its operation says
    ended = await stand.finish(job)
    await end(job)
    await end(job)
    [notice] = await notices()
    assert (notice.url, notice.job_id, notice.run, notice.state) == (
        "https://hooks.example/done",
        job.id,
        1,
        JobState.SUCCEEDED,
    )
    assert notice.ended_at == ended.ended_at
    assert {(file.language, file.format) for file in notice.files} == {(file.language, file.format) for file in ended.delivered}


async def test_a_job_that_is_given_up_tells_so_in_the_same_transaction(accept, end, notices):
    job = await accept()
    await end(job, OperationState.FAILED)
    [notice] = await notices()
    assert (notice.state, notice.files) == (JobState.FAILED, ())


async def test_a_run_after_a_retry_is_told_of_by_itself(jobs, stand, accept, end, notices):
    job = await accept()
    await end(job, OperationState.FAILED)
    await jobs.retry("local", job.id)
    await end(job, OperationState.FAILED)  # a late word about the first run
    assert [notice.run for notice in await notices()] == [1]
    await stand.finish(job, run=2)
    await end(job, run=2)
    assert [(notice.run, notice.state) for notice in await notices()] == [(1, JobState.FAILED), (2, JobState.SUCCEEDED)]


async def test_nobody_is_told_who_did_not_ask_or_of_a_job_that_is_to_be_erased(jobs, stand, accept, end, notices):
    silent = await accept(None)
    await stand.finish(silent)
    await end(silent)
    erased = await accept()
    await stand.finish(erased)
    await jobs.purge("local", erased.id)
    await end(erased, purpose="erase/9")
    assert await notices() == []


def test_an_operation_that_goes_on_writes_nothing():
    operation = Operation(
        id=uuid4(), kind="advances", state=OperationState.QUEUED, version=1, progress=0, attempt=1, created_at=NOW
    )
    assert notice_of(Ending(operation, "local", "pipeline", JOB, None, True, f"{JOB}/1/advance")) == ()
