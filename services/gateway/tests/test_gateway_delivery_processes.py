"""Delivery by the gateway's own processes, from outside: a notice that is refused at first, and media with subtitles in it."""

import asyncio
import io
import wave
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import av
import pytest
from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from setu_cli.embedded.guarded import Guarded
from setu_cli.embedded.ports import free_port
from setu_common.clients import GatewayClient
from setu_common.contracts import JobRequest, JobState, JobView
from setu_common.errors import RemoteProblem
from setu_common.http import HttpCaller, create_client
from setu_common.testing import loopback
from testbed.serving import launch, ready, served

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]
STUB = "setu_gateway.testing.stub_services"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Receiver:
    """Can't take the first notice that comes, and takes the others."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.took_one = asyncio.Event()

    async def __call__(self, request: Request) -> Response:
        self.taken.append((dict(request.headers), await request.body()))
        if len(self.taken) == 1:
            return Response(status_code=503)
        self.took_one.set()
        return Response(status_code=204)


@contextmanager
def processes(environment: dict[str, str], folder: Path) -> Iterator[str]:
    """The gateway's address, while all its processes run."""
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
            guarded.start_ready(worker, partial(exists, is_ready), timeout_s=60)
        yield url


def exists(path: Path, _started: object) -> bool:
    return path.exists()


def a_recording(folder: Path) -> Path:
    path = folder / "Übung 1.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(range(256)) * 500)
    return path


async def test_a_job_that_has_ended_is_told_of_and_its_media_fetched_and_erased(service_environment, store_settings, tmp_path):
    receiver = Receiver()
    async with loopback(Starlette(routes=[Route("/done", receiver.__call__, methods=["POST"])])) as outside:
        settings = {
            "SETU_GATEWAY_OUTSIDE_ALLOWED": "127.0.0.1",
            "SETU_GATEWAY_OUTSIDE_PORTS": str(urlsplit(outside).port),
            "SETU_GATEWAY_WEBHOOK_SECRET": SECRET,
        }
        with processes({**service_environment, **settings}, tmp_path) as url:
            async with create_client(url, service_token=None) as http:
                caller = HttpCaller(http)
                client = GatewayClient(caller)
                request = JobRequest(target_languages=("en",), webhook_url=f"{outside}/done")
                job = await client.submit_job(a_recording(tmp_path), request)
                *_, ended = [view async for view in client.events(job.id)]
                assert ended.state is JobState.SUCCEEDED, ended
                await media_has_the_subtitles_in_it(caller, ended)
                async with asyncio.timeout(60):
                    await receiver.took_one.wait()
                await client.purge(job.id)
                await gone(client, job)
    (first, body), (again, same) = receiver.taken
    assert body == same
    assert first["webhook-id"] == again["webhook-id"]
    assert Webhook(SECRET).verify(body, again)["data"]["job_id"] == str(job.id)
    mine = Path(store_settings.url.removeprefix("file://")) / "gateway"
    assert [path for path in mine.rglob("*") if path.is_file()] == []


async def media_has_the_subtitles_in_it(caller: HttpCaller, job: JobView) -> None:
    answer = await caller.call("GET", f"/jobs/{job.id}/media.mkv", params={"wait": "30"}, ok=(200,), timeout_s=60)
    with av.open(io.BytesIO(answer.content), "r") as file:
        tracks = [(stream.type, stream.metadata.get("language")) for stream in file.streams]
        lines = [bytes(packet).decode() for packet in file.demux(file.streams[1]) if packet.size]
    assert tracks == [("audio", None), ("subtitle", "eng"), ("subtitle", "fre")]
    assert lines == ["Good day.", "Goodbye."]


async def gone(client: GatewayClient, job: JobView) -> None:
    """Wait until the job can't be found any more."""
    for _ in range(1200):
        try:
            await client.job(job.id)
        except RemoteProblem as problem:
            if problem.remote.code == "job-not-found":
                return
            raise
        await asyncio.sleep(0.05)
    raise AssertionError("the job is still there")
