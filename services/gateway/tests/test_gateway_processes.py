"""The gateway's own processes, from outside: a migration, an API, its two workers, and services that are stubs."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from setu_cli.embedded.guarded import Guarded
from setu_cli.embedded.ports import free_port
from setu_common.clients import GatewayClient
from setu_common.contracts import Context, JobRequest, JobState, JobView, Term
from setu_common.errors import RemoteProblem
from setu_common.http import HttpCaller, create_client
from setu_common.subtitles import parse
from setu_common.testing import loopback
from testbed.serving import launch, ready, served

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]
STUB = "setu_gateway.testing.stub_services"


@dataclass
class Running:
    """A gateway with all it needs."""

    client: GatewayClient
    folder: Path
    submissions: Callable[[], Awaitable[list[str]]]
    store: Path
    host: str

    async def submit(self, *targets: str, seconds: float = 0, terms: tuple[Term, ...] = ()) -> JobView:
        recording = self.folder / "parle.wav"
        recording.write_bytes(b"RIFF" * (1 + round(seconds * 250_000)))
        return await self.client.submit_job(recording, JobRequest(target_languages=targets, context=Context(terms=terms)))

    async def ended(self, job: JobView) -> JobView:
        views = [view async for view in self.client.events(job.id)]
        assert [view.version for view in views] == sorted({view.version for view in views})
        return views[-1]

    async def gone(self, job: JobView) -> str:
        """Wait until the job can't be found any more; the code that says so."""
        for _ in range(400):
            try:
                await self.client.job(job.id)
            except RemoteProblem as problem:
                return problem.remote.code
            await asyncio.sleep(0.05)
        raise AssertionError("the job is still there")

    def objects(self) -> list[Path]:
        return [path for path in self.store.rglob("*") if path.is_file()]


def host() -> Starlette:
    """A host that has one recording, under a name of its own."""

    async def talk(_request: Request) -> Response:
        return Response(b"RIFF", media_type="audio/wav", headers={"Content-Disposition": 'attachment; filename="parle.wav"'})

    return Starlette(routes=[Route("/talk", talk)])


@contextmanager
def processes(environment: dict[str, str], folder: Path) -> Iterator[tuple[str, str]]:
    """The addresses of the gateway and of the stub, while all run."""
    port = free_port()
    stub = f"http://127.0.0.1:{port}"
    environment = {
        **environment,
        "SETU_GATEWAY_ASR_URL": stub,
        "SETU_GATEWAY_TRANSLATE_URL": stub,
        "SETU_GATEWAY_ENHANCER_URL": stub,
        "SETU_GATEWAY_OPTIMIZER_URL": stub,
    }
    with ExitStack() as stack:
        guarded = stack.enter_context(Guarded(folder / "guardian-of-others.log"))
        guarded.start_ready(launch((STUB, "--port", str(port)), environment, folder), lambda _: ready(port), timeout_s=60)
        url = stack.enter_context(served("setu_gateway.main", environment, folder, timeout_s=60))
        for module in ("setu_gateway.worker", "setu_gateway.fetch_worker"):
            is_ready = folder / f"{module}-ready"
            worker = launch((module,), {**environment, "SETU_WORKER_READY_FILE": str(is_ready)}, folder)
            guarded.start_ready(worker, partial(stands, is_ready), timeout_s=60)
        yield url, stub


def stands(file: Path, _process: object) -> bool:
    return file.exists()


@pytest.fixture
async def running(service_environment, service_token, store_settings, tmp_path):
    async with AsyncExitStack() as stack:
        outside = await stack.enter_async_context(loopback(host()))
        allowed = {"SETU_GATEWAY_OUTSIDE_ALLOWED": "127.0.0.1", "SETU_GATEWAY_OUTSIDE_PORTS": str(urlsplit(outside).port)}
        url, stub = stack.enter_context(processes({**service_environment, **allowed}, tmp_path))
        async with create_client(url, service_token=None) as http, create_client(stub, service_token=service_token) as inside:

            async def submissions() -> list[str]:
                return (await HttpCaller(inside).call("GET", "/stub/submissions")).json()

            yield Running(
                client=GatewayClient(HttpCaller(http)),
                folder=tmp_path,
                submissions=submissions,
                store=Path(store_settings.url.removeprefix("file://")),
                host=outside,
            )


