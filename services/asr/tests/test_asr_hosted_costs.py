"""What a hosted recogniser bills, told to a meter."""

import asyncio
from contextlib import asynccontextmanager

import numpy as np
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import SecretStr

from setu_asr.domain.audio import RATE_HZ
from setu_asr.engines.openai import HostedServer, HostedWhisper
from setu_asr.engines.recogniser import ModelKey
from setu_asr.errors import HostedRefused
from setu_asr.settings import HostedSettings
from setu_cli.embedded.ports import free_port
from setu_common.contracts import AsrPlan
from setu_common.cost import BudgetExhausted, Meter, Usage
from setu_common.errors import DependencyUnavailable
from setu_common.http import Dependencies
from setu_common.testing import ManualTime, RecordingMeter, loopback

KEY = ModelKey("openai", "whisper-1", "int8")
HEARD = {"text": "hello", "segments": [{"start": 0.0, "end": 1.0, "text": "hello"}], "words": []}


def server(status: int) -> tuple[FastAPI, list[str]]:
    app, asked = FastAPI(), []

    @app.post("/v1/audio/transcriptions")
    async def _heard(request: Request) -> JSONResponse:
        asked.append("")
        return JSONResponse(HEARD if status == 200 else {"error": {"message": "no"}}, status)

    return app, asked


async def hear(url: str, meter: Meter, seconds: float = 2.5) -> None:
    settings = HostedSettings(url=f"{url}/v1", api_key=SecretStr("any"), billed_as="openai")
    server = HostedServer(settings, Dependencies(timing=ManualTime().timing), meter)
    clip = np.full(int(seconds * RATE_HZ), 0.1, np.float32)
    try:
        await asyncio.to_thread(HostedWhisper(KEY, server).recognise, [clip], "en", AsrPlan())
    finally:
        await server.close()


async def test_an_upload_is_billed_by_the_seconds_that_it_begins():
    meter = RecordingMeter()
    app, _ = server(200)
    async with loopback(app) as url:
        await hear(url, meter)
    (call,) = meter.calls
    assert (call.provider, call.model, call.bound, call.usage) == ("openai", "whisper-1", Usage(audio_s=3), Usage(audio_s=3))


async def test_a_refusal_bills_nothing_and_is_not_repeated():
    meter = RecordingMeter()
    app, _ = server(401)
    async with loopback(app) as url:
        with pytest.raises(HostedRefused):
            await hear(url, meter)
    assert [(call.usage, call.outcome) for call in meter.calls] == [(Usage(), "failed")]


@pytest.mark.parametrize(("status", "times"), [(429, 6), (500, 4), (503, 4)])
async def test_who_turns_one_away_bills_nothing_however_often_and_each_request_is_a_row(status, times):
    meter = RecordingMeter()
    app, asked = server(status)
    async with loopback(app) as url:
        with pytest.raises(DependencyUnavailable):
            await hear(url, meter)
    assert len(asked) == times
    assert [(call.usage, call.outcome) for call in meter.calls] == [(Usage(), "failed")] * times


async def test_a_server_that_was_never_reached_bills_nothing():
    meter = RecordingMeter()
    with pytest.raises(DependencyUnavailable):
        await hear(f"http://127.0.0.1:{free_port()}", meter)
    assert [(call.usage, call.outcome) for call in meter.calls] == [(Usage(), "failed")] * 4


async def test_of_an_answer_that_broke_off_nobody_knows_whether_it_was_billed():
    async def hang_up(reader, writer):
        await reader.read(1)
        writer.close()

    meter = RecordingMeter()
    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        with pytest.raises(DependencyUnavailable):
            await hear(f"http://127.0.0.1:{port}", meter)
    assert [call.usage for call in meter.calls] == [None] * 4


async def test_past_a_budget_nothing_is_sent():
    class Exhausted:
        @asynccontextmanager
        async def call(self, provider, model, bound):
            raise BudgetExhausted("Nothing is left.")
            yield

    app, asked = server(200)
    async with loopback(app) as url:
        with pytest.raises(BudgetExhausted):
            await hear(url, Exhausted())
    assert asked == []