async def test_recordings_become_subtitles_and_can_be_cancelled_and_erased(running):
    await a_recording_becomes_subtitles_and_is_erased_when_asked(running)
    await a_recording_at_a_url_is_fetched_and_goes_the_same_way(running)
    await a_translation_that_is_refused_is_done_by_the_recogniser(running)
    await a_job_that_is_cancelled_ends_its_work_at_the_services(running)


async def a_recording_becomes_subtitles_and_is_erased_when_asked(running: Running) -> None:
    job = await running.submit("en", "hi", "fr")
    ended = await running.ended(job)
    assert ended.state is JobState.SUCCEEDED, ended
    assert [(each.stage, each.target) for each in ended.degraded] == [("translate", "hi")]
    english = parse((await running.client.subtitles(job.id, "en", "srt")).decode(), "srt")
    assert [cue.text for cue in english] == ["Good day.", "Goodbye."]
    french = parse((await running.client.subtitles(job.id, "fr", "vtt")).decode(), "vtt")
    assert [cue.text for cue in french] == ["Bonjour.", "Au revoir."]
    of_stages = sorted(key for key in await running.submissions() if key.startswith(str(job.id)))  # a lesson's key is its own
    assert of_stages == [
        f"{job.id}/{each}/1" for each in ("enhance/en", "plan/", "profile/", "transcribe/", "translate/en", "translate/hi")
    ]
    await running.client.purge(job.id)
    assert await running.gone(job) == "job-not-found"
    assert await running.submissions() == []
    assert [path for path in running.objects() if "gateway" in path.parts] == []


async def a_recording_at_a_url_is_fetched_and_goes_the_same_way(running: Running) -> None:
    job = await running.client.submit_address(JobRequest(media_url=f"{running.host}/talk", target_languages=("en",)))
    assert (job.media, job.media_name) == (None, "talk")
    ended = await running.ended(job)
    assert ended.state is JobState.SUCCEEDED, ended
    assert ended.media is not None
    assert (ended.media.bytes, ended.media_name, ended.degraded) == (4, "parle.wav", ())
    missing = await running.client.submit_address(JobRequest(media_url=f"{running.host}/nothing"))
    failed = await running.ended(missing)
    assert failed.problem is not None
    assert failed.problem.code == "media-url-not-found"
    for each in (job, missing):
        await running.client.purge(each.id)
        assert await running.gone(each) == "job-not-found"
    assert [path for path in running.objects() if "gateway" in path.parts] == []


async def a_translation_that_is_refused_is_done_by_the_recogniser(running: Running) -> None:
    job = await running.submit("en", terms=(Term(source="Jour", target="Day"),))
    ended = await running.ended(job)
    assert ended.state is JobState.SUCCEEDED, ended
    assert [(each.stage, each.target) for each in ended.degraded] == [("translate", "en")]
    assert "recogniser itself" in ended.degraded[0].reason
    assert f"{job.id}/translate/en/1/fallback" in await running.submissions()
    await running.client.purge(job.id)
    assert await running.gone(job) == "job-not-found"
    assert await running.submissions() == []


async def a_job_that_is_cancelled_ends_its_work_at_the_services(running: Running) -> None:
    job = await running.submit("en", seconds=60)
    last = job
    async for view in running.client.events(job.id):
        if view.stages[2].note == "working":
            await running.client.cancel(job.id)
        last = view
    assert last.state is JobState.CANCELLED
    assert (await running.client.retry(job.id)).state in (JobState.QUEUED, JobState.RUNNING)
    await running.client.purge(job.id)
    assert await running.gone(job) == "job-not-found"
